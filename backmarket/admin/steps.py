"""Steps: what a person can do to a row. Each is a button, perhaps a form, and one call of a service."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.admin.forms import StepForm
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.money import Money
from backmarket.payments.limits import given_back_lately, limit_of
from backmarket.payments.models import Approval
from backmarket.payments.selectors import waiting_approvals
from backmarket.payments.services.approvals import ask_approval
from backmarket.templatetags.ui import money
from backmarket.timetravel import now

DONE = _("Done.")
Run = Callable[[HttpRequest, Any, dict[str, Any]], Any]


def _always(obj: Any) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Step:
    """`run(request, obj, cleaned)` calls the service; `when(obj)` says whether the button is offered now.

    `form` asks first; `explain`, words or a function of the row, says what will happen.
    `permission` names a has_<permission>_permission of the admin.
    A run that returns a response answers with it; any other result is replaced by `done`, said aloud, which may
    depend on the result.
    """

    name: str
    title: Any
    run: Run
    done: Any = DONE
    when: Callable[[Any], bool] = _always
    form: type[StepForm] = StepForm
    explain: Any = ""
    icon: str = "arrow_forward"
    tone: str = "default"
    permission: str = "act"
    template: str = "admin/step.html"
    asks: bool = False
    # What it moves, whatever is filled in, or by what is: more than the person may alone waits for a second one.
    fixed: Callable[[Any], Money] | None = None
    amount: Callable[[Any, dict[str, Any]], Money] | None = None
    # What the payments were for that it gives back from: what one person gives back of that is one sum.
    whole: Callable[[Any], UUID] | None = None
    # What else counts with it: what this person has moved in the same way within a day.
    lately: Callable[[User, Any, datetime], Money] | None = None

    @property
    def moves_money(self) -> bool:
        return self.fixed is not None or self.amount is not None

    def moved(self, obj: Any, data: dict[str, Any]) -> Money | None:
        """What it would move of this row; None where it moves no money."""
        if self.fixed is not None:
            return self.fixed(obj)
        return self.amount(obj, data) if self.amount is not None else None

    def moved_before(self, person: User, obj: Any, amount: Money, at: datetime) -> Money:
        """What the person has moved within a day that is one sum with this amount."""
        if self.whole is not None:
            return given_back_lately(person, self.whole(obj), amount.currency, at)
        return self.lately(person, obj, at) if self.lately is not None else amount * 0

    @property
    def has_page(self) -> bool:
        """Is there something to fill in, or to be sure of, before it is done?"""
        return self.asks or self.form is not StepForm


class StepsMixin:
    """Gives a ModelAdmin its `steps` on the change page, and `adding`, the step by which a new row is made."""

    steps: tuple[Step, ...] = ()
    adding: Step | None = None

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_step"  # type: ignore[attr-defined]
        view = self.admin_site.admin_view(self.step_view)  # type: ignore[attr-defined]
        return [path("<path:object_id>/do/<slug:step>/", view, name=name), *super().get_urls()]  # type: ignore[misc]

    def may(self, request: HttpRequest, step: Step) -> bool:
        return bool(getattr(self, f"has_{step.permission}_permission")(request))

    def open_steps(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """The steps that this person can take with this row now, with their addresses."""
        opts = obj._meta
        name = f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_step"  # type: ignore[attr-defined]
        taken = [step for step in self.steps if self.may(request, step) and step.when(obj)]
        asked = self._asked(obj) if any(step.moves_money for step in taken) else {}
        return [
            {"step": step, "url": reverse(name, args=[obj.pk, step.name]), "asked": asked.get(step.name)}
            for step in taken
        ]

    def _asked(self, obj: Any) -> dict[str, dict[str, Any]]:
        """The requests about this row that wait for a second person, by their step."""
        screen: Any = self.admin_site._registry[Approval]  # type: ignore[attr-defined]
        waiting = waiting_approvals((obj._meta.label, str(obj.pk)), now())
        return {each.step: {"approval": each, "url": screen.change_url(each)} for each in waiting}

    def step_view(self, request: HttpRequest, object_id: str, step: str) -> HttpResponseBase:
        """GET shows the step's form, POST takes the step. A stranger's row is a 404, a step out of time a message."""
        obj = self.own_or_404(request, object_id)  # type: ignore[attr-defined]
        chosen = next((known for known in self.steps if known.name == step), None)
        if chosen is None:
            raise Http404
        if not self.may(request, chosen):
            raise PermissionDenied
        if not chosen.when(obj):
            messages.warning(request, _("This cannot be done any more: something has changed meanwhile."))
            return HttpResponseRedirect(self.change_url(obj))  # type: ignore[attr-defined]
        return self.take(request, chosen, obj)

    def take(self, request: HttpRequest, step: Step, obj: Any) -> HttpResponseBase:
        posted = request.method == "POST"
        form = step.form(
            request.POST if posted else None, request.FILES if posted else None, subject=obj, request=request
        )
        if posted and form.is_valid():
            answer = self._run(request, step, obj, form)
            if answer is not None:
                return answer
        if not step.has_page and not posted:
            return HttpResponseRedirect(self.change_url(obj))  # type: ignore[attr-defined]
        return self._page(request, step, obj, form)

    def _run(self, request: HttpRequest, step: Step, obj: Any, form: StepForm) -> HttpResponseBase | None:
        """The service's answer; its refusal goes beside the field it names, or above a form, or into a message."""
        try:
            amount = step.moved(obj, form.cleaned_data)
            result = (
                self._move(request, step, obj, form, amount) if amount else step.run(request, obj, form.cleaned_data)
            )
        except DomainError as refusal:
            if step.has_page:
                for each in (refusal, *refusal.also):
                    form.add_error(each.field if each.field in form.fields else None, str(each))
                return None
            messages.error(request, str(refusal))
        else:
            if isinstance(result, HttpResponseBase):  # a streamed download is no HttpResponse
                return result
            messages.success(request, step.done(result) if callable(step.done) else step.done)
            obj = obj or result
        return HttpResponseRedirect(self.change_url(obj))  # type: ignore[attr-defined]

    def _move(self, request: HttpRequest, step: Step, obj: Any, form: StepForm, amount: Money) -> Any:
        """Move money alone, or have somebody else asked. What cannot be done at all is refused at once."""
        person: Any = request.user
        with transaction.atomic():
            before = self._before(person, step, obj, amount)
            alone = amount + before <= limit_of(person)
            result = step.run(request, obj, form.cleaned_data)
            if not alone:
                transaction.set_rollback(True)
        return result if alone else self._ask_second_eyes(request, step, obj, amount, before)

    def _before(self, person: User, step: Step, obj: Any, amount: Money) -> Money:
        """What counts with the amount. The person is locked: of two steps at once, the second knows of the first."""
        if step.whole is not None or step.lately is not None:
            lock(User.objects.filter(pk=person.pk)).get()
        return step.moved_before(person, obj, amount, now())

    def _ask_second_eyes(
        self, request: HttpRequest, step: Step, obj: Any, amount: Money, before: Money
    ) -> HttpResponse:
        """Note the step for somebody else to agree to, with the form as it was sent."""
        answers = {name: values for name, values in request.POST.lists() if name in step.form.base_fields}
        subject = (obj._meta.label, str(obj.pk))
        name = f"{self.name_of(obj)} · {step.title}"  # type: ignore[attr-defined]
        person: Any = request.user
        ask_approval(subject, step.name, name=name, answers=answers, amount=amount, by=person, at=now())
        words = _("%(amount)s is more than the %(limit)s that you may move alone: somebody else is asked to agree.")
        if before and step.whole is not None:
            words = _(
                "%(amount)s, and the %(before)s that you have given back of this order within a day, is more than the"
                " %(limit)s that you may move alone: somebody else is asked to agree."
            )
        elif before:
            words = _(
                "%(amount)s, and the %(before)s that you have moved in the same way within a day, is more than the"
                " %(limit)s that you may move alone: somebody else is asked to agree."
            )
        sums = {"amount": money(amount), "before": money(before), "limit": money(limit_of(person))}
        messages.warning(request, words % sums)
        return HttpResponseRedirect(self.change_url(obj))  # type: ignore[attr-defined]

    def _page(self, request: HttpRequest, step: Step, obj: Any, form: StepForm) -> HttpResponse:
        admin: Any = self
        request.current_app = admin.admin_site.name
        context = {
            **admin.admin_site.each_context(request),
            "title": step.title,
            "opts": admin.opts,
            "original": obj,
            "name": admin.name_of(obj) if obj else "",
            "step": step,
            "amount": step.fixed(obj) if step.fixed else None,
            "explain": step.explain(obj) if callable(step.explain) else step.explain,
            "form": form,
            "media": admin.media + form.media,
            "back_url": admin.change_url(obj) if obj else admin.list_url(),
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, step.template, context, status=status)
