"""`/design/`, mounted only where sandboxes are allowed: every token, drawing, icon and component, with its states."""

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from backmarket import design, timetravel
from backmarket.money import Money
from backmarket.templatetags._icons import ICONS
from backmarket.templatetags.ui import GRADES
from catalog.drawing_forms import FORMS
from catalog.drawing_phones import BACKS, FRONTS
from catalog.drawings import COLOURS
from catalog.selectors.shelves import best_offers

NEW = date(2023, 9, 1)
ROOMY = 12


class SampleForm(forms.Form):
    """A field of every kind; posted nowhere, shown empty and shown wrong."""

    name = forms.CharField(label=_("Name"), help_text=_("As on the parcel"))
    note = forms.CharField(label=_("Note"), widget=forms.Textarea, required=False)
    grade = forms.ChoiceField(label=_("Looks"), choices=[("good", _("Good")), ("fair", _("Fair"))])
    pickup = forms.ChoiceField(
        label=_("Pickup"), choices=[("door", _("At the door")), ("shop", _("In a shop"))], widget=forms.RadioSelect
    )
    photo = forms.FileField(label=_("Photo"), required=False)
    agreed = forms.BooleanField(label=_("I have read the conditions"))


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "design/page.html", _tokens() | _drawings() | _samples(timetravel.now()))


def _tokens() -> dict[str, Any]:
    return {
        "swatches": design.swatches(),
        "pairs": design.pairs(),
        "type_scale": design.scale("text-"),
        "spaces": design.scale("space-"),
        "radii": design.scale("radius-"),
        "shadows": design.scale("shadow-"),
        "motion": [*design.scale("quick"), *design.scale("calm"), *design.scale("ease")],
    }


def _drawings() -> dict[str, Any]:
    return {
        "forms": [form for form in FORMS if not form.startswith("phone-")],
        "phones": [f"phone-{front}-line" for front in FRONTS]
        + [f"phone-hole-{cameras}" for cameras in BACKS if cameras != "line"],
        "grades": list(reversed(GRADES)),
        "colours": COLOURS.items(),
        "icons": {path: name for name, path in ICONS.items()}.values(),
    }


def _samples(now: datetime) -> dict[str, Any]:
    price, new = Money(28_900, settings.DEFAULT_CURRENCY), Money(65_900, settings.DEFAULT_CURRENCY)
    bad = SampleForm({"name": "", "grade": "good", "pickup": "door"})
    bad.add_error("pickup", _("No courier comes to this door on that day."))
    return {
        "offers": best_offers(4),
        "price": price,
        "new_price": new,
        "new_date": NEW,
        "form": SampleForm(prefix="fresh"),
        "wrong_form": bad,
        "roomy": Paginator(range(ROOMY * ROOMY), ROOMY).page(5),
        "stars": [SimpleNamespace(stars=stars, count=count) for stars, count in ((5, 61), (4, 30), (3, 6), (1, 2))],
        "grade_options": _grade_options(price),
        "device": SimpleNamespace(product=SimpleNamespace(form="phone"), variant=SimpleNamespace(colour="graphite")),
        "happened": _happenings(now),
        "entries": [
            SimpleNamespace(at=now, title=_("Sale"), detail="BM-1042", amount=price),
            SimpleNamespace(at=now, title=_("Commission"), detail="", amount=Money(-2_890, settings.DEFAULT_CURRENCY)),
        ],
        "entries_total": Money(price.minor - 2_890, settings.DEFAULT_CURRENCY),
        "crumbs": [{"title": _("Design"), "url": ""}],
        "deadline": now,
        "parcel": SimpleNamespace(tracking_number="SC4711081505", tracking_url=""),
    }


def _grade_options(price: Money) -> list[dict[str, Any]]:
    steps = {"fair": -3_000, "good": 0, "excellent": 4_000, "premium": None}
    return [
        {
            "value": grade,
            "price": None if step is None else Money(price.minor + step, price.currency),
            "checked": not step and step is not None,
            "step": Money(abs(step), price.currency) if step else None,
            "dearer": bool(step and step > 0),
            "url": "#forms",
        }
        for grade, step in steps.items()
    ]


def _happenings(now: datetime) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(title=_("Paid"), at=now, detail="", state="done"),
        SimpleNamespace(title=_("Damaged on the way"), at=now, detail=_("Seen by the courier"), state="problem"),
        SimpleNamespace(title=_("Being repaired"), at=None, detail="", state="current"),
        SimpleNamespace(title=_("On its way to you"), at=None, detail="", state="todo"),
    ]
