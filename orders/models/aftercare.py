"""What follows a delivery by itself or by law: the guarantees and the withdrawal."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket import market
from backmarket.shipping.models import Parcel
from orders.models.orders import OrderLine


class Guarantee(models.Model):
    """The guarantees of one delivered line: legal (2 years, presumption 12 months) and commercial, all dated."""

    class Status(models.TextChoices):
        RUNNING = "running", _("running")
        WARNED = "warned", _("ends soon")
        EXPIRED = "expired", _("expired")
        VOID = "void", _("ended with a refund")

    NOUN = "guarantee"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.RUNNING: {Status.WARNED, Status.EXPIRED, Status.VOID},
        Status.WARNED: {Status.EXPIRED, Status.VOID, Status.RUNNING},
        Status.EXPIRED: {Status.VOID},
    }
    LEGAL_MONTHS = market.LEGAL_GUARANTEE_MONTHS
    PRESUMPTION_MONTHS = market.PRESUMPTION_MONTHS
    REPAIR_EXTENSION_MONTHS = 12
    WARN_BEFORE_DAYS = 30

    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="guarantee")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.RUNNING)
    starts_date = models.DateField(_("starts"))
    presumption_until_date = models.DateField(_("defects presumed existing until"))
    legal_until_date = models.DateField(_("legal guarantee until"))
    commercial_until_date = models.DateField(_("commercial guarantee until"))
    warned_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("guarantee")
        verbose_name_plural = _("guarantees")
        constraints = [
            models.CheckConstraint(
                condition=Q(legal_until_date__gte=F("presumption_until_date"))
                & Q(presumption_until_date__gt=F("starts_date"))
                & Q(commercial_until_date__gt=F("starts_date")),
                name="guarantee_dates_in_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["commercial_until_date"],
                name="guarantee_ending",
                condition=Q(status__in=["running", "warned"]),
            ),
        ]

    def __str__(self) -> str:
        return self.line.title


class Withdrawal(models.Model):
    """A buyer's withdrawal from one line, confirmed in two steps; its receipt goes out by e-mail with date and time."""

    class Status(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed: send the device back")
        RETURNED = "returned", _("device back at the plant")
        REFUNDED = "refunded", _("refunded")

    NOUN = "withdrawal"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.CONFIRMED: {Status.RETURNED, Status.REFUNDED},
        Status.RETURNED: {Status.REFUNDED},
    }
    REFUND_WITHIN_DAYS = 14

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="withdrawal")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CONFIRMED)
    name = models.CharField(_("name"), max_length=120)
    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    refund_by = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True, blank=True)
    refunded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("withdrawal")
        verbose_name_plural = _("withdrawals")
        ordering = ["-confirmed_at"]

    def __str__(self) -> str:
        return self.line.title
