"""Run the whole product on this machine, from an empty folder to an address to open."""

import contextlib
import hashlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
import redis
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from backmarket import embedded, health, webserver
from backmarket.management.processes import ChildDied, Processes
from backmarket.tasks import heartbeat

HOST = "127.0.0.1"
READY_SECONDS = 60
ROOT = Path(settings.BASE_DIR)


class Command(BaseCommand):
    help = "Sets everything up and runs web server, worker and beat until Ctrl-C. PORT= chooses the port."
    requires_system_checks = []
    patient: frozenset[str] = frozenset()

    def handle(self, *args: Any, **options: Any) -> None:
        self.port = port()
        self.refuse_taken_port()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.interrupt)
        processes = Processes(embedded.var_dir() / "logs", ROOT)
        with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as stack:
            try:
                self.run(stack, processes)
            except ChildDied as death:
                raise CommandError(str(death)) from None
            finally:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not orphan anyone
                self.stdout.write("\nStopping …")
                processes.stop()
        processes.reap()
        self.stdout.write("Stopped. The data stays for the next start.")

    def run(self, stack: contextlib.ExitStack, processes: Processes) -> None:
        with self.step("PostgreSQL and Valkey"):
            stack.enter_context(embedded.servers())
            refuse_silent_servers()
        self.prepare()
        connections.close_all()
        cache.delete(health.HEARTBEAT)
        with self.step("Web server, worker and beat"):
            self.start(processes)
            self.wait_until_ready(processes)
        self.announce()
        processes.watch(self.changed, self.patient)

    def prepare(self) -> None:
        self.prepare_data()
        with self.step("Static files"):
            collect_static()

    def prepare_data(self) -> None:
        with self.step("Database tables"):
            call_command("migrate", interactive=False, verbosity=0)
        with self.step("Demo data"):
            call_command("seed", verbosity=0)

    def start(self, processes: Processes) -> None:
        celery = ["-m", "celery", "-A", "backmarket"]
        schedule = str(embedded.var_dir() / "celerybeat-schedule")
        processes.start("web", *self.web())
        processes.start("worker", *celery, "worker", "--concurrency", "2", "--without-mingle", "--without-gossip")
        processes.start("beat", *celery, "beat", "--pidfile=", "--schedule", schedule)
        heartbeat.delay()  # beat's first one would come after fifteen seconds

    def web(self) -> list[str]:
        return webserver.command(self.port, host=HOST)

    def changed(self) -> bool:
        """Whether the worker and beat have to start again, because the code changed: never in the demo."""
        return False

    def wait_until_ready(self, processes: Processes) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while (state := readiness(self.port)) != "":
            processes.check()
            if time.monotonic() > deadline:
                raise ChildDied(f"not ready after {READY_SECONDS} seconds: {state}; see {processes.logs}")
            time.sleep(0.25)

    def announce(self) -> None:
        logins = import_module("backmarket.management.demo_logins").LOGINS
        self.stdout.write(f"\n  {settings.SITE_NAME} runs at {self.style.SUCCESS(settings.SITE_URL)}\n\n")
        widths = [max(len(str(row[column])) for row in logins) for column in range(3)]
        for role, email, password, waiting in logins:
            self.stdout.write(f"  {role:{widths[0]}}  {email:{widths[1]}}  {password:{widths[2]}}  {waiting}")
        self.stdout.write(f"\n  Logs: {embedded.var_dir() / 'logs'}\n  Ctrl-C stops everything; the data stays.")
        self.stdout.flush()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.stdout.write(f"{name} …", ending="")
        self.stdout.flush()
        started = time.monotonic()
        try:
            yield
        except BaseException:
            self.stdout.write("")
            raise
        self.stdout.write(f" {time.monotonic() - started:.1f} s")
        self.stdout.flush()

    def refuse_taken_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                who = _listener(self.port)
                raise CommandError(
                    f"The web server cannot use port {self.port}: {error.strerror}{who}. PORT= chooses another."
                ) from None

    def interrupt(self, *_: Any) -> None:
        raise KeyboardInterrupt


def port() -> int:
    """PORT, else 8000. Raises CommandError."""
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65_536):
        raise CommandError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def refuse_silent_servers() -> None:
    """Raises CommandError that names the variable whose server does not answer, and never the password in it."""
    try:
        connections["default"].ensure_connection()
    except DatabaseError:
        raise CommandError("The database that DATABASE_URL names cannot be reached.") from None
    if not os.environ.get("REDIS_URL"):  # our own, started a moment ago
        return
    try:
        redis.Redis.from_url(settings.REDIS_URL).ping()
    except (redis.RedisError, ValueError):
        raise CommandError("The Redis server that REDIS_URL names cannot be reached.") from None


def readiness(port: int) -> str:
    """Empty when /readyz says yes, else what it says."""
    from http.client import HTTPConnection, HTTPException

    line = HTTPConnection(HOST, port, timeout=5)
    try:
        line.request("GET", "/readyz")
        answer = line.getresponse()
        return "" if answer.status == 200 else answer.read(300).decode(errors="replace")
    except (OSError, HTTPException) as error:
        return f"the web server does not answer ({error})"
    finally:
        line.close()


def collect_static() -> None:
    """collectstatic, unless not one file has changed since the last time."""
    seen = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(["CVS", ".*", "*~"]):
            file = Path(storage.path(path)).stat()
            seen.update(f"{path} {file.st_size} {file.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if not stamp.exists() or stamp.read_text() != seen.hexdigest():
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(seen.hexdigest())


def _listener(port: int) -> str:
    with contextlib.suppress(psutil.Error, OSError):
        for line in psutil.net_connections("tcp"):
            if line.laddr and line.laddr.port == port and line.status == psutil.CONN_LISTEN and line.pid:
                return f" (by {psutil.Process(line.pid).name()}, process {line.pid})"
    return ""
