"""What waits, pile by pile, at a plant and at the desk: the cards of Today."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.columns import moment
from backmarket.payments.models import Reconciliation
from backmarket.templatetags.ui import money

REFUND, PAY = "payments.add_refund", "payments.change_payout"


@dataclass(frozen=True)
class Waiting:
    """A card: the rows of a model's pile, by deadline, under the names of their screen or those that `name` gives.

    It is for those who may do something about it: act on the screen's rows, or have the permission `right`. `nothing`
    says what there is to say of an empty pile where that is a question of its own.
    """

    title: Any
    label: str
    pile: str
    empty: Any
    deadline: str = "due_at"
    name: Callable[[Any], Any] | None = None
    right: str = ""
    nothing: Callable[[], Any] | None = None


def _comparison() -> str:
    """That books agree is known after they were compared, and of that instant."""
    ended = Reconciliation.objects.exclude(finished_at=None).order_by("-finished_at").values_list("finished_at").first()
    if ended is None:
        return gettext("The books have not been compared yet.")
    return gettext("All books agreed on %(date)s.") % {"date": moment(ended[0])}


PLANT: tuple[Waiting, ...] = (
    Waiting(_("Lines to accept"), "orders.OrderLine", "to_accept", _("Every line is accepted.")),
    Waiting(_("Orders to send"), "orders.Consignment", "to_ship", _("Everything has left."), "ship_by"),
    Waiting(_("Requests to cancel"), "orders.OrderLine", "to_answer", _("Nobody asks to cancel.")),
    Waiting(_("Claims to answer"), "orders.Claim", "to_answer", _("Nobody waits for an answer.")),
    Waiting(_("To repair or replace"), "orders.Claim", "at_plant", _("No device waits for its repair.")),
    Waiting(_("Devices to inspect"), "buyback.Trade", "to_inspect", _("No device waits for inspection.")),
    Waiting(_("Trades to decide"), "buyback.Trade", "to_decide", _("Every inspected device is decided.")),
    Waiting(_("Devices arriving"), "buyback.Trade", "arriving", _("Nothing is on its way.")),
    Waiting(_("Devices to send back"), "buyback.Trade", "returning", _("Nothing has to go back.")),
    Waiting(_("Devices that came back from their sellers"), "buyback.Trade", "undelivered", _("Nothing came back.")),
    Waiting(_("Returns coming"), "orders.Withdrawal", "coming", _("No return is on its way."), "refund_by"),
    Waiting(_("Units to erase"), "catalog.Unit", "to_erase", _("Every unit is erased."), "created_at"),
    Waiting(_("Units to test"), "catalog.Unit", "to_test", _("Every unit is tested."), "erased_at"),
    Waiting(_("Units to list"), "catalog.Unit", "to_list", _("Nothing waits to be listed."), "tested_at"),
    Waiting(_("Listings low in stock"), "catalog.Listing", "low", _("Stock is fine."), "",
            lambda row: ngettext("%(device)s: %(count)d left", "%(device)s: %(count)d left", row.available)
            % {"device": row.variant, "count": row.available}),
)  # fmt: skip
DESK: tuple[Waiting, ...] = (
    Waiting(_("Claims for support"), "orders.Claim", "queue", _("No claim waits for support.")),
    Waiting(_("Orders held"), "orders.Hold", "open", _("No order is held."), "expires_at",
            lambda row: f"{row.order.number}: {money(row.amount)}"),
    Waiting(_("Money that waits for a second person"), "payments.Approval", "asked", _("Nobody asks you to agree."),
            "expires_at", lambda row: money(row.amount)),
    Waiting(_("Comparisons of the books that differ"), "payments.Reconciliation", "differs", _("All books agree."),
            "started_at", lambda row: row.count, nothing=_comparison),
    Waiting(_("Refunds pending"), "payments.Refund", "pending", _("No refund is pending."), "created_at",
            lambda row: money(row.amount), REFUND),
    Waiting(_("Refunds that failed"), "payments.Refund", "failed", _("No refund failed."), "failed_at",
            lambda row: money(row.amount), REFUND),
    Waiting(_("Payments astray, not back yet"), "payments.Payment", "kept", _("No money came astray."), "stray_at",
            lambda row: money(row.received), REFUND),
    Waiting(_("Disputes to answer"), "payments.Dispute", "to_answer", _("No dispute waits for an answer."), "due_at",
            lambda row: money(row.amount)),
    Waiting(_("Lost disputes to decide"), "payments.Dispute", "to_decide", _("Every lost dispute is decided."),
            "lost_at", lambda row: money(row.lost), PAY),
    Waiting(_("Order lines to keep back: disputed"), "orders.OrderLine", "disputed", _("No unsent device is disputed."),
            ""),
    Waiting(_("Devices found after their refund"), "orders.OrderLine", "found", _("Nothing lost was found."), ""),
    Waiting(_("Payouts ordered"), "payments.Payout", "ordered", _("Nothing waits to be sent."), "due_at",
            lambda row: money(row.amount)),
    Waiting(_("Payouts refused, tried again"), "payments.Payout", "stuck", _("No payout is stuck."), "created_at",
            lambda row: money(row.amount)),
    Waiting(_("Payouts returned by the bank"), "payments.Payout", "bounced", _("No payout came back."), "bounced_at",
            lambda row: money(row.amount)),
    Waiting(_("Payout files to hand to the bank"), "payments.PayoutFile", "made", _("Every file is with the bank."),
            "created_at"),
    Waiting(_("Bank reports to apply"), "payments.BankReport", "open", _("Every report is applied."), "created_at"),
    Waiting(_("Settlements that plants have to pay"), "orders.Settlement", "owed", _("No plant owes us money."),
            "created_at", lambda row: f"{row.plant}: {money(-row.total)}", PAY),
    Waiting(_("Settlements whose payout is held"), "orders.Settlement", "held", _("No settlement is held."),
            "created_at", lambda row: f"{row.plant}: {money(row.total)}", PAY),
    Waiting(_("Sales whose payout is held"), "buyback.Trade", "held", _("No seller's payout is held."), "validated_at",
            right=PAY),
    Waiting(_("Parcels to look for"), "buyback.Trade", "missing", _("No parcel to a plant is missing."),
            right="buyback.view_trade"),
    Waiting(_("Devices that plants do not send back"), "buyback.Trade", "unsent", _("Every return has left.")),
    Waiting(_("Devices back at their plant"), "buyback.Trade", "undelivered", _("Every device reached its seller.")),
    Waiting(_("Parcels refused by the courier"), "shipping.Parcel", "refused", _("The courier took every parcel."),
            "created_at", lambda row: f"{row.get_purpose_display()}: {row.refusal}"),
    Waiting(_("Visits refused by the courier"), "shipping.Pickup", "refused", _("The courier agreed to every visit."),
            "created_at", lambda row: f"{row.parcel}: {row.refusal}"),
    Waiting(_("Applications"), "refurbishers.Refurbisher", "applications", _("No plant is applying."), "created_at"),
    Waiting(_("Plants on trial"), "refurbishers.Refurbisher", "trial", _("No plant is on trial."), "created_at"),
    Waiting(_("Plants watched"), "refurbishers.Refurbisher", "watched", _("Every plant keeps its promises."), ""),
    Waiting(_("Event deliveries that failed"), "events.EventDelivery", "failed", _("Every event is handled."),
            "queued_at"),
    Waiting(_("Webhooks not understood"), "events.IncomingWebhook", "failed", _("Every webhook is understood."),
            "received_at"),
    Waiting(_("E-mails failing"), "notifications.Notification", "failing", _("Every e-mail has left."), "created_at",
            right="notifications.change_notification"),
    Waiting(_("Questions to read"), "reviews.Question", "waiting", _("Every question is read."), "asked_at"),
    Waiting(_("Answers to read"), "reviews.Answer", "waiting", _("Every answer is read."), "given_at"),
)  # fmt: skip
# Dates that say since when something waits, and are no deadline.
SINCE = (
    "created_at",
    "failed_at",
    "bounced_at",
    "queued_at",
    "received_at",
    "tested_at",
    "erased_at",
    "stray_at",
    "validated_at",
    "asked_at",
    "given_at",
)
