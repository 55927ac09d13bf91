"""The steps of the journey in order: each is played, printed and remembered; the first that breaks ends it."""

import io
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, TextIO

from django.core.management import call_command
from django.db import connection

from backmarket import timetravel
from backmarket.events.models import Event, EventDelivery, IncomingWebhook
from backmarket.management.journey.person import Person
from backmarket.market import calendar
from backmarket.notifications.models import Notification
from backmarket.payments.models import Refund
from backmarket.shipping.models import Parcel, Pickup

QUIET_SECONDS = 60


@dataclass
class Step:
    step: str
    ok: bool
    detail: str


class StepBroken(Exception):
    """What a step promised did not happen."""


@dataclass
class Play:
    """The stage of one run: the site's address, who is who, what has been made so far, and the steps played."""

    site: str
    out: TextIO
    steps: list[Step] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    props: dict[str, Any] = field(default_factory=dict)

    def person(self, name: str) -> Person:
        """That person's browser; the first time a new one."""
        return self.people.setdefault(name, Person(self.site))

    def act(self, name: str, scene: Callable[["Play"], str]) -> bool:
        """Play one step; False when it broke. The detail is what the scene returns, or what went wrong."""
        started = time.monotonic()
        try:
            step = Step(name, True, scene(self))
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            step = Step(name, False, f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})")
        self.steps.append(step)
        mark = "✓" if step.ok else "✗"
        self.out.write(
            f"{mark} {len(self.steps):2d}. {name} ({time.monotonic() - started:.1f} s)\n      {step.detail}\n"
        )
        self.out.flush()
        return step.ok

    @property
    def now(self) -> datetime:
        return timetravel.now()

    def travel(self, at: datetime, *jobs: str) -> None:
        """Move everyone's clock to `at` and run the scheduled jobs as if then, until nothing waits any more."""
        timetravel.travel_to(max(at, self.now))
        self.run_jobs(*jobs)

    def run_jobs(self, *jobs: str) -> None:
        self.settle()
        call_command("run_jobs", *jobs, at=self.now, stdout=io.StringIO())
        self.settle()

    def travel_days(self, days: int, *jobs: str) -> None:
        """Day by day, as the beat would have run."""
        for _ in range(days):
            self.travel(self.now + timedelta(days=1), *jobs)

    def settle(self) -> None:
        """Wait until the worker has nothing left to do: events, handlers, webhooks, refunds, bookings, e-mails."""
        deadline = time.monotonic() + QUIET_SECONDS
        while waiting := self.waiting():
            if time.monotonic() > deadline:
                raise StepBroken(f"still waiting after {QUIET_SECONDS} s: {waiting}")
            time.sleep(0.05)

    def waiting(self) -> dict[str, int]:
        counts = {
            "events": Event.objects.unpublished().count(),
            "handlers": EventDelivery.objects.waiting().count(),
            "webhooks": IncomingWebhook.objects.filter(handled_at=None).count(),
            "refunds": Refund.objects.filter(status=Refund.Status.PENDING).count(),
            "parcels": Parcel.objects.filter(status=Parcel.Status.CREATED, tracking_number="").count(),
            "visits": Pickup.objects.filter(status=Pickup.Status.BOOKED, confirmation="").count(),
            "e-mails": Notification.objects.filter(sent_at=None).count(),
        }
        return {name: count for name, count in counts.items() if count}

    def result(self) -> dict[str, Any]:
        """What --json prints."""
        return {
            "steps": [asdict(step) for step in self.steps],
            "ledger_sum": ledger_sum(),
            "failed": [step.step for step in self.steps if not step.ok],
        }


def ledger_sum() -> int:
    """The sum of every entry of every account: zero, or money came from nowhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(SUM(amount_minor), 0) FROM payments_ledgerentry")
        return int(cursor.fetchone()[0])


def expect(truth: object, sentence: str) -> None:
    """Fail the step with this sentence unless it holds."""
    if not truth:
        raise StepBroken(sentence)


def last_minute(deadline: datetime | None) -> datetime:
    """A deadline at the end of a day, as people say it: 23:59 of that day."""
    expect(deadline, "there is no deadline")
    assert deadline  # noqa: S101 - expect() has said so
    return calendar().local(calendar().last_minute(deadline))
