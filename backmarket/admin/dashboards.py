"""The first pages of the two sites: what waits for this person, the most urgent first."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.admin.sites import AdminSite
from django.db import connection
from django.db.models import QuerySet
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
from backmarket.admin.waiting import DESK, PLANT, SINCE, Waiting
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


@dataclass
class Card:
    title: Any
    url: str
    count: int
    empty: Any
    late: bool = False
    due: datetime | None = None
    items: list[dict[str, Any]] = field(default_factory=list)


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
    mine = [each for each in waiting if _may_do(site, each, request)]
    piles = [_pile(site, each, request) for each in mine]
    counts = _counts(piles)
    cards = [_card(site, each, rows, count, at) for each, rows, count in zip(mine, piles, counts, strict=True)]
    return sorted(cards, key=lambda card: (not card.late, not card.count, card.due is None, card.due or at))


def _may_do(site: AdminSite, waiting: Waiting, request: HttpRequest) -> bool:
    """May this person read the pile, and do something about it?"""
    if not may_read(site, waiting.label)(request):  # type: ignore[arg-type]
        return False
    screen = _screen(site, waiting)
    return bool(request.user.has_perm(waiting.right) if waiting.right else screen.has_act_permission(request))


def _screen(site: AdminSite, waiting: Waiting) -> Any:
    return site._registry[apps.get_model(waiting.label)]


def _pile(site: AdminSite, waiting: Waiting, request: HttpRequest) -> QuerySet[Any]:
    screen = _screen(site, waiting)
    pile = next(pile for pile in screen.piles if pile.name == waiting.pile)
    rows: QuerySet[Any] = screen.get_queryset(request).filter(pile.condition)
    return rows.select_related(*(screen.list_select_related or ()))


def _counts(piles: list[QuerySet[Any]]) -> list[int]:
    """How many rows each pile has, by one statement for all."""
    if not piles:
        return []
    compiled = [pile.order_by().values("pk").query.sql_with_params() for pile in piles]
    counts = ", ".join(f"(SELECT count(*) FROM ({sql}) AS pile)" for sql, _params in compiled)  # noqa: S608 - Django's words
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [param for _sql, params in compiled for param in params])
        found: list[int] = list(cursor.fetchone())
    return found


def _card(site: AdminSite, waiting: Waiting, rows: QuerySet[Any], count: int, at: datetime) -> Card:
    url = list_url(site, waiting.label, waiting.pile)  # type: ignore[arg-type]
    if not count:
        return Card(waiting.title, url, 0, waiting.nothing() if waiting.nothing else waiting.empty)
    if waiting.deadline:
        rows = rows.order_by(waiting.deadline)
    items = [_item(_screen(site, waiting), waiting, row, at) for row in rows[:SHOWN]]
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
