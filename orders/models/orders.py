"""What was bought: the order, what each plant sends of it, and the line, which is what moves."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.db import sequence_number
from backmarket.invoices.models import Invoice
from backmarket.money import Money
from backmarket.shipping.models import Parcel
from catalog.models import Grade, Listing, Unit, VatScheme
from orders.models.carts import Cart
from orders.querysets import ConsignmentQuerySet, LineQuerySet
from refurbishers.models import Refurbisher

if TYPE_CHECKING:
    from backmarket.payments.models import Payment


class Order(models.Model):
    """One checkout of one buyer: one payment, a consignment per plant. Is it paid? is `payment_status`, alone."""

    class PaymentStatus(models.TextChoices):
        PENDING = "pending", _("waiting for payment")
        AUTHORISED = "authorised", _("authorised")
        CAPTURED = "captured", _("paid")
        FAILED = "failed", _("payment failed")
        CANCELLED = "cancelled", _("cancelled")

    # What card networks and Stripe take at least, where credit pays the rest.
    LEAST_BY_CARD_MINOR = 50
    # Waiting for its money.
    OPEN = (PaymentStatus.PENDING, PaymentStatus.AUTHORISED)
    NOUN = "order"
    # The payment that was written with the order, for whoever has just placed it.
    asked: "Payment | None" = None
    STATUS_FIELD = "payment_status"
    MOVES: ClassVar[dict[str, set[str]]] = {
        PaymentStatus.PENDING: {
            PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED, PaymentStatus.FAILED, PaymentStatus.CANCELLED,
        },
        PaymentStatus.AUTHORISED: {PaymentStatus.CAPTURED, PaymentStatus.FAILED, PaymentStatus.CANCELLED},
    }  # fmt: skip

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True, editable=False, db_default=sequence_number("orders_order_number"))
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="orders"
    )
    email = models.EmailField(_("e-mail"))
    language = models.CharField(max_length=8, default="en-gb")
    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    # Emptied once the order is paid; until then it lets the buyer try again.
    cart = models.ForeignKey(Cart, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders")
    # One order per checkout page, whatever is clicked twice; `snapshot` is the fingerprint of what was confirmed there.
    checkout_key = models.UUIDField(unique=True)
    snapshot = models.CharField(max_length=64, default="", editable=False)
    payment_status = models.CharField(_("payment"), max_length=12, choices=PaymentStatus, default=PaymentStatus.PENDING)
    total_minor = models.PositiveIntegerField()
    # What of it the buyer's credit pays; the payment brings the rest.
    credit_minor = models.PositiveIntegerField(default=0, db_default=0)
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
            models.CheckConstraint(condition=Q(credit_minor__lte=F("total_minor")), name="order_credit_within_total"),
            models.CheckConstraint(
                condition=~Q(payment_status="captured") | Q(captured_at__isnull=False),
                name="order_paid_has_date",
            ),
            models.UniqueConstraint(
                fields=["cart"],
                condition=Q(payment_status__in=["pending", "authorised"]),
                name="order_one_open_per_cart",
            ),
        ]
        indexes = [
            models.Index(fields=["buyer", "-number"], name="order_of_buyer"),
            models.Index(fields=["placed_at"], name="order_placed"),
            models.Index(Upper("email"), "placed_at", name="order_of_mailbox"),
        ]

    def __str__(self) -> str:
        return str(self.number)

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def credit(self) -> Money:
        return Money(self.credit_minor, self.currency)

    @property
    def is_disputed(self) -> bool:
        """Has the buyer's bank been asked to take its money back? Known to whoever has read it with the order."""
        return getattr(self, "disputing", False)

    @property
    def to_pay(self) -> Money:
        """What is left to pay by card."""
        return self.total - self.credit


