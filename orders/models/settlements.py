"""What the plants earn, and when it is paid."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from backmarket.payments.models import Payout
from orders.models.orders import OrderLine
from refurbishers.models import Refurbisher


class Settlement(models.Model):
    """What a plant is paid on a 6th, 16th or 26th. Its amount is its rows' sum; a negative one is carried over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="settlements")
    settled_date = models.DateField(_("date"))
    total_minor = models.BigIntegerField(_("total, minor units"))
    currency = models.CharField(max_length=3)
    # The newest, where the bank sent one back or staff cancelled one.
    payout = models.OneToOneField(Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        ordering = ["-settled_date"]
        constraints = [
            models.UniqueConstraint(fields=["plant", "settled_date", "currency"], name="settlement_once_a_date"),
        ]

    def __str__(self) -> str:
        return str(_("Settlement of %(day)s") % {"day": date_format(self.settled_date)})

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)


class Earning(models.Model):
    """One row of a plant's statement: a line's proceeds, its refund, or what an earlier settlement left over."""

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        REFUND = "refund", _("refund")
        CARRIED = "carried", _("carried over")

    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="earnings")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="earnings")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    amount_minor = models.BigIntegerField(_("amount, minor units"))
    currency = models.CharField(max_length=3)
    due_at = models.DateTimeField(_("due"))
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, null=True, blank=True, related_name="earnings")
    carried_from = models.OneToOneField(
        Settlement, on_delete=models.PROTECT, null=True, blank=True, related_name="carried_to"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("earning")
        verbose_name_plural = _("earnings")
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["line", "kind"], name="earning_once_per_line"),
            models.CheckConstraint(
                condition=Q(kind="carried", line__isnull=True, carried_from__isnull=False)
                | Q(kind="sale", line__isnull=False, amount_minor__gte=0)
                | Q(kind="refund", line__isnull=False, amount_minor__lte=0),
                name="earning_sign_fits_kind",
            ),
        ]
        indexes = [models.Index(fields=["plant", "due_at"], name="earning_due", condition=Q(settlement=None))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {date_format(self.created_at, 'SHORT_DATE_FORMAT')}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
