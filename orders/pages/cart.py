"""What the cart and the checkout show: the devices by plant, the full price, and what they save."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.conf import settings

from backmarket.money import Money, total
from catalog.impact import GRAMS, Avoided, avoided
from orders.express import Express
from orders.models import Cart, CartItem, Order
from orders.pages.reads import free_for, items_shown
from orders.selectors import arrival, is_offered
from refurbishers.models import Refurbisher


@dataclass(frozen=True)
class Footprint:
    """What several devices avoid together, in grams of CO2e, with its range."""

    co2e_g: int
    low_g: int
    high_g: int

    @property
    def co2e_kg(self) -> float:
        return self.co2e_g / GRAMS

    @property
    def low_kg(self) -> float:
        return self.low_g / GRAMS

    @property
    def high_kg(self) -> float:
        return self.high_g / GRAMS


@dataclass(frozen=True)
class WaitingOrder:
    """The cart's own order, until its money has come: `seconds` are those for which its devices are still kept."""

    order: Order
    seconds: int

    @property
    def can_pay(self) -> bool:
        return self.order.payment_status == Order.PaymentStatus.PENDING


def waiting_order(order: Order, at: datetime) -> WaitingOrder:
    return WaitingOrder(order, max(0, int((order.reserved_until - at).total_seconds())))


@dataclass(frozen=True)
class CartRow:
    """Some devices of one offer. `was` is the price last seen when it has changed; `left` is set when it is short.
    `new` is the labelled price of a new one, `impact` what one device avoids."""

    item: CartItem
    price: Money
    amount: Money
    was: Money | None
    gone: bool
    left: int | None
    new: Money | None
    impact: Avoided | None

    @property
    def name(self) -> str:
        return str(self.item.listing.variant.product)

    @property
    def saved(self) -> Money | None:
        """What all of it costs less than as many new ones; None without their labelled price, or without saving."""
        return self.difference if self.difference and self.difference.minor > 0 else None

    @property
    def difference(self) -> Money | None:
        """The same, negative where new ones cost less; None without their labelled price."""
        return None if self.gone or self.new is None else (self.new - self.price) * self.item.quantity

    @property
    def dearer(self) -> bool:
        return self.was is not None and self.price > self.was

    @property
    def blocked(self) -> bool:
        return self.gone or self.left is not None


@dataclass(frozen=True)
class CartGroup:
    """What one plant would send in one parcel, and the day by which it arrives. `express` is what else it offers for
    it, asked for by the checkout alone, and `is_express` whether that is chosen."""

    plant: Refurbisher
    rows: list[CartRow]
    shipping: Money
    arrives_date: date
    express: Express | None = None
    is_express: bool = False


@dataclass(frozen=True)
class CartView:
    groups: list[CartGroup]
    devices: int
    goods: Money
    shipping: Money
    # What was chosen on top of it; None where nothing can be.
    surcharge: Money | None = None

    @property
    def total(self) -> Money:
        """What is to pay: nothing is added later."""
        usual = self.goods + self.shipping
        return usual + self.surcharge if self.surcharge else usual

    @property
    def blocked(self) -> bool:
        """Something in it cannot be bought as it is."""
        return any(row.blocked for group in self.groups for row in group.rows)

    @property
    def put_aside(self) -> int:
        """How many devices the header counts: what has gone included."""
        return sum(row.item.quantity for group in self.groups for row in group.rows)

    @property
    def parcels(self) -> int:
        """How many parcels would come: one per plant of which something can be bought."""
        return sum(any(not row.gone for row in group.rows) for group in self.groups)

    @property
    def saved(self) -> Money | None:
        """What the cart costs less than new ones would, as far as they have a labelled price; None without saving."""
        known = [row.difference for group in self.groups for row in group.rows if row.difference is not None]
        saved = total(known, self.goods.currency)
        return saved if saved.minor > 0 else None

    @property
    def is_compared_whole(self) -> bool:
        """Is every device of the sum compared with a new one?"""
        return all(row.new for group in self.groups for row in group.rows if not row.gone)

    @property
    def impact(self) -> Footprint | None:
        """What all the devices avoid over the years that each is counted on for."""
        known = [
            (row.impact, row.item.quantity)
            for group in self.groups
            for row in group.rows
            if row.impact and not row.gone
        ]
        return Footprint(*(sum(grams) for grams in zip(*map(_grams, known), strict=True))) if known else None

    @property
    def changed(self) -> bool:
        return any(row.was for group in self.groups for row in group.rows)


def cart_view(cart: Cart | None, at: datetime, items: Sequence[CartItem] | None = None) -> CartView:
    """The cart by plant, with full prices; offers that have gone are shown and not counted. `items`: as reads.py gives
    them, if they are known."""
    if items is None:
        items = items_shown(cart=cart.pk, at=at) if cart else []
    rows = [_cart_row(item) for item in items]
    currency = rows[0].price.currency if rows else settings.DEFAULT_CURRENCY
    by_plant = groupby(
        sorted(rows, key=lambda row: (row.item.listing.plant.name, row.item.pk)), lambda row: row.item.listing.plant
    )
    groups = [_cart_group(plant, list(of_plant), at) for plant, of_plant in by_plant]
    bought = [row for row in rows if not row.gone]
    return CartView(
        groups=groups,
        devices=sum(row.item.quantity for row in bought),
        goods=total((row.amount for row in bought), currency),
        shipping=total((group.shipping for group in groups), currency),
    )


def _cart_row(item: Any) -> CartRow:
    listing, free = item.listing, free_for(item)
    gone = free <= 0 or not is_offered(listing)
    return CartRow(
        item=item,
        price=listing.price,
        amount=listing.price * item.quantity,
        was=None if item.seen_minor == listing.price_minor else Money(item.seen_minor, listing.currency),
        gone=gone,
        left=free if not gone and free < item.quantity else None,
        new=None if item.new_minor is None else Money(item.new_minor, listing.currency),
        impact=avoided(listing.variant.product.category.impact),
    )


def _grams(known: tuple[Avoided, int]) -> tuple[int, int, int]:
    impact, devices = known
    return impact.co2e_g * devices, impact.co2e_low_g * devices, impact.co2e_high_g * devices


def _cart_group(plant: Refurbisher, rows: list[CartRow], at: datetime) -> CartGroup:
    listings = [row.item.listing for row in rows if not row.gone]
    shipping = max((listing.shipping for listing in listings), default=Money(0, rows[0].price.currency))
    days = max((row.item.listing.shipping_days for row in rows), default=0)
    return CartGroup(plant=plant, rows=rows, shipping=shipping, arrives_date=arrival(at, days))
