"""After-sales cases and the words in them."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.db import sequence_number
from backmarket.shipping.models import Parcel
from orders.models.orders import OrderLine
from orders.querysets import ClaimQuerySet
from refurbishers.models import Refurbisher


class Claim(models.Model):
    """An after-sales case on one order line. `due_at` is its owner's deadline; `paused_at` stops that clock."""

    class Status(models.TextChoices):
        OPENED = "opened", _("opened")
        AWAITING_PLANT = "awaiting_plant", _("waiting for the plant")
        AWAITING_CUSTOMER = "awaiting_customer", _("waiting for the customer")
        AWAITING_RETURN = "awaiting_return", _("waiting for the parcel")
        IN_TRANSIT_TO_PLANT = "in_transit_to_plant", _("on its way to the plant")
        AT_PLANT = "at_plant", _("at the plant")
        DISPUTED = "disputed", _("refused by the plant")
        ARBITRATION = "arbitration", _("support decides")
        REPAIRING = "repairing", _("being repaired")
        REPLACING = "replacing", _("being replaced")
        IN_TRANSIT_TO_CUSTOMER = "in_transit_to_customer", _("on its way back")
        RESOLVED = "resolved", _("resolved")
        REFUNDED = "refunded", _("refunded")
        WITHDRAWN = "withdrawn", _("withdrawn by the customer")

    class Wish(models.TextChoices):
        REMOTE_ASSISTANCE = "REMOTE_ASSISTANCE", _("help from a distance")
        REPAIR = "REPAIR", _("repair")
        REPLACE = "REPLACE", _("replacement")
        REFUND = "REFUND", _("refund")

    class Problem(models.TextChoices):
        ACCOUNT_LOCKED = "ACCOUNT_LOCKED", _("account still locked")
        CODE_LOCKED = "CODE_LOCKED", _("locked by a code")
        DAMAGED_PACKAGE = "DAMAGED_PACKAGE", _("parcel arrived damaged")
        ITEM_NOT_RECEIVED = "ITEM_NOT_RECEIVED", _("device not in the parcel")
        MISSING_PART = "MISSING_PART", _("part missing")
        OOW_ITEM = "OOW_ITEM", _("not covered by the guarantee")
        PROBLEM_NOT_IDENTIFIED = "PROBLEM_NOT_IDENTIFIED", _("problem not found")
        WRONG_ITEM = "WRONG_ITEM", _("another device")
        OTHER = "OTHER", _("other")

    NOUN = "claim"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.OPENED: {Status.AWAITING_PLANT, Status.WITHDRAWN},
        Status.AWAITING_PLANT: {
            Status.AWAITING_CUSTOMER, Status.AWAITING_RETURN, Status.DISPUTED, Status.ARBITRATION, Status.RESOLVED,
            Status.REFUNDED, Status.WITHDRAWN,
        },
        Status.AWAITING_CUSTOMER: {
            Status.AWAITING_PLANT, Status.AWAITING_RETURN, Status.RESOLVED, Status.REFUNDED, Status.WITHDRAWN,
        },
        Status.AWAITING_RETURN: {Status.IN_TRANSIT_TO_PLANT, Status.AT_PLANT, Status.WITHDRAWN, Status.REFUNDED},
        Status.IN_TRANSIT_TO_PLANT: {Status.AT_PLANT, Status.REFUNDED},
        Status.AT_PLANT: {Status.REPAIRING, Status.REPLACING, Status.DISPUTED, Status.REFUNDED},
        Status.DISPUTED: {Status.ARBITRATION, Status.RESOLVED, Status.WITHDRAWN, Status.REFUNDED},
        Status.ARBITRATION: {
            Status.AWAITING_RETURN, Status.REPAIRING, Status.REPLACING, Status.RESOLVED, Status.REFUNDED,
            Status.AWAITING_CUSTOMER, Status.WITHDRAWN,
        },
        Status.REPAIRING: {Status.IN_TRANSIT_TO_CUSTOMER, Status.REPLACING, Status.REFUNDED},
        Status.REPLACING: {Status.IN_TRANSIT_TO_CUSTOMER, Status.REFUNDED},
        Status.IN_TRANSIT_TO_CUSTOMER: {Status.RESOLVED, Status.REFUNDED},
        # A message on a resolved case reopens it.
        Status.RESOLVED: {Status.AWAITING_PLANT},
    }  # fmt: skip
    FIRST_ANSWER_BUSINESS_HOURS = 4
    PLANT_ANSWERS_WITHIN_BUSINESS_DAYS = 1
    REPAIR_WITHIN_BUSINESS_DAYS = 5
    REFUND_AFTER_BUSINESS_DAYS = 10

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True, editable=False, db_default=sequence_number("orders_claim_number"))
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="claims")
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="claims")
    status = models.CharField(_("status"), max_length=24, choices=Status, default=Status.OPENED)
    issue = models.CharField(_("issue"), max_length=40)
    wish = models.CharField(_("wish"), max_length=20, choices=Wish)
    description = models.TextField(_("what happens"), max_length=2000)
    problem = models.CharField(_("the plant's reason"), max_length=24, choices=Problem, blank=True)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="cases"
    )
    escalated_at = models.DateTimeField(_("taken over by support"), null=True, blank=True)
    first_answer_at = models.DateTimeField(_("first human answer"), null=True, blank=True)
    due_at = models.DateTimeField(_("deadline"), null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    return_parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField()
    at_plant_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    refunded_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["line"],
                condition=~Q(status__in=["resolved", "refunded", "withdrawn"]),
                name="claim_one_open_per_line",
            ),
        ]
        indexes = [models.Index(fields=["plant", "status", "due_at"], name="claim_of_plant")]

    def __str__(self) -> str:
        return f"C{self.number}"

    @property
    def running_due_at(self) -> datetime | None:
        """The owner's deadline; None while the customer is awaited, as the clock stands still then."""
        return None if self.paused_at else self.due_at

    @property
    def status_for_customer(self) -> str:
        """The status in words to the customer, who is "you"."""
        own = {
            self.Status.AWAITING_CUSTOMER: _("waiting for you"),
            self.Status.AWAITING_RETURN: _("waiting for your parcel"),
        }
        return str(own.get(self.Status(self.status)) or self.get_status_display())

    @property
    def is_with_support(self) -> bool:
        """Is support to act? In arbitration, or instead of a plant that was silent or from whom it took the case."""
        taken = self.status == self.Status.AWAITING_PLANT and bool(self.escalated_at or self.handler_id)
        return self.status == self.Status.ARBITRATION or taken


class ClaimMessage(models.Model):
    """A word in a case, seen by customer, plant and support alike. `author_role` says on whose behalf."""

    class Role(models.TextChoices):
        CUSTOMER = "customer", _("customer")
        PLANT = "plant", _("plant")
        SUPPORT = "support", _("support")
        SYSTEM = "system", _("automatic")

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    author_role = models.CharField(max_length=10, choices=Role)
    text = models.TextField(_("message"), max_length=2000)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return str(self.get_author_role_display())
