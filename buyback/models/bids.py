"""Many bids changed at once: looked at first, applied whole, taken back whole."""

import uuid
from typing import ClassVar, NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from refurbishers.models import Refurbisher


class BidRow(NamedTuple):
    """One cell: what the bid was when it was looked at and what it becomes, in minor units; None is no bid.

    `active` is whether the bid was live, so that a paused one comes back paused.
    """

    variant: int
    condition: str
    was: int | None
    price: int | None
    active: bool = True


class BidChange(models.Model):
    """What a person means to change in a plant's bids. Nothing of it is true before it is applied."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("looked at, not applied")
        APPLIED = "applied", _("applied")
        TAKEN_BACK = "taken_back", _("taken back")

    class Source(models.TextChoices):
        GRID = "grid", _("typed in the table")
        FILE = "file", _("file")
        PERCENT = "percent", _("percentage")

    NOUN = "bid_change"
    MOVES: ClassVar[dict[str, set[str]]] = {Status.DRAFT: {Status.APPLIED}, Status.APPLIED: {Status.TAKEN_BACK}}
    VALID_MINUTES = 60

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plant = models.ForeignKey(Refurbisher, on_delete=models.CASCADE, related_name="bid_changes")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    source = models.CharField(max_length=8, choices=Source)
    # What was asked, in words: the file's name, "+5 %".
    label = models.CharField(max_length=120, blank=True)
    rows = models.JSONField()
    unchanged = models.PositiveIntegerField(default=0)
    # {"header": […], "rows": [{"line", "cells", "faults": [{"column", "value", "reason"}]}]} of a file.
    broken = models.JSONField(default=dict, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("change of bids")
        verbose_name_plural = _("changes of bids")
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["plant", "-applied_at"], name="bid_change_of_plant")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="draft", applied_at=None) | Q(~Q(status="draft"), applied_at__isnull=False),
                name="bid_change_applied_at",
            ),
            models.CheckConstraint(
                condition=Q(status="taken_back", taken_back_at__isnull=False)
                | Q(~Q(status="taken_back"), taken_back_at=None),
                name="bid_change_taken_back_at",
            ),
        ]

    def __str__(self) -> str:
        return self.label or str(self.get_source_display())

    @property
    def cells(self) -> list[BidRow]:
        return [BidRow(*row) for row in self.rows]

    @property
    def broken_lines(self) -> int:
        return len(self.broken.get("rows", []))

    @property
    def counts(self) -> dict[str, int]:
        cells = self.cells
        return {
            "changed": sum(cell.was is not None and cell.price is not None for cell in cells),
            "new": sum(cell.was is None for cell in cells),
            "withdrawn": sum(cell.price is None for cell in cells),
        }
