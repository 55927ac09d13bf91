"""What the shop has done so far, counted by a job: one row, so that no page counts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money

GRAMS_PER_KG = 1_000


class ShopFigures(models.Model):
    """The one row of figures that the front page shows. Written by services.figures.publish_figures()."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    counted_at = models.DateTimeField()
    second_lives = models.PositiveIntegerField(help_text="devices delivered and kept")
    offers = models.PositiveIntegerField(help_text="variants in a grade that are in stock")
    saving_bps = models.IntegerField(null=True, help_text="mean of the offers in stock that have a reference price")
    plants = models.PositiveIntegerField()
    rating_sum = models.PositiveBigIntegerField()
    ratings = models.PositiveIntegerField()
    sellers_paid = models.PositiveIntegerField(help_text="devices whose sellers were paid")
    paid_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    co2e_g = models.PositiveBigIntegerField(help_text="avoided by the second lives, by the factors of /impact/")

    class Meta:
        verbose_name = _("figures of the shop")
        verbose_name_plural = _("figures of the shop")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="figures_once")]

    def __str__(self) -> str:
        return f"{self.second_lives} second lives"

    @property
    def paid(self) -> Money:
        """What people got for their devices, whole units of the currency: a sum this large is read without cents."""
        return Money(self.paid_minor // 100 * 100, self.currency)

    @property
    def rating(self) -> float | None:
        """Stars out of 5 over all plants; None before the first."""
        return self.rating_sum / self.ratings if self.ratings else None

    @property
    def co2e_kg(self) -> int:
        return self.co2e_g // GRAMS_PER_KG

    @property
    def co2e_tonnes(self) -> float:
        return self.co2e_g / GRAMS_PER_KG**2
