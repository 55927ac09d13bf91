"""The tasks that beat starts."""

import structlog
from celery import shared_task

from backmarket import health, jobs, timetravel

log = structlog.get_logger(__name__)


@shared_task(name="backmarket.tasks.run_job")
def run_job(name: str) -> None:
    if done := jobs.run(name, at=timetravel.now()):
        log.info("job", job=name, done=done)


@shared_task(name="backmarket.tasks.heartbeat")
def heartbeat() -> None:
    health.beat()
