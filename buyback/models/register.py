"""The plants' register of bought goods."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backmarket.crypto import EncryptedTextField
from buyback.models.trades import Trade
from refurbishers.models import Refurbisher


class RegisterEntry(models.Model):
    """The plant's register of bought goods (French penal code 321-7): append-only, each entry hashes the one before."""

    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="register")
    number = models.PositiveIntegerField(_("number"))
    trade = models.OneToOneField(Trade, on_delete=models.PROTECT, related_name="register_entry")
    entered_at = models.DateTimeField(_("entered"))
    device = models.CharField(_("device"), max_length=200)
    identifier = models.CharField(_("IMEI or serial"), max_length=40)
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    payment_means = models.CharField(_("paid by"), max_length=40)
    seller = EncryptedTextField(_("seller"))
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("register entry")
        verbose_name_plural = _("register of bought goods")
        ordering = ["plant_id", "number"]
        constraints = [models.UniqueConstraint(fields=["plant", "number"], name="register_number_once")]

    def __str__(self) -> str:
        return str(self.number)
