"""What every view with a form does: bind it to what was sent, say a refusal beside its field, answer with a status."""

from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from backmarket.money import Money

# Labels are printed without one; Django would look its translation up for each form.
NO_SUFFIX = ""


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, even when it is empty; None while nothing was."""
    return request.POST if request.method == "POST" else None


def refuse(form: forms.BaseForm, refusal: DomainError) -> None:
    """Say a refusal beside the field it is about, or above the form."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def status_of(*shown: forms.BaseForm) -> int:
    """422 for a page with errors in a form, so that programs and htmx see what people read."""
    return 422 if any(form.is_bound and form.errors for form in shown) else 200


class JoinedForms:
    """Several forms of one page, for one summary of what has to be mended in them."""

    def __init__(self, *joined: forms.BaseForm) -> None:
        self.joined = joined

    @property
    def errors(self) -> dict[str, Any]:
        return {name: error for form in self.joined for name, error in form.errors.items()}

    def non_field_errors(self) -> list[Any]:
        return [error for form in self.joined for error in form.non_field_errors()]

    def visible_fields(self) -> list[forms.BoundField]:
        return [field for form in self.joined for field in form.visible_fields()]

    def hidden_fields(self) -> list[forms.BoundField]:
        return [field for form in self.joined for field in form.hidden_fields()]


class MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several files in one field; cleans to a list. The service that keeps them judges what they hold."""

    widget = MultipleFileInput(attrs={"accept": "image/*"})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if not given:
            super().clean(None, initial)
        return [super(PhotosField, self).clean(one, initial) for one in given]


class MoneyField(forms.DecimalField):
    """An amount in the market's currency, typed with decimals; cleans to Money."""

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        self.currency = currency or settings.DEFAULT_CURRENCY
        precision = get_currency_precision(self.currency)
        kwargs.setdefault("min_value", Decimal(1).scaleb(-precision))
        kwargs.setdefault("help_text", _("In %(currency)s.") % {"currency": self.currency})
        super().__init__(max_digits=9, decimal_places=precision, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return major(value) if isinstance(value, Money) else value

    def clean(self, value: Any) -> Money | None:
        amount = super().clean(value)
        return None if amount is None else Money(int(amount.scaleb(self.decimal_places or 0)), self.currency)


def major(amount: Money) -> Decimal:
    return Decimal(amount.minor).scaleb(-get_currency_precision(amount.currency))
