"""Buying a device: carts, orders, lines, guarantees, withdrawals, claims and the plants' settlements."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.money import Money
from backmarket.payments.models import Payout
from backmarket.shipping.models import Parcel
from catalog.models import Grade, Listing, Unit, VatScheme
from orders.querysets import ClaimQuerySet, LineQuerySet
from refurbishers.models import Refurbisher


class Cart(models.Model):
    """What a visitor means to buy. A guest's cart is found by its id in the session, a person's by the user."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="cart"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.pk)


class CartItem(models.Model):
    """Some devices of one listing. `seen_minor` is the price the visitor last saw, so that a change is told."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="items")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveSmallIntegerField(default=1)
    seen_minor = models.PositiveIntegerField()
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "listing"], name="cart_listing_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=10), name="cart_quantity_1_to_10"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.listing_id}"


class Order(models.Model):
    """One checkout of one buyer: one payment, a consignment per plant. Is it paid? is `payment_status`, alone."""

    class PaymentStatus(models.TextChoices):
        PENDING = "pending", _("waiting for payment")
        AUTHORISED = "authorised", _("authorised")
        CAPTURED = "captured", _("paid")
        FAILED = "failed", _("payment failed")
        CANCELLED = "cancelled", _("cancelled")

    NOUN = "order"
    STATUS_FIELD = "payment_status"
    MOVES: ClassVar[dict[str, set[str]]] = {
        PaymentStatus.PENDING: {
            PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED, PaymentStatus.FAILED, PaymentStatus.CANCELLED,
        },
        PaymentStatus.AUTHORISED: {PaymentStatus.CAPTURED, PaymentStatus.FAILED, PaymentStatus.CANCELLED},
    }  # fmt: skip

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=models.Func(
            models.Value("orders_order_number"),
            function="nextval",
            template="nextval(%(expressions)s::regclass)",
            output_field=models.BigIntegerField(),
        ),
    )
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="orders"
    )
    email = models.EmailField(_("e-mail"))
    language = models.CharField(max_length=8, default="en-gb")
    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    # Emptied once the order is paid; until then it lets the buyer try again.
    cart = models.ForeignKey(Cart, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders")
    # One order per checkout attempt, whatever is clicked twice.
    checkout_key = models.UUIDField(unique=True)
    payment_status = models.CharField(_("payment"), max_length=12, choices=PaymentStatus, default=PaymentStatus.PENDING)
    total_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    conditions_version = models.CharField(max_length=20)
    reserved_until = models.DateTimeField()
    placed_at = models.DateTimeField()
    captured_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(condition=Q(total_minor__gt=0), name="order_positive"),
            models.CheckConstraint(
                condition=~Q(payment_status="captured") | Q(captured_at__isnull=False),
                name="order_paid_has_date",
            ),
        ]
        indexes = [models.Index(fields=["buyer", "-number"], name="order_of_buyer")]

    def __str__(self) -> str:
        return str(self.number)

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)


class Consignment(models.Model):
    """What one plant sends for one order, in one parcel."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="consignments")
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="consignments")
    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    shipping_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    ship_by = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("consignment")
        verbose_name_plural = _("consignments")
        constraints = [models.UniqueConstraint(fields=["order", "plant"], name="consignment_one_per_plant")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.plant_id}"

    @property
    def shipping(self) -> Money:
        return Money(self.shipping_minor, self.currency)


