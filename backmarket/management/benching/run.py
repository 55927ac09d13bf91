"""One size after the other: its database, the production server with and without its caches, every page, a table."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any
from urllib.parse import urlsplit

import psutil
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from backmarket import embedded, webserver
from backmarket.accounts.models import User
from backmarket.management.benching import bare, checkouts
from backmarket.management.benching.bulk import slowed
from backmarket.management.benching.load import LoadFailed, measure
from backmarket.management.benching.pages import Target, targets
from backmarket.management.journey.stage import free_port
from backmarket.management.processes import ChildDied, Processes

REDIS_NUMBER = 14
CONSTANT = "/bench/constant/"
READY_SECONDS = 60
WARM_SECONDS = 1
EMAIL = "bench@backmarket.example"


def environment(buyables: int) -> dict[str, str]:
    """Production's settings on the database of this size, made where it is missing and kept for the next time."""
    name = f"bench_{buyables}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not cursor.fetchone():
            cursor.execute(f'CREATE DATABASE "{name}"')
    redis_url = embedded.redis_database(embedded.redis_url(), REDIS_NUMBER)
    redis.Redis.from_url(redis_url).flushdb()
    port = free_port()
    return {
        "DATABASE_URL": urlsplit(embedded.database_url())._replace(path=f"/{name}").geturl(),
        "REDIS_URL": redis_url,
        "CELERY_QUEUE": name,
        "PORT": str(port),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "ALLOW_SANDBOX": "1",
        "BENCH": "1",
        "DEBUG": "0",
        "DEMO": "1",
        "LOG_LEVEL": "WARNING",
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
    }


def prepare(environment: dict[str, str], buyables: int) -> None:
    """The tables and the catalogue: nothing to do when they are there."""
    for command in (
        ["migrate", "--no-input", "--verbosity", "0"],
        ["seed", "--base", "--scale", f"{buyables}x{buyables * 10}"],
        ["collectstatic", "--no-input", "--verbosity", "0"],
    ):
        manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *command]
        subprocess.run(manage, env={**os.environ, **environment}, check=True)


@contextlib.contextmanager
def server(*, page_cache: bool) -> Iterator[str]:
    """The production web server; yields its address."""
    os.environ["PAGE_CACHE"] = str(int(page_cache))
    with _started("bench-web", CONSTANT, *webserver.command(int(os.environ["PORT"]), host="127.0.0.1")) as site:
        yield site


@contextlib.contextmanager
def _started(name: str, page: str, *command: str) -> Iterator[str]:
    """The site of this server, from its first answer with this page on."""
    site = f"http://127.0.0.1:{os.environ['PORT']}"
    processes = Processes(embedded.var_dir() / "bench" / "logs", Path(settings.BASE_DIR))
    try:
        processes.start(name, *command)
        _wait(processes, site + page)
        yield site
    finally:
        processes.stop()


def _bare_rps() -> float:
    """How fast this machine is at the moment: answers a second of bare Django, by as many processes as the shop's."""
    granian = ["--interface", "wsgi", "--workers", "2", "--no-ws", "--port", os.environ["PORT"], "--factory"]
    with _started("bench-bare", bare.PATH, "-m", "granian", *granian, f"{bare.__name__}:serve") as site:
        measure(site, [bare.PATH], seconds=WARM_SECONDS)
        return measure(site, [bare.PATH], seconds=2).rps


