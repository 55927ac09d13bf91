"""Alerts: asked for, confirmed, fired once, ended.

Asking and confirming look at the offer under its lock, and so does every change of it: whichever comes second sees the
first, and no alert misses the change that it waits for.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import record
from backmarket.money import Money
from catalog.emails import send_alert, send_alert_link
from catalog.models import Alert, Buyable, Variant
from catalog.models.alerts import AlertQuerySet
from catalog.services.awaited import record_awaited_offers
from catalog.services.buyables import refresh_buyables

WAITS = timedelta(days=90)
TO_CONFIRM = timedelta(days=3)
SHOWN_AFTERWARDS = timedelta(days=30)
MOST, BATCH = 40, 200


class TargetMet(DomainError):
    code = "target_met"
    default_message = _("It costs no more than that already: you can have it now.")


class TooManyAlerts(DomainError):
    code = "too_many_alerts"


def ask_for_alert(
    variant: Variant, grade: str, *, user: User | None, email: str = "", target: Money | None, at: datetime
) -> Alert:
    """Wait for this variant in this grade: at once for a `user`, from the confirmation on for a guest's `email`.

    Asking again replaces a person's alert. Raises TargetMet and TooManyAlerts.
    """
    with transaction.atomic():
        row = _locked_offer(variant, grade)
        price = row.price_minor if row.in_stock else None
        if target and price is not None and price <= target.minor:
            raise TargetMet(field="target")
        facts: dict[str, Any] = {
            "target_minor": target.minor if target else None, "seen_minor": price, "currency": row.currency,
            "created_at": at,
        }  # fmt: skip
        if user is None:
            alert = Alert.objects.create(variant=variant, grade=grade, email=email, expires_at=at + TO_CONFIRM, **facts)
            send_alert_link(alert, at=at)
            return alert
        _check_room(Alert.objects.of_person(user, ""), at)
        facts |= {"confirmed_at": at, "expires_at": at + WAITS}
        return Alert.objects.update_or_create(user=user, variant=variant, grade=grade, fired_at=None, defaults=facts)[0]


def confirm_alert(alert: Alert, *, at: datetime) -> None:
    """A guest's mailbox is proved: the alert waits from now on, in place of an older one. Raises TooManyAlerts."""
    with transaction.atomic():
        _locked_offer(alert.variant, alert.grade)
        if not lock(Alert.objects.filter(pk=alert.pk, confirmed_at=None)).exists():
            return
        same = Alert.objects.of_person(alert.user, alert.email)
        _check_room(same, at)
        same.waiting().filter(variant_id=alert.variant_id, grade=alert.grade).delete()
        Alert.objects.filter(pk=alert.pk).update(confirmed_at=at, expires_at=at + WAITS)
        record_awaited_offers([(alert.variant_id, alert.grade)])
    alert.refresh_from_db()


def end_alert(alert: Alert) -> None:
    alert.delete()


def end_alerts(*, user: User | None, email: str = "") -> int:
    """All that one recipient waits for; returns how many."""
    return Alert.objects.of_person(user, email).filter(fired_at=None).delete()[0]


def fire_alerts(buyable: Buyable, *, event: int, at: datetime) -> int:
    """Write to those for whom this offer is good enough now, each once; returns how many.

    At most BATCH of them: the others get an event of their own, so that no handler runs for long. What is sold out
    again meanwhile is no news.
    """
    with transaction.atomic():
        if not buyable.in_stock:
            return 0
        pair = {"variant_id": buyable.variant_id, "grade": buyable.grade}
        met = Alert.objects.live(at).filter(**pair).met_by(buyable.price_minor).order_by("pk")
        alerts = list(met.select_for_update(of=("self",), skip_locked=True).select_related("user")[:BATCH])
        for alert in alerts:
            send_alert(alert, buyable, event=event, at=at)
        keys = [alert.pk for alert in alerts]
        Alert.objects.filter(pk__in=keys, user=None).delete()
        Alert.objects.filter(pk__in=keys).update(fired_at=at)
        if len(alerts) == BATCH:
            record("buyable.awaited", buyable, by="system:alerts", at=at)
    return len(alerts)


def forget_alerts(at: datetime) -> int:
    """Delete what nobody confirmed, what waited its time, and what fired a month ago; returns how many."""
    over = Alert.objects.filter(fired_at=None, expires_at__lte=at)
    fired = Alert.objects.filter(fired_at__lte=at - SHOWN_AFTERWARDS)
    return over.delete()[0] + fired.delete()[0]


def _locked_offer(variant: Variant, grade: str) -> Buyable:
    """The row of this pair, made where no plant ever offered it, and nobody changes it until the transaction ends."""
    rows = Buyable.objects.filter(variant=variant, grade=grade).defer("search", "search_text")
    if not rows.exists():
        refresh_buyables([(variant.pk, grade)])
    return lock(rows).get()


def _check_room(alerts: AlertQuerySet, at: datetime) -> None:
    if alerts.live(at).count() >= MOST:
        raise TooManyAlerts(_("You wait for %(count)d devices already: end one first.") % {"count": MOST})
