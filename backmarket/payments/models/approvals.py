"""What one person may not move alone."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket.crypto import EncryptedTextField
from backmarket.money import Money


class Approval(models.Model):
    """A step at the desk that moves more money than its person may alone: another one agrees, or does not.

    `subject`, `subject_id` and `step` name the row and what would be done to it; `answers` is the step's form as it was
    filled in, read again, with the row as it is then, by whoever agrees.
    """

    class Status(models.TextChoices):
        ASKED = "asked", _("waits for a second person")
        APPROVED = "approved", _("agreed")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("taken back")
        EXPIRED = "expired", _("too old")

    NOUN = "approval"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.ASKED: {Status.APPROVED, Status.DECLINED, Status.WITHDRAWN, Status.EXPIRED},
    }
    VALID_DAYS = 7

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ASKED)
    subject = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    step = models.CharField(max_length=30)
    name = models.CharField(_("about"), max_length=200)
    answers = EncryptedTextField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("valid until"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Why it was declined.
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["asked", "approved", "declined", "withdrawn", "expired"]),
                name="approval_status_known",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="approval_positive"),
            # Two pairs of eyes are two people.
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "declined"])
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by")),
                name="approval_by_another",
            ),
            models.UniqueConstraint(
                fields=["subject", "subject_id", "step"], condition=Q(status="asked"), name="approval_once_open"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
