"""Money from buyers, and its way back to them.

The ground knows no orders or trades: what a row is for is a `purpose` (a code) and a `reference` (that row's UUID).
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money


class Payment(models.Model):
    """One attempt of a buyer to pay one thing. `reserved_refund_minor` is what pending refunds have claimed.

    Stray is money that fits nothing: it came after we had given up, or is not the amount to pay. It is in the ledger,
    and goes back whole by a refund.

    Part of what is paid may be the buyer's credit: `amount` is what the provider has to bring, `credit` comes on top.
    It is promised to this payment until `credit_until`, or as long as the money is authorised, and taken at capture.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        AUTHORISED = "authorised", _("authorised")
        CAPTURED = "captured", _("captured")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        STRAY = "stray", _("came astray")

    class Capture(models.TextChoices):
        AUTOMATIC = "automatic", _("at once")
        MANUAL = "manual", _("when we say so")

    NOUN = "payment"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.PENDING: {Status.AUTHORISED, Status.CAPTURED, Status.FAILED, Status.CANCELLED, Status.STRAY},
        Status.AUTHORISED: {Status.CAPTURED, Status.FAILED, Status.CANCELLED, Status.STRAY},
        # Paid, but not what the order costs.
        Status.CAPTURED: {Status.STRAY},
        # The buyer was quicker at the bank than we were.
        Status.FAILED: {Status.STRAY},
        Status.CANCELLED: {Status.STRAY},
    }
    # The provider has taken the money.
    TAKEN = (Status.CAPTURED, Status.STRAY)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=20)
    reference = models.UUIDField()
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    gateway = models.CharField(max_length=20)
    gateway_id = models.CharField(max_length=120, blank=True)
    checkout_url = models.CharField(max_length=500, blank=True)
    capture = models.CharField(
        max_length=10, choices=Capture, default=Capture.AUTOMATIC, db_default=Capture.AUTOMATIC.value
    )
    # Why it failed or came astray, or why the bank has refused the last card: a code.
    failure = models.CharField(max_length=200, blank=True)
    # Where the buyer's card was issued, two letters; empty where the provider does not say.
    card_country = models.CharField(max_length=2, blank=True, db_default="")
    # What the provider took, where that is not the amount.
    received_minor = models.BigIntegerField(null=True, blank=True)
    credit_minor = models.BigIntegerField(default=0, db_default=0)
    # Whose credit it is, and the instants until which it is promised and at which it was taken.
    credit_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    credit_until = models.DateTimeField(null=True, blank=True)
    credit_at = models.DateTimeField(null=True, blank=True)
    credit_back_minor = models.BigIntegerField(default=0, db_default=0)
    # What the provider keeps of it; unknown until it says so.
    fee_minor = models.BigIntegerField(null=True, blank=True)
    refunded_minor = models.BigIntegerField(default=0)
    reserved_refund_minor = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    authorised_at = models.DateTimeField(null=True, blank=True)
    # We have decided to take what is authorised: from here on it is never released.
    capturing_at = models.DateTimeField(null=True, blank=True)
    captured_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    stray_at = models.DateTimeField(null=True, blank=True)
    # The provider has confirmed that a payment we gave up can take no money any more.
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["reference"], name="payment_of_reference")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "authorised", "captured", "failed", "cancelled", "stray"]),
                name="payment_status_known",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) & ~Q(gateway="credit")
                | Q(amount_minor=0, credit_minor__gt=0, gateway="credit"),
                name="payment_positive",
            ),
            models.CheckConstraint(
                condition=Q(credit_minor=0, credit_of=None, credit_at=None)
                | Q(credit_minor__gt=0, credit_of__isnull=False, credit_until__isnull=False),
                name="payment_credit_is_somebodys",
            ),
            models.CheckConstraint(
                condition=~Q(status="captured") | Q(credit_minor=0) | Q(credit_at__isnull=False),
                name="payment_captured_took_credit",
            ),
            models.CheckConstraint(
                condition=Q(credit_back_minor=0)
                | Q(credit_back_minor__gt=0, credit_back_minor__lte=F("credit_minor"), credit_at__isnull=False),
                name="payment_never_more_credit_back",
            ),
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0)
                & Q(reserved_refund_minor__gte=0)
                & Q(
                    GreaterThanOrEqual(
                        Coalesce("received_minor", "amount_minor"), F("refunded_minor") + F("reserved_refund_minor")
                    )
                ),
                name="payment_never_refunded_above_captured",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["captured", "stray"]) | Q(refunded_minor=0, reserved_refund_minor=0),
                name="payment_refunded_only_when_captured",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["captured", "stray"]) | Q(captured_at__isnull=False),
                name="payment_captured_has_date",
            ),
            models.CheckConstraint(
                condition=Q(received_minor=None) | Q(status="stray", received_minor__gt=0),
                name="payment_other_amount_is_stray",
            ),
            models.CheckConstraint(
                condition=Q(fee_minor=None) | Q(fee_minor__gte=0, status__in=["captured", "stray"]),
                name="payment_fee_of_captured",
            ),
            models.CheckConstraint(
                condition=Q(capturing_at=None) | Q(capture="manual"), name="payment_capture_decided_only_by_hand"
            ),
            models.UniqueConstraint(
                fields=["purpose", "reference"],
                condition=Q(status__in=["pending", "authorised", "captured"]),
                name="payment_one_active_per_reference",
            ),
            models.UniqueConstraint(
                fields=["gateway", "gateway_id"], condition=~Q(gateway_id=""), name="payment_gateway_id_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def credit(self) -> Money:
        """What the buyer's credit pays on top."""
        return Money(self.credit_minor, self.currency)

    @property
    def total(self) -> Money:
        """What is paid with it, whatever brings it."""
        return self.amount + self.credit

    @property
    def credit_left(self) -> Money:
        """Of the credit that it has taken: what has not gone back."""
        taken = self.credit_minor if self.credit_at else 0
        return Money(taken - self.credit_back_minor, self.currency)

    @property
    def received(self) -> Money:
        """What the provider has taken."""
        if self.status not in self.TAKEN:
            return Money(0, self.currency)
        return Money(self.amount_minor if self.received_minor is None else self.received_minor, self.currency)

    @property
    def refundable(self) -> Money:
        """What could still be refunded, credit included: captured − refunded − pending."""
        return self.card_left + self.credit_left

    @property
    def card_left(self) -> Money:
        """The same, of what the provider has taken."""
        return self.received - Money(self.refunded_minor + self.reserved_refund_minor, self.currency)


class Refund(models.Model):
    """Money on its way back to the buyer. The row is written first, the gateway is called afterwards.

    The exception is a refund that somebody made at the provider itself: reason "provider", its row comes second.
    `amount` goes by the provider; `credit`, back to the buyer's credit, is booked together with the row.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        SUCCEEDED = "succeeded", _("refunded")
        FAILED = "failed", _("failed")

    NOUN = "refund"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.PENDING: {Status.SUCCEEDED, Status.FAILED},
        # The buyer's bank had given it back by a dispute that we won after all, and has taken it from them again.
        Status.SUCCEEDED: {Status.FAILED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    reference = models.UUIDField()
    reason = models.CharField(max_length=30)
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    amount_minor = models.BigIntegerField()
    credit_minor = models.BigIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3)
    gateway_id = models.CharField(max_length=120, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "succeeded", "failed"]), name="refund_status_known"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, credit_minor__gte=0) | Q(amount_minor=0, credit_minor__gt=0),
                name="refund_positive",
            ),
            models.UniqueConstraint(
                fields=["reference"], condition=~Q(status="failed"), name="refund_once_per_reference"
            ),
            models.UniqueConstraint(fields=["gateway_id"], condition=~Q(gateway_id=""), name="refund_gateway_id_once"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.pk}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def credit(self) -> Money:
        return Money(self.credit_minor, self.currency)

    @property
    def total(self) -> Money:
        """What this row gives back, whatever way."""
        return self.amount + self.credit
