"""E-mails at the desk: which, when and whether; never to whom or what they say."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.panels import Panel
from backmarket.admin.piles import Pile
from backmarket.notifications.models import Notification
from backmarket.sites import staff_site


@admin.register(Notification, site=staff_site)
class NotificationAdmin(StaffModelAdmin):
    list_display = ("key", "template", "language", "created_at", "sent_at", "attempts", "last_error")
    list_filter = ("template", "language")
    search_fields = ("key",)
    ordering = ("-created_at",)
    fields = ("key", "template", "language", "created_at", "sent_at", "attempts", "last_error")
    piles = (
        Pile("waiting", _("Waiting"), Q(sent_at=None)),
        Pile("failing", _("Failing"), Q(sent_at=None, attempts__gt=0)),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        return super().get_queryset(request).defer("recipient", "subject", "text", "html")

    def panels(self, request: HttpRequest, obj: Notification) -> list[Panel]:
        return []
