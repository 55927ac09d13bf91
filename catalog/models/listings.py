"""What the plants offer: listings, their prices over time, and the stock held for a checkout."""

import uuid
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backmarket.db import sequence_number
from backmarket.money import Money
from catalog.models.choices import Grade, VatScheme
from catalog.models.products import Variant
from catalog.querysets import ListingQuerySet, ReservationQuerySet
from refurbishers.models import Refurbisher


class Listing(models.Model):
    """A plant's offer of a variant in a grade. Stock: `on_hand` − `reserved` is what can still be bought."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        ONLINE = "online", _("online")
        PAUSED = "paused", _("paused by the plant")
        BLOCKED = "blocked", _("blocked by the house")
        ARCHIVED = "archived", _("archived")

    NOUN = "listing"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.DRAFT: {Status.ONLINE, Status.ARCHIVED},
        Status.ONLINE: {Status.PAUSED, Status.BLOCKED, Status.ARCHIVED},
        Status.PAUSED: {Status.ONLINE, Status.BLOCKED, Status.ARCHIVED},
        Status.BLOCKED: {Status.PAUSED, Status.ARCHIVED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True, editable=False, db_default=sequence_number("catalog_listing_number"))
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="listings")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="listings")
    grade = models.CharField(_("grade"), max_length=10, choices=Grade)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    price_minor = models.PositiveIntegerField(_("price"), validators=[MinValueValidator(1)])
    currency = models.CharField(max_length=3)
    on_hand = models.PositiveIntegerField(_("in stock"), default=0)
    reserved = models.PositiveIntegerField(_("reserved"), default=0)
    guarantee_months = models.PositiveSmallIntegerField(
        _("commercial guarantee, months"), default=12, validators=[MinValueValidator(12)]
    )
    shipping_days = models.PositiveSmallIntegerField(_("days on the road"), default=2)
    shipping_minor = models.PositiveIntegerField(_("shipping, minor units"), default=0)
    vat_scheme = models.CharField(_("VAT scheme"), max_length=8, choices=VatScheme, default=VatScheme.MARGINAL)
    new_battery = models.BooleanField(_("new battery"), default=False)
    comment = models.CharField(_("comment"), max_length=500, blank=True)
    created_at = models.DateTimeField()
    online_at = models.DateTimeField(null=True, blank=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="listing_price_positive"),
            models.CheckConstraint(condition=Q(reserved__lte=F("on_hand")), name="listing_never_oversold"),
            models.CheckConstraint(condition=Q(guarantee_months__gte=12), name="listing_guarantee_a_year"),
            models.UniqueConstraint(
                fields=["plant", "variant", "grade"],
                condition=~Q(status="archived"),
                name="listing_one_per_plant_variant_grade",
            ),
        ]
        indexes = [
            models.Index(fields=["variant", "grade", "price_minor"], name="listing_live", condition=Q(status="online")),
        ]

    def __str__(self) -> str:
        return f"{self.number} · {self.variant} · {self.get_grade_display()}"

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def shipping(self) -> Money:
        return Money(self.shipping_minor, self.currency)

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class PriceChange(models.Model):
    """A price a listing had from `changed_at` on; a "price drop" must show the lowest of the previous 30 days."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="price_changes")
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        ordering = ["-changed_at"]
        indexes = [models.Index(fields=["listing", "changed_at"], name="price_history")]

    def __str__(self) -> str:
        return date_format(self.changed_at, "SHORT_DATETIME_FORMAT")


class StockReservation(models.Model):
    """Stock held for one checkout (`holder`, the order's UUID) for some minutes. Judged at read time, by `expires_at`.

    Open: neither released nor sold. `listing.reserved` is the sum of the open rows of a listing.
    """

    holder = models.UUIDField()
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="reservations")
    quantity = models.PositiveSmallIntegerField()
    expires_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    sold_at = models.DateTimeField(null=True, blank=True)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock reservation")
        verbose_name_plural = _("stock reservations")
        constraints = [
            models.UniqueConstraint(fields=["holder", "listing"], name="reservation_once_per_holder"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_positive"),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(sold_at__isnull=True), name="reservation_one_end"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="reservation_open",
                condition=Q(released_at__isnull=True, sold_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.listing}"
