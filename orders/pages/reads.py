"""What the pages of the cart and of an order read.

An order's lines come with their parcels; what has become of them since is asked for where anything can have.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery, Sum, prefetch_related_objects
from django.db.models.functions import Coalesce

from backmarket.payments.models import Refund
from backmarket.prepared import prepared_objects
from catalog.models import Buyable, Category, Product, StockReservation, Variant
from orders.models import CancelRequest, Cart, CartItem, Claim, Consignment, Guarantee, Order, OrderLine, Withdrawal
from refurbishers.models import Refurbisher

Line = OrderLine.Status
# Before the plant has accepted it, nothing but a refund can have become of a line.
FRESH = (Line.PENDING, Line.ON_HOLD, Line.PAID)
# A page names plants and devices; what else is known of them is long, or dear to decrypt.
SHOWN: dict[type[Model], set[str]] = {
    Refurbisher: {"id", "slug", "name", "status", "express_minor"},
    Category: {"id", "slug", "impact"},
    Product: {"id", "category", "slug", "brand", "name", "form"},
    Variant: {"id", "product", "sku", "label", "colour"},
}


def _not_shown(model: type[Model], path: str) -> list[str]:
    return [f"{path}__{each.name}" for each in model._meta.concrete_fields if each.name not in SHOWN[model]]


NOT_SHOWN = [*_not_shown(Variant, "listing__variant"), *_not_shown(Product, "listing__variant__product")]


@prepared_objects
def items_shown(cart: Any, at: Any) -> "QuerySet[CartItem]":
    """What is in a cart. `back` is how much of the reserved stock may be bought all the same: what is reserved past
    its time, and what the cart's own order holds. `new_minor` is the labelled price of a new one, `waiting` the
    cart's order that waits for its money."""
    return _shown(CartItem.objects.filter(cart=cart), Order.objects.filter(cart=cart), at)


@prepared_objects
def items_of_person(user: Any, at: Any) -> "QuerySet[CartItem]":
    """As items_shown, with their cart."""
    mine = CartItem.objects.filter(cart__user=user).select_related("cart")
    return _shown(mine, Order.objects.filter(cart__user=user), at)


@prepared_objects
def items_of_guest(cart: Any, at: Any) -> "QuerySet[CartItem]":
    """As items_shown, with their cart; nothing of a cart that belongs to somebody."""
    mine = CartItem.objects.filter(cart=cart, cart__user=None).select_related("cart")
    return _shown(mine, Order.objects.filter(cart=cart), at)


def _shown(items: "QuerySet[CartItem]", placed: "QuerySet[Order]", at: Any) -> "QuerySet[CartItem]":
    mine = placed.filter(payment_status__in=Order.OPEN).values("pk")
    held = StockReservation.objects.open().filter(listing=OuterRef("listing"))
    back = held.filter(Q(expires_at__lte=at) | Q(holder__in=mine)).values("listing").annotate(all=Sum("quantity"))
    offer = {"variant": OuterRef("listing__variant"), "grade": OuterRef("listing__grade")}
    new = Buyable.objects.filter(**offer, currency=OuterRef("listing__currency"))
    rows = items.select_related("listing__plant", "listing__variant__product__category")
    unused = [*NOT_SHOWN, *_not_shown(Refurbisher, "listing__plant")]
    return rows.defer(*unused, *_not_shown(Category, "listing__variant__product__category")).annotate(
        back=Coalesce(Subquery(back.values("all")), 0),
        new_minor=Subquery(new.values("reference_minor")),
        waiting=Subquery(mine[:1]),
    )


def waiting_in(cart: Cart) -> UUID | None:
    """The order of an empty cart that waits for its money, as `waiting` of what is in another."""
    return Order.objects.filter(cart=cart, payment_status__in=Order.OPEN).values_list("pk", flat=True).first()


def free_for(item: Any) -> int:
    """How many of an item's offer its cart may buy now, as `free_stock` counts it."""
    return int(item.listing.available + item.back)


@dataclass(frozen=True)
class Bought:
    """A line with all that has become of it."""

    line: OrderLine
    guarantee: Guarantee | None = None
    withdrawal: Withdrawal | None = None
    request: CancelRequest | None = None
    claims: list[Claim] = field(default_factory=list)


def bought_by_parcel(order: Order) -> list[tuple[Consignment, list[Bought]]]:
    """The order's parcels by the names of their plants, with their lines."""
    lines = _lines(order=order.pk)
    older = [line for line in lines if line.status not in FRESH]
    after, claims = (_aftercare(order), _claims(order)) if older else ({}, {})
    parcels: dict[UUID, Consignment] = {}
    found: dict[UUID, list[Bought]] = defaultdict(list)
    for line in lines:
        consignment = parcels.setdefault(line.consignment_id, line.consignment)
        line.order, line.consignment, line.plant = order, consignment, consignment.plant
        found[consignment.pk].append(_bought(line, after.get(line.pk), claims.get(line.pk, [])))
    _bring_parcels(list(parcels.values()))
    if parted := [line for line in lines if line.parts_minor]:
        prefetch_related_objects(parted, "parts")
    return [(consignment, found[pk]) for pk, consignment in parcels.items()]


@prepared_objects
def _lines(order: Any) -> "QuerySet[OrderLine]":
    rows = OrderLine.objects.filter(order=order).select_related("consignment__plant", "listing__variant__product")
    unused = [*NOT_SHOWN, *_not_shown(Refurbisher, "consignment__plant")]
    return rows.defer(*unused).order_by("consignment__plant__name", "pk")


def _bring_parcels(consignments: Sequence[Consignment]) -> None:
    """What has a label, and the address of what goes elsewhere."""
    if sent := [each for each in consignments if each.parcel_id]:
        prefetch_related_objects(sent, "parcel__points")
    if elsewhere := [each for each in consignments if each.address_id]:
        prefetch_related_objects(elsewhere, "address")


def _aftercare(order: Order) -> dict[UUID, OrderLine]:
    return {line.pk: line for line in _lines_after(order=order.pk)}


@prepared_objects
def _lines_after(order: Any) -> "QuerySet[OrderLine]":
    rows = OrderLine.objects.filter(order=order).select_related("guarantee", "withdrawal", "cancel_request")
    return rows.only("pk", "guarantee", "withdrawal", "cancel_request").order_by()


def _claims(order: Order) -> dict[UUID, list[Claim]]:
    """Newest first."""
    found: dict[UUID, list[Claim]] = defaultdict(list)
    for claim in _claims_about(order=order.pk):
        found[claim.line_id].append(claim)
    return found


@prepared_objects
def _claims_about(order: Any) -> "QuerySet[Claim]":
    return Claim.objects.filter(line__order=order)


def _bought(line: OrderLine, after: OrderLine | None, claims: list[Claim]) -> Bought:
    if after is None:
        return Bought(line)
    kept = {name: getattr(after, name, None) for name in ("guarantee", "withdrawal", "cancel_request")}
    return Bought(line, kept["guarantee"], kept["withdrawal"], kept["cancel_request"], claims)


def refunds_of(order: Order) -> dict[UUID, list[Refund]]:
    """The order's refunds, oldest first, by what is refunded: a line, or the whole order."""
    found: dict[UUID, list[Refund]] = {}
    for refund in _refunds(order=order.pk):
        found.setdefault(refund.reference, []).append(refund)
    return found


@prepared_objects
def _refunds(order: Any) -> "QuerySet[Refund]":
    rows = Refund.objects.filter(payment__purpose="order", payment__reference=order)
    return rows.order_by("created_at", "pk")
