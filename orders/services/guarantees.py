"""The guarantees of a delivered line, in whole days of the market."""

from datetime import datetime, timedelta

from django.db import transaction

from backmarket.clock import add_months
from backmarket.db import lock
from backmarket.market import calendar
from backmarket.states import move
from orders.models import Guarantee, OrderLine

JOB = "system:guarantees"
Status = Guarantee.Status


def start_guarantee(line: OrderLine, *, at: datetime) -> Guarantee:
    """Legal (24 months, defects presumed for 12) and commercial guarantees from the day of delivery on."""
    start = calendar().local(at).date()
    return Guarantee.objects.create(
        line=line,
        starts_date=start,
        presumption_until_date=add_months(start, Guarantee.PRESUMPTION_MONTHS),
        legal_until_date=add_months(start, Guarantee.LEGAL_MONTHS),
        commercial_until_date=add_months(start, line.guarantee_months),
    )


def extend_after_repair(line: OrderLine) -> None:
    """A buyer who chose repair has 12 more months of legal guarantee, once (directive 2024/1799)."""
    guarantee = lock(Guarantee.objects.filter(line=line)).get()
    months = Guarantee.LEGAL_MONTHS + Guarantee.REPAIR_EXTENSION_MONTHS
    guarantee.legal_until_date = add_months(guarantee.starts_date, months)
    guarantee.save(update_fields=["legal_until_date"])


def is_covered(guarantee: Guarantee, at: datetime) -> bool:
    """Does one of the two guarantees still run?"""
    today = calendar().local(at).date()
    until = max(guarantee.legal_until_date, guarantee.commercial_until_date)
    return guarantee.status != Status.VOID and today <= until


def expire_guarantees(at: datetime) -> int:
    """Warn 30 days before a commercial guarantee ends, expire it on the day after; returns how many changed."""
    today = calendar().local(at).date()
    ended = Guarantee.objects.filter(
        status__in=[Status.RUNNING, Status.WARNED], commercial_until_date__lt=today
    ).values_list("pk", flat=True)
    expired = sum(_advance(pk, Status.EXPIRED, at) for pk in list(ended))
    ending = Guarantee.objects.filter(
        status=Status.RUNNING, commercial_until_date__lte=today + timedelta(days=Guarantee.WARN_BEFORE_DAYS)
    ).values_list("pk", flat=True)
    return expired + sum(_advance(pk, Status.WARNED, at) for pk in list(ending))


def _advance(pk: int, status: str, at: datetime) -> int:
    """One guarantee in its own transaction, so that one failure stops no other; 0 when another worker was quicker."""
    with transaction.atomic():
        guarantee = lock(Guarantee.objects.filter(pk=pk).exclude(status=status)).first()
        if guarantee is None or status not in Guarantee.MOVES.get(guarantee.status, set()):
            return 0
        move(guarantee, status, by=JOB, at=at)
    return 1
