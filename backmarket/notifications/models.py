"""E-mails: what was sent to whom, once; and the demo's mailbox."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.crypto import EncryptedTextField


class Notification(models.Model):
    """One e-mail, sent once: `key` is unique ("order-paid:<uuid>"). Rendered when queued, kept encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=120, unique=True)
    template = models.CharField(max_length=60)
    recipient = EncryptedTextField()
    language = models.CharField(max_length=8)
    subject = EncryptedTextField()
    text = EncryptedTextField()
    html = EncryptedTextField()
    # Where one press ends e-mails of this kind (RFC 8058); empty for those that belong to an order or a sale.
    unsubscribe_url = EncryptedTextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    # The real time at which a worker took it: another may try again once that is long ago.
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ["created_at"]
        indexes = [models.Index(fields=["created_at"], name="mail_to_send", condition=Q(sent_at=None))]

    def __str__(self) -> str:
        return self.key


class MailboxMessage(models.Model):
    """An e-mail as it would have left, kept for /mailbox/ where sandboxes are allowed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-received_at"]

    def __str__(self) -> str:
        return self.subject
