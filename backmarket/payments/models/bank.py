"""Paper for the bank: files of transfers that people hand to it, and its reports on them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.crypto import EncryptedTextField
from backmarket.money import Money
from backmarket.payments.models.money import Payout


class PayoutFile(models.Model):
    """A SEPA credit transfer file (pain.001): made here, handed to the bank by a person, or withdrawn before.

    `content` is the XML, byte for byte what the bank gets; it holds names and IBANs, so it is encrypted.
    """

    class Status(models.TextChoices):
        MADE = "made", _("to be handed to the bank")
        HANDED = "handed", _("with the bank")
        WITHDRAWN = "withdrawn", _("withdrawn")

    NOUN = "payout_file"
    MOVES: ClassVar[dict[str, set[str]]] = {Status.MADE: {Status.HANDED, Status.WITHDRAWN}}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message_id = models.CharField(_("message"), max_length=35, unique=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.MADE)
    transfers = models.PositiveIntegerField(_("transfers"))
    total_minor = models.BigIntegerField(_("total"))
    currency = models.CharField(max_length=3)
    execution_date = models.DateField(_("execution date"))
    content = EncryptedTextField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("made"))
    handed_at = models.DateTimeField(_("handed to the bank"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    # When `content` was erased, because nobody can dispute its transfers any more.
    erased_at = models.DateTimeField(_("content erased"), null=True, blank=True)

    class Meta:
        verbose_name = _("payout file")
        verbose_name_plural = _("payout files")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(transfers__gt=0, total_minor__gt=0), name="payout_file_pays_something"),
            models.CheckConstraint(
                condition=~Q(status="handed") | Q(handed_at__isnull=False), name="payout_file_handed_has_date"
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)


class PayoutFileItem(models.Model):
    """One payout in a file. `live` until the file is withdrawn: a payout is in one live file at most."""

    file = models.ForeignKey(PayoutFile, on_delete=models.PROTECT, related_name="items")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="file_items")
    live = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("transfer in a file")
        verbose_name_plural = _("transfers in files")
        constraints = [
            models.UniqueConstraint(fields=["file", "payout"], name="payout_once_in_a_file"),
            models.UniqueConstraint(fields=["payout"], condition=Q(live=True), name="payout_in_one_live_file"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.payout_id}"


class BankReport(models.Model):
    """A bank's status report on one of our files (pain.002), kept once by its hash; applied once, by a person.

    `content` is the file in base64, encrypted, for it may hold names and IBANs. `rows` is what applying it did,
    as [payout id or the bank's reference, status, reason code, verdict].
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    message_id = models.CharField(_("report"), max_length=35)
    file = models.ForeignKey(PayoutFile, on_delete=models.PROTECT, related_name="reports", verbose_name=_("about"))
    content = EncryptedTextField()
    rows = models.JSONField(default=list)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("read by")
    )
    created_at = models.DateTimeField(_("read"))
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    erased_at = models.DateTimeField(_("content erased"), null=True, blank=True)

    class Meta:
        verbose_name = _("bank report")
        verbose_name_plural = _("bank reports")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.message_id
