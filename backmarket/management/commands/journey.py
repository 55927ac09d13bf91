"""Play the whole circle once: sell, grade, pay, refurbish, buy, claim, rate, settle, expire."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backmarket.management.journey import stage


class Command(BaseCommand):
    help = "Plays the circle through HTTP and a real worker on a new database; exit code 1 names the broken step."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as one line of JSON at the end")
        parser.add_argument("--on-stage", action="store_true", help="play on the database of this environment")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["on_stage"]:
            self.play(as_json=options["json"])
        else:
            self.set_the_stage(as_json=options["json"])

    def set_the_stage(self, *, as_json: bool) -> None:
        """The same command again in an environment of its own, so that settings and connections are all its own."""
        command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "journey", "--on-stage"]
        with stage.own_database() as environment:
            code = subprocess.call(command + ["--json"] * as_json, env={**os.environ, **environment})
        if code:
            sys.exit(code)

    def play(self, *, as_json: bool) -> None:
        from backmarket.management.journey.play import Play
        from backmarket.management.journey.scenes import SCENES

        play = Play(site=settings.SITE_URL, out=sys.stderr if as_json else sys.stdout)
        play.out.write("Setting the stage: a new database, a web server, a worker …\n")
        play.out.flush()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("seed", base=True, verbosity=0)
        with stage.servers():
            all(play.act(name, scene) for name, scene in SCENES)
        result = play.result()
        if as_json:
            sys.stdout.write(json.dumps(result) + "\n")
        if result["failed"] or result["ledger_sum"]:
            raise CommandError(f"The journey broke at: {', '.join(result['failed']) or 'the ledger'}")
        play.out.write(f"\nAll {len(play.steps)} steps played; the ledger sums to zero.\n")
