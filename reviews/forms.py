"""Input of ratings: stars as radio buttons that need no script, and words."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reviews.models import Review

STAR_CHOICES = [
    (1, _("1 star: bad")),
    (2, _("2 stars: poor")),
    (3, _("3 stars: fair")),
    (4, _("4 stars: good")),
    (5, _("5 stars: excellent")),
]


class StarsField(forms.TypedChoiceField):
    """One to five stars as an int."""

    def __init__(self, *, label: Any, help_text: Any) -> None:
        super().__init__(
            choices=STAR_CHOICES,
            coerce=int,
            widget=forms.RadioSelect,
            label=label,
            help_text=help_text,
            error_messages={"required": _("Choose one to five stars."), "invalid_choice": _("Choose 1 to 5 stars.")},
        )


class TradeRatingForm(forms.Form):
    """A seller's stars for the plant that bought, and words."""

    stars_delivery = StarsField(
        label=_("Hand-over"), help_text=_("From booking the courier to the device's arrival at the plant.")
    )
    stars_service = StarsField(
        label=_("Service"), help_text=_("Was the price paid as quoted, on time, and were you treated well?")
    )
    words = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=Review._meta.get_field("words").max_length,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What would help the next person? Leave out names, numbers and addresses."),
    )


class LineRatingForm(TradeRatingForm):
    """A buyer's stars for the device, its delivery and the plant's service, and words."""

    stars_device = StarsField(
        label=_("The device"), help_text=_("Does it look and work as its grade and its offer said?")
    )
    stars_delivery = StarsField(label=_("Delivery"), help_text=_("On time, well packed, complete?"))
    stars_service = StarsField(label=_("Service"), help_text=_("Answers, help, friendliness; if you needed none: 5."))

    field_order = ("stars_device", "stars_delivery", "stars_service", "words")


class QuestionForm(forms.Form):
    """A question about a product."""

    text = forms.CharField(
        label=_("Your question"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Plants that sell it, people who have one, or we will answer. Leave out names, numbers, addresses."
        ),
    )


class AnswerForm(forms.Form):
    """An answer to a question about a product."""

    text = forms.CharField(label=_("Your answer"), max_length=1500, widget=forms.Textarea(attrs={"rows": 5}))
