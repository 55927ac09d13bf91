"""The two admin sites: /desk/ for staff, /plant/ for plant members."""

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class StaffSite(UnfoldAdminSite):
    """For support, quality, finance and operators."""


class PlantSite(UnfoldAdminSite):
    """For the people of a plant, who see only their own plant's rows."""

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and hasattr(request.user, "membership"))


staff_site = StaffSite(name="desk")
plant_site = PlantSite(name="plant")