class Consignment(models.Model):
    """What one plant sends for one order, in one parcel."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="consignments")
    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="consignments")
    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Where the buyer wants it since they changed their mind; else it goes to the order's address.
    address = models.ForeignKey(Address, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    shipping_minor = models.PositiveIntegerField()
    service = models.CharField(
        _("delivery"), max_length=8, choices=Parcel.Service, default=Parcel.Service.STANDARD, db_default="standard"
    )
    # What of the shipping is for express, and the day by which it was promised for that: as placed, and again as paid.
    surcharge_minor = models.PositiveIntegerField(default=0, db_default=0)
    promised_date = models.DateField(_("promised by"), null=True, blank=True)
    currency = models.CharField(max_length=3)
    # Its plant's clock: empty until the plant is told.
    ship_by = models.DateTimeField(null=True, blank=True)

    objects = ConsignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consignment")
        verbose_name_plural = _("consignments")
        constraints = [
            models.UniqueConstraint(fields=["order", "plant"], name="consignment_one_per_plant"),
            models.CheckConstraint(
                condition=Q(service="standard", surcharge_minor=0, promised_date=None)
                | Q(
                    service="express",
                    surcharge_minor__gt=0,
                    surcharge_minor__lte=F("shipping_minor"),
                    promised_date__isnull=False,
                ),
                name="consignment_express_is_promised",
            ),
        ]

    def __str__(self) -> str:
        return str(_("Parcel of order %(number)s") % {"number": self.order.number})

    @property
    def shipping(self) -> Money:
        return Money(self.shipping_minor, self.currency)

    @property
    def surcharge(self) -> Money:
        """What of the shipping is for express."""
        return Money(self.surcharge_minor, self.currency)

    @property
    def is_express(self) -> bool:
        return bool(self.service == Parcel.Service.EXPRESS)

    @property
    def destination(self) -> Address:
        """Where it goes."""
        return self.address or self.order.address


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
    # What of that is its share of the surcharge for express.
    surcharge_minor = models.PositiveIntegerField(default=0, db_default=0)
    # What was given back of it while the buyer keeps the device: the sum of its refunds in part.
    parts_minor = models.PositiveIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3)
    commission_bps = models.PositiveIntegerField()
    commission_minor = models.PositiveIntegerField()
    commission_vat_minor = models.PositiveIntegerField()
    # The rate of the house's VAT on the commission: nothing where the plant owes it itself.
    commission_vat_bps = models.PositiveSmallIntegerField(db_default=2000)
    vat_scheme = models.CharField(_("VAT scheme"), max_length=8, choices=VatScheme)
    # Whose VAT is in the price, and the rate that the invoice shows: none in the margin scheme.
    vat_country = models.CharField(max_length=2, blank=True, db_default="")
    vat_bps = models.PositiveSmallIntegerField(db_default=0)
    # Of the parcel it left in.
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
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
            models.CheckConstraint(
                condition=Q(surcharge_minor__lte=F("shipping_minor")), name="line_surcharge_within_shipping"
            ),
            models.CheckConstraint(
                condition=Q(parts_minor=0) | Q(parts_minor__lt=F("price_minor") + F("shipping_minor")),
                name="line_parts_leave_a_rest",
            ),
            models.CheckConstraint(
                condition=Q(vat_scheme="REGULAR", vat_bps__lte=10_000) | Q(vat_bps=0), name="line_margin_shows_no_vat"
            ),
            models.CheckConstraint(condition=Q(commission_vat_bps__lte=10_000), name="line_commission_vat_share"),
            models.CheckConstraint(
                condition=Q(invoice=None) | Q(shipped_at__isnull=False), name="line_invoiced_once_sent"
            ),
            models.UniqueConstraint(
                fields=["unit"],
                condition=Q(status__in=["pending", "on_hold", "paid", "accepted", "shipped", "delivered", "closed"]),
                name="unit_sold_once",
            ),
            # Once delivered, a device may come back and be sold again.
            models.UniqueConstraint(
                fields=["identifier"], condition=Q(status="shipped"), name="line_device_on_one_road"
            ),
        ]
        indexes = [
            models.Index(fields=["plant", "status", "due_at"], name="line_of_plant"),
            models.Index(fields=["status", "due_at"], name="line_due"),
            models.Index(fields=["consignment"], name="line_express", condition=Q(surcharge_minor__gt=0)),
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
    def surcharge(self) -> Money:
        """Its share of what express cost."""
        return Money(self.surcharge_minor, self.currency)

    @property
    def gross(self) -> Money:
        """What the buyer paid for this line, its share of shipping included."""
        return Money(self.price_minor + self.shipping_minor, self.currency)

    @property
    def given_back(self) -> Money:
        """In part."""
        return Money(self.parts_minor, self.currency)

    @property
    def rest(self) -> Money:
        """What a full refund gives back: all that was paid, less what was given back in part."""
        return Money(self.price_minor + self.shipping_minor - self.parts_minor, self.currency)

    @property
    def proceeds(self) -> Money:
        """What the plant earns: gross − commission − VAT on the commission."""
        deducted = self.commission_minor + self.commission_vat_minor
        return Money(self.price_minor + self.shipping_minor - deducted, self.currency)
