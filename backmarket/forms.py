"""What every view with a form does: bind it to what was sent, say a refusal beside its field, answer with a status."""

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict

from backmarket.errors import DomainError


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, even when it is empty; None while nothing was."""
    return request.POST if request.method == "POST" else None


def refuse(form: forms.BaseForm, refusal: DomainError) -> None:
    """Say a refusal beside the field it is about, or above the form."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def status_of(*shown: forms.BaseForm) -> int:
    """422 for a page with errors in a form, so that programs and htmx see what people read."""
    return 422 if any(form.is_bound and form.errors for form in shown) else 200


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
