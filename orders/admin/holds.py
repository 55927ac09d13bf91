"""Orders on hold, and the rules that hold them."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import StaffDataAdmin, StaffModelAdmin
from backmarket.admin.columns import deadline_column, moment, money_column, state_column, text_column
from backmarket.admin.panels import Panel, facts, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.sites import staff_site
from backmarket.timetravel import now
from orders.admin.forms import HoldForm, RefuseHoldForm
from orders.admin.parts import judged_panels, lines_panel, link
from orders.models import FraudRule, Hold, Order
from orders.services.holds import refuse_hold, release_hold

OPEN, PAYMENT = Hold.Status.OPEN, Order.PaymentStatus


def _is_open(hold: Hold) -> bool:
    return hold.status == OPEN and hold.expires_at is not None and now() < hold.expires_at


def _what_release_does(hold: Hold) -> Any:
    if hold.order.payment_status == PAYMENT.CAPTURED:
        return _("The money is with us already. The plants are told now: their deadline runs from this moment.")
    return _("The bank takes the money now, and the plants are told as soon as it has: their deadline runs from then.")


@admin.register(Hold, site=staff_site)
class HoldAdmin(StaffModelAdmin):
    list_display = ("order_number", "amount_shown", "shown_status", "open_at", "deadline_shown")
    list_display_links = ("order_number",)
    list_select_related = ("order",)
    search_fields = ("=order__number", "order__email")
    fields = (
        "order_number", "amount_shown", "money_shown", "shown_status", "open_at", "deadline_shown", "released_at",
        "refused_at", "reason", "note",
    )  # fmt: skip
    piles = (Pile("open", _("To be checked"), Q(status=OPEN)),)
    order_number = text_column("order.number", _("order"), ordering="order__number")
    amount_shown = money_column("amount", _("total"), ordering="order__total_minor")
    shown_status = state_column()
    deadline_shown = deadline_column("expires_at", _("decide before"))
    steps = (
        Step(
            name="release",
            title=_("Release"),
            icon="check",
            tone="primary",
            form=HoldForm,
            template="admin/decide_hold.html",
            explain=_what_release_does,
            when=_is_open,
            fixed=lambda hold: hold.amount,
            run=lambda request, hold, data: release_hold(hold, **data, by=request.user, at=now()),
        ),
        Step(
            name="refuse",
            title=_("Refuse"),
            icon="block",
            tone="danger",
            form=RefuseHoldForm,
            template="admin/decide_hold.html",
            explain=_(
                "The buyer pays nothing, or has all of it back, and reads in friendly words that we could not take the"
                " order. The devices are for sale again, and nothing is held against the plants."
            ),
            when=_is_open,
            run=lambda request, hold, data: refuse_hold(hold, **data, by=request.user, at=now()),
        ),
    )

    @admin.display(description=_("money"))
    def money_shown(self, hold: Hold) -> Any:
        order = hold.order
        if order.payment_status == PAYMENT.CAPTURED:
            return _("taken on %(date)s") % {"date": moment(order.captured_at)}
        if order.payment_status == PAYMENT.AUTHORISED:
            return _("authorised, not taken")
        return order.get_payment_status_display()

    def name_of(self, obj: Any) -> str:
        return gettext("Order %(number)s") % {"number": obj.order.number}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        rows = super().get_queryset(request).select_related("order__address", "order__buyer")
        return rows.annotate(late=Q(status=OPEN, expires_at__lte=now()))

    def panels(self, request: HttpRequest, obj: Hold) -> list[Panel]:
        order = obj.order
        lines = list(order.lines.all())
        who = str(order.buyer or _("a guest"))
        pairs = [(_("Order"), link("desk", order, order.number)), (_("E-mail"), order.email), (_("Account"), who)]
        return [
            *judged_panels(obj),
            facts(_("Who ordered"), pairs),
            lines_panel("desk", lines),
            history(obj, order, *order.consignments.all(), *lines, names=True),
        ]


@admin.register(FraudRule, site=staff_site)
class FraudRuleAdmin(StaffDataAdmin):
    list_display = ("kind", "words", "amount_shown", "orders", "hours", "is_active")
    list_filter = ("kind", "is_active")
    fields = ("kind", "words", "amount_minor", "orders", "hours", "is_active")
    money_fields = ("amount_minor",)
    amount_shown = money_column("amount", _("from an amount of"), ordering="amount_minor")
