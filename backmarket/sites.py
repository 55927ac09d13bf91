"""The two admin sites: /desk/ for staff, /plant/ for plant members; everybody signs in where the shop does."""

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite


class HouseSite(UnfoldAdminSite):
    """An admin site whose people sign in where everybody does; who has no business here is told so, calmly."""

    site_url = reverse_lazy("home")
    no_entry = _("This place is not for your account.")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        index = reverse(f"{self.name}:index")
        wanted = request.GET.get("next", index)
        target = wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else index
        if self.has_permission(request):
            return HttpResponseRedirect(target)
        if request.user.is_authenticated:
            context = {"no_entry": self.no_entry}
            return TemplateResponse(request, "admin/no_entry.html", context, status=403)
        return redirect_to_login(target)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST":
            logout(request)
        return redirect("home")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("account_change_password")


class StaffSite(HouseSite):
    """For support, quality, finance and operators, each with the permissions of their groups."""

    settings_name = "UNFOLD_DESK"
    index_title = _("Today at the desk")
    index_template = "admin/dashboard.html"
    no_entry = _("The desk is for the people who work for this house.")


class PlantSite(HouseSite):
    """For the people of a plant, who see only their own plant's rows."""

    settings_name = "UNFOLD_PLANT"
    index_title = _("Today at your plant")
    index_template = "admin/dashboard.html"
    no_entry = _("The plants' door is for the people of a refurbishing plant. Ask its owner to add you.")

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and hasattr(request.user, "membership"))


staff_site = StaffSite(name="desk")
plant_site = PlantSite(name="plant")
