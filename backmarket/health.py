"""Two questions of an orchestrator: does this process live, and is the installation ready for people?"""

from collections.abc import Callable
from functools import cache as remember

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from redis import Redis

HEARTBEAT = "health:worker-heartbeat"
HEARTBEAT_SECONDS = 60  # a worker silent for longer counts as dead

log = structlog.get_logger(__name__)


class NotReady(Exception):
    """A check that could ask and did not like the answer."""


def beat() -> None:
    """Called by a worker's task: proof that beat, broker and worker all run."""
    cache.set(HEARTBEAT, True, timeout=HEARTBEAT_SECONDS)


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_broker() -> None:
    with Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as broker:
        broker.ping()


def check_migrations() -> None:
    _require_migrations()


@remember
def _require_migrations() -> None:
    """Once applied, this process's migrations stay applied: only a refusal is asked again."""
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReady(f"{len(plan)} migrations are not applied")


def check_worker() -> None:
    if not cache.get(HEARTBEAT):
        raise NotReady(f"no heartbeat of a worker in the last {HEARTBEAT_SECONDS} seconds")


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "broker": check_broker,
    "migrations": check_migrations,
    "worker": check_worker,
}


def _passes(name: str) -> bool:
    try:
        CHECKS[name]()
    except Exception as error:  # whatever is wrong with a service, the answer is "not ready", and the log says why
        log.warning("not ready", check=name, reason=type(error).__name__)
        return False
    return True


@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers at all."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 `{"ready": true, "failing": []}`, or 503 with the names of the checks that fail, and no details."""
    failing = [name for name in CHECKS if not _passes(name)]
    return JsonResponse({"ready": not failing, "failing": failing}, status=503 if failing else 200)
