"""Run the scheduled jobs here and now, or as if it were another time."""

import argparse
from datetime import datetime
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backmarket import health, jobs, timetravel

log = structlog.get_logger(__name__)


def instant(text: str) -> datetime:
    """An ISO 8601 instant with its time zone; anything else is refused with the reason."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 2027-11-30T03:00+01:00") from None
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone: write it like 2027-11-30T03:00+01:00")
    return at


class Command(BaseCommand):
    help = "Runs the scheduled jobs in this process, all of them or those named, as if it were --at."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("jobs", nargs="*", metavar="job", help=", ".join(jobs.names()))
        parser.add_argument("--at", type=instant, help="an instant with its time zone; default: now")

    def handle(self, *args: Any, **options: Any) -> None:
        at = options["at"] or timetravel.now()
        if unknown := sorted(set(options["jobs"]) - set(jobs.JOBS)):
            raise CommandError(f"unknown job: {', '.join(unknown)}. Known: {', '.join(jobs.names())}")
        try:
            health.check_migrations()
        except health.NotReady as refusal:
            raise CommandError(f"{refusal}: run manage.py migrate first") from None
        failed = [name for name in options["jobs"] or jobs.names() if not self._ran(name, at)]
        if failed:
            raise CommandError(f"failed: {', '.join(failed)}")

    def _ran(self, name: str, at: datetime) -> bool:
        try:
            done = jobs.run(name, at=at)
        except Exception as error:  # the others still have to run
            log.exception("job failed", job=name)
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            self.stdout.write(self.style.ERROR(f"{name}: failed ({reason})"))
            return False
        self.stdout.write(f"{name}: {done}")
        return True
