"""What the house takes of a plant's sales, and since when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from refurbishers.models.plants import Refurbisher


class CommissionTerm(models.Model):
    """The commission agreed with a plant for sales from one day to another; between terms the standard one holds.

    The days are the market's, the last one not included; None: until further notice. A sale keeps the rate of its day.
    """

    STANDARD_BPS = 1000

    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="commission_terms")
    rate_bps = models.PositiveIntegerField(_("commission, basis points"))
    from_date = models.DateField(_("from"))
    to_date = models.DateField(_("until before"), null=True, blank=True)
    agreed_at = models.DateTimeField(_("agreed"))

    class Meta:
        verbose_name = _("commission term")
        verbose_name_plural = _("commission terms")
        ordering = ["plant", "-from_date"]
        constraints = [
            models.CheckConstraint(condition=Q(rate_bps__lte=10_000), name="commission_is_a_share"),
            models.CheckConstraint(
                condition=Q(to_date=None) | Q(to_date__gt=F("from_date")), name="commission_term_has_days"
            ),
            ExclusionConstraint(
                name="commission_one_a_day",
                expressions=[
                    ("plant", RangeOperators.EQUAL),
                    (
                        Func("from_date", "to_date", function="daterange", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate_bps / 100:g} %"
