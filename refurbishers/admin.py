"""Plants, their people, their commitments: the desk's screens and the plant's own."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from unfold.admin import TabularInline

from backmarket.admin.base import (
    EVERYBODY,
    LEADERS,
    PlantModelAdmin,
    Role,
    StaffDataAdmin,
    StaffModelAdmin,
    own_plant,
)
from backmarket.admin.columns import NOTHING, moment, state_column, text_column
from backmarket.admin.forms import StepForm
from backmarket.admin.panels import Panel, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.errors import DomainError
from backmarket.sites import plant_site, staff_site
from backmarket.templatetags.ui import percent
from backmarket.timetravel import now
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
from refurbishers.selectors import Promise, last_signature, promises
from refurbishers.services.ladder import give_notice, move_plant
from refurbishers.services.members import add_member, change_role, remove_member
from refurbishers.services.specifications import sign_specification

Status = Refurbisher.Status
APPLICATIONS = (Status.APPLIED, Status.DOCUMENTS, Status.AUDIT)
IDENTITY = ("legal_name", "registration_number", "vat_number", "line1", "postcode", "city", "country")
CONTACT = ("email", "phone", "support_hours", "technicians", "founded_year", "story")


# --- Forms


class ReasonsForm(StepForm):
    reasons = forms.CharField(
        label=_("Reasons"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("The plant receives this text: facts, the clauses concerned, how to appeal."),
    )


class LadderForm(ReasonsForm):
    to = forms.ChoiceField(label=_("New status"))
    field_order = ("to", "reasons")

    def prepare(self) -> None:
        reachable = Refurbisher.MOVES.get(self.subject.status, set())
        self.fields["to"].choices = [(status.value, status.label) for status in Status if status in reachable]


class RoleForm(StepForm):
    role = forms.ChoiceField(label=_("Role"), choices=Member.Role.choices, widget=forms.RadioSelect)

    def prepare(self) -> None:
        if self.subject:
            self.fields["role"].initial = self.subject.role


class MemberForm(RoleForm):
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("Who has no account yet gets one, and sets its password through “Forgotten your password?”."),
    )
    field_order = ("email", "role")


class PlantForm(forms.ModelForm):  # type: ignore[type-arg]
    """The bank account can be replaced here, and never read."""

    iban = forms.CharField(label=_("IBAN"), required=False, widget=AdminTextInputWidget(attrs={"autocomplete": "off"}))

    class Meta:
        model = Refurbisher
        fields = ("name", "slug", *IDENTITY, *CONTACT, "commission_bps")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("iban")
        if field and self.instance.iban:
            ending = self.instance.iban[-4:]
            field.help_text = _("Ends in %(ending)s. Leave empty to keep it.") % {"ending": ending}

    def clean_iban(self) -> str:
        if not (typed := self.cleaned_data["iban"]):
            return ""
        try:
            return str(IBAN(typed, validate_bban=True))
        except SchwiftyException as error:
            raise forms.ValidationError(_("This is not an IBAN: check every digit.")) from error

    def save(self, commit: bool = True) -> Refurbisher:
        if self.cleaned_data.get("iban"):
            self.instance.iban = self.cleaned_data["iban"]
        return super().save(commit)  # type: ignore[no-any-return]


# --- The desk


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
        (_("Money"), {"fields": ("commission_bps", "iban")}),
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
    )
    shown_status = state_column()
    rating_shown = text_column("rating", _("rating"))

    @admin.display(description=_("quality score"), ordering="quality_bps")
    def quality_shown(self, plant: Refurbisher) -> str:
        return percent(plant.quality_bps)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def panels(self, request: HttpRequest, obj: Refurbisher) -> list[Panel]:
        return [promises_panel(obj), statements_panel(obj), history(obj, names=True)]


def promises_panel(plant: Refurbisher) -> Panel:
    words = {True: _("kept"), False: _("broken"), None: _("too few facts")}
    rows = [(p.clause.code, p.text, p.promised_words, _achieved(p), words[p.kept]) for p in promises(plant)]
    headers = (_("Clause"), _("Text"), _("Promised"), _("Achieved"), _("State"))
    return table(_("Promised and achieved"), headers, rows, empty=_("No specification is signed."))


def _achieved(promise: Promise) -> str:
    return f"{promise.achieved_words} ({promise.sample})" if promise.achieved_words else NOTHING


def statements_panel(plant: Refurbisher) -> Panel:
    rows = [
        (moment(s.created_at), s.get_to_status_display(), s.reasons, s.appeal or NOTHING)
        for s in plant.statements.all()
    ]
    return table(_("Statements of reasons"), (_("Date"), _("To"), _("Reasons"), _("Appeal")), rows)


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


# --- The plant


@admin.register(Refurbisher, site=plant_site)
class OwnPlantAdmin(PlantModelAdmin):
    """What customers read of a plant; its legal identity and its bank account are changed by the house."""

    plant_path = "pk"
    list_display = ("name", "shown_status", "city", "rating_shown")
    fields = ("name", "shown_status", "legal_name", "registration_number", "vat_number", "city", *CONTACT)
    readonly_fields = (
        "name",
        "shown_status",
        "legal_name",
        "registration_number",
        "vat_number",
        "city",
        "founded_year",
    )
    shown_status = state_column()
    rating_shown = text_column("rating", _("rating"))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super(PlantModelAdmin, self).get_queryset(request).filter(pk=own_plant(request).pk)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_act_permission(request)

    def panels(self, request: HttpRequest, obj: Refurbisher) -> list[Panel]:
        return [statements_panel(obj), history(obj)]


@admin.register(Member, site=plant_site)
class ColleagueAdmin(PlantModelAdmin):
    roles = frozenset({Role.OWNER})
    readers = frozenset({Role.MANAGER})
    list_display = ("email_shown", "role")
    list_select_related = ("user",)
    fields = ("email_shown", "role")
    email_shown = text_column("user.email", _("e-mail"), ordering="user__email")
    adding = Step(
        name="add",
        title=_("Add a colleague"),
        form=MemberForm,
        done=_("They can come in by the plants' door now."),
        run=lambda request, _none, data: add_member(own_plant(request), **data, by=request.user, at=now()),
    )
    steps = (
        Step(
            name="role",
            title=_("Change the role"),
            icon="badge",
            form=RoleForm,
            run=lambda request, member, data: change_role(member, role=data["role"], by=request.user, at=now()),
        ),
        Step(
            name="remove",
            title=_("Remove from the plant"),
            icon="person_remove",
            tone="danger",
            asks=True,
            explain=_("Their own account stays; they cannot see the plant any more."),
            done=_("Removed."),
            run=lambda request, member, data: _removed(request, member),
        ),
    )

    def panels(self, request: HttpRequest, obj: Member) -> list[Panel]:
        return []


def _removed(request: HttpRequest, member: Member) -> HttpResponse:
    remove_member(member, by=request.user, at=now())
    messages.success(request, _("Removed."))
    return redirect("plant:index" if member.user_id == request.user.pk else "plant:refurbishers_member_changelist")


@admin.register(Clause, site=plant_site)
class CommitmentsAdmin(PlantModelAdmin):
    """Not a list but one page: every clause promised beside achieved, and the version to sign."""

    plant_path = None
    roles = LEADERS
    readers = EVERYBODY

    def get_urls(self) -> list[URLPattern]:
        sign = self.admin_site.admin_view(self.sign_view)
        return [path("sign/<int:pk>/", sign, name="sign_specification"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        plant, at = own_plant(request), now()
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        current = Specification.objects.filter(published_at__lte=at).order_by("-published_at").first()
        signed = last_signature(plant)
        unsigned = current if current and (signed is None or signed.specification_id != current.pk) else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Commitments"),
            "opts": self.opts,
            "signed": signed,
            "to_sign": unsigned,
            "clauses": unsigned.clauses.all() if unsigned else [],
            "may_sign": self.has_act_permission(request),
            "panels": [promises_panel(plant), statements_panel(plant)],
        }
        return TemplateResponse(request, "admin/commitments.html", context)

    def sign_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST" or not self.has_act_permission(request):
            raise PermissionDenied
        specification = Specification.objects.filter(pk=pk).first()
        try:
            if specification:
                sign_specification(own_plant(request), specification, by=request.user, at=now())
                messages.success(request, _("Signed."))
        except DomainError as refusal:
            messages.error(request, str(refusal))
        return redirect("plant:refurbishers_clause_changelist")
