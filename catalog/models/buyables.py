"""The row per offer shown."""

from typing import Any
from urllib.parse import quote

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from catalog.models.choices import Grade
from catalog.models.listings import Listing
from catalog.models.products import Category, Product, Variant
from catalog.querysets import BuyableQuerySet

# The orders of a list page, each read from an index of its own.
ORDERS = {
    "best": ["-score", "id"],
    "price": ["price_minor", "id"],
    "saving": ["-saving_bps", "id"],
    "newest": ["-released_year", "-score", "id"],
    "rating": ["-plant_rating_x10", "-score", "id"],
}


class OnCard:
    """What the card of a device says that no column holds as it is."""

    slug: Any
    sku: Any
    grade: Any
    currency: Any
    price_minor: Any
    reference_minor: Any
    plant_rating_x10: Any

    @property
    def url(self) -> str:
        # reverse() takes as long as half a card: the address is the one of `product` in catalog/urls.py.
        return f"/p/{self.slug}/?variant={quote(self.sku)}&grade={self.grade}"

    @property
    def price(self) -> Money | None:
        return None if self.price_minor is None else Money(self.price_minor, self.currency)

    @property
    def reference_price(self) -> Money | None:
        return None if self.reference_minor is None else Money(self.reference_minor, self.currency)

    @property
    def plant_rating(self) -> float | None:
        return None if self.plant_rating_x10 is None else self.plant_rating_x10 / 10


class Buyable(OnCard, models.Model):
    """One variant in one grade, denormalised: the only row that list pages read.

    Refreshed by services.buyables.refresh() in the transaction that changes a listing. Rows without any online
    listing stay, with `best_listing` empty and `in_stock` false, so that a product page can say so.
    """

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="buyables")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="buyables")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="buyables")
    grade = models.CharField(max_length=10, choices=Grade)
    best_listing = models.ForeignKey(Listing, on_delete=models.SET_NULL, null=True, related_name="+")
    title = models.CharField(max_length=120)
    subtitle = models.CharField(max_length=160)
    slug = models.SlugField(max_length=80)
    sku = models.CharField(max_length=60)
    form = models.CharField(max_length=20)
    colour = models.CharField(max_length=30)
    brand = models.CharField(max_length=40)
    attributes = models.JSONField(default=dict)
    released_year = models.PositiveSmallIntegerField()
    price_minor = models.PositiveIntegerField(null=True)
    currency = models.CharField(max_length=3)
    reference_minor = models.PositiveIntegerField(null=True)
    reference_source = models.CharField(max_length=120, blank=True)
    reference_date = models.DateField(null=True)
    saving_bps = models.IntegerField(default=0)
    offer_count = models.PositiveSmallIntegerField(default=0)
    in_stock = models.BooleanField(default=False)
    plant_name = models.CharField(max_length=80, blank=True)
    plant_slug = models.CharField(max_length=50, blank=True)
    plant_country = models.CharField(max_length=2, blank=True)
    plant_rating_x10 = models.PositiveSmallIntegerField(null=True)
    guarantee_months = models.PositiveSmallIntegerField(default=0)
    shipping_days = models.PositiveSmallIntegerField(default=0)
    shipping_minor = models.PositiveIntegerField(default=0)
    new_battery = models.BooleanField(default=False)
    score = models.IntegerField(default=0)
    # What it can be found by, as "key=value"; empty while it is not in stock.
    facets = ArrayField(models.CharField(max_length=165), default=list)
    # Its place in the bits of its category's facet values; the index gives it one.
    slot = models.PositiveIntegerField(null=True)
    search = models.GeneratedField(
        expression=SearchVector("search_text", config="simple"), output_field=SearchVectorField(), db_persist=True
    )
    search_text = models.TextField(blank=True)
    refreshed_at = models.DateTimeField(auto_now=True)

    objects = BuyableQuerySet.as_manager()

    class Meta:
        verbose_name = _("buyable")
        verbose_name_plural = _("buyables")
        constraints = [
            models.UniqueConstraint(fields=["variant", "grade"], name="buyable_once"),
            models.CheckConstraint(
                condition=Q(in_stock=False) | Q(best_listing__isnull=False, price_minor__isnull=False),
                name="buyable_in_stock_has_offer",
            ),
            models.UniqueConstraint(fields=["category", "slot"], name="buyable_slot_once"),
        ]
        indexes = [
            # With the slot: what a choice leaves is met in the list's order, and no row that is passed over is read.
            *(
                models.Index(
                    fields=["category", *order], include=["slot"], name=f"buyable_{name}", condition=Q(in_stock=True)
                )
                for name, order in ORDERS.items()
            ),
            *(
                models.Index(
                    fields=order, include=["category", "slot"], name=f"buyable_all_{name}", condition=Q(in_stock=True)
                )
                for name, order in ORDERS.items()
            ),
            GinIndex(fields=["search"], name="buyable_search"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.subtitle} {self.get_grade_display()}"
