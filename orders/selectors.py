"""What the pages, the plants and support read of carts, orders, claims and settlements."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address, AddressFields, User
from backmarket.invoices.models import Invoice
from backmarket.invoices.selectors import papers_about
from backmarket.market import calendar
from backmarket.money import Money, total
from backmarket.payments.models import Dispute, Payment, Refund
from backmarket.payments.selectors import available_credit, credit_of
from backmarket.prepared import Row, columns, execute, instance, prepared, prepared_objects
from catalog.models import Listing, StockReservation, Unit
from orders.invoice_drafts import commissions_of
from orders.models import (
    Cart,
    CartItem,
    Claim,
    Consignment,
    Earning,
    FraudRule,
    Order,
    OrderLine,
    PartRefund,
    Settlement,
)
from orders.models.holds import ORDERS_AT_MOST
from refurbishers.models import Refurbisher

CART_KEY = "cart"
LATE = _("express that came late, given back")


def cart_count(request: HttpRequest) -> int:
    """How many devices the visitor's cart holds: the one selector that takes the request."""
    if (known := getattr(request, "cart_count", None)) is not None:
        return int(known)
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        found = _devices_of(user=user.pk)
        return int(found[0][0]) if found else 0
    return devices_in(request.session.get(CART_KEY))


def devices_in(cart: Any) -> int:
    """How many devices the cart of this id holds, if it is one and nobody's: a cart of somebody has its person."""
    found = _devices_in(cart=cart) if cart else []
    return int(found[0][0]) if found else 0


def remember_count(request: HttpRequest, devices: int) -> None:
    """Whoever has read the cart tells the header."""
    request.cart_count = devices  # type: ignore[attr-defined]


@prepared
def _devices_of(user: Any) -> "QuerySet[Any, Row]":
    return CartItem.objects.filter(cart__user=user).values("cart__user").values_list(Sum("quantity"))


@prepared
def _devices_in(cart: Any) -> "QuerySet[Any, Row]":
    return CartItem.objects.filter(cart=cart, cart__user=None).values("cart").values_list(Sum("quantity"))


def free_stock(listings: Iterable[Listing], at: datetime, cart: Cart | None = None) -> dict[UUID, int]:
    """How many of each offer can be bought now, from this cart: a reservation past its time holds nothing, swept or
    not, and what the cart's own order holds is the cart's."""
    offers = {listing.pk: listing for listing in listings}
    mine = Order.objects.filter(cart=cart, payment_status__in=Order.OPEN).values("pk") if cart else []
    held = StockReservation.objects.open().filter(Q(expires_at__lte=at) | Q(holder__in=mine), listing_id__in=offers)
    free = {pk: listing.available for pk, listing in offers.items()}
    for listing_id, quantity in held.values_list("listing_id", "quantity"):
        free[listing_id] += quantity
    return free


def is_offered(listing: Listing) -> bool:
    """Is the offer online, of a plant that trades?"""
    return listing.status == Listing.Status.ONLINE and listing.plant.status in Refurbisher.TRADING


def arrival(paid_at: datetime, road_days: int) -> date:
    """The day by which a parcel paid now arrives: shipped by its deadline, then so many business days on the road."""
    market = calendar()
    leaves = market.ship_by(paid_at, OrderLine.SHIP_WITHIN_BUSINESS_DAYS) - timedelta(seconds=1)
    return market.business_day_after(market.local(leaves).date(), road_days)


REFUND_SHOWN_WITHIN = 5


def refund_arrives_by(sent_at: datetime) -> date:
    """The day by which a card's bank usually shows a refund: five business days after it was asked."""
    market = calendar()
    return market.business_day_after(market.local(sent_at).date(), REFUND_SHOWN_WITHIN)


def paid_before(order: Order) -> bool:
    """Has whoever ordered this (the account, or the e-mail) paid an earlier order?"""
    others = Order.objects.filter(_same_person(order), payment_status=Order.PaymentStatus.CAPTURED)
    return others.exclude(pk=order.pk).exists()


