"""Money that leaves, and the ledger that explains every cent.

The ground knows no orders or trades: what a row is for is a `purpose` (a code) and a `reference` (that row's UUID).
"""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket.crypto import EncryptedTextField
from backmarket.money import Money
from backmarket.payments.reasons import is_payees


class Payout(models.Model):
    """Money to a consumer's or a plant's bank account. Sent once: the row's id is the gateway's idempotency key."""

    class Status(models.TextChoices):
        ORDERED = "ordered", _("ordered")
        SENT = "sent", _("sent to the bank")
        PAID = "paid", _("on the account")
        BOUNCED = "bounced", _("returned by the bank")
        CANCELLED = "cancelled", _("cancelled")

    NOUN = "payout"
    MOVES: ClassVar[dict[str, set[str]]] = {
        # Refused before it left: that account cannot be paid.
        Status.ORDERED: {Status.SENT, Status.CANCELLED, Status.BOUNCED},
        Status.SENT: {Status.PAID, Status.BOUNCED},
        # Some banks send money back days after it had arrived.
        Status.PAID: {Status.BOUNCED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=20)
    reference = models.UUIDField()
    # What people call the thing that is paid ("1042"): it stands in the transfer's text and in statements.
    label = models.CharField(max_length=60, blank=True, default="")
    # Whose claim on us this pays: the ledger account and party that shrink when it is sent.
    account = models.CharField(max_length=16, default="consumer")
    party = models.CharField(max_length=40, blank=True, default="")
    status = models.CharField(max_length=12, choices=Status, default=Status.ORDERED)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    holder = EncryptedTextField()
    iban = EncryptedTextField()
    iban_last4 = models.CharField(max_length=4)
    gateway = models.CharField(max_length=20)
    gateway_id = models.CharField(max_length=120, blank=True)
    # Why it was refused or came back: a provider's or bank's code (see reasons.py).
    failure = models.CharField(max_length=200, blank=True)
    # The provider's account of the payee's that is paid, instead of a bank account; what of it was taken back since.
    destination = models.CharField(max_length=120, blank=True, default="", db_default="")
    reversed_minor = models.BigIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    # Set before the bank is called, or when a file for it is made: from here on it may have the order, so that nobody
    # can cancel it. A repeated call leaves the first instant, and is counted.
    sending_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "ordered",
                        "sent",
                        "paid",
                        "bounced",
                        "cancelled",
                    ]
                ),
                name="payout_status_known",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_positive"),
            models.CheckConstraint(
                condition=Q(reversed_minor=0)
                | Q(reversed_minor__gt=0, reversed_minor__lte=F("amount_minor"), status__in=["sent", "paid"])
                & ~Q(destination=""),
                name="payout_never_reversed_above_sent",
            ),
            models.UniqueConstraint(
                fields=["purpose", "reference"],
                condition=Q(status__in=["ordered", "sent", "paid"]),
                name="payout_one_active_per_reference",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="payout_to_send", condition=Q(status="ordered")),
            models.Index(fields=["party"], name="payout_of_party"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_held(self) -> bool:
        """Staff cancelled it, or it came back for a reason that another account would not mend: staff move it."""
        bounced = self.status == self.Status.BOUNCED and not is_payees(self.failure)
        return bounced or self.status == self.Status.CANCELLED


class LedgerMovement(models.Model):
    """A movement of money: its entries sum to zero, which the database checks at commit. Append-only.

    `key` names the movement once for ever ("capture:<payment>"), so that a repeated cause books nothing twice.
    """

    key = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=30)
    reference = models.UUIDField()
    # What people call the thing that moved the money ("1042 · iPhone 13"); `kind` says what happened to it.
    label = models.CharField(max_length=160, blank=True, default="")
    happened_at = models.DateTimeField()

    class Meta:
        verbose_name = _("ledger movement")
        verbose_name_plural = _("ledger movements")
        ordering = ["id"]
        indexes = [models.Index(fields=["reference"], name="movement_reference")]

    def __str__(self) -> str:
        return self.key


class LedgerEntry(models.Model):
    """One side of a movement. Positive: the account's holder has a larger claim on us; negative: a smaller one.

    `party` is the plant's or person's key for accounts that belong to one, empty for the house's own.
    """

    class Account(models.TextChoices):
        GATEWAY = "gateway", _("payment gateway")
        BANK = "bank", _("bank")
        BUYER = "buyer", _("buyers' money held")
        CONSUMER = "consumer", _("owed to people who sold a device")
        CREDIT = "credit", _("kept as credit for people")
        PLANT = "plant", _("owed to plants")
        COMMISSION = "commission", _("commission")
        COMMISSION_VAT = "commission_vat", _("VAT on commission")
        COMPENSATION = "compensation", _("compensation")
        GATEWAY_FEE = "gateway_fee", _("payment provider's fees")
        SHIPPING = "shipping", _("shipping, kept for the courier")
        DISPUTE = "dispute", _("disputed by buyers")

    movement = models.ForeignKey(LedgerMovement, on_delete=models.PROTECT, related_name="entries")
    account = models.CharField(max_length=16, choices=Account)
    party = models.CharField(max_length=40, blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(amount_minor=0), name="entry_not_zero")]
        indexes = [models.Index(fields=["account", "party"], name="entry_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.party}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class SandboxIntent(models.Model):
    """What the sandbox bank remembers: it plays the provider, so nothing but the sandbox gateway reads this."""

    id = models.CharField(primary_key=True, max_length=60)
    kind = models.CharField(max_length=10)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20)
    refunded_minor = models.BigIntegerField(default=0)
    return_url = models.CharField(max_length=500, blank=True)
    # What a dispute or an account has besides.
    facts = models.JSONField(default=dict, db_default={})
    # Authorise only; the shop takes the money later.
    manual = models.BooleanField(default=False, db_default=False)
    card_country = models.CharField(max_length=2, blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.id
