"""What runs by the clock: every scheduled job by name, its function and its rhythm.

A job is a function `(at: datetime) -> int | None` that returns how many things it did. Beat calls it with the
present; `manage.py run_jobs --at …` with any instant, in the order below: the world first, then deadlines,
then money, and the news of it all last.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from celery.schedules import crontab
from django.conf import settings
from django.utils.module_loading import import_string

log = structlog.get_logger(__name__)
Key = TypeVar("Key")

HEARTBEAT_EVERY = timedelta(seconds=15)


@dataclass(frozen=True)
class Job:
    """`function` is a dotted path: the ground names the apps above it, and imports none of them."""

    function: str
    every: timedelta | crontab


def _nightly(hour: int, minute: int = 0) -> crontab:
    return crontab(hour=hour, minute=minute)  # UTC: the small hours of the market


SECONDS, MINUTES, HOURS = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

JOBS: dict[str, Job] = {
    "book_couriers": Job("backmarket.shipping.services.book_couriers", 60 * SECONDS),
    "advance_courier": Job("backmarket.shipping.services.advance_sandbox_courier", 60 * SECONDS),
    "track_parcels": Job("backmarket.shipping.services.track_silent_parcels", 1 * HOURS),
    "handle_webhooks": Job("backmarket.events.inbox.handle_waiting_webhooks", 30 * SECONDS),
    "settle_payments": Job("backmarket.payments.services.settle_pending_payments", 5 * MINUTES),
    "grade_devices": Job("buyback.services.grading.grade_pending_devices", 30 * SECONDS),
    "expire_quotes": Job("buyback.services.quotes.expire_quotes", 1 * HOURS),
    "forget_drafts": Job("buyback.services.acceptance.forget_drafts", 1 * HOURS),
    "expire_reservations": Job("catalog.services.stock.release_expired_reservations", 60 * SECONDS),
    "watch_trade_deadlines": Job("buyback.services.deadlines.watch_trade_deadlines", 10 * MINUTES),
    "watch_order_deadlines": Job("orders.services.deadlines.watch_order_deadlines", 10 * MINUTES),
    "watch_claim_deadlines": Job("orders.services.claims.watch_claim_deadlines", 10 * MINUTES),
    "expire_guarantees": Job("orders.services.guarantees.expire_guarantees", _nightly(1)),
    "remind_people": Job("buyback.services.reminders.remind_people", 10 * MINUTES),
    "watch_tax_numbers": Job("buyback.services.tax.watch_tax_numbers", _nightly(4)),
    "erase_expired": Job("buyback.services.retention.erase_expired", _nightly(4, 30)),
    "forget_aids": Job("catalog.services.personal.forget_aids", _nightly(4, 35)),
    "forget_mail": Job("backmarket.notifications.services.forget_old_mail", _nightly(4, 40)),
    "forget_mailbox": Job("backmarket.notifications.mailbox.forget_old_messages", _nightly(4, 45)),
    "forget_transfers": Job("backmarket.payments.services.forget_transfers", _nightly(4, 55)),
    "forget_webhooks": Job("backmarket.events.inbox.forget_old_webhooks", _nightly(4, 50)),
    "order_payouts": Job("buyback.services.payouts.order_payouts", 1 * HOURS),
    "expire_approvals": Job("backmarket.payments.services.approvals.expire_approvals", 1 * HOURS),
    "settle_plants": Job("orders.services.settlement.settle_plants", _nightly(2)),
    "invoice_missing": Job("orders.services.invoicing.invoice_missing", 1 * HOURS),
    "archive_papers": Job("backmarket.invoices.services.archive_papers", 60 * SECONDS),
    "send_payouts": Job("backmarket.payments.services.send_due_payouts", 10 * MINUTES),
    "send_refunds": Job("backmarket.payments.services.send_refunds", 5 * MINUTES),
    "send_reversals": Job("backmarket.payments.services.reversals.send_reversals", 5 * MINUTES),
    "follow_accounts": Job("backmarket.payments.services.connect.follow_accounts", 1 * HOURS),
    "follow_disputes": Job("backmarket.payments.services.follow_disputes", 1 * HOURS),
    "follow_decided_disputes": Job("backmarket.payments.services.follow_decided_disputes", _nightly(4, 20)),
    "reconcile": Job("backmarket.reconciling.reconcile_books", _nightly(5)),
    "measure_plants": Job("refurbishers.services.measures.measure_plants", _nightly(3)),
    "refresh_ranges": Job("catalog.services.ranges.refresh_stale_ranges", 15 * SECONDS),
    "index_facets": Job("catalog.services.facet_index.index_stale", 15 * SECONDS),
    "change_listings": Job("catalog.services.listing_changes.run_waiting_listing_changes", 60 * SECONDS),
    "refresh_figures": Job("backmarket.figures.refresh_figures", 10 * MINUTES),
    "publish_events": Job("backmarket.events.services.publish_pending", 5 * SECONDS),
    "send_mail": Job("backmarket.notifications.services.send_pending_mail", 10 * SECONDS),
}


def names() -> list[str]:
    """The jobs of this installation: a real courier moves its parcels itself."""
    return [name for name in JOBS if name != "advance_courier" or settings.COURIER_GATEWAY == "sandbox"]


def run(name: str, *, at: datetime) -> int:
    """Run one job as if it were `at`; returns how many things it did. Raises `KeyError` for unknown names."""
    done: int | None = import_string(JOBS[name].function)(at=at)
    return done or 0


def each(name: str, keys: Iterable[Key], step: Callable[[Key], Any]) -> int:
    """Take `step` with every key; returns how many did something. What fails is logged, and the others go on.

    A job reads keys first and each row inside its step: a row that cannot even be read stops nobody else's.
    """
    done = 0
    for key in list(keys):
        try:
            done += bool(step(key))
        except Exception:
            log.exception("job_row_failed", job=name, row=str(key))
    return done


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Celery beat's schedule: every job, and the heartbeat. A message older than its period is dropped."""
    schedule = {
        name: {
            "task": "backmarket.tasks.run_job",
            "args": [name],
            "schedule": JOBS[name].every,
            "options": {"expires": _seconds(JOBS[name].every)},
        }
        for name in names()
    }
    heartbeat = {
        "task": "backmarket.tasks.heartbeat",
        "schedule": HEARTBEAT_EVERY,
        "options": {"expires": 15},
    }
    return {**schedule, "heartbeat": heartbeat}


def _seconds(every: timedelta | crontab) -> float:
    return every.total_seconds() if isinstance(every, timedelta) else 12 * 3600