def rules_and_orders_lately(
    order: Order, at: datetime, home: AddressFields
) -> tuple[list[FraudRule], tuple[datetime, ...]]:
    """The rules against fraud, and when orders of the same account, e-mail or address were placed within the hours that
    the longest of them looks back, this one included, a hundred at most; what its buyer has replaced or given up does
    not count. `home` is where it goes."""
    facts: dict[str, Any] = {
        "at": at, "email": order.email, "buyer": order.buyer_id, "line1": home.line1, "postcode": home.postcode,
        "country": home.country, "given_up": Order.PaymentStatus.CANCELLED, "most": ORDERS_AT_MOST,
    }  # fmt: skip
    with connection.cursor() as cursor:
        execute(cursor, RULES_AND_LATELY, facts)
        rows = cursor.fetchall()
    return [instance(FraudRule, row[:-1]) for row in rows], tuple(rows[0][-1] or ()) if rows else ()


# Each way of being alike has an index of its own, which a condition over all three could not use.
RULES_AND_LATELY = f"""
    WITH rule AS (SELECT {", ".join(columns(FraudRule))} FROM orders_fraudrule WHERE is_active),
    since AS (
        SELECT %(at)s::timestamptz - max(hours) * interval '1 hour' AS instant FROM rule HAVING max(hours) IS NOT NULL),
    lately AS (
        SELECT placed_at FROM orders_order WHERE payment_status <> %(given_up)s AND id IN (
            SELECT id FROM orders_order, since WHERE upper(email) = upper(%(email)s) AND placed_at > instant
            UNION SELECT id FROM orders_order, since WHERE buyer_id = %(buyer)s AND placed_at > instant
            UNION SELECT bought.id FROM accounts_address AS home
                JOIN orders_order AS bought ON bought.address_id = home.id, since
            WHERE upper(home.postcode) = upper(%(postcode)s) AND upper(home.line1) = upper(%(line1)s)
                AND home.country = %(country)s AND bought.placed_at > instant)
        ORDER BY placed_at DESC LIMIT %(most)s)
    SELECT {", ".join(f"rule.{name}" for name in columns(FraudRule))}, (SELECT array_agg(placed_at) FROM lately)
    FROM rule ORDER BY kind, id
"""  # noqa: S608 - our own columns


def _same_person(order: Order) -> Q:
    email = Q(email__iexact=order.email)
    return email | Q(buyer=order.buyer_id) if order.buyer_id else email


def orders_of(user: User) -> QuerySet[Order]:
    """A person's orders, newest first, with their holds and lines."""
    return (
        Order.objects.filter(buyer=user)
        .select_related("hold")
        .prefetch_related(
            Prefetch("lines", OrderLine.objects.select_related("plant", "listing__variant__product", "cancel_request"))
        )
    )


def claims_of(user: User) -> QuerySet[Claim]:
    return Claim.objects.filter(line__order__buyer=user).select_related("line", "plant")


# For plants and support


def consignments_to_ship(plant: Refurbisher) -> QuerySet[Consignment]:
    """Parcels with lines still to send, the most urgent first."""
    waiting = OrderLine.objects.to_ship()
    return (
        Consignment.objects.filter(plant=plant, lines__in=waiting)
        .select_related("order__address", "address", "plant")
        .prefetch_related(
            Prefetch("lines", waiting.select_related("listing__variant__product__category", "plant", "cancel_request"))
        )
        .order_by("ship_by", "pk")
        .distinct()
    )


# Kind of earning -> the page, on either admin site, of what it is about.
PAGE_OF: Mapping[str, str] = {
    **dict.fromkeys(("sale", "refund", "part", "label"), "orders_orderline"),
    "trade": "buyback_trade",
    "carried": "orders_settlement",
}
# The desk alone has pages of disputes.
DISPUTES = {"desk": "payments_dispute"}
OF_DISPUTES = (Earning.Kind.DISPUTE, Earning.Kind.REGAINED)


