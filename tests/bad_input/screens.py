"""Which forms the admin sites have, and rows brought to where a step is offered."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.urls import resolve

from backmarket.admin.forms import StepForm
from tests.bad_input.cases import Form

Asked = set[tuple[str, str]]


def asked(site: AdminSite) -> Asked:
    """(name of the URL, name of the step) of every form of a site that is not Django's own."""
    found: Asked = set()
    for model, screen in site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        found |= {(f"{name}_step", step.name) for step in getattr(screen, "steps", ()) if step.form is not StepForm}
        found |= {(f"{name}_add", "")} if getattr(screen, "adding", None) else set()
    return found


def filled_in(forms: Iterable[Form]) -> Asked:
    matches = [resolve(form.url) for form in forms]
    return {(str(match.url_name), match.kwargs.get("step", "")) for match in matches}


def changed(obj: Any, **columns: Any) -> Any:
    """A row brought to where the step is offered, without the way there."""
    type(obj).objects.filter(pk=obj.pk).update(**columns)
    obj.refresh_from_db()
    return obj
