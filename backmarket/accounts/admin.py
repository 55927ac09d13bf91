"""People and groups at the desk."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget

from backmarket.accounts.models import Address, User
from backmarket.admin.base import StaffDataAdmin, StaffModelAdmin
from backmarket.admin.piles import Pile
from backmarket.payments.selectors import credit_of
from backmarket.sites import staff_site
from backmarket.templatetags.ui import money


class NewUserForm(BaseUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "full_name")
        widgets = {"email": UnfoldAdminEmailInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("password1", "password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget()

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("There is an account with this e-mail already."))
        return email


@admin.register(User, site=staff_site)
class UserAdmin(StaffDataAdmin, DjangoUserAdmin):
    """Only superusers give rights: nobody else can raise themselves."""

    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "full_name", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("email", "full_name")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined", "credit_shown")
    filter_horizontal = ("groups", "user_permissions")
    piles = (Pile("staff", _("Staff"), Q(is_staff=True)),)
    fieldsets = (
        (None, {"fields": ("email", "password", "full_name", "language")}),
        (_("Money"), {"fields": ("credit_shown",)}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "full_name", "password1", "password2")}),)

    @admin.display(description=_("credit"))
    def credit_shown(self, person: User) -> str:
        return money(credit_of(person))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        given = super().get_readonly_fields(request, obj)
        if request.user.is_superuser:
            return given
        return (*given, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The account of a superuser is another superuser's business."""
        may = super().has_change_permission(request, obj)
        return may and (request.user.is_superuser or not (obj and obj.is_superuser))


@admin.register(Group, site=staff_site)
class GroupAdmin(StaffDataAdmin, DjangoGroupAdmin):
    """The staff's groups; a deployment gives them the permissions of the table of roles again."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    has_delete_permission = has_change_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)


@admin.register(Address, site=staff_site)
class AddressAdmin(StaffModelAdmin):
    list_display = ("name", "line1", "postcode", "city", "country")
    search_fields = ("name", "postcode", "city")
    fields = ("user", "name", "line1", "line2", "postcode", "city", "country", "phone")
