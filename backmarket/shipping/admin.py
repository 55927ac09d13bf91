"""Parcels and the courier's visits at the desk."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import money_column, state_column
from backmarket.admin.panels import Panel, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.shipping.models import Parcel, Pickup
from backmarket.shipping.selectors import may_be_asked_again
from backmarket.shipping.services import ask_again
from backmarket.sites import staff_site
from backmarket.timetravel import now

ASK_AGAIN = Step(
    name="ask-again",
    title=_("Ask the courier again"),
    icon="replay",
    tone="primary",
    asks=True,
    explain=_("The courier said no. Do this once what it gave as its reason has been put right."),
    when=lambda row: may_be_asked_again(row, now()),
    run=lambda request, row, data: ask_again(row, by=request.user, at=now()),
    done=_("The courier is being asked."),
)


@admin.register(Parcel, site=staff_site)
class ParcelAdmin(StaffModelAdmin):
    list_display = ("__str__", "purpose", "shown_status", "courier", "sender", "recipient", "created_at")
    list_select_related = ("sender", "recipient")
    list_filter = ("status", "purpose", "courier", "service")
    search_fields = ("tracking_number", "reference")
    fields = (
        "tracking_number", "courier", "service", "purpose", "reference", "shown_status", "sender", "recipient",
        "insured_shown", "label_shown", "refusal",
        "created_at", "in_transit_at", "delivered_at", "lost_at", "returned_at", "cancelled_at",
    )  # fmt: skip
    piles = (
        Pile("unbooked", _("Without a number"), Q(status=Parcel.Status.CREATED, tracking_number="")),
        Pile("refused", _("Refused by the courier"), ~Q(refusal="")),
        Pile("travelling", _("On their way"), Q(status=Parcel.Status.IN_TRANSIT)),
        Pile("lost", _("Lost"), Q(status=Parcel.Status.LOST)),
        Pile("turned_back", _("Turned back"), Q(status=Parcel.Status.RETURNED)),
    )
    steps = (ASK_AGAIN,)
    shown_status = state_column()
    insured_shown = money_column("insured", _("insured for"))
    label_shown = money_column("label_price", _("price of the label"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Parcel]:
        return super().get_queryset(request).select_related("sender", "recipient")

    def panels(self, request: HttpRequest, obj: Parcel) -> list[Panel]:
        scans = [(point.happened_at, point.get_code_display(), point.place) for point in obj.points.all()]
        visits = [(p.window_start, p.window_end, p.outcome, p.attempts) for p in obj.pickups.all()]
        return [
            table(_("Scans"), (_("Date"), _("What"), _("Place")), scans),
            table(_("Pickups"), (_("From"), _("Until"), _("State"), _("Attempts")), visits),
            history(obj, names=True),
        ]


@admin.register(Pickup, site=staff_site)
class PickupAdmin(StaffModelAdmin):
    list_display = ("__str__", "parcel", "shown_status", "failure", "window_start", "window_end", "attempts")
    list_select_related = ("parcel",)
    list_filter = ("status", "failure")
    search_fields = ("confirmation", "parcel__tracking_number")
    fields = (
        "parcel", "shown_status", "failure", "window_start", "window_end", "confirmation", "refusal", "attempts",
        "created_at",
    )  # fmt: skip
    piles = (
        Pile(
            "refused",
            _("Refused by the courier"),
            # Not those that failed with their parcel: it is the parcel that is asked for again.
            ~Q(refusal="")
            & Q(parcel__status__in=[Parcel.Status.CREATED, Parcel.Status.CANCELLED])
            & (Q(parcel__refusal="") | Q(status=Pickup.Status.CANCELLED)),
        ),
    )
    steps = (ASK_AGAIN,)
    shown_status = state_column()

    def panels(self, request: HttpRequest, obj: Pickup) -> list[Panel]:
        return [history(obj, names=True)]
