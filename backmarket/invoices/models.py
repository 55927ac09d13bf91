"""Invoices and credit notes: numbered without gaps, never changed, each with the paper that was drawn of it.

The ground knows no orders or settlements: what a row is about is a `reference` (that row's UUID), and `party` is the
plant that sold, or that owes the commission.
"""

import json
import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket.crypto import EncryptedTextField
from backmarket.files import private_files
from backmarket.invoices.shapes import Shape
from backmarket.money import Money

# The issuer of commission invoices; every other issuer is a plant, by its UUID.
HOUSE = "house"


class Kind(models.TextChoices):
    INVOICE = "invoice", _("invoice")
    CREDIT_NOTE = "credit_note", _("credit note")
    COMMISSION = "commission", _("commission invoice")
    COMMISSION_CREDIT = "commission_credit", _("commission credit note")


# How a number begins, so that two papers of one issuer are never called alike.
PREFIX = {
    Kind.INVOICE: "INV",
    Kind.CREDIT_NOTE: "CN",
    Kind.COMMISSION: "COM",
    Kind.COMMISSION_CREDIT: "COMCN",
}


class Series(models.Model):
    """The numbers of one issuer for one kind of paper in one year of the market: 1, 2, 3, none left out.

    The next one is taken under a lock of this row, in the transaction that writes the invoice: what is rolled back
    gives its number back.
    """

    issuer = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, choices=Kind)
    year = models.PositiveSmallIntegerField()
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("series of numbers")
        verbose_name_plural = _("series of numbers")
        constraints = [models.UniqueConstraint(fields=["issuer", "kind", "year"], name="series_once")]

    def __str__(self) -> str:
        return f"{PREFIX[Kind(self.kind)]}-{self.year}"


class Invoice(models.Model):
    """What was invoiced, or credited, as it was said on that day. Append-only: triggers refuse every change, a number
    that is not the next of its series, and credit notes that sum to more than the invoice they correct.

    `key` names the cause once for ever ("refund:<id>"). Amounts are what is to pay or is given back, never negative.
    """

    BUYERS: ClassVar[tuple[str, ...]] = (Kind.INVOICE, Kind.CREDIT_NOTE)
    HOUSES: ClassVar[tuple[str, ...]] = (Kind.COMMISSION, Kind.COMMISSION_CREDIT)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=80, unique=True)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="invoices")
    number = models.PositiveIntegerField()
    code = models.CharField(_("number"), max_length=24)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    party = models.UUIDField()
    reference = models.UUIDField()
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="credit_notes")
    language = models.CharField(max_length=8)
    # Both sides as they were: the issuer's legal identity is public, who received it is a person as a rule.
    issuer = models.JSONField(validators=[Shape("issuer")])
    recipient = EncryptedTextField()
    lines = models.JSONField(validators=[Shape("lines")])
    facts = models.JSONField(validators=[Shape("facts")])
    total_minor = models.PositiveBigIntegerField(_("total, minor units"))
    vat_minor = models.BigIntegerField(_("VAT, minor units"))
    currency = models.CharField(max_length=3)
    issued_at = models.DateTimeField(_("issued"))

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-issued_at", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["series", "number"], name="invoice_number_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="invoice_number_positive"),
            models.CheckConstraint(
                condition=Q(kind__in=["invoice", "credit_note", "commission", "commission_credit"]),
                name="invoice_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="credit_note", corrects__isnull=False)
                | ~Q(kind="credit_note") & Q(corrects__isnull=True),
                name="invoice_credit_note_corrects",
            ),
            models.CheckConstraint(
                condition=Q(vat_minor__gte=0, vat_minor__lte=F("total_minor"))
                | Q(kind__in=["commission", "commission_credit"]),
                name="invoice_vat_within_total",
            ),
        ]
        indexes = [
            models.Index(fields=["reference"], name="invoice_reference"),
            models.Index(fields=["party", "-issued_at"], name="invoice_party"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def vat(self) -> Money:
        return Money(self.vat_minor, self.currency)

    @property
    def net(self) -> Money:
        return self.total - self.vat

    @property
    def corrects_codes(self) -> str:
        """The numbers of what it corrects: of a buyer's one invoice, or of every one whose commission is given back."""
        if self.corrects is not None:
            return self.corrects.code
        return ", ".join(each["number"] for each in self.facts.get("corrects", ()))

    @property
    def recipient_facts(self) -> dict[str, Any]:
        """`name`, `lines` of the address, and `vat_number` of a plant."""
        facts: dict[str, Any] = json.loads(self.recipient)
        return facts


class Paper(models.Model):
    """The PDF of an invoice, drawn once and kept: a file with another hash is not handed out. Append-only."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, primary_key=True, related_name="paper")
    file = models.FileField(storage=private_files, upload_to="papers/%Y/%m")
    sha256 = models.CharField(max_length=64)
    archived_at = models.DateTimeField()

    class Meta:
        verbose_name = _("archived paper")
        verbose_name_plural = _("archived papers")

    def __str__(self) -> str:
        return self.sha256
