"""Selling a device: bids, quotes, trades, inspections, counter-offers, and the register of bought goods."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.crypto import EncryptedTextField
from backmarket.files import private_files
from backmarket.money import Money
from backmarket.payments.models import Payout
from backmarket.shipping.models import Parcel
from buyback.querysets import BidQuerySet, TradeQuerySet
from catalog.models import Condition, Grade, GradingSpecification, QuestionSet, Unit, Variant
from refurbishers.models import Refurbisher


class Bid(models.Model):
    """What a plant pays for a variant in a condition. A price of zero is refused: no bid is no row."""

    plant = models.ForeignKey(Refurbisher, on_delete=models.CASCADE, related_name="bids")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="bids")
    condition = models.CharField(_("condition"), max_length=24, choices=Condition)
    price_minor = models.PositiveIntegerField(_("price"))
    currency = models.CharField(max_length=3)
    active = models.BooleanField(_("active"), default=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = BidQuerySet.as_manager()

    class Meta:
        verbose_name = _("bid")
        verbose_name_plural = _("bids")
        constraints = [
            models.UniqueConstraint(fields=["plant", "variant", "condition"], name="bid_once"),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="bid_positive"),
        ]
        indexes = [
            models.Index(fields=["variant", "condition", "-price_minor"], name="bid_best", condition=Q(active=True)),
        ]

    def __str__(self) -> str:
        return f"{self.plant_id} {self.variant_id} {self.condition}"

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


class Quote(models.Model):
    """A snapshot of the bids for a described device, open to whoever has its UUID, valid for 14 days."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        EXPIRED = "expired", _("expired")

    NOUN = "quote"
    MOVES: ClassVar[dict[str, set[str]]] = {Status.OPEN: {Status.ACCEPTED, Status.EXPIRED}}
    VALID_DAYS = 14

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="quotes")
    question_set = models.ForeignKey(QuestionSet, on_delete=models.PROTECT)
    answers = models.JSONField()
    condition = models.CharField(max_length=24, choices=Condition)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="quote_expires_later"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="quote_open", condition=Q(status="open"))]

    def __str__(self) -> str:
        return f"{self.variant} {self.condition}"


