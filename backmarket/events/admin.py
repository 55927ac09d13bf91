"""Events, their deliveries and the webhooks' inbox at the desk: read, and tried again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.panels import Panel, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.errors import DomainError
from backmarket.events.inbox import handle_webhook
from backmarket.events.models import Event, EventDelivery, IncomingWebhook
from backmarket.events.services import deliver
from backmarket.privacy import KINDS as READINGS
from backmarket.sites import staff_site
from backmarket.timetravel import now


class TryFailed(DomainError):
    code = "try_failed"
    default_message = _("It failed again: the reason stands below, the details in the log.")


def _try(attempt: Any) -> None:
    """A handler may raise anything; the person who tried it again is told that it did."""
    try:
        attempt()
    except Exception as error:
        raise TryFailed from error


@admin.register(Event, site=staff_site)
class EventAdmin(StaffModelAdmin):
    list_display = ("id", "kind", "subject_type", "subject_id", "actor", "happened_at", "published_at")
    list_filter = ("subject_type",)
    search_fields = ("kind", "subject_id", "actor")
    ordering = ("-id",)
    show_full_result_count = False
    fields = ("kind", "subject_type", "subject_id", "actor", "data", "happened_at", "recorded_at", "published_at")
    piles = (
        Pile("unpublished", _("Unpublished"), Q(published_at=None)),
        Pile("readings", _("Personal data read"), Q(kind__in=READINGS)),
    )

    def panels(self, request: HttpRequest, obj: Event) -> list[Panel]:
        rows = [(d.handler, d.queued_at, d.handled_at or "–", d.attempts, d.last_error) for d in obj.deliveries.all()]
        return [table(_("Deliveries"), (_("Handler"), _("Queued"), _("Done"), _("Attempts"), _("Error")), rows)]


@admin.register(EventDelivery, site=staff_site)
class DeliveryAdmin(StaffModelAdmin):
    list_display = ("handler", "event", "queued_at", "handled_at", "attempts", "last_error")
    list_select_related = ("event",)
    search_fields = ("handler", "event__kind", "event__subject_id")
    ordering = ("-id",)
    fields = ("handler", "event", "queued_at", "handled_at", "attempts", "last_error")
    piles = (
        Pile("waiting", _("Waiting"), Q(handled_at=None)),
        Pile("failed", _("Failed"), Q(handled_at=None, attempts__gt=0)),
    )
    steps = (
        Step(
            name="retry",
            title=_("Try again"),
            icon="replay",
            tone="primary",
            when=lambda delivery: delivery.handled_at is None,
            run=lambda request, delivery, data: _try(lambda: deliver(delivery.pk)),
        ),
    )
    actions = ("retry_many",)

    @admin.action(description=_("Try again"), permissions=["act"])
    def retry_many(self, request: HttpRequest, rows: QuerySet[EventDelivery]) -> None:
        self.each(request, rows.filter(handled_at=None), lambda row: _try(lambda: deliver(row.pk)))

    def panels(self, request: HttpRequest, obj: EventDelivery) -> list[Panel]:
        return []


def _interpret(request: HttpRequest, webhook: IncomingWebhook, data: dict[str, Any]) -> None:
    def attempt() -> None:
        if not handle_webhook(webhook.pk, at=now()):
            messages.warning(request, _("Its subject is still unknown here."))

    _try(attempt)


@admin.register(IncomingWebhook, site=staff_site)
class WebhookAdmin(StaffModelAdmin):
    list_display = ("provider", "external_id", "received_at", "handled_at", "attempts", "last_error")
    list_filter = ("provider",)
    search_fields = ("external_id",)
    ordering = ("-id",)
    fields = ("provider", "external_id", "body", "received_at", "handled_at", "attempts", "last_error")
    piles = (
        Pile("waiting", _("Waiting"), Q(handled_at=None)),
        Pile("failed", _("Failed"), Q(handled_at=None, attempts__gt=0)),
    )
    steps = (
        Step(
            name="retry",
            title=_("Interpret again"),
            icon="replay",
            tone="primary",
            when=lambda webhook: webhook.handled_at is None,
            run=_interpret,
            done=_("Tried again."),
        ),
    )

    def panels(self, request: HttpRequest, obj: IncomingWebhook) -> list[Panel]:
        return []
