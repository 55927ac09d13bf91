"""Claims: the plant answers, repairs, replaces or refuses; support takes over and decides."""

from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import AFTER_SALES, WORKSHOP, PlantModelAdmin, StaffModelAdmin
from backmarket.admin.panels import Panel, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.money import Money
from backmarket.shipping.selectors import has_our_label
from backmarket.sites import plant_site, staff_site
from backmarket.timetravel import now
from orders.admin.forms import (
    CourierForm,
    DecisionForm,
    MessageForm,
    RefuseClaimForm,
    ReplacementForm,
)
from orders.admin.parts import (
    ClaimColumns,
    RefundsMixin,
    label_of,
    parcel_panel,
    talk_panel,
)
from orders.models import (
    Claim,
    ClaimMessage,
)
from orders.querysets import WITH_SUPPORT
from orders.services.claims import (
    Outcome,
    accept_claim,
    answer_claim,
    decide_claim,
    finish_repair,
    post_message,
    receive_claim_device,
    refund_claim,
    refuse_claim,
    resolve_claim,
    send_replacement,
    start_repair,
    start_replacement,
)
from orders.services.claims.handling import take_over_claim

CLAIM = Claim.Status
CLOSED = (CLAIM.RESOLVED, CLAIM.REFUNDED, CLAIM.WITHDRAWN)


def _say_as_support(request: HttpRequest, claim: Claim, data: dict[str, Any]) -> None:
    post_message(claim, role=ClaimMessage.Role.SUPPORT, author=request.user, text=data["text"], at=now())


def _is_open(claim: Claim) -> bool:
    return claim.status not in CLOSED


def _refunded(claim: Claim, decision: dict[str, Any]) -> Money:
    gross = claim.line.rest
    return gross if decision["outcome"] == Outcome.REFUND else Money(0, gross.currency)


@admin.register(Claim, site=staff_site)
class DeskClaimAdmin(RefundsMixin, ClaimColumns, StaffModelAdmin):
    deadline = "due_at"
    list_display = ("__str__", "device", "plant", "shown_status", "wish", "handler", "deadline_shown")
    list_select_related = ("line__order", "plant", "handler")
    list_filter = ("status", "wish")
    search_fields = ("=number", "line__title", "line__identifier", "=line__order__number", "plant__name")
    fields = (
        "number", "order_number", "device", "price_shown", "plant", "issue_shown", "wish", "description",
        "shown_status", "deadline_shown", "problem", "handler", "escalated_at",
        "opened_at", "first_answer_at", "at_plant_at",
    )  # fmt: skip
    ordering = ("due_at", "-number")
    piles = (
        Pile("queue", _("For support"), WITH_SUPPORT),
        Pile("plants", _("With plants"), Q(status__in=[CLAIM.AWAITING_PLANT, CLAIM.AT_PLANT, CLAIM.REPAIRING])),
        Pile("disputed", _("Refused"), Q(status=CLAIM.DISPUTED)),
        Pile("customer", _("With customers"), Q(status=CLAIM.AWAITING_CUSTOMER)),
        Pile("closed", _("Closed"), Q(status__in=CLOSED)),
    )
    steps = (
        Step(
            name="decide",
            title=_("Decide"),
            icon="gavel",
            tone="primary",
            form=DecisionForm,
            explain=_("Both sides read your words; what follows is started at once."),
            when=attrgetter("is_with_support"),
            amount=_refunded,
            whole=lambda claim: claim.line.order_id,
            run=lambda request, claim, data: decide_claim(claim, **data, by=request.user, at=now()),
        ),
        Step(
            name="take-over",
            title=_("Take over"),
            icon="pan_tool",
            when=lambda claim: _is_open(claim) and claim.handler_id is None,
            run=lambda request, claim, data: take_over_claim(claim, by=request.user, at=now()),
        ),
        Step(
            name="message",
            title=_("Write a message"),
            icon="chat",
            form=MessageForm,
            when=lambda claim: claim.status not in (CLAIM.REFUNDED, CLAIM.WITHDRAWN),
            run=_say_as_support,
        ),
        Step(
            name="refund",
            title=_("Refund"),
            icon="currency_exchange",
            tone="danger",
            asks=True,
            permission="refund",
            explain=_("The customer gets the whole price back; the case ends when the money has left."),
            when=lambda claim: CLAIM.REFUNDED in Claim.MOVES.get(claim.status, set()),
            fixed=lambda claim: claim.line.rest,
            whole=lambda claim: claim.line.order_id,
            run=lambda request, claim, data: refund_claim(claim, by=request.user, at=now()),
        ),
    )

    def name_of(self, obj: Any) -> str:
        return f"{obj} · {obj.line.title}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        related = ("line__order__address", "line__unit", "line__listing", "plant", "handler", "parcel", "return_parcel")
        return super().get_queryset(request).select_related(*related)

    def panels(self, request: HttpRequest, obj: Claim) -> list[Panel]:
        return [
            talk_panel(obj, ClaimMessage.Role.SUPPORT),
            parcel_panel(obj.parcel, _("Parcel to the plant")),
            parcel_panel(obj.return_parcel, _("Parcel back")),
            history(obj, obj.line, names=True),
        ]


