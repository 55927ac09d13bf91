"""Ratings: the desk removes for a reason, the plant answers once."""

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import AFTER_SALES, EVERYBODY, PlantModelAdmin, StaffModelAdmin
from backmarket.admin.columns import text_column
from backmarket.admin.forms import StepForm
from backmarket.admin.panels import Panel, history
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.sites import plant_site, staff_site
from backmarket.timetravel import now
from reviews.models import Review
from reviews.services import remove_review, reply_to_review


class RemoveForm(StepForm):
    reason = forms.ChoiceField(label=_("Reason"), choices=Review.Removal.choices, widget=forms.RadioSelect)


class ReplyForm(StepForm):
    text = forms.CharField(label=_("Your answer"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))


class ReviewColumns:
    def name_of(self, obj: Review) -> str:
        return obj.device_title

    stars_shown = text_column("stars", _("stars"))


FIELDS = (
    "device_title", "stars_device", "stars_delivery", "stars_service", "words", "author_name", "published_at",
    "reply", "replied_at",
)  # fmt: skip


@admin.register(Review, site=staff_site)
class ReviewAdmin(ReviewColumns, StaffModelAdmin):
    list_display = ("device_title", "plant", "stars_shown", "author_name", "published_at", "removed_at")
    list_select_related = ("plant",)
    list_filter = ("removal", "stars_service")
    search_fields = ("device_title", "plant__name", "words")
    fields = ("plant", *FIELDS, "removed_at", "removal")
    piles = (
        Pile("published", _("Published"), Q(removed_at=None)),
        Pile("removed", _("Removed"), Q(removed_at__isnull=False)),
    )
    steps = (
        Step(
            name="remove",
            title=_("Remove"),
            icon="delete",
            tone="danger",
            form=RemoveForm,
            explain=_("Only what is against the law or an insult; the row stays, with its reason."),
            when=lambda review: review.removed_at is None,
            run=lambda request, review, data: remove_review(review, **data, by=request.user, at=now()),
        ),
    )


@admin.register(Review, site=plant_site)
class OwnReviewAdmin(ReviewColumns, PlantModelAdmin):
    roles = AFTER_SALES
    readers = EVERYBODY
    list_display = ("device_title", "stars_shown", "author_name", "published_at", "replied_at")
    search_fields = ("device_title", "words")
    fields = FIELDS
    piles = (
        Pile("to_answer", _("Not answered"), Q(reply="")),
        Pile("answered", _("Answered"), ~Q(reply="")),
    )
    steps = (
        Step(
            name="reply",
            title=_("Answer"),
            icon="reply",
            tone="primary",
            form=ReplyForm,
            explain=_("Published under the rating, once."),
            when=lambda review: not review.reply,
            run=lambda request, review, data: reply_to_review(review, **data, by=request.user, at=now()),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        return super().get_queryset(request).filter(removed_at=None)

    def panels(self, request: HttpRequest, obj: Review) -> list[Panel]:
        return [history(obj)]
