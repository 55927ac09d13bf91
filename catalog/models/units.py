"""The devices themselves."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models.choices import Grade, VatScheme
from catalog.models.products import Variant
from refurbishers.models import Refurbisher


class Unit(models.Model):
    """One physical device, by its IMEI or serial. It may be listed and sold only tested and erased."""

    class Status(models.TextChoices):
        IN_WORKSHOP = "in_workshop", _("in the workshop")
        READY = "ready", _("ready for sale")
        SOLD = "sold", _("sold")
        RECYCLED = "recycled", _("recycled")

    NOUN = "unit"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.IN_WORKSHOP: {Status.READY, Status.RECYCLED},
        Status.READY: {Status.SOLD, Status.IN_WORKSHOP, Status.RECYCLED},
        # A returned device comes back to the workshop.
        Status.SOLD: {Status.IN_WORKSHOP},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="units")
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="units")
    identifier = models.CharField(_("IMEI or serial"), max_length=40)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.IN_WORKSHOP)
    grade = models.CharField(_("grade"), max_length=10, choices=Grade, blank=True)
    battery_percent = models.PositiveSmallIntegerField(_("battery health, %"), null=True, blank=True)
    vat_scheme = models.CharField(_("VAT scheme"), max_length=8, choices=VatScheme, default=VatScheme.MARGINAL)
    purchase_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    listing = models.ForeignKey("Listing", on_delete=models.PROTECT, null=True, blank=True, related_name="units")
    erasure_standard = models.CharField(_("erasure standard"), max_length=40, blank=True)
    erasure_tool = models.CharField(_("erasure tool"), max_length=80, blank=True)
    erased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("erased by"),
    )  # fmt: skip
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)
    tested_at = models.DateTimeField(_("tested"), null=True, blank=True)
    repaired_at = models.DateTimeField(_("repaired"), null=True, blank=True)
    parts_changed = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    sold_at = models.DateTimeField(null=True, blank=True)
    recycled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["ready", "sold"]) | Q(erased_at__isnull=False, tested_at__isnull=False),
                name="unit_ready_only_tested_and_erased",
            ),
            # An erasure is proved by its whole record: standard, tool, operator and time.
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | ~Q(erasure_standard="") & ~Q(erasure_tool="") & Q(erased_by__isnull=False),
                name="unit_erasure_is_whole",
            ),
            # A part changed forces a new test: the law's inspectors found it missing most often.
            models.CheckConstraint(
                condition=~Q(status__in=["ready", "sold"])
                | Q(repaired_at__isnull=True)
                | Q(tested_at__gte=F("repaired_at")),
                name="unit_tested_after_repair",
            ),
            models.UniqueConstraint(
                fields=["identifier"],
                condition=Q(status__in=["in_workshop", "ready"]),
                name="unit_identifier_once_in_stock",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant} …{self.identifier[-4:]}"
