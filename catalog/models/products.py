"""What exists: categories, products, their variants and what a new one costs."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from catalog.shapes import Shaped
from refurbishers.models import Refurbisher


class Category(models.Model):
    """A device category. `attributes` declares its own facets; `impact` its footprint factors with source and range;
    `box` what is in the parcel and what is not, as [{"text": …, "included": true}, …]."""

    class Identifier(models.TextChoices):
        IMEI = "imei", _("IMEI")
        SERIAL = "serial", _("serial number")

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=60)
    form = models.CharField(_("drawing"), max_length=20)
    identifier = models.CharField(max_length=8, choices=Identifier)
    attributes = models.JSONField(default=list, blank=True, validators=[Shaped("attributes")])
    impact = models.JSONField(default=dict, blank=True, validators=[Shaped("impact")])
    box = models.JSONField(_("in the box"), default=list, blank=True, validators=[Shaped("box")])
    synonyms = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    experts = models.ManyToManyField(Refurbisher, related_name="categories", blank=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])


class Product(models.Model):
    """A model of a maker."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    slug = models.SlugField(max_length=80, unique=True)
    brand = models.CharField(_("brand"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    form = models.CharField(_("drawing"), max_length=20)
    released_year = models.PositiveSmallIntegerField(_("released"))
    description = models.TextField(_("description"), blank=True)
    nicknames = models.CharField(_("nicknames"), max_length=200, blank=True)
    # Pushed down from the published ratings of those who bought one.
    rating_sum = models.PositiveIntegerField(default=0, editable=False)
    rating_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["brand", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating_sum__gte=F("rating_count")) & Q(rating_sum__lte=5 * F("rating_count")),
                name="product_rating_between_1_and_5",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} {self.name}" if not self.name.startswith(self.brand) else self.name

    def get_absolute_url(self) -> str:
        # As `product` in catalog/urls.py: a page says it a dozen times, and reverse() takes as long as a card.
        return f"/p/{self.slug}/"

    @property
    def rating(self) -> float | None:
        """Average stars to one decimal; None before the first rating."""
        return round(self.rating_sum / self.rating_count, 1) if self.rating_count else None


class Variant(models.Model):
    """One SKU of a product. `attributes` holds values by key as the category declares ({"storage_gb": 128, …})."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="variants")
    sku = models.CharField(_("SKU"), max_length=60, unique=True)
    label = models.CharField(_("label"), max_length=120)
    colour = models.CharField(_("colour"), max_length=30)
    attributes = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["product_id", "sku"]

    def __str__(self) -> str:
        return f"{self.product} · {self.label}"


class ReferencePrice(models.Model):
    """What the device costs new, with its source and date: a labelled reference, never struck through."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="reference_prices")
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    source = models.CharField(_("source"), max_length=120)
    source_date = models.DateField(_("date"))

    class Meta:
        verbose_name = _("price of a new one")
        verbose_name_plural = _("prices of new ones")
        ordering = ["-source_date"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "currency", "source_date"], name="reference_once_a_day"),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="reference_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.variant} {self.source_date}"

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)