@dataclass(frozen=True)
class StatementRow:
    """One earning of a settlement: `amount` is `gross` with `commission`, `vat` and `label`, which are what the plant
    gives of it, so negative for a sale and positive where they come back."""

    at: datetime
    kind: str
    title: str
    detail: str
    amount: Money
    commission: Money
    vat: Money
    label: Money
    about: UUID | None

    @property
    def gross(self) -> Money:
        return self.amount - self.commission - self.vat - self.label

    def url(self, site: str = "plant") -> str:
        """Where the plant (or the desk) sees what it is about; empty for what has no page there."""
        page = DISPUTES.get(site, "") if self.kind in OF_DISPUTES else PAGE_OF.get(self.kind)
        return reverse(f"{site}:{page}_change", args=[self.about]) if page and self.about else ""


@dataclass(frozen=True)
class Statement:
    settlement: Settlement
    rows: list[StatementRow]
    papers: list[Invoice]

    @property
    def paid_to(self) -> str:
        """The end of the bank account, or the account with the provider, that the money went to; empty for none."""
        payout = self.settlement.payout
        return (payout.destination or f"…{payout.iban_last4}") if payout else ""

    @property
    def paper_codes(self) -> str:
        return ", ".join(paper.code for paper in self.papers)

    @property
    def sums(self) -> tuple[Money, ...]:
        """Of each column of the rows: gross, commission, its VAT, labels, and the amount, which is what is paid."""
        rows = [row_sums(row) for row in self.rows]
        return tuple(total((row[place] for row in rows), self.settlement.currency) for place in range(5))


def row_sums(row: StatementRow) -> tuple[Money, ...]:
    return row.gross, row.commission, row.vat, row.label, row.amount


def statement(settlement: Settlement) -> Statement:
    """What a settlement is made of, row by row, in the order in which it happened: the commissions are the ledger's."""
    return statements([settlement])[settlement.pk]


def statements(settlements: Collection[Settlement]) -> dict[UUID, Statement]:
    """The same of several, for the same number of queries."""
    found = {each.pk: Statement(each, [], []) for each in settlements}
    earnings = list(Earning.objects.filter(settlement__in=found).select_related("line__order"))
    booked = commissions_of(earnings)
    for earning in earnings:
        assert earning.settlement_id is not None  # noqa: S101 - it is one of these
        found[earning.settlement_id].rows.append(_row(earning, booked.get(earning.pk)))
    for paper in papers_about(*found):
        found[paper.reference].papers.append(paper)
    return found


def _row(earning: Earning, booked: tuple[Money, Money] | None) -> StatementRow:
    nothing = Money(0, earning.currency)
    commission, vat = booked or (nothing, nothing)
    return StatementRow(
        at=earning.created_at,
        kind=earning.kind,
        title=capfirst(str(LATE) if _is_express(earning) else earning.get_kind_display()),
        detail=f"{earning.line.order.number} · {earning.line.title}" if earning.line else earning.label,
        amount=earning.amount,
        commission=-commission,
        vat=-vat,
        label=earning.amount if earning.kind == Earning.Kind.LABEL else nothing,
        about=earning.about,
    )


def _is_express(earning: Earning) -> bool:
    return earning.kind == Earning.Kind.PART and bool(earning.label)


def unsettled(plant: Refurbisher, at: datetime) -> dict[str, Any]:
    """What a plant will be paid: `due` now, and `later`, as Money."""
    open_rows = Earning.objects.filter(plant=plant, settlement=None)
    due = open_rows.filter(due_at__lte=at).aggregate(minor=Sum("amount_minor"))["minor"] or 0
    later = open_rows.filter(due_at__gt=at).aggregate(minor=Sum("amount_minor"))["minor"] or 0
    return {"due": Money(due, settings.DEFAULT_CURRENCY), "later": Money(later, settings.DEFAULT_CURRENCY)}


