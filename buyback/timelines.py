"""A trade's past and future, and its device's life afterwards, told in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backmarket.events.models import Event
from buyback.guides import Suspension
from buyback.models import Trade
from catalog.models import Unit

Text = str | Promise


@dataclass(frozen=True)
class Moment:
    """One line of a timeline. `state`: done, current, todo or problem."""

    title: Text
    at: datetime | None = None
    detail: Text = ""
    state: str = "done"


TITLES: Mapping[str, Text] = {
    "trade.accepted": _("You accepted the offer"),
    "trade.pickup_changed": _("You changed the collection"),
    "trade.collected": _("Handed to the courier"),
    "trade.received": _("Arrived at the plant"),
    "trade.inspected": _("Inspected"),
    "trade.graded": _("Graded"),
    "trade.countered": _("The plant made a counter-offer"),
    "trade.validated": _("Validated: the price is settled"),
    "trade.iban_changed": _("You changed the bank account"),
    "trade.paid": _("Paid"),
    "trade.suspended": _("Suspended"),
    "trade.resumed": _("The plant takes it up again"),
    "trade.returning": _("On its way back to you"),
    "trade.returned": _("Back with you"),
    "trade.cancelled": _("Cancelled"),
    "trade.expired": _("Closed: the device was not collected in time"),
    "trade.lost": _("Lost by the courier: you are paid as quoted"),
    "inspection.late": _("The plant was late: the quoted price is paid"),
}
PROBLEMS = frozenset({"trade.suspended", "trade.countered", "trade.expired", "trade.lost"})
AHEAD: Mapping[str, tuple[str, ...]] = {
    Trade.Status.ACCEPTED: ("trade.collected", "trade.received", "trade.inspected", "trade.paid"),
    Trade.Status.COLLECTED: ("trade.received", "trade.inspected", "trade.paid"),
    Trade.Status.RECEIVED: ("trade.inspected", "trade.paid"),
    Trade.Status.INSPECTED: ("trade.paid",),
    Trade.Status.VALIDATED: ("trade.paid",),
    Trade.Status.RETURNING: ("trade.returned",),
}
BECAUSE: Mapping[str, Text] = {
    "refused": _("The counter-offer was refused."),
    "silent": _("The counter-offer was not answered: silence is never consent."),
    "not_mended": _("What was wrong was not mended in 14 days."),
}


def trade_timeline(trade: Trade) -> list[Moment]:
    """What happened, oldest first, from the trade's events, and what is still to come."""
    events = Event.objects.filter(
        subject_type="buyback.trade", subject_id=str(trade.pk), kind__in=list(TITLES)
    ).order_by("happened_at", "id")
    moments = [_moment(event) for event in events] or [Moment(TITLES["trade.accepted"], trade.accepted_at)]
    return moments + [Moment(TITLES[kind], state="todo") for kind in AHEAD.get(trade.status, ())]


def _moment(event: Event) -> Moment:
    detail: Text = BECAUSE.get(event.data.get("because", ""), "")
    if event.data.get("reason") in Suspension.values:
        detail = Suspension(event.data["reason"]).label
    state = "problem" if event.kind in PROBLEMS else "done"
    return Moment(TITLES[event.kind], event.happened_at, detail, state)


@dataclass(frozen=True)
class Story:
    """What became of a device after its sale: moments, and what its second life avoids, with the figure's source."""

    moments: tuple[Moment, ...]
    saved_kg: float | None
    source: str


def device_story(trade: Trade) -> Story | None:
    """The device's life since the plant bought it; None while it has not."""
    unit = trade.unit
    if unit is None:
        return None
    impact = trade.variant.product.category.impact
    yearly, years = impact.get("co2e_kg_per_year"), impact.get("years_gained")
    saved = round(yearly * years, 1) if yearly and years and unit.status == Unit.Status.SOLD else None
    return Story(tuple(_life(unit)), saved, str(impact.get("source", "")))


def _life(unit: Unit) -> list[Moment]:
    steps: list[tuple[Text, datetime | None, Text]] = [
        (_("Taken into the workshop"), unit.created_at, ""),
        (_("Your data erased"), unit.erased_at, unit.erasure_standard),
        (_("Repaired"), unit.repaired_at, ", ".join(unit.parts_changed)),
        (_("Tested"), unit.tested_at, unit.get_grade_display() if unit.grade else ""),
        (_("On sale"), unit.ready_at, ""),
        (_("Sold: it has a new owner"), unit.sold_at, ""),
        (_("Recycled: its materials live on"), unit.recycled_at, ""),
    ]
    happened = [Moment(title, at, detail) for title, at, detail in steps if at is not None]
    return sorted(happened, key=lambda moment: moment.at or unit.created_at)
