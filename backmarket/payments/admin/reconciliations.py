"""The comparison of the books at the desk: each night's, and one now."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import NOTHING, moment
from backmarket.admin.panels import Panel, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.money import Money
from backmarket.payments.models import Reconciliation
from backmarket.sites import staff_site
from backmarket.tasks import run_job
from backmarket.templatetags.ui import money
from backmarket.timetravel import now


def _begin(request: HttpRequest, _none: Any, data: dict[str, Any]) -> Reconciliation:
    """The job does it: also where this message is lost."""
    begun = Reconciliation.objects.create(started_at=now())
    transaction.on_commit(partial(run_job.delay, "reconcile"), robust=True)
    return begun


@admin.register(Reconciliation, site=staff_site)
class ReconciliationAdmin(StaffModelAdmin):
    list_display = ("started_at", "result", "count_shown", "days")
    fields = ("started_at", "finished_at", "result", "count_shown", "days")
    piles = (Pile("differs", _("With differences"), Q(count__gt=0)),)
    adding = Step(
        name="now",
        title=_("Compare now"),
        icon="compare_arrows",
        tone="primary",
        asks=True,
        permission="view",
        explain=_("Ledger, provider and rows are compared; nothing is changed. It may take some minutes."),
        done=_("It has begun. Load this page again to see what it finds."),
        run=_begin,
    )

    @admin.display(description=_("result"))
    def result(self, row: Reconciliation) -> str:
        if row.finished_at is None:
            return format_html('<span class="tag tag--plain">{}</span>', _("under way"))
        if row.count:
            return format_html('<span class="tag tag--bad">{}</span>', _("differs"))
        return format_html('<span class="tag tag--good">{}</span>', _("agrees"))

    @admin.display(description=_("differences"), ordering="count")
    def count_shown(self, row: Reconciliation) -> str:
        """Nobody has counted before it is done."""
        return NOTHING if row.finished_at is None else str(row.count)

    def name_of(self, obj: Reconciliation) -> str:
        return moment(obj.started_at)

    def panels(self, request: HttpRequest, obj: Reconciliation) -> list[Panel]:
        rows = [
            (each["what"], each["about"], _shown(each["expected"], each), _shown(each["found"], each))
            for each in obj.differences
        ]
        headers = (_("What"), _("About"), _("Expected"), _("Found"))
        agrees = _("Everything agrees.") if obj.finished_at else _("It is under way: load this page again.")
        return [table(_("Differences"), headers, rows, empty=agrees)]


def _shown(minor: int | None, difference: dict[str, Any]) -> str:
    return NOTHING if minor is None else money(Money(minor, difference["currency"]))