def listing_to_add(listing_id: UUID) -> Listing | None:
    return next(iter(_offered(pk=listing_id)), None)


@prepared_objects
def _offered(pk: Any) -> QuerySet[Listing]:
    # Of its plant only whether it trades: an account number takes longer to decrypt than all the rest to read.
    unused = [f"plant__{each.name}" for each in Refurbisher._meta.concrete_fields if each.name not in {"id", "status"}]
    return Listing.objects.select_related("plant", "variant__product").defer(*unused).filter(pk=pk)


def latest_address(user: User | None) -> Address | None:
    """The address that the person used last, to fill in the form."""
    return user.addresses.order_by("-pk").first() if user else None


def usable_credit(person: User, cart: Cart, whole: Money, *, at: datetime) -> Money:
    """How much of the person's credit an order of this cart could use, what its own waiting order keeps included."""
    nothing, least = Money(0, whole.currency), Money(Order.LEAST_BY_CARD_MINOR, whole.currency)
    if not credit_of(person, whole.currency):
        return nothing
    waiting = Order.objects.filter(cart=cart, payment_status__in=Order.OPEN).values("pk")
    own = Payment.objects.filter(purpose="order", reference__in=waiting, status=Payment.Status.PENDING).first()
    free = available_credit(person, whole.currency, at, apart_from=own)
    most = whole if free >= whole else min(free, whole - least)
    return max(most, nothing)


def payment_of(order: Order) -> Payment | None:
    """The order's latest payment."""
    return next(iter(_payments(order=order.pk)), None)


@prepared_objects
def _payments(order: Any) -> QuerySet[Payment]:
    return Payment.objects.filter(purpose="order", reference=order)[:1]


def kept_until(gateway_id: str) -> datetime | None:
    """Until when the devices are kept that the provider's payment of this id pays; None for what keeps none."""
    asked = Payment.objects.filter(purpose="order", gateway_id=gateway_id, status=Payment.Status.PENDING)
    return Order.objects.filter(pk__in=asked.values("reference")).values_list("reserved_until", flat=True).first()


def disputing() -> Exists:
    """Of orders: their bank has been asked to take the money that paid them back, and has not decided. While it only
    inquires a refund is the answer to it."""
    paid = Dispute.objects.open().filter(inquiry=False, payment__purpose="order", payment__status="captured")
    return Exists(paid.filter(payment__reference=OuterRef("pk")))


def is_disputed(order_id: UUID) -> bool:
    return Order.objects.filter(disputing(), pk=order_id).exists()


def refunds_of_parts(parts: Iterable[PartRefund]) -> QuerySet[Refund]:
    """The money of refunds in part: each has its part's id as reference. The latest try last."""
    return Refund.objects.filter(reference__in=[part.pk for part in parts]).order_by("created_at", "pk")


def stray_payment_of(order: Order) -> Payment | None:
    """Money that came for the order and goes back."""
    return Payment.objects.filter(purpose="order", reference=order.pk, status=Payment.Status.STRAY).first()


# A workshop's shelf of one model; what is not on it is typed as before.
MOST_READY = 2_000


def ready_devices(lines: Sequence[OrderLine]) -> dict[str, list[str]]:
    """The plant's tested devices that fit these lines of one parcel: number → the lines' ids, in their order.

    A device of the line's grade fits; one whose grade is not known fits each line of its model.
    """
    if not lines:
        return {}
    wanted = {line.listing.variant_id for line in lines}
    units = Unit.objects.filter(plant=lines[0].plant_id, status=Unit.Status.READY, variant__in=wanted)
    found = units.order_by("identifier").values_list("identifier", "variant_id", "grade")[:MOST_READY]
    return {
        number: [str(line.pk) for line in lines if line.listing.variant_id == variant and grade in ("", line.grade)]
        for number, variant, grade in found
    }
