#!/usr/bin/env python
"""Django's command line; on a machine without servers it brings its own (backmarket.embedded)."""

import contextlib
import os
import signal
import sys
from contextlib import AbstractContextManager

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from backmarket import embedded, local

WITHOUT_DATABASE = {"help", "version", "makemigrations", "makemessages", "compilemessages", "collectstatic"}
BRING_THEIR_OWN = {"audit", "demo", "dev", "reset"}


def needs_servers(args: list[str]) -> bool:
    command = args[0] if args else "help"
    if {"-h", "--help", "--version"} & set(args):
        return False
    if command == "check":
        return any(arg.startswith("--database") for arg in args)
    return command not in WITHOUT_DATABASE | BRING_THEIR_OWN


def prepare(args: list[str]) -> None:
    """Complete the environment where nobody configured it; a named database means that somebody did."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backmarket.settings")
    if args[:1] in (["audit"], ["demo"], ["dev"]):
        os.environ.update(local.environment(), DEBUG="1" if args[0] == "dev" else "0")
    elif not (os.environ.get("DATABASE_URL") or os.environ.get("SECRET_KEY")):
        for name, text in local.environment().items():
            os.environ.setdefault(name, text)


def main() -> None:
    args = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        prepare(args)
        servers: AbstractContextManager[None] = contextlib.nullcontext()
        if needs_servers(args):
            servers = embedded.servers()
        with servers:
            execute_from_command_line(sys.argv)
    except (embedded.ServerFailed, ImproperlyConfigured) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
