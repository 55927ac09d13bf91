"""The payees' own accounts with a payment provider, and what is taken back from them."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from backmarket.payments.models.money import Payout


class ConnectAccount(models.Model):
    """An account in a payee's own name at the provider: `party` as in the ledger. The provider says what it may do."""

    class Status(models.TextChoices):
        PENDING = "pending", _("not ready yet")
        ENABLED = "enabled", _("can be paid")
        RESTRICTED = "restricted", _("restricted by the provider")

    NOUN = "connect"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.PENDING: {Status.ENABLED},
        Status.ENABLED: {Status.RESTRICTED},
        Status.RESTRICTED: {Status.ENABLED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    party = models.CharField(max_length=40)
    country = models.CharField(max_length=2)
    gateway = models.CharField(max_length=20)
    gateway_id = models.CharField(max_length=120, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    details_submitted = models.BooleanField(_("everything has been filled in"), default=False)
    payouts_enabled = models.BooleanField(_("can pay out to its bank"), default=False)
    transfers_enabled = models.BooleanField(_("can be paid by us"), default=False)
    # The provider's codes of what it still asks for.
    missing = models.JSONField(default=list)
    disabled_reason = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(_("opened"))
    checked_at = models.DateTimeField(_("last asked"), null=True, blank=True)
    enabled_at = models.DateTimeField(null=True, blank=True)
    restricted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("payout account")
        verbose_name_plural = _("payout accounts")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "enabled", "restricted"]), name="connect_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status="enabled") | Q(payouts_enabled=True, transfers_enabled=True) & ~Q(gateway_id=""),
                name="connect_enabled_by_the_provider",
            ),
            models.UniqueConstraint(fields=["gateway", "party"], name="connect_one_per_party"),
            models.UniqueConstraint(
                fields=["gateway", "gateway_id"], condition=~Q(gateway_id=""), name="connect_gateway_id_once"
            ),
        ]

    def __str__(self) -> str:
        return self.gateway_id or str(self.pk)


class TransferReversal(models.Model):
    """Money taken back from a payee's account after a transfer. The row is written first, the provider called after;
    one that somebody made at the provider itself is written second, with the note "provider".
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        SUCCEEDED = "succeeded", _("taken back")
        FAILED = "failed", _("failed")

    NOUN = "reversal"
    MOVES: ClassVar[dict[str, set[str]]] = {Status.PENDING: {Status.SUCCEEDED, Status.FAILED}}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="reversals")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    note = models.CharField(_("why"), max_length=200)
    gateway_id = models.CharField(max_length=120, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("reversal of a transfer")
        verbose_name_plural = _("reversals of transfers")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "succeeded", "failed"]), name="reversal_status_known"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="reversal_positive"),
            models.UniqueConstraint(fields=["payout"], condition=Q(status="pending"), name="reversal_one_at_a_time"),
            models.UniqueConstraint(
                fields=["gateway_id"], condition=~Q(gateway_id=""), name="reversal_gateway_id_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id} {self.pk}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