class QuoteBid(models.Model):
    """One bid as it stood in a quote, with what was known of its plant that day."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="bids")
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="+")
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    rating_x10 = models.PositiveSmallIntegerField(null=True)
    paid_as_quoted_bps = models.PositiveIntegerField(null=True)
    median_days_to_pay = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering = ["-price_minor", "id"]
        constraints = [models.UniqueConstraint(fields=["quote", "plant"], name="quoted_once_per_plant")]

    def __str__(self) -> str:
        return f"{self.plant_id} {self.price_minor}"

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def rating(self) -> float | None:
        return None if self.rating_x10 is None else self.rating_x10 / 10


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
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")

    def __str__(self) -> str:
        return f"{self.user_id} {self.document_kind}"


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
        RETURNED = "returned", _("returned")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")
        LOST = "lost", _("lost by the courier")

    NOUN = "trade"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.ACCEPTED: {Status.COLLECTED, Status.CANCELLED, Status.EXPIRED},
        Status.COLLECTED: {Status.RECEIVED, Status.LOST, Status.SUSPENDED},
        Status.RECEIVED: {Status.INSPECTED, Status.SUSPENDED, Status.VALIDATED},
        Status.INSPECTED: {Status.VALIDATED, Status.COUNTERED, Status.SUSPENDED},
        Status.COUNTERED: {Status.VALIDATED, Status.RETURNING},
        Status.SUSPENDED: {Status.RECEIVED, Status.RETURNING},
        Status.RETURNING: {Status.RETURNED, Status.LOST},
        # Value insured in full: a lost device is paid as quoted.
        Status.LOST: {Status.VALIDATED, Status.RECEIVED},
        Status.VALIDATED: {Status.PAID},
    }
    OPEN: ClassVar[tuple[str, ...]] = (
        "accepted", "collected", "received", "inspected", "countered", "suspended", "returning", "validated", "lost",
    )  # fmt: skip
    COLLECT_WITHIN_DAYS = 21
    INSPECT_WITHIN_BUSINESS_DAYS = 2
    ANSWER_WITHIN_DAYS = 7
    MEND_WITHIN_DAYS = 14
    RETURN_WITHIN_BUSINESS_DAYS = 2
    PAYOUT_ORDERED_BUSINESS_DAYS = 1
    PAYOUT_ON_ACCOUNT_BUSINESS_DAYS = 3

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=models.Func(
            models.Value("buyback_trade_number"),
            function="nextval",
            template="nextval(%(expressions)s::regclass)",
            output_field=models.BigIntegerField(),
        ),
    )
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
    conditions_version = models.CharField(max_length=20)
    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, null=True, related_name="+")
    return_parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    unit = models.OneToOneField(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="trade")
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
                        "validated",
                        "lost",
                    ]
                ),
                name="trade_one_open_per_device",
            ),
            models.CheckConstraint(condition=Q(price_minor__lte=F("quoted_minor")), name="trade_never_above_quote"),
            models.CheckConstraint(
                condition=~Q(status__in=["validated", "paid"]) | Q(validated_at__isnull=False),
                name="trade_paid_only_validated",
            ),
            models.CheckConstraint(condition=~Q(status="paid") | Q(payout__isnull=False), name="trade_paid_has_payout"),
            models.CheckConstraint(
                condition=~Q(status__in=["returning", "returned"]) | Q(return_parcel__isnull=False),
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


class Inspection(models.Model):
    """A technician's sheet for one trade: an answer per check of the grading specification, then the grade's verdict.

    `sheet` is {check code: value}; `verdict` is what grading.grade() returned, check by check. Written once.
    """

    trade = models.OneToOneField(Trade, on_delete=models.PROTECT, related_name="inspection")
    specification = models.ForeignKey(GradingSpecification, on_delete=models.PROTECT)
    technician = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    sheet = models.JSONField()
    note = models.CharField(_("note"), max_length=500, blank=True)
    submitted_at = models.DateTimeField()
    graded_at = models.DateTimeField(null=True, blank=True)
    condition_found = models.CharField(max_length=24, choices=Condition, blank=True)
    grade_reachable = models.CharField(max_length=10, choices=Grade, blank=True)
    verdict = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        indexes = [models.Index(fields=["submitted_at"], name="inspection_to_grade", condition=Q(graded_at=None))]

    def __str__(self) -> str:
        return f"{self.trade_id}"


class EvidencePhoto(models.Model):
    """A photo that backs a counter-offer or a suspension. Re-encoded by us; location data removed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    trade = models.ForeignKey(Trade, on_delete=models.PROTECT, related_name="photos")
    image = models.ImageField(upload_to="trades/", storage=private_files)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class CounterOffer(models.Model):
    """The one lower price a plant may offer, with reasons tied to answers that the consumer gave."""

    class Reason(models.TextChoices):
        FUNCTIONAL = "functional", _("something does not work as described")
        ESTHETICS = "esthetics", _("looks worse than described")
        OTHER = "other", _("something else differs")

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        SILENT = "silent", _("no answer")

    trade = models.OneToOneField(Trade, on_delete=models.PROTECT, related_name="counter_offer")
    price_minor = models.PositiveIntegerField(_("price, minor units"))
    currency = models.CharField(max_length=3)
    reasons = models.JSONField(help_text="[{reason, question}]: each reason with the question whose answer it disputes")
    comment = models.CharField(_("comment"), max_length=200)
    offered_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("counter-offer")
        verbose_name_plural = _("counter-offers")
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True) | ~Q(answer="") & Q(answered_at__isnull=False),
                name="counter_offer_answered_with_date",
            ),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="counter_offer_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.trade_id} {self.price_minor}"

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
        return f"{self.trade_id} {self.created_at}"


class RegisterEntry(models.Model):
    """The plant's register of bought goods (French penal code 321-7): append-only, each entry hashes the one before."""

    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="register")
    number = models.PositiveIntegerField(_("number"))
    trade = models.OneToOneField(Trade, on_delete=models.PROTECT, related_name="register_entry")
    entered_at = models.DateTimeField(_("entered"))
    device = models.CharField(_("device"), max_length=200)
    identifier = models.CharField(_("IMEI or serial"), max_length=40)
    price_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    payment_means = models.CharField(_("paid by"), max_length=40)
    seller = EncryptedTextField(_("seller"))
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("register entry")
        verbose_name_plural = _("register of bought goods")
        ordering = ["plant_id", "number"]
        constraints = [models.UniqueConstraint(fields=["plant", "number"], name="register_number_once")]

    def __str__(self) -> str:
        return f"{self.plant_id} {self.number}"
