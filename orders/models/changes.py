"""What a buyer asks to change after paying."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.orders import OrderLine


class CancelRequest(models.Model):
    """A buyer's wish to call off a device that its plant has already accepted; one per line, answered by the plant.

    `answer` is the plant's reason in words, which the buyer reads.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("asked")
        GRANTED = "granted", _("cancelled as asked")
        REFUSED = "refused", _("refused by the plant")
        LAPSED = "lapsed", _("too late: it had been sent")

    NOUN = "cancel_request"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.OPEN: {Status.GRANTED, Status.REFUSED, Status.LAPSED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="cancel_request")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    opened_at = models.DateTimeField(_("asked"))
    granted_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("request to cancel")
        verbose_name_plural = _("requests to cancel")
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "granted", "refused", "lapsed"]), name="cancel_request_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | Q(refused_at__isnull=False) & ~Q(answer=""),
                name="cancel_request_refused_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.line.title
