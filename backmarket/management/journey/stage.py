"""Where the journey plays: a new database, a web server and a worker of its own, all gone afterwards."""

import contextlib
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import redis
from django.conf import settings
from django.db import connection

from backmarket import embedded, webserver
from backmarket.management.commands.demo import readiness
from backmarket.management.processes import ChildDied, Processes

READY_SECONDS = 60
REDIS_NUMBER = 15


@contextlib.contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """A new database on the server and a folder for its files, both gone at the end; yields the environment."""
    name = f"journey_{uuid4().hex[:12]}"
    files = embedded.var_dir() / "journey" / name
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    redis_url = embedded.redis_database(embedded.redis_url(), REDIS_NUMBER)
    try:
        redis.Redis.from_url(redis_url).flushdb()
        port = free_port()
        yield {
            "DATABASE_URL": urlsplit(embedded.database_url())._replace(path=f"/{name}").geturl(),
            "REDIS_URL": redis_url,
            "CELERY_QUEUE": name,
            "PORT": str(port),
            "SITE_URL": f"http://127.0.0.1:{port}",
            "ALLOWED_HOSTS": "127.0.0.1",
            "ALLOW_SANDBOX": "1",
            "DEMO": "1",
            "LOG_LEVEL": "WARNING",
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
            "PRIVATE_ROOT": str(files),
        }
    finally:
        shutil.rmtree(files, ignore_errors=True)
        redis.Redis.from_url(redis_url).flushdb()
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def servers() -> Iterator[None]:
    """The production web server and a worker on this process's own database. Raises ChildDied if one does not start."""
    logs = embedded.var_dir() / "journey" / "logs"
    processes = Processes(logs, Path(settings.BASE_DIR))
    port = int(os.environ["PORT"])
    try:
        processes.start("journey-web", *webserver.command(port, host="127.0.0.1"))
        celery = ["-m", "celery", "-A", "backmarket"]
        processes.start(
            "journey-worker", *celery, "worker", "--pool", "threads", "--concurrency", "2", "--without-mingle",
            "--without-gossip",
        )  # fmt: skip
        _wait(processes, port)
        yield
        processes.check()
    finally:
        processes.stop()


def _wait(processes: Processes, port: int) -> None:
    from backmarket.tasks import heartbeat

    heartbeat.delay()
    deadline = time.monotonic() + READY_SECONDS
    while state := readiness(port):
        processes.check()
        if time.monotonic() > deadline:
            raise ChildDied(f"The journey's servers are not ready after {READY_SECONDS} seconds: {state}")
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
