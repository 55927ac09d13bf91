"""Which buyables have which value, as rows of bits: counting the overlap of choices costs the same in any catalogue."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.buyables import Buyable
from catalog.models.products import Category
from refurbishers.models import Refurbisher


class BitsField(models.Field[str, str]):
    """A string of bits of any length, as text: bit n is character n."""

    def db_type(self, connection: Any) -> str:
        return "varbit"


class FacetValue(models.Model):
    """One value by which a category can be narrowed. Bit n of `slots`: the buyable in slot n has it, and is in stock.

    All rows of a category are equally long. They are true for every buyable but those that StaleBuyable names; only
    services.facet_index writes them.
    """

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="facet_values")
    key = models.CharField(max_length=40)
    value = models.CharField(max_length=120)
    label = models.CharField(max_length=120, blank=True)
    parent = models.CharField(max_length=120, blank=True)
    count = models.PositiveIntegerField(default=0)
    slots = BitsField()

    class Meta:
        verbose_name = _("facet value")
        verbose_name_plural = _("facet values")
        constraints = [models.UniqueConstraint(fields=["category", "key", "value"], name="facet_value_once")]
        # A category has a few dozen values, and as many models as it likes.
        indexes = [
            models.Index(fields=["category"], name="facet_few", condition=~Q(key="model")),
            models.Index(fields=["category", "-count", "id"], name="facet_models", condition=Q(key="model")),
            models.Index(
                fields=["category", "parent", "-count", "id"], name="facet_of_brand", condition=Q(key="model")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"


class StaleBuyable(models.Model):
    """A buyable whose facets have changed since its bits were written: counted from its row until they are."""

    buyable = models.ForeignKey(Buyable, on_delete=models.CASCADE, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("stale buyable")
        verbose_name_plural = _("stale buyables")

    def __str__(self) -> str:
        return str(self.buyable_id)


class StaleRange(models.Model):
    """Many buyables that wait to be recomputed: all that one plant offers, or all of one category.

    `after` is the variant up to which it is done, so that whoever goes on begins there.
    """

    plant = models.OneToOneField(Refurbisher, on_delete=models.CASCADE, null=True, related_name="+")
    category = models.OneToOneField(Category, on_delete=models.CASCADE, null=True, related_name="+")
    after = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("range of stale buyables")
        verbose_name_plural = _("ranges of stale buyables")
        constraints = [
            models.CheckConstraint(
                condition=Q(plant=None, category__isnull=False) | Q(plant__isnull=False, category=None),
                name="stale_range_of_one",
            )
        ]

    def __str__(self) -> str:
        return str(self.plant or self.category)