class OrderLine(models.Model):
    """One device of an order: what moves. Title, price, commission, shipping share and tax are frozen at sale."""

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting for payment")
        ON_HOLD = "on_hold", _("being checked")
        PAID = "paid", _("paid, the plant is told")
        ACCEPTED = "accepted", _("accepted by the plant")
        SHIPPED = "shipped", _("on its way")
        DELIVERED = "delivered", _("delivered")
        CLOSED = "closed", _("closed")
        CANCELLED = "cancelled", _("cancelled")
        REFUNDED = "refunded", _("refunded")

    NOUN = "line"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.PENDING: {Status.PAID, Status.ON_HOLD, Status.CANCELLED},
        Status.ON_HOLD: {Status.PAID, Status.CANCELLED},
        Status.PAID: {Status.ACCEPTED, Status.CANCELLED},
        Status.ACCEPTED: {Status.SHIPPED, Status.CANCELLED},
        Status.SHIPPED: {Status.DELIVERED, Status.REFUNDED},
        Status.DELIVERED: {Status.CLOSED, Status.REFUNDED},
        Status.CLOSED: {Status.REFUNDED},
        # A line cancelled after payment ends as refunded once its money is back.
        Status.CANCELLED: {Status.REFUNDED},
    }
    SHIP_WITHIN_BUSINESS_DAYS = 1
    CANCEL_AFTER_BUSINESS_DAYS = 5
    WITHDRAW_WITHIN_DAYS = 30
    PROCEEDS_DUE_AFTER_DAYS = 14

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    consignment = models.ForeignKey(Consignment, on_delete=models.PROTECT, related_name="lines")
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="lines")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="lines")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="lines")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    title = models.CharField(max_length=250)
    grade = models.CharField(max_length=10, choices=Grade)
    price_minor = models.PositiveIntegerField()
    shipping_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    commission_bps = models.PositiveIntegerField()
    commission_minor = models.PositiveIntegerField()
    commission_vat_minor = models.PositiveIntegerField()
    vat_scheme = models.CharField(max_length=8, choices=VatScheme)
    guarantee_months = models.PositiveSmallIntegerField()
    identifier = models.CharField(_("IMEI or serial"), max_length=40, blank=True)
    due_at = models.DateTimeField(_("deadline"), null=True, blank=True)
    cancel_reason = models.CharField(max_length=30, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    refunded_at = models.DateTimeField(null=True, blank=True)

    objects = LineQuerySet.as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order_id", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["shipped", "delivered", "closed"])
                | Q(shipped_at__isnull=False) & ~Q(identifier=""),
                name="line_shipped_has_identifier",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["delivered", "closed"]) | Q(delivered_at__isnull=False),
                name="line_delivered_has_date",
            ),
            models.CheckConstraint(
                condition=Q(price_minor__gte=F("commission_minor") + F("commission_vat_minor")),
                name="line_commission_within_price",
            ),
            models.UniqueConstraint(
                fields=["unit"],
                condition=Q(status__in=["pending", "on_hold", "paid", "accepted", "shipped", "delivered", "closed"]),
                name="unit_sold_once",
            ),
        ]
        indexes = [
            models.Index(fields=["plant", "status", "due_at"], name="line_of_plant"),
            models.Index(fields=["status", "due_at"], name="line_due"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def shipping(self) -> Money:
        return Money(self.shipping_minor, self.currency)

    @property
    def gross(self) -> Money:
        """What the buyer paid for this line, its share of shipping included."""
        return Money(self.price_minor + self.shipping_minor, self.currency)

    @property
    def proceeds(self) -> Money:
        """What the plant earns: gross − commission − VAT on the commission."""
        deducted = self.commission_minor + self.commission_vat_minor
        return Money(self.price_minor + self.shipping_minor - deducted, self.currency)


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
    LEGAL_MONTHS = 24
    PRESUMPTION_MONTHS = 12
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
        return f"{self.line_id} {self.commercial_until_date}"


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
        return str(self.line_id)


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
    number = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=models.Func(
            models.Value("orders_claim_number"),
            function="nextval",
            template="nextval(%(expressions)s::regclass)",
            output_field=models.BigIntegerField(),
        ),
    )
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
        return f"{self.claim_id} {self.author_role}"


class Settlement(models.Model):
    """What a plant is paid on a 6th, 16th or 26th. Its amount is its rows' sum; a negative one is carried over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="settlements")
    settled_date = models.DateField(_("date"))
    total_minor = models.BigIntegerField(_("total, minor units"))
    currency = models.CharField(max_length=3)
    payout = models.OneToOneField(Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        ordering = ["-settled_date"]
        constraints = [
            models.UniqueConstraint(fields=["plant", "settled_date", "currency"], name="settlement_once_a_date"),
        ]

    def __str__(self) -> str:
        return f"{self.plant_id} {self.settled_date}"

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)


class Earning(models.Model):
    """One row of a plant's statement: a line's proceeds, its refund, or what an earlier settlement left over."""

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        REFUND = "refund", _("refund")
        CARRIED = "carried", _("carried over")

    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="earnings")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="earnings")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    amount_minor = models.BigIntegerField(_("amount, minor units"))
    currency = models.CharField(max_length=3)
    due_at = models.DateTimeField(_("due"))
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, null=True, blank=True, related_name="earnings")
    carried_from = models.OneToOneField(
        Settlement, on_delete=models.PROTECT, null=True, blank=True, related_name="carried_to"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("earning")
        verbose_name_plural = _("earnings")
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["line", "kind"], name="earning_once_per_line"),
            models.CheckConstraint(
                condition=Q(kind="carried", line__isnull=True, carried_from__isnull=False)
                | Q(kind="sale", line__isnull=False, amount_minor__gte=0)
                | Q(kind="refund", line__isnull=False, amount_minor__lte=0),
                name="earning_sign_fits_kind",
            ),
        ]
        indexes = [models.Index(fields=["plant", "due_at"], name="earning_due", condition=Q(settlement=None))]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
