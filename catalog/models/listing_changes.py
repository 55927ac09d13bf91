"""Many listings changed at once: looked at first, applied in batches, each row with its outcome."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models.listings import Listing
from refurbishers.models import Refurbisher


class ListingChange(models.Model):
    """What a person means to change in a plant's listings. Nothing of it is true before it runs."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("looked at, not applied")
        RUNNING = "running", _("being applied")
        DONE = "done", _("applied")

    NOUN = "listing_change"
    MOVES: ClassVar[dict[str, set[str]]] = {Status.DRAFT: {Status.RUNNING}, Status.RUNNING: {Status.DONE}}
    VALID_MINUTES = 60

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plant = models.ForeignKey(Refurbisher, on_delete=models.CASCADE, related_name="listing_changes")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    # The file's name.
    label = models.CharField(max_length=120, blank=True)
    # The change that this one takes back.
    undoes = models.OneToOneField("self", on_delete=models.CASCADE, null=True, related_name="undone_by")
    unchanged = models.PositiveIntegerField(default=0)
    # {"header": […], "rows": [{"line", "cells", "faults": [{"column", "value", "reason"}]}]} of a file.
    broken = models.JSONField(default=dict, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    running_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("change of listings")
        verbose_name_plural = _("changes of listings")
        ordering = ["-made_at"]
        indexes = [
            models.Index(fields=["plant", "-made_at"], name="listing_change_of_plant"),
            models.Index(fields=["made_at"], name="listing_change_running", condition=Q(status="running")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="draft", running_at=None) | Q(~Q(status="draft"), running_at__isnull=False),
                name="listing_change_running_at",
            ),
            models.CheckConstraint(
                condition=Q(status="done", done_at__isnull=False) | Q(~Q(status="done"), done_at=None),
                name="listing_change_done_at",
            ),
        ]

    def __str__(self) -> str:
        return str(_("Taking back %s") % self.undoes) if self.undoes else self.label

    @property
    def broken_lines(self) -> int:
        return len(self.broken.get("rows", []))


class ListingChangeRow(models.Model):
    """One listing of a change: its price and stock when it was looked at, what they become, and what came of it."""

    class Outcome(models.TextChoices):
        WAITING = "", _("waiting")
        CHANGED = "changed", _("changed")
        MOVED = "moved", _("left alone: it was changed meanwhile")
        HELD = "held", _("left alone: more are being paid for right now")
        ARCHIVED = "archived", _("left alone: it is archived")

    # Its index is the one of the constraint below.
    change = models.ForeignKey(ListingChange, on_delete=models.CASCADE, related_name="rows", db_index=False)
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    price_was = models.PositiveIntegerField()
    price_minor = models.PositiveIntegerField()
    on_hand_was = models.PositiveIntegerField()
    on_hand = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True, default=Outcome.WAITING)

    class Meta:
        verbose_name = _("change of a listing")
        verbose_name_plural = _("changes of single listings")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["change", "listing"], name="listing_change_once_a_listing"),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="listing_change_price_positive"),
            models.CheckConstraint(
                condition=~Q(price_minor=F("price_was"), on_hand=F("on_hand_was")), name="listing_change_changes"
            ),
        ]
        indexes = [models.Index(fields=["change", "id"], name="listing_change_waiting", condition=Q(outcome=""))]

    def __str__(self) -> str:
        return str(self.listing)
