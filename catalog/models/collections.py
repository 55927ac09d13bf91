"""Collections: devices that the house picked for an occasion, with a word on each."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models.choices import Grade
from catalog.models.products import Product, Variant


class CollectionQuerySet(models.QuerySet[Any]):
    def published(self, at: datetime) -> "CollectionQuerySet":
        """What the public sees at this instant."""
        return self.filter(Q(published_until=None) | Q(published_until__gt=at), published_from__lte=at)


class Collection(models.Model):
    """A list curated by staff, public from `published_from` (none: a draft) until `published_until` (none: no end)."""

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=80)
    words = models.CharField(_("words"), max_length=400, blank=True)
    published_from = models.DateTimeField(
        _("published from"), null=True, blank=True, help_text=_("Empty: a draft that only the desk sees.")
    )
    published_until = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Empty: no end."))
    position = models.PositiveSmallIntegerField(_("position"), default=0, help_text=_("The smallest comes first."))

    objects = CollectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering = ["position", "-published_from", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(published_until=None) | Q(published_until__gt=F("published_from")),
                name="collection_ends_after_it_begins",
                violation_error_message=_("It has to begin before it ends."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("collection", args=[self.slug])


class CollectionItem(models.Model):
    """A product, shown by its best offer in stock; or one variant in one grade."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    variant = models.ForeignKey(
        Variant, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("or variant")
    )
    grade = models.CharField(_("in grade"), max_length=10, choices=Grade, blank=True)
    words = models.CharField(_("a word on it"), max_length=160, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=False, variant=None, grade="")
                | (Q(product=None, variant__isnull=False) & ~Q(grade="")),
                name="collection_item_product_or_variant_in_grade",
                violation_error_message=_("Choose a product, or a variant and its grade."),
            ),
            models.UniqueConstraint(fields=["collection", "product"], name="collection_product_once"),
            models.UniqueConstraint(fields=["collection", "variant", "grade"], name="collection_variant_once"),
        ]

    def __str__(self) -> str:
        return str(self.product or f"{self.variant} · {self.get_grade_display()}")