def bench_size(*, seconds: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Every page of the catalogue of this environment: logged in or not, with its caches and without.

    `pages` has a row for each; `memory_mib` what the web server holds after each round; `bulk` what shoppers notice
    of a plant that changes thousands of listings; `checkouts` how many people can buy in a second, and how often bare
    Django answers before and after (`bare_rps`).
    """
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as autovacuum does in any shop, moments after so many rows came
    found: dict[str, Any] = {"pages": [], "memory_mib": {}}
    before = _bare_rps()
    found["checkouts"] = checkouts.measured(seconds=2 * seconds)
    found["checkouts"]["bare_rps"] = (before + _bare_rps()) / 2
    tell(checkouts.line(found["checkouts"]))
    wanted = targets()
    cookies = {"anonymous": "", "logged in": _cookie()}
    for page_cache in (False, True):
        with server(page_cache=page_cache) as site:
            for target in wanted:
                for who, cookie in cookies.items():
                    row = {"page": target.name, "who": who, "as_shipped": page_cache}
                    row |= _measured(site, target, seconds=seconds, cookie=cookie) | _weighed(target, page_cache)
                    found["pages"].append(row)
                    tell(line(row))
            memory = found["memory_mib"]["as shipped" if page_cache else "no caches"] = _memory() // 2**20
            tell(f"  memory of the web server: {memory} MiB")
            if page_cache:
                found["bulk"] = slowed(site, [target.paths[0] for target in wanted])
                tell(bulk_line(found["bulk"]))
    return found


def bulk_line(bulk: dict[str, Any]) -> str:
    return (
        f"  {bulk['listings']:,} listings changed in {bulk['seconds']:.0f} s; meanwhile the pages' p99 is"
        f" {bulk['p99_during_ms']:.1f} ms, in quiet {bulk['p99_quiet_ms']:.1f} ms: {bulk['slower']:.1f} times"
    )


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    how = "as shipped" if row["as_shipped"] else "no caches"
    return (
        f"  {row['page']:28} {row['who']:10} {how:10} {row['rps']:8.0f}/s {row['of_constant']:6.0%} of K"
        f" (owes {row['owes']:.0%})  p50 {row['p50_ms']:6.1f} ms  p99 {row['p99_ms']:6.1f} ms"
        f"  {row['queries']:3} queries {row['bytes'] // 1024:4} kB"
    )


def _measured(site: str, target: Target, *, seconds: int, cookie: str) -> dict[str, Any]:
    """The page, warm, and the constant page on the same server, a second each in turn.

    A shared machine is twice as fast in one minute as in the next: what is compared is measured in the same seconds.
    """
    for paths in (target.paths, [CONSTANT]):
        # On a busy machine a cold worker may answer nothing in so short a time.
        with contextlib.suppress(LoadFailed):
            measure(site, paths, seconds=WARM_SECONDS, cookie=cookie)
    pages, constants = [], []
    for _second in range(seconds):
        pages.append(measure(site, target.paths, seconds=1, cookie=cookie))
        constants.append(measure(site, [CONSTANT], seconds=1, cookie=cookie))
    rps, constant = (mean(each.rps for each in measured) for measured in (pages, constants))
    return {
        "rps": rps, "constant_rps": constant, "of_constant": rps / constant,
        "p50_ms": median(each.p50 for each in pages), "p99_ms": median(each.p99 for each in pages),
    }  # fmt: skip


def _weighed(target: Target, page_cache: bool) -> dict[str, Any]:
    """Statements and bytes of a page, once warm: the most, and the mean of these pages."""
    client = Client(HTTP_HOST="127.0.0.1")
    queries, sizes = [], []
    with override_settings(PAGE_CACHE=page_cache):
        for path in target.paths:
            client.get(path)
            with CaptureQueriesContext(connection) as asked:
                sizes.append(len(client.get(path).content))
            queries.append(len(asked))
    owes = target.shipped if page_cache else target.uncached
    return {"queries": max(queries), "bytes": round(mean(sizes)), "owes": owes, "p99_owed_ms": target.p99}


def _cookie() -> str:
    """The session of somebody who is logged in."""
    user, _ = User.objects.get_or_create(email=EMAIL)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _memory() -> int:
    """Bytes that the web server's processes hold."""
    children = psutil.Process().children(recursive=True)
    server = next(process for process in children if "granian" in process.cmdline())
    return sum(process.memory_info().rss for process in [server, *server.children(recursive=True)])


def _wait(processes: Processes, page: str) -> None:
    """Until a worker answers: the socket is open long before the first of them has read the code."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        processes.check()
        with contextlib.suppress(OSError), urllib.request.urlopen(page, timeout=10):  # noqa: S310 - of this machine
            return
        if time.monotonic() > deadline:
            raise ChildDied(f"The web server does not answer after {READY_SECONDS} seconds.")
        time.sleep(0.2)
