"""Ratings: the desk removes for a reason, the plant answers once."""

from collections.abc import Callable

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backmarket.admin.base import AFTER_SALES, EVERYBODY, PlantModelAdmin, StaffModelAdmin, own_plant
from backmarket.admin.columns import state_column, text_column
from backmarket.admin.forms import StepForm
from backmarket.admin.panels import Panel, history, table
from backmarket.admin.piles import Pile
from backmarket.admin.steps import Step
from backmarket.sites import plant_site, staff_site
from backmarket.timetravel import now
from reviews.models import Answer, Question, Removal, Review
from reviews.selectors import Voice, questions_for_plant
from reviews.services import remove_review, reply_to_review
from reviews.services.questions import (
    answer_question,
    publish_answer,
    publish_question,
    take_off_answer,
    take_off_question,
)


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


class TakeOffForm(StepForm):
    reason = forms.ChoiceField(label=_("Reason"), choices=Removal.choices, widget=forms.RadioSelect)


class AnswerForm(StepForm):
    text = forms.CharField(label=_("Your answer"), max_length=1500, widget=forms.Textarea(attrs={"rows": 5}))


SPOKEN_PILES = (
    Pile("waiting", _("To read"), Q(status="waiting")),
    Pile("published", _("Published"), Q(status="published")),
    Pile("removed", _("Not shown"), Q(status="removed")),
)


def publish_step(publish: Callable[..., object]) -> Step:
    """For a question or an answer that waits to be read."""
    return Step(
        name="publish",
        title=_("Publish"),
        icon="check",
        tone="primary",
        when=lambda spoken: spoken.status == "waiting",
        run=lambda request, spoken, data: publish(spoken, by=request.user, at=now()),
    )


def take_off_step(take_off: Callable[..., object]) -> Step:
    """For a question or an answer that is shown, or waits for it."""
    return Step(
        name="take_off",
        title=_("Do not show"),
        icon="delete",
        tone="danger",
        form=TakeOffForm,
        explain=_("Its author is told the reason and may object."),
        when=lambda spoken: spoken.status != "removed",
        run=lambda request, spoken, data: take_off(spoken, by=request.user, at=now(), **data),
    )


def answers_panel(question: Question) -> Panel:
    rows = [
        (answer.author_name, answer.plant or answer.get_voice_display(), answer.text, answer.get_status_display())
        for answer in question.answers.select_related("plant")
    ]
    return table(_("Answers"), (_("Name"), _("Who"), _("Answer"), _("Status")), rows)


@admin.register(Question, site=staff_site)
class QuestionAdmin(StaffModelAdmin):
    list_display = ("__str__", "product", "author_name", "shown_status", "asked_at")
    list_select_related = ("product",)
    search_fields = ("text", "product__name", "product__brand")
    fields = ("product", "text", "author_name", "shown_status", "asked_at", "published_at", "removed_at", "removal")
    piles = SPOKEN_PILES
    shown_status = state_column()
    steps = (
        publish_step(publish_question),
        Step(
            name="answer",
            title=_("Answer"),
            icon="reply",
            form=AnswerForm,
            explain=_("Published at once, in the name of the house."),
            when=lambda question: question.status == Question.Status.PUBLISHED,
            run=lambda request, question, data: answer_question(
                question, voice=Voice(Answer.Voice.HOUSE), author=request.user, by=request.user, at=now(), **data
            ),
        ),
        take_off_step(take_off_question),
    )

    def panels(self, request: HttpRequest, obj: Question) -> list[Panel]:
        return [answers_panel(obj), history(obj, names=True)]


@admin.register(Answer, site=staff_site)
class AnswerAdmin(StaffModelAdmin):
    list_display = ("__str__", "voice", "author_name", "shown_status", "given_at")
    list_filter = ("voice",)
    search_fields = ("text", "question__text")
    fields = (
        "question", "text", "voice", "plant", "author_name", "shown_status", "given_at", "published_at", "removed_at",
        "removal",
    )  # fmt: skip
    piles = SPOKEN_PILES
    shown_status = state_column()
    steps = (
        publish_step(publish_answer),
        take_off_step(take_off_answer),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Question, site=plant_site)
class QuestionsToAnswerAdmin(PlantModelAdmin):
    """The published questions about what the plant sells; what the public reads already, so every role may."""

    plant_path = None
    roles = AFTER_SALES
    readers = EVERYBODY
    list_display = ("__str__", "product", "author_name", "published_at")
    list_select_related = ("product",)
    search_fields = ("text", "product__name", "product__brand")
    fields = ("product", "text", "author_name", "published_at")
    piles = (
        Pile("open", _("Without an answer"), ~Q(pk__in=Answer.objects.published().values("question"))),
        Pile("answered", _("Answered"), Q(pk__in=Answer.objects.published().values("question"))),
    )
    steps = (
        Step(
            name="answer",
            title=_("Answer"),
            icon="reply",
            tone="primary",
            form=AnswerForm,
            explain=_("Published at once under the question, in your plant's name. Once per person."),
            run=lambda request, question, data: answer_question(
                question, voice=Voice(Answer.Voice.PLANT, plant=own_plant(request)), author=request.user,
                by=request.user, at=now(), **data,
            ),
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        own = questions_for_plant(own_plant(request))
        return super().get_queryset(request).filter(pk__in=own.values("pk"))

    def panels(self, request: HttpRequest, obj: Question) -> list[Panel]:
        return [answers_panel(obj)]
