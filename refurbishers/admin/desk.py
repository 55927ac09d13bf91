"""Plants at the desk: applications, the ladder, specifications, measures."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from backmarket.admin.base import (
    StaffDataAdmin,
    StaffModelAdmin,
)
from backmarket.admin.columns import state_column, text_column
from backmarket.admin.panels import Panel, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.market import calendar
from backmarket.payments.selectors import account_of
from backmarket.sites import staff_site
from backmarket.templatetags.ui import percent
from backmarket.timetravel import now
from refurbishers.admin.forms import CONTACT, IDENTITY, CommissionForm, LadderForm, PlantForm, ReasonsForm
from refurbishers.admin.parts import commission_panel, payout_account_panel, promises_panel, statements_panel
from refurbishers.models import (
    Clause,
    Measurement,
    Member,
    Refurbisher,
    ServiceFact,
    Signature,
    Specification,
    StatementOfReasons,
)
from refurbishers.selectors import coming_commission
from refurbishers.services.accounts import ask_about_account, change_plant_iban, open_plant_account
from refurbishers.services.ladder import give_notice, move_plant
from refurbishers.services.profiles import note_profile_change
from refurbishers.services.terms import agree_commission, withdraw_commission

Status = Refurbisher.Status
APPLICATIONS = (Status.APPLIED, Status.DOCUMENTS, Status.AUDIT)


class MembersInline(TabularInline):  # type: ignore[misc]
    model = Member
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Refurbisher, site=staff_site)
class PlantAdmin(StaffDataAdmin):
    form = PlantForm
    list_display = ("name", "shown_status", "country", "rating_shown", "quality_shown", "technicians")
    list_filter = ("status", "country")
    search_fields = ("name", "legal_name", "registration_number", "email")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("shown_status", "rating_shown", "quality_shown")
    inlines = (MembersInline,)
    fieldsets = (
        (None, {"fields": ("name", "slug", "shown_status", "rating_shown", "quality_shown")}),
        (_("Legal identity"), {"fields": IDENTITY}),
        (_("Contact"), {"fields": CONTACT}),
        (_("Money"), {"fields": ("new_iban",)}),
    )
    piles = (
        Pile("applications", _("Applications"), Q(status__in=APPLICATIONS)),
        Pile("trial", _("On trial"), Q(status=Status.TRIAL)),
        Pile("watched", _("Watched"), Q(status__in=[Status.WATCH, Status.RESTRICTED])),
        Pile("suspended", _("Suspended"), Q(status=Status.SUSPENDED)),
    )
    steps = (
        Step(
            name="move",
            title=_("Move on the ladder"),
            icon="stairs",
            tone="primary",
            form=LadderForm,
            explain=_("The plant receives the reasons by e-mail; it may appeal."),
            when=lambda plant: bool(Refurbisher.MOVES.get(plant.status)),
            run=lambda request, plant, data: move_plant(
                plant, data["to"], reasons=data["reasons"], by=request.user, at=now()
            ),
        ),
        Step(
            name="notice",
            title=_("Give notice"),
            icon="event_busy",
            tone="danger",
            form=ReasonsForm,
            explain=_("We part in 30 days; the plant trades on meanwhile."),
            when=lambda plant: Status.LEFT in Refurbisher.MOVES.get(plant.status, set()),
            run=lambda request, plant, data: give_notice(plant, reasons=data["reasons"], by=request.user, at=now()),
        ),
        Step(
            name="commission",
            title=_("Agree a commission"),
            icon="percent",
            permission="pay",
            form=CommissionForm,
            explain=_("For what the plant sells from that day on. Its owners receive it by e-mail."),
            when=lambda plant: plant.status != Status.LEFT,
            run=lambda request, plant, data: agree_commission(plant, **data, by=request.user, at=now()),
        ),
        Step(
            name="connect",
            title=_("Open a payout account"),
            icon="account_balance",
            permission="pay",
            asks=True,
            explain=_(
                "An account in the plant's name with the payment provider. Its owner then fills it in from the plant's"
                " profile: the link is for their eyes alone."
            ),
            when=lambda plant: plant.status != Status.LEFT and account_of(str(plant.pk)) is None,
            run=lambda request, plant, data: open_plant_account(plant, by=request.user, at=now()),
        ),
        Step(
            name="follow",
            title=_("Ask about the payout account"),
            icon="sync",
            permission="pay",
            when=lambda plant: account_of(str(plant.pk)) is not None,
            run=lambda request, plant, data: ask_about_account(plant, at=now()),
        ),
        Step(
            name="withdraw_commission",
            title=_("Take back the coming commission"),
            icon="undo",
            permission="pay",
            asks=True,
            explain=_("What is agreed for later is not: the commission before it goes on."),
            when=lambda plant: coming_commission(plant, calendar().local(now()).date()) is not None,
            run=lambda request, plant, data: withdraw_commission(plant, by=request.user, at=now()),
        ),
    )
    shown_status = state_column()
    rating_shown = text_column("rating", _("rating"))

    @admin.display(description=_("quality score"), ordering="quality_bps")
    def quality_shown(self, plant: Refurbisher) -> str:
        return percent(plant.quality_bps)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Refurbisher, form: PlantForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change:
            note_profile_change(obj, {*form.changed_data} - {"new_iban"}, by=request.user, at=now())
        if iban := form.cleaned_data.get("new_iban"):
            change_plant_iban(obj, iban=iban, by=request.user, at=now())

    def panels(self, request: HttpRequest, obj: Refurbisher) -> list[Panel]:
        return [
            *payout_account_panel(obj),
            commission_panel(obj),
            promises_panel(obj),
            statements_panel(obj),
            history(obj, names=True),
        ]


@admin.register(Member, site=staff_site)
class MemberAdmin(StaffDataAdmin):
    list_display = ("user", "plant", "role")
    list_filter = ("role",)
    search_fields = ("user__email", "user__full_name", "plant__name")
    list_select_related = ("user", "plant")
    autocomplete_fields = ("user", "plant")


class ClausesInline(TabularInline):  # type: ignore[misc]
    model = Clause
    extra = 0
    fields = (
        "code", "chapter", "text", "kind", "measure", "comparison", "unit", "threshold", "watch", "restrict",
        "window_days", "min_sample", "position",
    )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Specification | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.published_at)

    has_add_permission = has_change_permission

    def has_delete_permission(self, request: HttpRequest, obj: Specification | None = None) -> bool:
        return self.has_change_permission(request, obj)


@admin.register(Specification, site=staff_site)
class SpecificationAdmin(StaffDataAdmin):
    """A published version never changes: a new one replaces it."""

    list_display = ("version", "title", "published_at")
    inlines = (ClausesInline,)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.published_at)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.published_at)


@admin.register(Signature, site=staff_site)
class SignatureAdmin(StaffModelAdmin):
    list_display = ("plant", "specification", "signed_by", "signed_at")
    list_select_related = ("plant", "specification", "signed_by")
    search_fields = ("plant__name",)


@admin.register(StatementOfReasons, site=staff_site)
class StatementAdmin(StaffModelAdmin):
    list_display = ("plant", "from_status", "to_status", "effective_at", "created_at", "appealed_at")
    list_select_related = ("plant",)
    list_filter = ("to_status",)
    search_fields = ("plant__name",)


@admin.register(ServiceFact, site=staff_site)
class ServiceFactAdmin(StaffModelAdmin):
    list_display = ("plant", "kind", "value", "happened_at")
    list_select_related = ("plant",)
    list_filter = ("kind",)
    search_fields = ("plant__name",)
    ordering = ("-happened_at",)


@admin.register(Measurement, site=staff_site)
class MeasurementAdmin(StaffModelAdmin):
    list_display = ("plant", "measure", "measured_date", "value", "sample")
    list_select_related = ("plant",)
    list_filter = ("measure",)
    search_fields = ("plant__name",)
