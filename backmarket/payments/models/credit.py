"""A person's credit: what they left with us of the money for a device. Its balance is a sum of the ledger."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class CreditAccount(models.Model):
    """The one row to lock before a person's credit is promised or taken, so that nobody spends it twice.

    PostgreSQL locks it too, and refuses an entry that would take the account `credit` of this party below zero.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="+", verbose_name=_("person")
    )
    opened_at = models.DateTimeField()

    class Meta:
        verbose_name = _("credit")
        verbose_name_plural = _("credits")

    def __str__(self) -> str:
        return str(self.pk)
