"""A plant's own profile, people and commitments."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import (
    EVERYBODY,
    LEADERS,
    PlantModelAdmin,
    Role,
    member_of,
    own_plant,
)
from backmarket.admin.columns import money_column, state_column, text_column
from backmarket.admin.panels import Panel, history
from backmarket.admin.steps import Step
from backmarket.errors import DomainError, GatewayError
from backmarket.payments.models import ConnectAccount
from backmarket.payments.selectors import account_of
from backmarket.payments.services.connect import follow_account, onboarding_link
from backmarket.sites import plant_site
from backmarket.timetravel import now
from refurbishers.admin.forms import CONTACT, ExpressForm, MemberForm, RoleForm
from refurbishers.admin.parts import (
    commission_panel,
    paid_to_panel,
    payout_account_panel,
    promises_panel,
    statements_panel,
)
from refurbishers.models import (
    Clause,
    Invitation,
    Member,
    Refurbisher,
    Specification,
)
from refurbishers.selectors import last_signature
from refurbishers.services.accounts import open_plant_account
from refurbishers.services.members import change_role, invite_member, remove_member, withdraw_invitation
from refurbishers.services.profiles import note_profile_change, offer_express
from refurbishers.services.specifications import sign_specification


@admin.register(Refurbisher, site=plant_site)
class OwnPlantAdmin(PlantModelAdmin):
    """What customers read of a plant; its legal identity and its bank account are changed by the house."""

    plant_path = "pk"
    list_display = ("name", "shown_status", "city", "rating_shown")
    fields = (
        "name", "shown_status", "legal_name", "registration_number", "vat_number", "city", "express_shown", *CONTACT,
    )  # fmt: skip
    readonly_fields = (
        "name",
        "shown_status",
        "express_shown",
        "legal_name",
        "registration_number",
        "vat_number",
        "city",
        "founded_year",
    )
    shown_status = state_column()
    rating_shown = text_column("rating", _("rating"))
    express_shown = money_column("express", _("express surcharge"))
    steps = (
        Step(
            name="connect",
            title=_("Open a payout account"),
            icon="account_balance",
            permission="owner",
            asks=True,
            explain=_(
                "An account in the plant's name with our payment provider, which asks who you are and pays out to your"
                " bank. Once it is ready, your settlements go there; until then to the bank account that we know."
            ),
            done=_("Opened. Continue below: the provider needs to know who you are."),
            when=lambda plant: account_of(str(plant.pk)) is None,
            run=lambda request, plant, data: open_plant_account(plant, by=request.user, at=now()),
        ),
        Step(
            name="express",
            title=_("Express delivery"),
            icon="bolt",
            form=ExpressForm,
            explain=_(
                "Customers may then choose it for the whole parcel, with the day that we promise them: your usual day"
                " to send, and the courier's express on the road. What arrives later, for whatever reason, costs you"
                " the surcharge: the customer has it back by itself."
            ),
            done=_("Saved. It holds for new orders."),
            run=lambda request, plant, data: offer_express(plant, **data, by=request.user, at=now()),
        ),
    )

    def has_owner_permission(self, request: HttpRequest) -> bool:
        return member_of(request).role == Role.OWNER

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path("payout-account/", site.admin_view(self.go_to_provider), name="payout_account"),
            path("payout-account/back/", site.admin_view(self.back_from_provider), name="payout_account_back"),
            *super().get_urls(),
        ]

    def go_to_provider(self, request: HttpRequest) -> HttpResponse:
        """To the provider's page, by a link made for this visit alone: also where an old link has expired."""
        plant, account = self._account(request)
        back = request.build_absolute_uri(reverse("plant:payout_account_back"))
        again = request.build_absolute_uri(reverse("plant:payout_account"))
        try:
            url = onboarding_link(account, return_url=back, refresh_url=again)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(self.change_url(plant))
        response = redirect(url)
        response["Referrer-Policy"] = "no-referrer"
        return response

    def back_from_provider(self, request: HttpRequest) -> HttpResponse:
        """The owner has been there: ask what the account may do now, and show it."""
        plant, account = self._account(request)
        try:
            ready = follow_account(account.pk, at=now()).status == account.Status.ENABLED
        except GatewayError:
            ready = False
        if ready:
            messages.success(request, _("The payout account is ready: your settlements go there."))
        else:
            messages.info(request, _("The provider is not done yet: below is what is missing."))
        return redirect(self.change_url(plant))

    def _account(self, request: HttpRequest) -> tuple[Refurbisher, ConnectAccount]:
        if not self.has_owner_permission(request):
            raise PermissionDenied
        plant = own_plant(request)
        if (account := account_of(str(plant.pk))) is None:
            raise Http404
        return plant, account

    def get_queryset(self, request: HttpRequest) -> Any:
        return super(PlantModelAdmin, self).get_queryset(request).filter(pk=own_plant(request).pk)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_act_permission(request)

    def save_model(self, request: HttpRequest, obj: Refurbisher, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        note_profile_change(obj, form.changed_data, by=request.user, at=now())

    def panels(self, request: HttpRequest, obj: Refurbisher) -> list[Panel]:
        url = reverse("plant:payout_account") if self.has_owner_permission(request) else ""
        paid = [paid_to_panel(obj), *payout_account_panel(obj, url=url)]
        return [*paid, commission_panel(obj), statements_panel(obj), history(obj)]


@admin.register(Member, site=plant_site)
class ColleagueAdmin(PlantModelAdmin):
    roles = frozenset({Role.OWNER})
    readers = frozenset({Role.MANAGER})
    list_display = ("email_shown", "role")
    list_select_related = ("user",)
    fields = ("email_shown", "role")
    email_shown = text_column("user.email", _("e-mail"), ordering="user__email")
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


@admin.register(Invitation, site=plant_site)
class InvitationAdmin(PlantModelAdmin):
    """People asked to work here who have not answered yet."""

    roles = frozenset({Role.OWNER})
    readers = frozenset({Role.MANAGER})
    list_display = ("email", "role", "invited_at", "expires_at")
    fields = ("email", "role", "invited_at", "expires_at")
    adding = Step(
        name="add",
        title=_("Invite a colleague"),
        form=MemberForm,
        done=_("The invitation is on its way by e-mail."),
        run=lambda request, _none, data: invite_member(own_plant(request), **data, by=request.user, at=now()),
    )
    steps = (
        Step(
            name="again",
            title=_("Send again"),
            icon="forward_to_inbox",
            done=_("The invitation is on its way by e-mail, valid for 7 days from now."),
            run=lambda request, invited, _data: invite_member(
                invited.plant, email=invited.email, role=invited.role, by=request.user, at=now()
            ),
        ),
        Step(
            name="withdraw",
            title=_("Take back"),
            icon="person_remove",
            tone="danger",
            asks=True,
            explain=_("The link in the e-mail opens nothing any more."),
            run=lambda request, invited, _data: _withdrawn(request, invited),
        ),
    )

    def panels(self, request: HttpRequest, obj: Invitation) -> list[Panel]:
        return []


def _withdrawn(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    withdraw_invitation(invitation, by=request.user, at=now())
    messages.success(request, _("Taken back."))
    return redirect("plant:refurbishers_invitation_changelist")


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
