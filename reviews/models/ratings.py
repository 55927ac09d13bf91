"""Ratings by backers: people whose device was delivered, or whose trade was paid. Both legs count."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from buyback.models import Trade
from orders.models import OrderLine
from refurbishers.models import Refurbisher
from reviews.querysets import ReviewQuerySet

STARS = [MinValueValidator(1), MaxValueValidator(5)]


class Review(models.Model):
    """One rating of one delivered line or one paid trade, once. All are published; a removal says why."""

    class Removal(models.TextChoices):
        LAW = "law", _("against the law")
        INSULT = "insult", _("insult")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="reviews")
    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="review")
    trade = models.OneToOneField(Trade, on_delete=models.PROTECT, null=True, blank=True, related_name="review")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="reviews")
    author_name = models.CharField(_("shown name"), max_length=60)
    product_slug = models.SlugField(max_length=80)
    device_title = models.CharField(max_length=250)
    stars_device = models.PositiveSmallIntegerField(_("device against its grade"), validators=STARS, null=True)
    stars_delivery = models.PositiveSmallIntegerField(_("delivery"), validators=STARS)
    stars_service = models.PositiveSmallIntegerField(_("service"), validators=STARS)
    words = models.TextField(_("in your words"), max_length=2000, blank=True)
    published_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removal = models.CharField(max_length=10, choices=Removal, blank=True)
    reply = models.TextField(_("the plant's answer"), max_length=2000, blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        ordering = ["-published_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(line__isnull=False, trade__isnull=True, stars_device__isnull=False)
                | Q(line__isnull=True, trade__isnull=False),
                name="review_of_one_thing",
            ),
            models.CheckConstraint(
                condition=(Q(stars_device__isnull=True) | Q(stars_device__range=(1, 5)))
                & Q(stars_delivery__range=(1, 5))
                & Q(stars_service__range=(1, 5)),
                name="review_stars_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removal="") | Q(removed_at__isnull=False) & ~Q(removal=""),
                name="review_removed_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["plant", "-published_at"], name="review_of_plant"),
            models.Index(fields=["product_slug", "-published_at"], name="review_of_product"),
        ]

    def __str__(self) -> str:
        return self.device_title

    @property
    def stars(self) -> int:
        """The overall stars: the mean of the answers given, half up."""
        given = [s for s in (self.stars_device, self.stars_delivery, self.stars_service) if s]
        return (2 * sum(given) + len(given)) // (2 * len(given))
