"""What the plants bid, and the snapshot of it that a seller is shown."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from buyback.querysets import BidQuerySet
from catalog.models import Condition, QuestionSet, Variant
from refurbishers.models import Refurbisher


class Bid(models.Model):
    """What a plant pays for a variant in a condition. A price of zero is refused: no bid is no row."""

    plant = models.ForeignKey(Refurbisher, on_delete=models.CASCADE, related_name="bids")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="bids")
    condition = models.CharField(_("condition"), max_length=24, choices=Condition)
    price_minor = models.PositiveIntegerField(_("price"))
    currency = models.CharField(max_length=3)
    active = models.BooleanField(_("active"), default=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = BidQuerySet.as_manager()

    class Meta:
        verbose_name = _("bid")
        verbose_name_plural = _("bids")
        constraints = [
            models.UniqueConstraint(fields=["plant", "variant", "condition"], name="bid_once"),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="bid_positive"),
        ]
        indexes = [
            models.Index(fields=["variant", "condition", "-price_minor"], name="bid_best", condition=Q(active=True)),
        ]

    def __str__(self) -> str:
        return f"{self.variant} · {self.get_condition_display()}"

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


class Quote(models.Model):
    """A snapshot of the bids for a described device, open to whoever has its UUID, valid for 14 days."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        EXPIRED = "expired", _("expired")

    NOUN = "quote"
    MOVES: ClassVar[dict[str, set[str]]] = {Status.OPEN: {Status.ACCEPTED, Status.EXPIRED}}
    VALID_DAYS = 14

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="quotes")
    question_set = models.ForeignKey(QuestionSet, on_delete=models.PROTECT)
    answers = models.JSONField()
    condition = models.CharField(max_length=24, choices=Condition)
    renews = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="renewals", verbose_name=_("renews")
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="quote_expires_later"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="quote_open", condition=Q(status="open"))]

    def __str__(self) -> str:
        return f"{self.variant} · {self.get_condition_display()}"


class QuoteBid(models.Model):
    """One bid as it stood in a quote, with what was known of its plant that day."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="bids")
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="+")
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    rating_x10 = models.PositiveSmallIntegerField(null=True)
    rating_count = models.PositiveIntegerField(default=0)
    paid_as_quoted_bps = models.PositiveIntegerField(null=True)
    median_days_to_pay = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering = ["-price_minor", "id"]
        constraints = [models.UniqueConstraint(fields=["quote", "plant"], name="quoted_once_per_plant")]

    def __str__(self) -> str:
        return self.plant.name

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def rating(self) -> float | None:
        return None if self.rating_x10 is None else self.rating_x10 / 10
