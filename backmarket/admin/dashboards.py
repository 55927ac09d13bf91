"""The first pages of the two sites: what waits for this person, the most urgent first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from backmarket import health
from backmarket.admin.base import own_plant
from backmarket.admin.columns import end_of, moment
from backmarket.admin.navigation import list_url, may_read
from backmarket.admin.panels import Panel, table
from backmarket.market import calendar
from backmarket.money import Money
from backmarket.payments.models import LedgerEntry
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.sites import plant_site, staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from buyback.arrivals import coming_today
from orders.selectors import unsettled
from orders.services.settlement import DAYS

SHOWN = 5


@dataclass(frozen=True)
class Waiting:
    """A card: the rows of a model's pile, by deadline, under the names of their screen or those that `name` gives."""

    title: Any
    label: str
    pile: str
    empty: Any
    deadline: str = "due_at"
    name: Callable[[Any], Any] | None = None


@dataclass
class Card:
    title: Any
    url: str
    count: int
    empty: Any
    late: bool = False
    due: datetime | None = None
    items: list[dict[str, Any]] = field(default_factory=list)


PLANT: tuple[Waiting, ...] = (
    Waiting(_("Lines to accept"), "orders.OrderLine", "to_accept", _("Every line is accepted.")),
    Waiting(_("Orders to send"), "orders.Consignment", "to_ship", _("Everything has left."), "ship_by"),
    Waiting(_("Claims to answer"), "orders.Claim", "to_answer", _("Nobody waits for an answer.")),
    Waiting(_("To repair or replace"), "orders.Claim", "at_plant", _("No device waits for its repair.")),
    Waiting(_("Devices to inspect"), "buyback.Trade", "to_inspect", _("No device waits for inspection.")),
    Waiting(_("Trades to decide"), "buyback.Trade", "to_decide", _("Every inspected device is decided.")),
    Waiting(_("Devices arriving"), "buyback.Trade", "arriving", _("Nothing is on its way.")),
    Waiting(_("Units to list"), "catalog.Unit", "to_list", _("Nothing waits to be listed."), "tested_at"),
    Waiting(_("Listings low in stock"), "catalog.Listing", "low", _("Stock is fine."), "",
            lambda row: ngettext("%(device)s: %(count)d left", "%(device)s: %(count)d left", row.available)
            % {"device": row.variant, "count": row.available}),
)  # fmt: skip
DESK: tuple[Waiting, ...] = (
    Waiting(_("Claims for support"), "orders.Claim", "queue", _("No claim waits for support.")),
    Waiting(_("Money that waits for a second person"), "payments.Approval", "asked", _("Nobody asks you to agree."),
            "expires_at", lambda row: money(row.amount)),
    Waiting(_("Comparisons of the books that differ"), "payments.Reconciliation", "differs", _("All books agree."),
            "started_at", lambda row: row.count),
    Waiting(_("Refunds pending"), "payments.Refund", "pending", _("No refund is pending."), "created_at",
            lambda row: money(row.amount)),
    Waiting(_("Refunds that failed"), "payments.Refund", "failed", _("No refund failed."), "failed_at",
            lambda row: money(row.amount)),
    Waiting(_("Disputes to answer"), "payments.Dispute", "to_answer", _("No dispute waits for an answer."), "due_at",
            lambda row: money(row.amount)),
    Waiting(_("Lost disputes to decide"), "payments.Dispute", "to_decide", _("Every lost dispute is decided."),
            "lost_at", lambda row: money(row.lost)),
    Waiting(_("Order lines to keep back: disputed"), "orders.OrderLine", "disputed", _("No unsent device is disputed."),
            ""),
    Waiting(_("Devices found after their refund"), "orders.OrderLine", "found", _("Nothing lost was found."), ""),
    Waiting(_("Payouts ordered"), "payments.Payout", "ordered", _("Nothing waits to be sent."), "due_at",
            lambda row: money(row.amount)),
    Waiting(_("Payouts returned by the bank"), "payments.Payout", "bounced", _("No payout came back."), "bounced_at",
            lambda row: money(row.amount)),
    Waiting(_("Payout files to hand to the bank"), "payments.PayoutFile", "made", _("Every file is with the bank."),
            "created_at"),
    Waiting(_("Bank reports to apply"), "payments.BankReport", "open", _("Every report is applied."), "created_at"),
    Waiting(_("Settlements that plants have to pay"), "orders.Settlement", "owed", _("No plant owes us money."),
            "created_at", lambda row: f"{row.plant}: {money(-row.total)}"),
    Waiting(_("Parcels to look for"), "buyback.Trade", "missing", _("No parcel to a plant is missing.")),
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
    Waiting(_("E-mails failing"), "notifications.Notification", "failing", _("Every e-mail has left."), "created_at"),
)  # fmt: skip
# Dates that say since when something waits, and are no deadline.
SINCE = ("created_at", "failed_at", "bounced_at", "queued_at", "received_at", "tested_at")


