"""What the plants earn, and when it is paid."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from backmarket.payments.models import LedgerMovement, Payout
from orders.models.orders import OrderLine
from orders.querysets import SettlementQuerySet
from refurbishers.models import Refurbisher


class Settlement(models.Model):
    """What a plant is paid on a 6th, 16th or 26th. Its amount is its rows' sum; a negative one is carried over.

    The plant may pay that itself, by a transfer to the house's account that names `number`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="settlements")
    settled_date = models.DateField(_("date"))
    total_minor = models.BigIntegerField(_("total, minor units"))
    currency = models.CharField(max_length=3)
    # The newest, where the bank sent one back or staff cancelled one.
    payout = models.OneToOneField(Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    objects = SettlementQuerySet.as_manager()

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

    @property
    def number(self) -> str:
        """What a transfer has to say, so that we know whose it is and for what."""
        return f"BM{self.settled_date:%y%m%d}{self.pk.hex[:6].upper()}"


class Earning(models.Model):
    """One part of what a plant is paid, or owes: a line's proceeds, its refund, a device bought from a person, a
    transfer of the plant's, or what an earlier settlement left over. Once settled, a row is frozen.
    """

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        REFUND = "refund", _("refund")
        PART = "part", _("refund in part")
        CARRIED = "carried", _("carried over")
        TRADE = "trade", _("device bought")
        RECEIVED = "received", _("transfer received")
        DISPUTE = "dispute", _("payment taken back by the buyer's bank")
        REGAINED = "regained", _("dispute won after all")
        LABEL = "label", _("label of our courier")

    # What follows from an earlier settlement, and is no reason for another one.
    LEFT_OVER: ClassVar[tuple[str, ...]] = (Kind.CARRIED, Kind.RECEIVED)

    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="earnings")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="earnings")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    # The refund in part (`label` is "express" where that was late); or what is not of this app, the trade or the
    # transfer: `label` is what people call it.
    reference = models.UUIDField(null=True, blank=True)
    # Of what a dispute gives back, in parts: the part's movement in the ledger. Only rows of old have none.
    movement = models.ForeignKey(
        LedgerMovement, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    label = models.CharField(_("about"), max_length=160, blank=True, default="")
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
            models.UniqueConstraint(fields=["line", "kind"], condition=~Q(kind="part"), name="earning_once_per_line"),
            models.UniqueConstraint(
                fields=["kind", "reference"], condition=~Q(kind="regained"), name="earning_once_per_reference"
            ),
            models.UniqueConstraint(
                fields=["reference", "movement"],
                condition=Q(kind="regained"),
                nulls_distinct=False,
                name="earning_regained_once_per_part",
            ),
            models.CheckConstraint(
                condition=Q(kind="carried", line__isnull=True, carried_from__isnull=False)
                | Q(kind="trade", line__isnull=True, reference__isnull=False, amount_minor__lte=0)
                | Q(kind="dispute", line__isnull=True, reference__isnull=False, amount_minor__lte=0)
                | Q(kind="regained", line__isnull=True, reference__isnull=False, amount_minor__gt=0)
                | Q(kind="received", line__isnull=True, reference__isnull=False, amount_minor__gt=0)
                | Q(kind="sale", line__isnull=False, amount_minor__gte=0)
                | Q(kind__in=["refund", "label"], line__isnull=False, amount_minor__lte=0)
                | Q(kind="part", line__isnull=False, reference__isnull=False, amount_minor__lte=0),
                name="earning_sign_fits_kind",
            ),
        ]
        indexes = [models.Index(fields=["plant", "due_at"], name="earning_due", condition=Q(settlement=None))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {date_format(self.created_at, 'SHORT_DATE_FORMAT')}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def about(self) -> uuid.UUID | None:
        """The key of the line, the trade, the dispute or the settlement that it follows from."""
        return self.line_id or self.carried_from_id or self.reference
