"""What the tax authority is told of people who sell much (directive 2021/514, "DAC7")."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.crypto import EncryptedTextField


class TaxFile(models.Model):
    """A seller's tax number, asked for when the year's sales come near the threshold. What was sold is never counted
    here: it is summed up from the trades that were paid."""

    REMIND_AFTER_DAYS = (20, 40)
    WITHHOLD_AFTER_DAYS = 60

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tax_file")
    asked_at = models.DateTimeField(_("asked"))
    reminders = models.PositiveSmallIntegerField(_("reminders sent"), default=0)
    reminded_at = models.DateTimeField(_("last reminder"), null=True, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    number = EncryptedTextField(_("tax number"), blank=True, default="")
    number_ending = models.CharField(max_length=3, blank=True, default="")
    given_at = models.DateTimeField(_("given"), null=True, blank=True)

    class Meta:
        verbose_name = _("tax number")
        verbose_name_plural = _("tax numbers")
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(given_at__isnull=True, number="", country="")
                | (Q(given_at__isnull=False) & ~Q(number="") & ~Q(country="")),
                name="tax_number_given_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"…{self.number_ending}" if self.number_ending else "–"
