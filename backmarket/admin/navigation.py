"""The sidebars, organised by the job that somebody came to do. An entry shows only to those who may read its list."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from backmarket.sites import plant_site, staff_site

# title, icon, "app.Model", the pile it opens, "/name" of a page of its own, or ""
PAGES = ("arrivals", "bids")
Entry = tuple[Any, str, str, str]
Group = tuple[Any, tuple[Entry, ...]]

PLANT: tuple[Group, ...] = (
    (
        _("Sell"),
        (
            (_("Orders to send"), "local_shipping", "orders.Consignment", "to_ship"),
            (_("Order lines"), "receipt_long", "orders.OrderLine", ""),
            (_("Listings"), "sell", "catalog.Listing", ""),
        ),
    ),
    (
        _("Buy"),
        (
            (_("Today's arrivals"), "barcode_scanner", "buyback.Trade", "/arrivals"),
            (_("Trades"), "swap_horiz", "buyback.Trade", ""),
            (_("Bids"), "price_change", "buyback.Bid", "/bids"),
            (_("Register of bought goods"), "menu_book", "buyback.RegisterEntry", ""),
        ),
    ),
    (_("Workshop"), ((_("Units"), "build", "catalog.Unit", ""),)),
    (
        _("After-sales"),
        (
            (_("Claims"), "support_agent", "orders.Claim", ""),
            (_("Returns"), "undo", "orders.Withdrawal", ""),
            (_("Ratings"), "star", "reviews.Review", ""),
            (_("Questions"), "help", "reviews.Question", ""),
        ),
    ),
    (
        _("The plant"),
        (
            (_("Statements"), "account_balance", "orders.Settlement", ""),
            (_("Invoices"), "request_page", "invoices.Invoice", ""),
            (_("Commitments"), "verified", "refurbishers.Clause", ""),
            (_("Members"), "group", "refurbishers.Member", ""),
            (_("Invitations"), "group_add", "refurbishers.Invitation", ""),
            (_("Profile"), "factory", "refurbishers.Refurbisher", ""),
        ),
    ),
)

DESK: tuple[Group, ...] = (
    (
        _("Customers"),
        (
            (_("Claims"), "support_agent", "orders.Claim", "queue"),
            (_("Orders"), "shopping_bag", "orders.Order", ""),
            (_("Order lines"), "receipt_long", "orders.OrderLine", ""),
            (_("On hold"), "front_hand", "orders.Hold", "open"),
            (_("Consignments"), "local_shipping", "orders.Consignment", ""),
            (_("Withdrawals"), "undo", "orders.Withdrawal", ""),
            (_("Guarantees"), "verified_user", "orders.Guarantee", ""),
            (_("Ratings"), "star", "reviews.Review", ""),
            (_("Questions"), "help", "reviews.Question", ""),
            (_("Answers"), "forum", "reviews.Answer", ""),
        ),
    ),
    (
        _("Sellers of devices"),
        (
            (_("Trades"), "swap_horiz", "buyback.Trade", ""),
            (_("Quotes"), "request_quote", "buyback.Quote", ""),
            (_("Bids"), "price_change", "buyback.Bid", ""),
            (_("Register of bought goods"), "menu_book", "buyback.RegisterEntry", ""),
            (_("Tax numbers"), "receipt", "buyback.TaxFile", ""),
        ),
    ),
    (
        _("Plants"),
        (
            (_("Plants"), "factory", "refurbishers.Refurbisher", ""),
            (_("Members"), "group", "refurbishers.Member", ""),
            (_("Specifications"), "gavel", "refurbishers.Specification", ""),
            (_("Signatures"), "draw", "refurbishers.Signature", ""),
            (_("Statements of reasons"), "description", "refurbishers.StatementOfReasons", ""),
            (_("Measurements"), "monitoring", "refurbishers.Measurement", ""),
            (_("Service facts"), "fact_check", "refurbishers.ServiceFact", ""),
        ),
    ),
    (
        _("Catalogue"),
        (
            (_("Categories"), "category", "catalog.Category", ""),
            (_("Products"), "smartphone", "catalog.Product", ""),
            (_("Collections"), "featured_seasonal_and_gifts", "catalog.Collection", ""),
            (_("Variants"), "style", "catalog.Variant", ""),
            (_("Prices of new ones"), "price_check", "catalog.ReferencePrice", ""),
            (_("Question sets"), "quiz", "catalog.QuestionSet", ""),
            (_("Grading specifications"), "rule", "catalog.GradingSpecification", ""),
            (_("Listings"), "sell", "catalog.Listing", ""),
            (_("Units"), "build", "catalog.Unit", ""),
        ),
    ),
    (
        _("Money"),
        (
            (_("Approvals"), "done_all", "payments.Approval", ""),
            (_("Payments"), "credit_card", "payments.Payment", ""),
            (_("Refunds"), "currency_exchange", "payments.Refund", ""),
            (_("Disputes"), "gavel", "payments.Dispute", "to_answer"),
            (_("Payouts"), "payments", "payments.Payout", ""),
            (_("Payout accounts"), "account_balance_wallet", "payments.ConnectAccount", ""),
            (_("Payout files"), "draft", "payments.PayoutFile", ""),
            (_("Bank reports"), "fact_check", "payments.BankReport", ""),
            (_("Settlements"), "account_balance", "orders.Settlement", ""),
            (_("Invoices"), "request_page", "invoices.Invoice", ""),
            (_("Earnings"), "savings", "orders.Earning", ""),
            (_("Ledger"), "balance", "payments.LedgerMovement", ""),
            (_("Rules for holds"), "policy", "orders.FraudRule", ""),
            (_("Reconciliation"), "compare_arrows", "payments.Reconciliation", ""),
        ),
    ),
    (
        _("Couriers"),
        (
            (_("Parcels"), "package_2", "shipping.Parcel", ""),
            (_("Pickups"), "door_front", "shipping.Pickup", ""),
        ),
    ),
    (
        _("The machine"),
        (
            (_("People"), "person", "accounts.User", ""),
            (_("Groups"), "groups", "auth.Group", ""),
            (_("Events"), "history", "events.Event", ""),
            (_("Event deliveries"), "move_to_inbox", "events.EventDelivery", ""),
            (_("Incoming webhooks"), "webhook", "events.IncomingWebhook", ""),
            (_("E-mails"), "mail", "notifications.Notification", ""),
        ),
    ),
)


def desk(request: HttpRequest) -> list[dict[str, Any]]:
    return _sidebar(staff_site, DESK)


def plant(request: HttpRequest) -> list[dict[str, Any]]:
    return _sidebar(plant_site, PLANT)


def _sidebar(site: UnfoldAdminSite, groups: tuple[Group, ...]) -> list[dict[str, Any]]:
    today = {"title": _("Today"), "icon": "today", "link": reverse(f"{site.name}:index")}
    return [
        {"items": [today]},
        *({"title": title, "items": [_item(site, e) for e in items]} for title, items in groups),
    ]


def _item(site: UnfoldAdminSite, entry: Entry) -> dict[str, Any]:
    title, icon, label, pile = entry
    is_page = pile.startswith("/")
    url = reverse(f"{site.name}:{pile[1:]}") if is_page else list_url(site, label, pile)
    path = url.partition("?")[0]
    pages = {reverse(f"{site.name}:{name}") for name in PAGES} if site is plant_site and not is_page else set()
    return {
        "title": title,
        "icon": icon,
        "link": url,
        "active": lambda request: request.path.startswith(path) and request.path not in pages,
        "permission": may_read(site, label),
    }


def list_url(site: UnfoldAdminSite, label: str, pile: str = "") -> str:
    """The list of a model on a site, opened at one of its piles."""
    url = reverse(f"{site.name}:{label.replace('.', '_').lower()}_changelist")
    return f"{url}?pile={pile}" if pile else url


def may_read(site: UnfoldAdminSite, label: str) -> Callable[[HttpRequest], bool]:
    def allowed(request: HttpRequest) -> bool:
        return bool(site._registry[apps.get_model(label)].has_view_permission(request))

    return allowed
