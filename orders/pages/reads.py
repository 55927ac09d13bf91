"""What the order page reads: the lines with their parcels, and what has become of them since, where anything has."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, prefetch_related_objects

from backmarket.payments.models import Refund
from backmarket.prepared import prepared_objects
from orders.models import CancelRequest, Claim, Consignment, Guarantee, Order, OrderLine, Withdrawal
from refurbishers.models import Refurbisher

Line = OrderLine.Status
# Before the plant has accepted it, nothing but a refund can have become of a line.
FRESH = (Line.PENDING, Line.ON_HOLD, Line.PAID)
# A page names its plants; their papers and accounts are not for it, and dear to decrypt.
NAMED = ("id", "slug", "name", "status")
UNNAMED = [each.attname for each in Refurbisher._meta.concrete_fields if each.attname not in NAMED]


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
    unused = ["listing__variant__attributes", "listing__variant__product__description"]
    unused += [f"consignment__plant__{name}" for name in UNNAMED]
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
