"""Express delivery of one parcel: for how much more, and by when; and what its buyer saw of that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from backmarket.market import calendar
from backmarket.money import Money
from backmarket.shipping.selectors import express_days
from backmarket.templatetags.ui import money
from catalog.models import Listing
from orders.models import OrderLine, PartRefund
from orders.selectors import arrival
from refurbishers.models import Refurbisher

# What is on its way, or there: what never left, was lost or came back is refunded whole, its surcharge too.
OWED = (OrderLine.Status.SHIPPED, OrderLine.Status.DELIVERED, OrderLine.Status.CLOSED)
# A parcel of which nobody hears any more has broken its promise too: so long after the promised day.
MISSING_AFTER = timedelta(days=7)
WORD = "express"


class ExpressChanged(DomainError):
    """Express is not offered any more, costs something else, or takes longer than its buyer saw; nothing was
    reserved."""

    code = "express_changed"
    default_message = _("The express delivery that you chose has changed. Look at the sum and confirm again.")


@dataclass(frozen=True)
class Express:
    """Ordered now, the parcel is at the door by `day`, or `surcharge` goes back."""

    surcharge: Money
    day: date

    @property
    def token(self) -> str:
        """What a page says of it when it is chosen there, so that a change meanwhile is noticed."""
        return f"{WORD}:{self.surcharge.minor}:{self.day.isoformat()}"


def express_of(plant: Refurbisher, listings: Iterable[Listing], at: datetime) -> Express | None:
    """None where plant or courier offer none, and where it would come no sooner than the usual parcel."""
    surcharge, sent = plant.express, list(listings)
    if surcharge is None or not sent or any(listing.currency != surcharge.currency for listing in sent):
        return None
    days, usual = express_days(), max(listing.shipping_days for listing in sent)
    if days is None or days >= usual:
        return None
    return Express(surcharge, arrival(at, days))


def promised_day(at: datetime) -> date | None:
    """The day by which an express parcel paid now is there; None where the courier carries none any more."""
    days = express_days()
    return None if days is None else arrival(at, days)


def express_seen(token: str) -> Express | None:
    """What a page said of express when it was chosen there; None for the standard, and for what no page says."""
    word, _colon, facts = token.partition(":")
    minor, _colon, day = facts.partition(":")
    if word != WORD or not (minor.isascii() and minor.isdigit() and len(minor) < 10):
        return None
    try:
        return Express(Money(int(minor), settings.DEFAULT_CURRENCY), date.fromisoformat(day))
    except ValueError:
        return None


def still_offered(items: Iterable[Any], seen: Mapping[UUID, Express], at: datetime) -> dict[UUID, Express]:
    """Plant → the express that was chosen for its parcel, where it is offered just as it was seen.

    `items` are those of the cart, with their offers. Raises ExpressChanged, with what has changed in words.
    """
    by_plant: dict[UUID, list[Listing]] = {}
    for item in items:
        by_plant.setdefault(item.listing.plant_id, []).append(item.listing)
    chosen = {plant: express for plant, express in seen.items() if plant in by_plant}
    for plant, before in chosen.items():
        listings = by_plant[plant]
        now = express_of(listings[0].plant, listings, at)
        if now != before:
            raise ExpressChanged(_change(listings[0].plant, before, now))
    return chosen


def _change(plant: Refurbisher, before: Express, now: Express | None) -> str:
    if now is None:
        text = _("%(plant)s sends nothing express any more. Look at the day and the sum, and confirm again.")
        return text % {"plant": plant.name}
    if now.surcharge != before.surcharge:
        text = _(
            "Express delivery from %(plant)s costs %(now)s now, not %(before)s. Look at the sum and confirm again."
        )
        return text % {"plant": plant.name, "now": money(now.surcharge), "before": money(before.surcharge)}
    text = _(
        "Express delivery from %(plant)s would arrive by %(now)s now, not %(before)s. Confirm again if that will do."
    )
    return text % {"plant": plant.name, "now": date_format(now.day), "before": date_format(before.day)}


def is_late(promised: date, delivered_at: datetime | None, at: datetime) -> bool:
    """Was it there only after the promised day, or is it missing a week later?"""
    if delivered_at is not None:
        return calendar().local(delivered_at).date() > promised
    return calendar().local(at).date() > promised + MISSING_AFTER


def late_express(at: datetime) -> QuerySet[OrderLine, UUID]:
    """The parcels that broke their promise and still have some of their surcharge, as `is_late` says."""
    there = TruncDate("delivered_at", tzinfo=calendar().zone)
    given_up = calendar().local(at).date() - MISSING_AFTER
    late = Q(there__gt=F("consignment__promised_date"))
    missing = Q(status=OrderLine.Status.SHIPPED, consignment__promised_date__lt=given_up)
    paid_for = OrderLine.objects.filter(surcharge_minor__gt=0, status__in=OWED).annotate(there=there)
    owed = paid_for.filter(late | missing).exclude(parts__reason=PartRefund.Reason.EXPRESS)
    return owed.order_by().values_list("consignment", flat=True).distinct()
