"""A trade's past, present and future, told in order."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q
from django.utils.formats import date_format, time_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.events.models import Event
from backmarket.payments.models import Payout
from backmarket.shipping.models import Pickup
from buyback.due import last_minute
from buyback.guides import Suspension
from buyback.models import Trade
from buyback.moments import Moment
from buyback.payout_words import payout_state

Text = str | Promise

TITLES: Mapping[str, Text] = {
    "trade.accepted": _("You accepted the offer"),
    "trade.pickup_changed": _("You changed the collection"),
    "pickup.attempted": _("The courier came and found nobody"),
    "pickup.failed": _("The courier could not collect it"),
    "trade.collected": _("Handed to the courier"),
    "trade.received": _("Arrived at the plant"),
    "trade.inspected": _("Inspected"),
    "trade.graded": _("Graded"),
    "trade.countered": _("The plant made a counter-offer"),
    "trade.validated": _("Validated: the price is settled"),
    "trade.iban_changed": _("You changed the bank account"),
    "trade.credit_chosen": _("You chose credit instead of a transfer"),
    "trade.credit_undone": _("You chose a transfer again"),
    "payout.sent": _("The money left for your bank"),
    "payout.bounced": _("Your bank sent the money back"),
    "trade.paid": _("Paid: the money is on your account"),
    "trade.suspended": _("Suspended"),
    "trade.resumed": _("The plant takes it up again"),
    "trade.returning": _("The plant sends it back to you, free"),
    "trade.undelivered": _("The courier could not bring it to you: it is back at the plant"),
    "trade.address_corrected": _("You corrected the address"),
    "trade.return_urged": _("We pressed the plant to send it back"),
    "trade.returned": _("Back with you"),
    "trade.cancelled": _("Cancelled"),
    "trade.expired": _("Closed: the device was not collected in time"),
    "trade.lost": _("Lost by the courier: you are paid as quoted"),
    "inspection.late": _("The plant was late: the quoted price is paid"),
}
PROBLEMS = frozenset(
    {
        "pickup.attempted", "pickup.failed", "payout.bounced", "trade.suspended", "trade.countered", "trade.expired",
        "trade.lost", "trade.undelivered",
    }
)  # fmt: skip
NOW: Mapping[str, Text] = {
    Trade.Status.ACCEPTED: _("Waiting to be handed over"),
    Trade.Status.COLLECTED: _("On its way to the plant"),
    Trade.Status.RECEIVED: _("The plant inspects it"),
    Trade.Status.INSPECTED: _("The plant decides"),
    Trade.Status.COUNTERED: _("Waiting for your answer"),
    Trade.Status.SUSPENDED: _("Waiting until it is mended"),
    Trade.Status.VALIDATED: _("The money is on its way"),
    Trade.Status.RETURNING: _("On its way back to you"),
    Trade.Status.UNDELIVERED: _("Waiting to be sent to you again"),
}
AHEAD: Mapping[str, tuple[Text, ...]] = {
    Trade.Status.ACCEPTED: (_("With the courier"), _("At the plant"), _("Inspected"), _("Paid")),
    Trade.Status.COLLECTED: (_("At the plant"), _("Inspected"), _("Paid")),
    Trade.Status.RECEIVED: (_("Inspected"), _("Paid")),
    Trade.Status.INSPECTED: (_("Paid"),),
    Trade.Status.COUNTERED: (_("Paid, or back with you"),),
    Trade.Status.SUSPENDED: (_("Inspected"), _("Paid")),
    Trade.Status.VALIDATED: (_("Paid"),),
    Trade.Status.RETURNING: (_("Back with you"),),
    Trade.Status.UNDELIVERED: (_("Back with you"),),
}
BECAUSE: Mapping[str, Text] = {
    "refused": _("The counter-offer was refused."),
    "silent": _("The counter-offer was not answered: silence is never consent."),
    "called_off": _("The sale was over when it reached the plant."),
    "turned_back": _("The courier could not hand it to the plant, and brought it back to you."),
    "sent_again": _("The courier comes to you once more."),
    "not_mended": _("What was wrong was not mended in 14 days."),
    "not_sent_back": _("The plant did not send it back in time: it pays the quoted price, and keeps the device."),
}


def trade_timeline(trade: Trade) -> list[Moment]:
    """What happened, oldest first, from the events; what is going on, with its deadline; what is still to come."""
    past = [_moment(event) for event in _events(trade)] or [Moment(TITLES["trade.accepted"], trade.accepted_at)]
    future = [Moment(title, state="todo") for title in AHEAD.get(trade.status, ())]
    return [*past, *_present(trade), *future]


def _events(trade: Trade) -> list[Event]:
    """Of the trade, of the courier's visits and of its payouts."""
    told = Q(subject_type="buyback.trade", subject_id=str(trade.pk))
    for model, rows in (
        ("shipping.pickup", Pickup.objects.filter(parcel=trade.parcel_id)),
        ("payments.payout", Payout.objects.filter(purpose="trade", reference=trade.pk)),
    ):
        told |= Q(subject_type=model, subject_id__in=[str(pk) for pk in rows.values_list("pk", flat=True)])
    events = Event.objects.filter(told, kind__in=list(TITLES)).order_by("happened_at", "id")
    return [event for event in events if not event.data.get("resumed")]


def _moment(event: Event) -> Moment:
    title = TITLES[event.kind]
    if event.data.get("dropped"):
        title = _("You cancelled the courier's visit")
    elif event.data.get("credit"):
        title = _("Paid: the money is kept as credit")
    return Moment(title, event.happened_at, _detail(event), "problem" if event.kind in PROBLEMS else "done")


def _detail(event: Event) -> Text:
    reason = event.data.get("reason")
    if reason in Suspension.values:
        return Suspension(reason).label
    if reason in Pickup.Failure.values:
        return capfirst(Pickup.Failure(reason).label)
    if "starts" in event.data:
        return _window(*(localtime(datetime.fromisoformat(event.data[end])) for end in ("starts", "ends")))
    return BECAUSE.get(event.data.get("because", ""), "")


def _window(starts: datetime, ends: datetime) -> str:
    words = {"day": date_format(starts, "l j F"), "from": time_format(starts, "H:i"), "to": time_format(ends, "H:i")}
    return gettext("The courier comes on %(day)s between %(from)s and %(to)s.") % words


def _present(trade: Trade) -> list[Moment]:
    if trade.status not in NOW:
        return []
    if trade.status == Trade.Status.VALIDATED and (stuck := _stuck(trade)):
        return [stuck]
    # When we begin to ask the courier is no promise to the seller.
    due = None if trade.status == Trade.Status.COLLECTED else last_minute(trade.due_at)
    return [Moment(NOW[trade.status], detail=_by(due), state="current")]


def _stuck(trade: Trade) -> Moment | None:
    """Money that came back, or whose transfer was given up, is not on its way."""
    if trade.payout is None or trade.payout.status not in (Payout.Status.BOUNCED, Payout.Status.CANCELLED):
        return None
    state = payout_state(trade)
    asks = state is not None and state.asks
    title = gettext("We wait for another account of yours") if asks else gettext("We order the transfer again")
    return Moment(title, state="current")


def _by(due: datetime | None) -> str:
    return gettext("By %(day)s at the latest") % {"day": date_format(localtime(due), "l j F")} if due else ""