# --- The plant


def _in(*statuses: str) -> Any:
    return lambda claim: claim.status in statuses


def _act(service: Any) -> Any:
    """A step whose form has exactly the service's words."""
    return lambda request, claim, data: service(claim, **data, by=request.user, at=now())


def _say(request: HttpRequest, claim: Claim, data: dict[str, Any]) -> None:
    post_message(claim, role=ClaimMessage.Role.PLANT, author=request.user, text=data["text"], at=now())


def _step(name: str, title: Any, icon: str, run: Any, *statuses: str, **facts: Any) -> Step:
    return Step(name=name, title=title, icon=icon, run=run, when=_in(*statuses), **facts)


@admin.register(Claim, site=plant_site)
class OwnClaimAdmin(ClaimColumns, PlantModelAdmin):
    roles = AFTER_SALES
    readers = WORKSHOP
    deadline = "due_at"
    list_display = ("__str__", "device", "issue_shown", "wish", "shown_status", "deadline_shown")
    list_filter = ("status", "wish")
    search_fields = ("=number", "line__title", "line__identifier", "=line__order__number")
    fields = (
        "number", "order_number", "device", "issue_shown", "wish", "description", "shown_status", "deadline_shown",
        "problem", "opened_at", "first_answer_at", "at_plant_at",
    )  # fmt: skip
    ordering = ("due_at", "-number")
    piles = (
        Pile("to_answer", _("To answer"), Q(status=CLAIM.AWAITING_PLANT)),
        Pile("at_plant", _("To repair or replace"), Q(status__in=[CLAIM.AT_PLANT, CLAIM.REPAIRING, CLAIM.REPLACING])),
        Pile("coming", _("On their way"), Q(status__in=[CLAIM.AWAITING_RETURN, CLAIM.IN_TRANSIT_TO_PLANT])),
        Pile("waiting", _("Waiting for the customer"), Q(status=CLAIM.AWAITING_CUSTOMER)),
        Pile("disputed", _("Disputed"), Q(status__in=[CLAIM.DISPUTED, CLAIM.ARBITRATION])),
        Pile("closed", _("Closed"), Q(status__in=CLOSED)),
    )
    steps = (
        _step("answer", _("Answer and ask the customer"), "forum", _act(answer_claim), CLAIM.AWAITING_PLANT,
              form=MessageForm, tone="primary", explain=_("Their turn afterwards: your clock pauses.")),
        _step("accept", _("Take the device back"), "assignment_return", _act(accept_claim),
              CLAIM.AWAITING_PLANT, CLAIM.AWAITING_CUSTOMER, asks=True, tone="primary",
              explain=_("The customer gets a prepaid label; the device comes to you under guarantee.")),
        _step("receive", _("The device is here"), "inventory_2", _act(receive_claim_device),
              CLAIM.AWAITING_RETURN, CLAIM.IN_TRANSIT_TO_PLANT, tone="primary"),
        _step("repair", _("Start the repair"), "build", _act(start_repair), CLAIM.AT_PLANT, tone="primary"),
        _step("finish", _("Repaired: send back"), "local_shipping", _act(finish_repair), CLAIM.REPAIRING,
              form=CourierForm, tone="primary"),
        _step("replace", _("Replace"), "swap_horiz", _act(start_replacement), CLAIM.AT_PLANT, CLAIM.REPAIRING,
              asks=True, explain=_("Another device of the same listing is taken out of your stock.")),
        _step("send", _("Send the other device"), "local_shipping", _act(send_replacement), CLAIM.REPLACING,
              form=ReplacementForm, tone="primary"),
        _step("resolve", _("Solved without sending"), "task_alt", _act(resolve_claim),
              CLAIM.AWAITING_PLANT, CLAIM.AWAITING_CUSTOMER, asks=True,
              explain=_("Only when the customer said so: a word from them opens the case again.")),
        _step("message", _("Write a message"), "chat", _say, *set(CLAIM) - {CLAIM.REFUNDED, CLAIM.WITHDRAWN},
              form=MessageForm),
        Step(name="label", title=_("Label back (PDF)"), icon="print", permission="view",
             when=lambda claim: has_our_label(claim.return_parcel),
             run=lambda request, claim, data: label_of(claim.return_parcel)),
        _step("refuse", _("Refuse"), "block", _act(refuse_claim), CLAIM.AWAITING_PLANT, CLAIM.AT_PLANT,
              form=RefuseClaimForm, tone="danger",
              explain=_("The customer may bring it before support, who decides.")),
    )  # fmt: skip

    def name_of(self, obj: Any) -> str:
        return f"{obj} · {obj.line.title}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        related = ("line__order__address", "line__unit", "line__listing", "plant", "parcel", "return_parcel")
        return super().get_queryset(request).select_related(*related)

    def panels(self, request: HttpRequest, obj: Claim) -> list[Panel]:
        parcels = [parcel_panel(obj.parcel, _("Parcel to you")), parcel_panel(obj.return_parcel, _("Parcel back"))]
        return [talk_panel(obj, ClaimMessage.Role.PLANT), *parcels, history(obj)]
