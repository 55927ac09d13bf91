"""A real PostgreSQL and a real Valkey on this machine, for whoever names no server of their own.

`database_url()` and `redis_url()` are pure: they read the environment and compute paths, nothing more.
`servers()` starts what is missing. Everything lives in `var/` and is reached by Unix socket:

    var/postgres/{data,run,log}     as root a link to a folder of the database's own user (embedded_root)
    var/valkey/{valkey.sock,log}
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from backmarket.embedded_servers import NAME, Postgres, ServerFailed, Valkey, reach

__all__ = [
    "ServerFailed",
    "broker_url",
    "database_url",
    "django_database",
    "erase",
    "redis_database",
    "redis_url",
    "servers",
    "var_dir",
]


def var_dir() -> Path:
    """The folder for local data: BACKMARKET_VAR, else `var/` beside manage.py."""
    return Path(os.environ.get("BACKMARKET_VAR") or Path(__file__).resolve().parent.parent / "var").resolve()


def database_url(var: Path | None = None) -> str:
    """DATABASE_URL, else the address of the embedded PostgreSQL, running or not."""
    folder = quote(str(reach(var or var_dir()) / "postgres/run"))
    return os.environ.get("DATABASE_URL") or f"postgresql://{NAME}@/{NAME}?host={folder}"


def redis_url(var: Path | None = None) -> str:
    """REDIS_URL, else the address of the embedded Valkey's database 0, running or not."""
    path = quote(str(reach(var or var_dir()) / "valkey/valkey.sock"))
    return os.environ.get("REDIS_URL") or f"unix://{path}?db=0"


def redis_database(url: str, number: int) -> str:
    """The same Redis server, another of its numbered databases."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{number}").geturl()


def broker_url(url: str) -> str:
    """The same Redis address in Celery's spelling, which names sockets its own way."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    return f"redis+socket://{unquote(parts.path)}?{parts.query.replace('db=', 'virtual_host=')}"


def django_database(url: str) -> dict[str, Any]:
    """NAME, USER, PASSWORD, HOST, PORT and OPTIONS of a `postgresql://` address. Raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ValueError("DATABASE_URL must look like postgresql://user:password@host:5432/name")
    options = dict(parse_qsl(parts.query))
    return {
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": options,
    }


@contextlib.contextmanager
def servers(var: Path | None = None, *, fsync: bool = True) -> Iterator[None]:
    """Keep PostgreSQL and Valkey running for as long as the block lasts.

    Servers named by DATABASE_URL and REDIS_URL are used as they are. Several processes may share one `var/`:
    the first starts what is missing, the last to leave stops it, however the others ended.
    With `fsync=False` a power cut loses the data: for tests. Raises `ServerFailed`.
    """
    var = var or var_dir()
    wanted: list[Postgres | Valkey] = []
    if not os.environ.get("DATABASE_URL"):
        wanted.append(Postgres(var, fsync))
    if not os.environ.get("REDIS_URL"):
        wanted.append(Valkey(var, fsync))
    if not wanted:
        yield
        return
    _prepare(var)
    with (var / "users.lock").open("a") as users:
        try:
            with _alone(var):
                fcntl.flock(users, fcntl.LOCK_SH)  # the kernel forgets it when its holder dies
                for server in wanted:
                    if not server.answers():
                        server.start()
            yield
        finally:
            with _alone(var):
                if _last(users.fileno()):
                    for server in wanted:
                        server.stop()


def erase(var: Path) -> None:
    """Delete all local data of `var`. Raises `ServerFailed` while a process uses its servers."""
    if not var.exists():
        return
    with (var / "users.lock").open("a") as users, _alone(var):
        if not _last(users.fileno()):
            raise ServerFailed(f"{var} is in use: stop what runs there first")
        Postgres(var).stop()
        Valkey(var).stop()
        shutil.rmtree((var / "postgres").resolve(), ignore_errors=True)
        shutil.rmtree(var)
        if (alias := reach(var)) != var:
            alias.unlink(missing_ok=True)


def _prepare(var: Path) -> None:
    try:
        var.mkdir(parents=True, exist_ok=True)
        alias = reach(var)
        ours = alias.is_symlink() and alias.lstat().st_uid == os.geteuid()
        if alias != var and not ours:
            alias.symlink_to(var)
    except OSError as error:
        raise ServerFailed(f"the folder for local data cannot be used: {error}") from error


@contextlib.contextmanager
def _alone(var: Path) -> Iterator[None]:
    with (var / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _last(users: int) -> bool:
    """Is no other process using the servers? Called alone, by one who is leaving."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
