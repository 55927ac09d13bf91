"""What stands between a quote and its trade: the seller's details until the last click, and the registry's answers."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket.crypto import EncryptedTextField
from buyback.models.quotes import Quote
from catalog.registry import Finding


class AcceptanceDraft(models.Model):
    """What a seller gave for one quote and has not confirmed yet: encrypted whole, forgotten after a day.

    `revision` changes whenever the details do, so that a page never confirms what it did not show.
    """

    VALID_HOURS = 24

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="drafts")
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    revision = models.UUIDField(default=uuid.uuid4)
    details = EncryptedTextField()
    saved_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("sale not confirmed yet")
        verbose_name_plural = _("sales not confirmed yet")
        constraints = [
            models.UniqueConstraint(fields=["quote", "seller"], name="acceptance_draft_once"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("saved_at")), name="acceptance_draft_expires"),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"


class RegistryCheck(models.Model):
    """One answer of the registry of stolen devices, kept whatever it was; a refusal is an event too."""

    FRESH_MINUTES: ClassVar[int] = 30

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="registry_checks")
    identifier = models.CharField(_("IMEI or serial"), max_length=40, db_index=True)
    finding = models.CharField(_("answer"), max_length=12, choices=Finding)
    asked_at = models.DateTimeField(_("asked"))

    class Meta:
        verbose_name = _("answer of the stolen-device registry")
        verbose_name_plural = _("answers of the stolen-device registry")
        ordering = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return f"{self.identifier}: {self.get_finding_display()}"
