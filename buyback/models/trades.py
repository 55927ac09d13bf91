"""A device on its way from a consumer to a plant, who sold it, and what the two say to each other."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.crypto import BlindIndexField, EncryptedTextField
from backmarket.db import sequence_number
from backmarket.files import private_files
from backmarket.money import Money
from backmarket.payments.models import Payout
from backmarket.shipping.models import Parcel
from buyback.models.quotes import Quote
from buyback.querysets import TradeQuerySet
from catalog.models import Condition, Unit, Variant
from refurbishers.models import Refurbisher


class Identity(models.Model):
    """Who sold, as the police register asks: document kind and number, nothing more, encrypted."""

    class Document(models.TextChoices):
        IDENTITY_CARD = "identity_card", _("identity card")
        PASSPORT = "passport", _("passport")
        DRIVING_LICENCE = "driving_licence", _("driving licence")
        RESIDENCE_PERMIT = "residence_permit", _("residence permit")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="identities")
    full_name = EncryptedTextField()
    birth_date = EncryptedTextField()
    document_kind = models.CharField(max_length=20, choices=Document)
    document_number = EncryptedTextField()
    # Equal documents of several accounts find each other by it, without being read.
    number_index = BlindIndexField(of="document_number")
    created_at = models.DateTimeField()
    # When what identifies the person was erased, because nothing asks for it any more.
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")

    def __str__(self) -> str:
        return str(self.get_document_kind_display())


class Trade(models.Model):
    """A device being sold by a consumer to a plant.

    `price_minor` is what will be paid: the quoted price until a counter-offer is accepted.
    """

    class Status(models.TextChoices):
        ACCEPTED = "accepted", _("waiting for the courier")
        COLLECTED = "collected", _("collected, on its way")
        RECEIVED = "received", _("at the plant")
        INSPECTED = "inspected", _("inspected")
        COUNTERED = "countered", _("counter-offer made")
        VALIDATED = "validated", _("validated, payment ordered soon")
        PAID = "paid", _("paid")
        SUSPENDED = "suspended", _("suspended")
        RETURNING = "returning", _("on its way back to you")
        UNDELIVERED = "undelivered", _("back at the plant, undelivered")
        RETURNED = "returned", _("returned")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")
        LOST = "lost", _("lost by the courier")

    NOUN = "trade"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.ACCEPTED: {Status.COLLECTED, Status.CANCELLED, Status.EXPIRED},
        # The courier may bring it back to its seller's door instead.
        Status.COLLECTED: {Status.RECEIVED, Status.LOST, Status.SUSPENDED, Status.RETURNED},
        Status.RECEIVED: {Status.INSPECTED, Status.SUSPENDED, Status.VALIDATED},
        Status.INSPECTED: {Status.VALIDATED, Status.COUNTERED, Status.SUSPENDED},
        Status.COUNTERED: {Status.VALIDATED, Status.RETURNING},
        Status.SUSPENDED: {Status.RECEIVED, Status.RETURNING, Status.RETURNED},
        # A plant that does not send it has bought it.
        Status.RETURNING: {Status.RETURNED, Status.LOST, Status.UNDELIVERED, Status.VALIDATED},
        Status.UNDELIVERED: {Status.RETURNING},
        # The courier took it along all the same: no device is kept, and what is lost is paid.
        Status.CANCELLED: {Status.RETURNING, Status.RETURNED, Status.LOST},
        Status.EXPIRED: {Status.RETURNING, Status.RETURNED, Status.LOST},
        # Value insured in full: a lost device is paid as quoted.
        Status.LOST: {Status.VALIDATED, Status.RECEIVED},
        Status.VALIDATED: {Status.PAID},
    }
    OPEN: ClassVar[tuple[str, ...]] = (
        "accepted", "collected", "received", "inspected", "countered", "suspended", "returning", "undelivered",
        "validated", "lost",
    )  # fmt: skip
    CALLED_OFF: ClassVar[tuple[str, ...]] = (Status.CANCELLED, Status.EXPIRED)
    COLLECT_WITHIN_DAYS = 21
    ARRIVE_WITHIN_DAYS = 14
    INSPECT_WITHIN_BUSINESS_DAYS = 2
    ANSWER_WITHIN_DAYS = 7
    MEND_WITHIN_DAYS = 14
    RETURN_WITHIN_BUSINESS_DAYS = 2
    SEND_AGAIN_AFTER_DAYS = 14
    MAX_SENDINGS = 3
    PAYOUT_ORDERED_BUSINESS_DAYS = 1
    PAYOUT_ON_ACCOUNT_BUSINESS_DAYS = 3

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True, editable=False, db_default=sequence_number("buyback_trade_number"))
    quote = models.OneToOneField(Quote, on_delete=models.PROTECT, related_name="trade")
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="trades")
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="trades")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="trades")
    condition = models.CharField(max_length=24, choices=Condition)
    identifier = models.CharField(_("IMEI or serial"), max_length=40)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.ACCEPTED)
    quoted_minor = models.PositiveIntegerField()
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="trades")
    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    holder = EncryptedTextField(_("account holder"))
    iban = EncryptedTextField(_("IBAN"))
    iban_last4 = models.CharField(max_length=4)
    iban_index = BlindIndexField(of="iban")
    conditions_version = models.CharField(max_length=20)
    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, null=True, related_name="+")
    return_parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    unit = models.OneToOneField(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="trade")
    # When the seller chose to have credit instead of a transfer, and when the money became that.
    credit_chosen_at = models.DateTimeField(null=True, blank=True)
    credited_at = models.DateTimeField(_("kept as credit"), null=True, blank=True)
    suspension = models.CharField(_("reason of the suspension"), max_length=20, blank=True)
    due_at = models.DateTimeField(_("deadline"), null=True, blank=True)
    accepted_at = models.DateTimeField()
    collected_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    inspected_at = models.DateTimeField(null=True, blank=True)
    countered_at = models.DateTimeField(null=True, blank=True)
    validated_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    returning_at = models.DateTimeField(null=True, blank=True)
    undelivered_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)

    objects = TradeQuerySet.as_manager()

    class Meta:
        verbose_name = _("trade")
        verbose_name_plural = _("trades")
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "accepted",
                        "collected",
                        "received",
                        "inspected",
                        "countered",
                        "validated",
                        "paid",
                        "suspended",
                        "returning",
                        "undelivered",
                        "returned",
                        "cancelled",
                        "expired",
                        "lost",
                    ]
                ),
                name="trade_status_known",
            ),
            models.UniqueConstraint(
                fields=["identifier"],
                condition=Q(
                    status__in=[
                        "accepted",
                        "collected",
                        "received",
                        "inspected",
                        "countered",
                        "suspended",
                        "returning",
                        "undelivered",
                        "validated",
                        "lost",
                    ],
                    # One that was called off, and comes back: its device may be sold again already.
                    cancelled_at__isnull=True,
                    expired_at__isnull=True,
                ),
                name="trade_one_open_per_device",
            ),
            models.CheckConstraint(condition=Q(price_minor__lte=F("quoted_minor")), name="trade_never_above_quote"),
            models.CheckConstraint(
                condition=~Q(status__in=["validated", "paid"]) | Q(validated_at__isnull=False),
                name="trade_paid_only_validated",
            ),
            models.CheckConstraint(
                condition=~Q(status="paid") | Q(payout__isnull=False) | Q(credited_at__isnull=False),
                name="trade_paid_has_payout",
            ),
            models.CheckConstraint(
                condition=Q(credited_at=None) | Q(status="paid", payout=None, credit_chosen_at__isnull=False),
                name="trade_credited_is_paid_without_payout",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["returning", "undelivered", "returned"]) | Q(return_parcel__isnull=False),
                name="trade_returning_has_parcel",
            ),
        ]
        indexes = [models.Index(fields=["status", "due_at"], name="trade_due")]

    def __str__(self) -> str:
        return f"T{self.number}"

    @property
    def quoted(self) -> Money:
        return Money(self.quoted_minor, self.currency)

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


class TradeMessage(models.Model):
    """A word between the consumer and the plant about one trade."""

    trade = models.ForeignKey(Trade, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    from_plant = models.BooleanField()
    text = models.TextField(_("message"), max_length=2000)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return date_format(self.created_at, "SHORT_DATETIME_FORMAT")


class MessagePhoto(models.Model):
    """A picture sent with a message: re-encoded by us, location data removed, private to both sides."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(TradeMessage, on_delete=models.CASCADE, related_name="photos")
    image = models.ImageField(upload_to="messages/", storage=private_files)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["message", "position"], name="message_photo_place")]

    def __str__(self) -> str:
        return str(self.pk)


class Reminder(models.Model):
    """That a seller was reminded of something, once: `of` names the deadline, or the instant since which it waits."""

    class About(models.TextChoices):
        PICKUP = "pickup", _("the courier comes")
        HAND_OVER = "hand_over", _("the parcel has not been handed over")
        COUNTER_OFFER = "counter_offer", _("a counter-offer waits")
        SUSPENSION = "suspension", _("something stops the sale")
        ACCOUNT = "account", _("the money waits for an account")

    trade = models.ForeignKey(Trade, on_delete=models.CASCADE, related_name="reminders")
    about = models.CharField(max_length=16, choices=About)
    of = models.DateTimeField()
    reminded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trade", "about", "of"], name="reminder_once")]

    def __str__(self) -> str:
        return f"{self.trade} {self.about}"
