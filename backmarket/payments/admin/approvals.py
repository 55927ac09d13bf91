"""The second pair of eyes at the desk: what waits for it, with the row and the answers that it is about."""

import json
from typing import Any, cast

from django import forms
from django.apps import apps
from django.contrib import admin
from django.db.models import Q
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.admin.base import StaffModelAdmin
from backmarket.admin.columns import money_column, state_column
from backmarket.admin.forms import StepForm
from backmarket.admin.panels import Panel, facts, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.payments.models import Approval
from backmarket.payments.services.approvals import approve, decline, withdraw_approval
from backmarket.sites import staff_site
from backmarket.states import IllegalMove
from backmarket.templatetags.ui import money
from backmarket.timetravel import now


class DeclineForm(StepForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The person who asked reads it."),
    )


class Asked:
    """The step that an approval is about, with its row as it is now."""

    def __init__(self, request: HttpRequest, approval: Approval) -> None:
        model = apps.get_model(approval.subject)
        self.request, self.door = request, cast(Any, staff_site._registry[model])
        self.row = model._base_manager.filter(pk=approval.subject_id).first()
        self.step = next((step for step in self.door.steps if step.name == approval.step), None)
        if self.row is None or self.step is None:
            raise Http404
        data = QueryDict(mutable=True)
        for name, values in json.loads(approval.answers).items():
            data.setlist(name, values)
        self.form = self.step.form(data, None, subject=self.row, request=request)

    @property
    def url(self) -> str:
        opts = self.row._meta
        return reverse(f"desk:{opts.app_label}_{opts.model_name}_change", args=[self.row.pk])

    def answers(self) -> list[tuple[Any, Any]]:
        """What was filled in, as it is read now."""
        self.form.is_valid()
        return [
            (field.label, self._words(field)) for field in self.form.visible_fields() if field.name in self.form.data
        ]

    def _words(self, field: forms.BoundField) -> Any:
        chosen = field.value()
        choices = dict(getattr(field.field, "choices", ()))
        return choices.get(chosen, chosen)

    def before(self, approval: Approval) -> list[tuple[Any, Any]]:
        """What whoever asked has given back of the same order, or moved in the same way, lately."""
        given = self.step.moved_before(approval.asked_by, self.row, approval.amount, now())
        words = _("Given back of this order within a day by who asks")
        if self.step.whole is None:
            words = _("Moved in the same way within a day by who asks")
        return [(words, money(given))] if given else []

    def take(self) -> None:
        """The step, by whoever agrees; raises IllegalMove when the row or the form has moved on."""
        if not self.step.when(self.row) or not self.form.is_valid():
            raise IllegalMove(next(iter(self.form.non_field_errors()), ""))
        self.step.run(self.request, self.row, self.form.cleaned_data)


def _agree(request: HttpRequest, approval: Approval) -> None:
    approve(approval, Asked(request, approval).take, by=cast(User, request.user), at=now())


def _is_open(approval: Approval) -> bool:
    return approval.status == Approval.Status.ASKED and now() < approval.expires_at


@admin.register(Approval, site=staff_site)
class ApprovalAdmin(StaffModelAdmin):
    list_display = ("name", "amount_shown", "asked_by", "asked_at", "shown_status", "decided_by")
    list_select_related = ("asked_by", "decided_by")
    list_filter = ("status",)
    search_fields = ("name", "asked_by__email")
    fields = ("name", "shown_status", "amount_shown", "asked_by", "asked_at", "expires_at", "decided_by", "reason")
    piles = (Pile("asked", _("Wait for a second person"), Q(status=Approval.Status.ASKED)),)
    shown_status = state_column()
    amount_shown = money_column("amount", _("amount"), ordering="amount_minor")
    steps = (
        Step(
            name="agree",
            title=_("Agree, and do it"),
            icon="done_all",
            tone="primary",
            asks=True,
            explain=_("Look at the row first: what was asked is done at once, in your name and that of who asked."),
            when=_is_open,
            run=lambda request, approval, data: _agree(request, approval),
        ),
        Step(
            name="decline",
            title=_("Decline"),
            icon="block",
            tone="danger",
            form=DeclineForm,
            when=_is_open,
            run=lambda request, approval, data: decline(approval, **data, by=cast(User, request.user), at=now()),
        ),
        Step(
            name="withdraw",
            title=_("Take it back"),
            icon="undo",
            asks=True,
            permission="view",
            explain=_("Nothing is done; you may ask again."),
            when=_is_open,
            run=lambda request, approval, data: withdraw_approval(approval, by=cast(User, request.user), at=now()),
        ),
    )

    def open_steps(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """Whoever asked takes it back; the others agree or decline."""
        mine = obj.asked_by_id == request.user.pk
        return [row for row in super().open_steps(request, obj) if (row["step"].name == "withdraw") == mine]

    def panels(self, request: HttpRequest, obj: Approval) -> list[Panel]:
        try:
            asked = Asked(request, obj)
        except Http404:
            return [history(obj, names=True)]
        row = format_html('<a href="{}">{}</a>', asked.url, obj.name)
        pairs = [(_("Row"), row), (_("Step"), asked.step.title), *asked.answers(), *asked.before(obj)]
        return [facts(_("What would be done"), pairs), history(obj, asked.row, names=True)]
