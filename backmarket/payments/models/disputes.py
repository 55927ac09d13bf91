"""Money that a buyer's bank takes back, until the bank has heard both sides."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket.crypto import EncryptedTextField
from backmarket.money import Money
from backmarket.payments.models.incoming import Payment


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> "DisputeQuerySet":
        return self.filter(status__in=Dispute.OPEN)


class Dispute(models.Model):
    """A buyer has asked their bank for the money back. The provider says how it stands; we answer once, and decide who
    bears what is lost.

    `evidence` is our answer in the provider's fields, as JSON; it names people, so it is encrypted.
    """

    class Status(models.TextChoices):
        NEEDS_RESPONSE = "needs_response", _("to be answered")
        UNDER_REVIEW = "under_review", _("with the buyer's bank")
        WON = "won", _("won")
        LOST = "lost", _("lost")
        CLOSED = "closed", _("closed without a decision")

    class Bearer(models.TextChoices):
        HOUSE = "house", _("the house")
        PLANT = "plant", _("the plant")

    NOUN = "dispute"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.NEEDS_RESPONSE: {Status.UNDER_REVIEW, Status.WON, Status.LOST, Status.CLOSED},
        # An inquiry that was answered may become a dispute.
        Status.UNDER_REVIEW: {Status.NEEDS_RESPONSE, Status.WON, Status.LOST, Status.CLOSED},
        Status.CLOSED: {Status.NEEDS_RESPONSE, Status.UNDER_REVIEW, Status.WON, Status.LOST},
        # An appeal, by either side.
        Status.LOST: {Status.NEEDS_RESPONSE, Status.UNDER_REVIEW, Status.WON},
        Status.WON: {Status.NEEDS_RESPONSE, Status.UNDER_REVIEW, Status.LOST},
    }
    OPEN = (Status.NEEDS_RESPONSE, Status.UNDER_REVIEW)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes", verbose_name=_("payment"))
    gateway_id = models.CharField(_("the provider's number"), max_length=120, unique=True)
    status = models.CharField(max_length=14, choices=Status, default=Status.NEEDS_RESPONSE)
    # The bank only asks: no money has moved, and a refund ends it.
    inquiry = models.BooleanField(_("only an inquiry"), default=False)
    reason = models.CharField(_("reason"), max_length=60)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    # What has left us for it, and come back, as the ledger has it.
    taken_minor = models.BigIntegerField(default=0)
    fee_minor = models.BigIntegerField(default=0)
    returned_minor = models.BigIntegerField(default=0)
    # What of it was held for devices that were not sent, and so was the buyer's anyway.
    covered_minor = models.BigIntegerField(default=0)
    fee_returned_minor = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(_("heard of"))
    due_at = models.DateTimeField(_("answer until"), null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    evidence = EncryptedTextField(blank=True)
    # Somebody has answered; the provider has it.
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("handed in"), null=True, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    under_review_at = models.DateTimeField(null=True, blank=True)
    won_at = models.DateTimeField(_("won"), null=True, blank=True)
    lost_at = models.DateTimeField(_("lost"), null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    borne_by = models.CharField(_("borne by"), max_length=5, choices=Bearer, blank=True)
    borne_minor = models.BigIntegerField(default=0)
    # What of it whoever bore it has again, because the dispute was won after all.
    regained_minor = models.BigIntegerField(default=0, db_default=0)
    decision = models.CharField(_("why"), max_length=500, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["needs_response", "under_review", "won", "lost", "closed"]),
                name="dispute_status_known",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="dispute_positive"),
            models.CheckConstraint(
                condition=Q(taken_minor__gte=0, returned_minor__gte=0, returned_minor__lte=F("taken_minor"))
                & Q(covered_minor__gte=0, covered_minor__lte=F("taken_minor")),
                name="dispute_returns_what_it_took",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None) | Q(answered_at__isnull=False), name="dispute_handed_in_when_answered"
            ),
            models.CheckConstraint(
                condition=Q(borne_by="", decided_at=None, borne_minor=0)
                | Q(borne_by__in=["house", "plant"], decided_at__isnull=False, decided_by__isnull=False)
                & ~Q(decision="")
                & Q(borne_minor__gt=0),
                name="dispute_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(regained_minor=0)
                | Q(regained_minor__gt=0, regained_minor__lte=F("borne_minor"))
                & Q(regained_minor__lte=F("returned_minor")),
                name="dispute_regains_what_was_borne_and_came_back",
            ),
        ]

    def __str__(self) -> str:
        return self.gateway_id

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def regained(self) -> Money:
        """What those who bore it have again."""
        return Money(self.regained_minor, self.currency)

    @property
    def lost(self) -> Money:
        """What has left us for it, has not come back, and nobody held for the buyer."""
        return Money(self.taken_minor - self.returned_minor - self.covered_minor, self.currency)
