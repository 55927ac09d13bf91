"""Forms of steps: what a person fills in before a service is called, dressed as the admin's own fields."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.forms import widgets
from unfold.widgets import (
    CHECKBOX_CLASSES,
    FILE_CLASSES,
    INPUT_CLASSES,
    SELECT_CLASSES,
    TEXTAREA_CLASSES,
    UnfoldAdminDecimalFieldWidget,
)

from backmarket.forms import MoneyField, major
from backmarket.money import Money

CLASSES: tuple[tuple[type[widgets.Widget], list[str]], ...] = (
    (widgets.CheckboxInput, CHECKBOX_CLASSES),
    (widgets.RadioSelect, ["choices"]),
    (widgets.CheckboxSelectMultiple, ["choices"]),
    (widgets.FileInput, [name for name in FILE_CLASSES if name != "hidden"]),
    (widgets.Select, SELECT_CLASSES),
    (widgets.Textarea, TEXTAREA_CLASSES),
    (widgets.Input, INPUT_CLASSES),
)


def dress(widget: widgets.Widget) -> None:
    """Give a widget the classes that the admin's stylesheet knows."""
    for kind, classes in CLASSES:
        if isinstance(widget, kind):
            widget.attrs["class"] = f"{widget.attrs.get('class', '')} {' '.join(classes)}".strip()
            return


class StepForm(forms.Form):
    """A form about `subject` (None when something new is made) filled in by the person of `request`."""

    def __init__(self, *args: Any, subject: Any, request: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject, self.request = subject, request
        self.prepare()
        for field in self.fields.values():
            dress(field.widget)

    def prepare(self) -> None:
        """Add or narrow the fields that depend on the subject."""


class MinorField(MoneyField):
    """A column of minor units, shown and typed as an amount: for lists edited in place."""

    widget = UnfoldAdminDecimalFieldWidget

    def prepare_value(self, value: Any) -> Any:
        return major(Money(value, self.currency)) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        amount = super().clean(value)
        return None if amount is None else amount.minor

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class KnownRowSelect(AutocompleteSelect):
    """Django's own asks the database for whatever was sent, and fails when it is no key; this one chooses nothing."""

    def optgroups(self, name: str, value: list[Any], attr: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if self._is_key(key)], attr)

    def _is_key(self, value: Any) -> bool:
        try:
            self.field.remote_field.model._meta.pk.to_python(value)
        except ValidationError:
            return False
        return True
