"""Parcels, the courier's visits at the door, and the points of a parcel's journey."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.files import private_files
from backmarket.money import Money
from backmarket.shipping.names import courier_name, tracking_url


class Parcel(models.Model):
    """One box from one address to another, insured in full.

    `purpose` says why it travels; `reference` is the UUID of what it belongs to (trade, consignment, claim, line).
    """

    class Status(models.TextChoices):
        CREATED = "created", _("label made")
        IN_TRANSIT = "in_transit", _("on its way")
        DELIVERED = "delivered", _("delivered")
        LOST = "lost", _("lost")
        RETURNED = "returned", _("back at its sender")
        CANCELLED = "cancelled", _("cancelled")

    class Purpose(models.TextChoices):
        SALE = "sale", _("to the buyer")
        TRADE = "trade", _("from the seller to the plant")
        TRADE_RETURN = "trade_return", _("back to the seller")
        WITHDRAWAL = "withdrawal", _("back to the plant")
        CLAIM = "claim", _("to the plant under guarantee")
        CLAIM_RETURN = "claim_return", _("repaired, back to the customer")

    class Service(models.TextChoices):
        STANDARD = "standard", _("standard")
        EXPRESS = "express", _("express")

    NOUN = "parcel"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.CREATED: {Status.IN_TRANSIT, Status.DELIVERED, Status.LOST, Status.CANCELLED},
        Status.IN_TRANSIT: {Status.DELIVERED, Status.LOST, Status.RETURNED},
        # A courier sometimes finds what it had given up, and sometimes takes along what was called off.
        Status.LOST: {Status.DELIVERED, Status.RETURNED},
        Status.CANCELLED: {Status.IN_TRANSIT, Status.DELIVERED, Status.LOST},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=14, choices=Purpose)
    reference = models.UUIDField()
    status = models.CharField(max_length=12, choices=Status, default=Status.CREATED)
    courier = models.CharField(max_length=30)
    # How fast the courier is asked to carry it; not every courier can do more than the standard.
    service = models.CharField(
        _("service"), max_length=8, choices=Service, default=Service.STANDARD, db_default="standard"
    )
    # Empty until the courier has answered: it is asked after the commit, and again by a job until it does.
    tracking_number = models.CharField(max_length=40, blank=True)
    # The courier's own key of a parcel whose label it made; empty when it only follows a number.
    gateway_id = models.CharField(max_length=60, blank=True)
    # Its final no, as a code: it is not asked again by itself.
    refusal = models.CharField(max_length=80, blank=True)
    label = models.FileField(storage=private_files, upload_to="labels/%Y/%m", blank=True)
    sender = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    insured_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    # What its label says for whoever opens it: the number of the order that it belongs to.
    mark = models.CharField(max_length=30, blank=True, default="", db_default="")
    # What the courier asks for the label that it made, in its own currency; unknown until it has made one.
    label_minor = models.PositiveIntegerField(null=True, blank=True)
    label_currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    # The courier has confirmed: it made the label, or it follows the number that it was given.
    booked_at = models.DateTimeField(null=True, blank=True)
    in_transit_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    # The courier has confirmed that a cancelled parcel is void.
    void_at = models.DateTimeField(null=True, blank=True)
    # When we last asked where a silent parcel is.
    asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "created",
                        "in_transit",
                        "delivered",
                        "lost",
                        "returned",
                        "cancelled",
                    ]
                ),
                name="parcel_status_known",
            ),
            models.CheckConstraint(condition=Q(service__in=["standard", "express"]), name="parcel_service_known"),
            models.UniqueConstraint(
                fields=["courier", "tracking_number"], condition=~Q(tracking_number=""), name="parcel_tracking_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["created", "cancelled"]) | ~Q(tracking_number=""), name="parcel_has_tracking"
            ),
            models.CheckConstraint(
                condition=~Q(status="delivered") | Q(delivered_at__isnull=False),
                name="parcel_delivered_has_date",
            ),
            models.CheckConstraint(
                condition=Q(label_minor=None, label_currency="") | Q(label_minor__isnull=False) & ~Q(label_currency=""),
                name="parcel_label_has_currency",
            ),
        ]
        indexes = [
            models.Index(fields=["purpose", "reference"], name="parcel_reference"),
            models.Index(fields=["created_at"], name="parcel_to_book", condition=Q(status="created", booked_at=None)),
            models.Index(fields=["cancelled_at"], name="parcel_to_void", condition=Q(status="cancelled", void_at=None)),
            models.Index(
                fields=["booked_at"], name="parcel_on_the_road", condition=Q(status__in=["created", "in_transit"])
            ),
        ]

    def __str__(self) -> str:
        return self.tracking_number or str(self.pk)

    @property
    def courier_name(self) -> str:
        return courier_name(self.courier)

    @property
    def tracking_url(self) -> str:
        """Where the courier shows its way to everybody; empty where we know of no such page."""
        return tracking_url(self.courier, self.tracking_number)

    @property
    def insured(self) -> Money:
        return Money(self.insured_minor, self.currency)

    @property
    def label_price(self) -> Money | None:
        return None if self.label_minor is None else Money(self.label_minor, self.label_currency)


class Pickup(models.Model):
    """A courier's visit at the door to collect a parcel, in a window of two hours. At most three attempts.

    Pickups with the same `visit` are one visit that collects several parcels; each still has its own state.
    """

    class Status(models.TextChoices):
        BOOKED = "booked", _("booked")
        ATTEMPTED = "attempted", _("nobody was in; the courier comes again")
        COLLECTED = "collected", _("collected")
        FAILED = "failed", _("not collected")
        CANCELLED = "cancelled", _("cancelled")

    class Failure(models.TextChoices):
        NOBODY_IN = "nobody_in", _("nobody was in, three times")
        CALLED_OFF = "called_off", _("called off by the courier")
        REFUSED = "refused", _("refused by the courier")

    NOUN = "pickup"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.BOOKED: {Status.ATTEMPTED, Status.COLLECTED, Status.FAILED, Status.CANCELLED},
        Status.ATTEMPTED: {Status.ATTEMPTED, Status.COLLECTED, Status.FAILED, Status.CANCELLED},
    }
    MAX_ATTEMPTS = 3

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="pickups")
    visit = models.UUIDField(default=uuid.uuid4, db_index=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.BOOKED)
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    # The courier's word for people; empty until it has agreed to collect this parcel.
    confirmation = models.CharField(max_length=60, blank=True)
    gateway_id = models.CharField(max_length=60, blank=True)
    refusal = models.CharField(max_length=80, blank=True)
    # Why it failed, once it has.
    failure = models.CharField(max_length=12, choices=Failure, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    attempted_at = models.DateTimeField(null=True, blank=True)
    collected_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    # The courier has confirmed that it does not come for a cancelled one.
    void_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("pickup")
        verbose_name_plural = _("pickups")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "booked",
                        "attempted",
                        "collected",
                        "failed",
                        "cancelled",
                    ]
                ),
                name="pickup_status_known",
            ),
            models.CheckConstraint(condition=Q(attempts__lte=3), name="pickup_three_attempts"),
            models.CheckConstraint(condition=Q(window_end__gt=models.F("window_start")), name="pickup_window"),
            models.UniqueConstraint(
                fields=["parcel"],
                condition=Q(status__in=["booked", "attempted"]),
                name="pickup_one_open_per_parcel",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="pickup_to_book", condition=Q(status="booked", confirmation="")),
            models.Index(fields=["cancelled_at"], name="pickup_to_void", condition=Q(status="cancelled", void_at=None)),
        ]

    def __str__(self) -> str:
        return self.confirmation or str(self.pk)

    @property
    def outcome(self) -> str:
        """The status in words; of a failed visit, what happened."""
        return str(self.get_failure_display() or self.get_status_display())

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_PICKUP

    def can_be_joined(self, at: datetime) -> bool:
        """Is the visit still ahead, so that it may take another parcel along?"""
        return self.status == self.Status.BOOKED and self.window_start > at


OPEN_PICKUP = (Pickup.Status.BOOKED, Pickup.Status.ATTEMPTED)


class TrackingPoint(models.Model):
    """One scan by the courier, kept once per the courier's own event id. `code` is ours, `text` the courier's."""

    class Code(models.TextChoices):
        PICKUP_ATTEMPTED = "pickup_attempted", _("Nobody was in")
        PICKUP_FAILED = "pickup_failed", _("Collection failed")
        COLLECTED = "collected", _("Collected at the door")
        IN_TRANSIT = "in_transit", _("On its way")
        OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
        HELD = "held", _("Waiting to be fetched by the recipient")
        DELIVERED = "delivered", _("Delivered")
        LOST = "lost", _("Lost")
        DAMAGED = "damaged", _("Damaged on the way")
        RETURNING = "returning", _("Not accepted, on its way back to the sender")
        PROBLEM = "problem", _("The courier reports a problem")

    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="points")
    external_id = models.CharField(max_length=120, unique=True)
    code = models.CharField(max_length=20, choices=Code)
    place = models.CharField(max_length=80, blank=True)
    happened_at = models.DateTimeField()

    class Meta:
        verbose_name = _("tracking point")
        verbose_name_plural = _("tracking points")
        ordering = ["happened_at", "id"]

    def __str__(self) -> str:
        return f"{self.code} {self.parcel_id}"


class SandboxShipment(models.Model):
    """What the sandbox courier remembers: the script of one parcel, and how far it got.

    `script` is `[[code, ISO instant, key of the pickup or "", place], …]`; what lies before `position` has happened.
    """

    tracking_number = models.CharField(primary_key=True, max_length=40)
    script = models.JSONField(default=list)
    position = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True, db_index=True)

    def __str__(self) -> str:
        return self.tracking_number
