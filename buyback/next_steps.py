"""The next thing a seller should do, in one sentence."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.formats import date_format, time_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.payments.models import Payout
from backmarket.shipping.models import Pickup
from buyback.due import last_minute
from buyback.models import TaxFile, Trade

Text = str | Promise


@dataclass(frozen=True)
class NextStep:
    title: Text
    text: Text = ""
    deadline: datetime | None = None
    url: str = ""
    label: Text = ""
    icon: str = "clock"

    @property
    def asks(self) -> bool:
        """Is there something to do, and not only something to wait for?"""
        return bool(self.url)


WAITING: dict[str, NextStep] = {
    Trade.Status.COLLECTED: NextStep(_("Nothing to do: your device is on its way to the plant."), icon="truck"),
    Trade.Status.PAID: NextStep(_("Done: the money is on your account."), icon="check"),
    Trade.Status.RETURNED: NextStep(
        _("Your device is back with you. You can ask for a new quote at any time."), icon="box"
    ),
    Trade.Status.CANCELLED: NextStep(_("You cancelled this sale. You can ask for a new quote at any time.")),
    Trade.Status.EXPIRED: NextStep(_("The device was not collected in 21 days. Ask for a new quote to sell it.")),
    Trade.Status.LOST: NextStep(_("The courier lost your device: you are paid as quoted."), icon="shield"),
}

# Over without a sale: the seller has the device, and may want another price for it.
AGAIN = (Trade.Status.RETURNED, Trade.Status.CANCELLED, Trade.Status.EXPIRED)
ENDED = (*AGAIN, Trade.Status.RETURNING, Trade.Status.UNDELIVERED)


def next_step(trade: Trade, pickup: Pickup | None) -> NextStep:
    """What the seller should do now; often nothing, said so. What concerns all their sales comes last."""
    own = own_step(trade, pickup)
    paying = trade.payout and (trade.status == Trade.Status.VALIDATED or _came_back(trade))
    return own if own.asks or paying or trade.status in ENDED else tax_step(trade.seller_id) or own


def own_step(trade: Trade, pickup: Pickup | None) -> NextStep:
    """What this sale alone asks of the seller. No query: `pickup` and the trade's payout are given."""
    if trade.status == Trade.Status.ACCEPTED:
        return _hand_over(trade, pickup)
    if trade.status == Trade.Status.VALIDATED or _came_back(trade):
        return _get_paid(trade)
    if trade.credited_at:
        text = _("Use it at the checkout, or have it paid out at any time.")
        return NextStep(_("Done: the money is kept as credit for you."), text, icon="check")
    step = WAITING.get(trade.status) or _ahead(trade)
    if trade.status in AGAIN:
        return replace(step, url=reverse("sell-questions", args=[trade.variant.sku]), label=_("Get a new quote"))
    return step


def tax_step(seller: int) -> NextStep | None:
    """What the law makes us ask people who sell much, while they have not given it."""
    file = TaxFile.objects.filter(user=seller, given_at=None).defer("number").first()
    if file is None:
        return None
    due = file.asked_at + timedelta(days=TaxFile.WITHHOLD_AFTER_DAYS)
    title = _("Give us your tax number: your sales of this year come near what the law makes us report.")
    text = _("After that day your payments wait until we have it.")
    return NextStep(title, text, due, reverse("tax-number"), _("Give the number"), "info")


def _hand_over(trade: Trade, pickup: Pickup | None) -> NextStep:
    due, pk = last_minute(trade.due_at), [trade.pk]
    if pickup and pickup.status == Pickup.Status.FAILED:
        title = _("The courier could not collect the parcel: choose another day, free of charge.")
        return NextStep(title, "", due, reverse("trade-rebook", args=pk), _("Choose a day"), "truck")
    label, printing = reverse("trade-label", args=pk), _("Print the label")
    if pickup and pickup.status == Pickup.Status.ATTEMPTED:
        title = _("Nobody was in: keep the parcel ready, the courier comes again on the next working day.")
        return NextStep(title, "", due, label, printing, "truck")
    if pickup and pickup.status == Pickup.Status.BOOKED:
        text = _("Lay the packing slip inside. The courier sticks the label on; you can print it yourself too.")
        return NextStep(_have_ready(pickup), text, None, label, printing, "box")
    title = _("Print the label, stick it on the parcel and drop it off.")
    return NextStep(title, "", due, label, printing, "box")


def _have_ready(pickup: Pickup) -> str:
    starts, ends = localtime(pickup.window_start), localtime(pickup.window_end)
    words = {"day": date_format(starts, "l j F"), "from": time_format(starts, "H:i"), "to": time_format(ends, "H:i")}
    return gettext("Have the parcel ready for the courier on %(day)s between %(from)s and %(to)s.") % words


def _came_back(trade: Trade) -> bool:
    """The money had arrived, and the bank sent it back days later."""
    return bool(trade.status == Trade.Status.PAID and trade.payout and trade.payout.status != Payout.Status.PAID)


def _get_paid(trade: Trade) -> NextStep:
    if trade.payout and trade.payout.is_held:
        return NextStep(_("Nothing to do: we look into your payment, and order it again."), "", None, icon="bank")
    if trade.payout and trade.payout.status == Payout.Status.BOUNCED:
        title = _("Your bank sent the money back: give us another account.")
        url = reverse("trade-iban", args=[trade.pk])
        return NextStep(title, "", None, url, _("Change the account"), "bank")
    if trade.credit_chosen_at:
        return NextStep(_("Nothing to do: the money becomes your credit."), icon="bank")
    title = _("Nothing to do: the money is on its way to your account.")
    return NextStep(title, "", last_minute(trade.due_at), icon="bank")


def _ahead(trade: Trade) -> NextStep:
    if trade.status == Trade.Status.COUNTERED:
        title = _("Answer the plant's counter-offer.")
        text = _("If you do not answer, your device comes back to you, free.")
        return NextStep(title, text, last_minute(trade.due_at), "#counter-offer", _("See both offers"), "warning")
    if trade.status == Trade.Status.SUSPENDED:
        title = _("Mend what stops the sale, then write to the plant.")
        text = _("After that day the device comes back to you, free.")
        return NextStep(title, text, last_minute(trade.due_at), "#suspension", _("What to do"), "warning")
    if trade.status == Trade.Status.UNDELIVERED:
        title = _("The courier could not bring your device to you: check the address, or write when somebody is in.")
        again: Text = _("After that day it is sent to you again, free.") if trade.due_at else ""
        url = reverse("trade-address", args=[trade.pk])
        return NextStep(title, again, last_minute(trade.due_at), url, _("Check the address"), "warning")
    if trade.status == Trade.Status.RETURNING:
        return NextStep(_("Nothing to do: your device is on its way back to you."), icon="truck")
    title = _("Nothing to do: the plant is inspecting your device.")
    return NextStep(title, _("If it is late, you are paid the quoted price."), last_minute(trade.due_at))
