"""Questions about a product, and what plants, the house and people who have one answered."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from orders.models import OrderLine
from refurbishers.models import Refurbisher
from reviews.querysets import SpokenQuerySet


class Removal(models.TextChoices):
    """Why words are not, or no longer, shown."""

    PERSONAL = "personal", _("names a person, an address or a number")
    OFF_TOPIC = "off_topic", _("not about this product")
    INSULT = "insult", _("insult")
    LAW = "law", _("against the law")


class Status(models.TextChoices):
    WAITING = "waiting", _("waits to be read")
    PUBLISHED = "published", _("published")
    REMOVED = "removed", _("not shown")


SPOKEN_MOVES: dict[str, set[str]] = {
    Status.WAITING: {Status.PUBLISHED, Status.REMOVED},
    Status.PUBLISHED: {Status.REMOVED},
}


def removed_with_reason(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(status="removed", removed_at__isnull=False) & ~Q(removal="") | ~Q(status="removed") & Q(removal=""),
        name=name,
    )


class Question(models.Model):
    """Asked by somebody with an account; the house reads it before anybody else does."""

    Status = Status
    NOUN = "question"
    MOVES: ClassVar[dict[str, set[str]]] = SPOKEN_MOVES

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="questions", verbose_name=_("product"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="questions")
    author_name = models.CharField(_("shown name"), max_length=60)
    text = models.TextField(_("question"), max_length=500)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    asked_at = models.DateTimeField(_("asked"))
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removal = models.CharField(_("reason"), max_length=10, choices=Removal, blank=True)

    objects = SpokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="question_status_known"),
            models.CheckConstraint(condition=~Q(text=""), name="question_says_something"),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False), name="question_published_at"
            ),
            removed_with_reason("question_removed_with_reason"),
        ]
        indexes = [
            models.Index(
                fields=["product", "-published_at"], name="question_of_product", condition=Q(status="published")
            ),
            models.Index(fields=["asked_at"], name="question_to_read", condition=Q(status="waiting")),
        ]

    def __str__(self) -> str:
        return self.text if len(self.text) <= 80 else f"{self.text[:79]}…"


class Answer(models.Model):
    """One answer of one person. Plants and the house are published at once, a buyer's words are read first."""

    class Voice(models.TextChoices):
        PLANT = "plant", _("a plant that sells it")
        HOUSE = "house", _("the house")
        BUYER = "buyer", _("somebody who received one")

    Status = Status
    NOUN = "answer"
    MOVES: ClassVar[dict[str, set[str]]] = SPOKEN_MOVES

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers", verbose_name=_("question"))
    voice = models.CharField(_("who answers"), max_length=6, choices=Voice)
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, null=True, blank=True, related_name="answers")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="answers")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="answers")
    author_name = models.CharField(_("shown name"), max_length=60)
    text = models.TextField(_("answer"), max_length=1500)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    given_at = models.DateTimeField(_("given"))
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removal = models.CharField(_("reason"), max_length=10, choices=Removal, blank=True)

    objects = SpokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["given_at"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="answer_status_known"),
            models.CheckConstraint(condition=~Q(text=""), name="answer_says_something"),
            models.CheckConstraint(
                condition=Q(voice="plant", plant__isnull=False, line=None)
                | Q(voice="buyer", line__isnull=False, plant=None)
                | Q(voice="house", plant=None, line=None),
                name="answer_has_one_voice",
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False), name="answer_published_at"
            ),
            removed_with_reason("answer_removed_with_reason"),
            models.UniqueConstraint(
                fields=["question", "author"], condition=~Q(status="removed"), name="answer_once_per_person"
            ),
        ]

    def __str__(self) -> str:
        return self.text if len(self.text) <= 80 else f"{self.text[:79]}…"