def plant(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Today at one plant."""
    at, own = now(), own_plant(request)
    cards = _cards(plant_site, PLANT, request, at)
    return context | {"greeting": _greeting(at, own), "cards": cards, "notes": _plant_notes(request, own, at)}


def desk(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Today at the desk: each sees the piles that their group may read."""
    at = now()
    panels = [_ledger()] if may_read(staff_site, "payments.LedgerMovement")(request) else []
    cards = _cards(staff_site, DESK, request, at)
    return context | {
        "greeting": _greeting(at, request.user),
        "cards": cards,
        "notes": _desk_notes(request),
        "panels": panels,
    }


def _greeting(at: datetime, who: Any) -> str:
    return f"{date_format(calendar().local(at), 'l j F Y')} · {who}"


def _cards(site: AdminSite, waiting: tuple[Waiting, ...], request: HttpRequest, at: datetime) -> list[Card]:
    """By the earliest deadline: what is late first, then what is due next, then what has none, the empty ones last."""
    cards = [_card(site, each, request, at) for each in waiting if may_read(site, each.label)(request)]
    return sorted(cards, key=lambda card: (not card.late, not card.count, card.due is None, card.due or at))


def _card(site: AdminSite, waiting: Waiting, request: HttpRequest, at: datetime) -> Card:
    screen = site._registry[apps.get_model(waiting.label)]
    pile = next(pile for pile in screen.piles if pile.name == waiting.pile)  # type: ignore[attr-defined]
    rows = screen.get_queryset(request).filter(pile.condition).select_related(*(screen.list_select_related or ()))  # type: ignore[misc]
    if waiting.deadline:
        rows = rows.order_by(waiting.deadline)
    items = [_item(screen, waiting, row, at) for row in rows[:SHOWN]]
    url = list_url(site, waiting.label, waiting.pile)
    count = len(items) if len(items) < SHOWN else rows.count()
    due = min((item["due"] for item in items if item["due"]), default=None)
    return Card(waiting.title, url, count, waiting.empty, any(item["late"] for item in items), due, items)


def _item(screen: Any, waiting: Waiting, row: Any, at: datetime) -> dict[str, Any]:
    when = getattr(row, waiting.deadline) if waiting.deadline else None
    is_deadline = waiting.deadline not in SINCE
    late = bool(when and is_deadline and when <= at)
    return {
        "title": (waiting.name or screen.name_of)(row),
        "url": screen.change_url(row),
        "detail": _when(when, is_deadline, late),
        "late": late,
        "due": when if is_deadline else None,
    }


def _when(at: datetime | None, is_deadline: bool, late: bool) -> str:
    if at is None:
        return ""
    if not is_deadline:
        return gettext("since %s") % moment(at)
    return (gettext("late: %s") if late else gettext("by %s")) % end_of(at)


def _desk_notes(request: HttpRequest) -> list[dict[str, Any]]:
    """For those who look after the machine: whether anything works on what waits."""
    if not may_read(staff_site, "events.EventDelivery")(request):
        return []
    try:
        health.check_worker()
    except health.NotReady:
        return [{"tone": "bad", "text": gettext("No worker has been heard of for a minute: jobs and events wait.")}]
    return [{"tone": "good", "text": gettext("The worker and the scheduled jobs are running.")}]


def _plant_notes(request: HttpRequest, own: Any, at: datetime) -> list[dict[str, Any]]:
    return [*_arrivals_note(request, own, at), *_statement_note(request, own, at)]


def _arrivals_note(request: HttpRequest, own: Any, at: datetime) -> list[dict[str, Any]]:
    if not may_read(plant_site, "buyback.Trade")(request):
        return []
    count = coming_today(own, at)
    words = ngettext("%d parcel should come today.", "%d parcels should come today.", count) % count
    words = words if count else gettext("No parcel is expected today.")
    url = reverse("plant:arrivals")
    return [{"tone": "info", "text": words, "url": url, "action": gettext("Today's arrivals and the scanner")}]


def _statement_note(request: HttpRequest, own: Any, at: datetime) -> list[dict[str, Any]]:
    if not may_read(plant_site, "orders.Settlement")(request):
        return []
    sums = unsettled(own, at)
    words = gettext("Next statement on %(date)s: %(due)s due now, %(later)s later.") % {
        "date": date_format(next_settlement(calendar().local(at).date()), "DATE_FORMAT"),
        "due": money(sums["due"]),
        "later": money(sums["later"]),
    }
    url = list_url(plant_site, "orders.Settlement")
    return [{"tone": "info", "text": words, "url": url, "action": gettext("Statements")}]


def next_settlement(today: date) -> date:
    """The first settlement day after `today`."""
    later = [day for day in DAYS if day > today.day]
    if later:
        return today.replace(day=later[0])
    return (today.replace(day=1) + timedelta(days=32)).replace(day=DAYS[0])


def _ledger() -> Panel:
    """Every account's balance, and the proof that all of them sum to zero."""
    currencies = ledger_sum()
    rows: list[tuple[Any, ...]] = [
        (account.label, money(balance(account.value, None, currency)))
        for currency in currencies
        for account in LedgerEntry.Account
    ]
    rows += [(gettext("Sum, always zero"), money(Money(total, currency))) for currency, total in currencies.items()]
    return table(_("Ledger"), (_("Account"), _("Balance")), rows)
