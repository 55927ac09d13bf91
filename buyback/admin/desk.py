"""Trades, quotes, bids and the register at the desk: read, with their timeline."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import money_column, state_column, text_column
from backmarket.admin.panels import Panel, facts, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.money import Money
from backmarket.payments.selectors import held
from backmarket.shipping.models import Parcel
from backmarket.sites import staff_site
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from buyback.admin.parts import (
    SEND_AGAIN,
    TradeColumns,
    answers_panel,
    offer_panel,
    photos_panel,
    registry_panel,
    reports_panel,
    talk_panel,
    verdict_panel,
)
from buyback.admin.privacy import SHOW, sharing_panel
from buyback.duplicates import shared
from buyback.models import Bid, Quote, RegisterEntry, Trade
from buyback.querysets import is_missing, is_unsent
from buyback.services.parcels import urge_return
from buyback.services.payouts import reorder_trade_payout
from buyback.services.settling import charge_unsent, declare_lost

T = Trade.Status


def _is_unsent(trade: Trade) -> bool:
    return Trade.objects.unsent(now()).filter(pk=trade.pk).exists()


def pickups_panel(parcel: Parcel | None) -> Panel:
    rows = [
        (pickup.window_start, pickup.outcome, pickup.attempts) for pickup in (parcel.pickups.all() if parcel else [])
    ]
    return table(_("Pickups"), (_("Window"), _("State"), _("Attempts")), rows)


@admin.register(Trade, site=staff_site)
class TradeAdmin(TradeColumns, StaffModelAdmin):
    deadline = "due_at"
    list_display = ("__str__", "device", "plant", "seller", "shown_status", "price_shown", "deadline_shown")
    list_filter = ("status", "condition")
    ordering = ("due_at", "-number")
    search_fields = ("=number", "identifier", "seller__email", "plant__name", "variant__product__name")
    fields = (
        "number", "device", "identifier", "plant", "seller", "condition", "quoted_shown", "price_shown",
        "shown_status", "suspension_shown", "deadline_shown", "iban_ending", "payout_shown", "accepted_at",
        "collected_at", "received_at", "inspected_at", "countered_at", "validated_at", "paid_at", "credited_at",
    )  # fmt: skip
    piles = (
        Pile("late", _("Waiting to be received or inspected"), Q(status__in=[T.RECEIVED, T.COLLECTED])),
        Pile("missing", _("Parcels to look for"), lambda: is_missing(now())),
        Pile("unsent", _("Not sent back in time"), lambda: is_unsent(now())),
        Pile("undelivered", _("Back at the plant"), Q(status=T.UNDELIVERED)),
        Pile("countered", _("Counter-offers"), Q(status=T.COUNTERED)),
        Pile("suspended", _("Suspended"), Q(status=T.SUSPENDED)),
        Pile("to_pay", _("To be paid"), Q(status=T.VALIDATED)),
        Pile("shared", _("Account or document of several people"), shared()),
        Pile("held", _("Payout held"), held("payout__")),
    )
    steps = (
        SEND_AGAIN,
        Step(
            name="lost",
            title=_("Declare it lost"),
            icon="search_off",
            asks=True,
            permission="pay",
            explain=_(
                "Ask the courier first. The seller is paid as quoted, from the insurance: the plant owes nothing. "
                "This cannot be undone."
            ),
            when=lambda trade: Trade.objects.missing(now()).filter(pk=trade.pk).exists(),
            done=_("Declared lost: the seller is paid as quoted, from the insurance."),
            run=lambda request, trade, data: declare_lost(trade, by=request.user, at=now()),
        ),
        Step(
            name="urge",
            title=_("Press the plant to send it"),
            icon="mark_email_unread",
            tone="primary",
            asks=True,
            explain=_("An e-mail to the plant: the device must go to the courier today, or the plant has bought it."),
            when=_is_unsent,
            done=_("The plant has been told."),
            run=lambda request, trade, data: urge_return(trade, by=request.user, at=now()),
        ),
        Step(
            name="charge",
            title=_("Have the plant pay for it"),
            icon="price_check",
            asks=True,
            permission="pay",
            explain=_(
                "Press the plant first, and ask the seller. The label is void, the plant pays the seller what it had "
                "quoted and has bought the device. This cannot be undone."
            ),
            when=_is_unsent,
            done=_("The seller is paid as quoted, by the plant."),
            run=lambda request, trade, data: charge_unsent(trade, by=request.user, at=now()),
        ),
        Step(
            name="reorder",
            title=_("Order the payout again"),
            icon="payments",
            tone="primary",
            asks=True,
            permission="pay",
            explain=_("Its payout was cancelled, and the money is held. It will go to the account known now."),
            when=lambda trade: bool(trade.payout and trade.payout.is_held),
            fixed=lambda trade: trade.payout.amount,
            run=lambda request, trade, data: reorder_trade_payout(trade, by=request.user, at=now()),
        ),
        SHOW,
    )

    def has_show_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("buyback.view_identity"))

    payout_shown = text_column("payout.get_status_display", _("payout"))

    def name_of(self, obj: Any) -> str:
        return f"{obj} · {obj.variant}"

    @admin.display(description=_("bank account"))
    def iban_ending(self, trade: Trade) -> str:
        return f"…{trade.iban_last4}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trade]:
        related = ("variant__product", "plant", "seller", "payout", "parcel", "return_parcel", "quote__question_set")
        rows = (
            super().get_queryset(request).select_related(*related, "inspection", "counter_offer", "address", "identity")
        )
        sealed = ("full_name", "birth_date", "document_number")
        return rows.defer("holder", "iban", *(f"identity__{name}" for name in sealed))

    def panels(self, request: HttpRequest, obj: Trade) -> list[Panel]:
        parcels = [parcel for parcel in (obj.parcel, obj.return_parcel) if parcel]
        return [
            facts(_("Seller"), [(_("Address"), "\n".join(obj.address.lines))]),
            *(sharing_panel(obj) if self.has_show_permission(request) else []),
            pickups_panel(obj.parcel),
            registry_panel(obj.quote),
            verdict_panel(obj),
            *offer_panel(obj),
            *photos_panel(obj),
            *reports_panel(obj),
            answers_panel(obj),
            talk_panel(obj, plants_side=False),
            history(obj, *parcels, *([obj.payout] if obj.payout else []), names=True),
        ]


@admin.register(Quote, site=staff_site)
class QuoteAdmin(StaffModelAdmin):
    list_display = ("variant", "condition", "shown_status", "created_at", "expires_at")
    list_select_related = ("variant__product",)
    list_filter = ("status", "condition")
    search_fields = ("variant__sku", "variant__product__name", "registry_checks__identifier")
    fields = ("variant", "condition", "shown_status", "created_at", "expires_at")
    shown_status = state_column()

    def panels(self, request: HttpRequest, obj: Quote) -> list[Panel]:
        rows = [(bid.plant, money(bid.price)) for bid in obj.bids.select_related("plant")]
        bids = table(_("Bids"), (_("Plant"), _("Price")), rows)
        return [bids, registry_panel(obj), history(obj, names=True)]


@admin.register(Bid, site=staff_site)
class BidAdmin(StaffModelAdmin):
    list_display = ("variant", "condition", "plant", "price_shown", "active", "updated_at")
    list_select_related = ("variant__product", "plant")
    list_filter = ("active", "condition")
    search_fields = ("variant__sku", "variant__product__name", "plant__name")
    fields = ("variant", "condition", "plant", "price_shown", "active", "updated_at")
    price_shown = money_column("price", _("price"), ordering="price_minor")


@admin.register(RegisterEntry, site=staff_site)
class RegisterAdmin(StaffModelAdmin):
    list_display = ("plant", "number", "entered_at", "device", "identifier", "price_shown")
    list_select_related = ("plant",)
    search_fields = ("identifier", "plant__name")
    fields = ("plant", "number", "entered_at", "device", "identifier", "price_shown", "previous_hash", "hash")

    @admin.display(description=_("price"), ordering="price_minor")
    def price_shown(self, entry: RegisterEntry) -> str:
        return money(Money(entry.price_minor, entry.currency))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("seller")
