"""Who may see which order, line, withdrawal or claim. To everybody else they do not exist."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from backmarket.accounts.models import User
from backmarket.invoices.models import Invoice
from backmarket.payments.models import Payment
from backmarket.prepared import prepared_objects
from orders.models import Claim, Consignment, Order, OrderLine, Withdrawal
from orders.selectors import disputing
from refurbishers.access import plant_of

Visitor = User | AnonymousUser


def _bought_by(user: Visitor, opened: Collection[str], path: str = "") -> Q:
    """Rows of the person's own orders, and of guests' orders that this session has opened with both factors."""
    mine = Q(**{f"{path}buyer_id": user.pk}) if user.is_authenticated else Q(pk__in=[])
    return mine | Q(**{f"{path}buyer": None, f"{path}pk__in": list(opened)})


def order_for_buyer(user: Visitor, opened: Collection[str], pk: UUID) -> Order:
    """The order of its buyer; `opened` holds the ids of the guest orders that this session may see. Else Http404."""
    order = next(iter(_orders(pk=pk)), None)
    if order is None or not _is_buyer(order.buyer_id, user, opened, pk):
        raise Http404
    return order


def payment_for_buyer(user: Visitor, opened: Collection[str], pk: UUID) -> Payment | None:
    """The latest payment of an order that this visitor may see. Else Http404."""
    for payment in _payments(order=pk):
        if not _is_buyer(payment.buyer_id, user, opened, pk):  # type: ignore[attr-defined]  # annotated
            raise Http404
        return payment
    order_for_buyer(user, opened, pk)
    return None


@prepared_objects
def _orders(pk: Any) -> "QuerySet[Order]":
    return Order.objects.select_related("address", "buyer", "hold").annotate(disputing=disputing()).filter(pk=pk)


@prepared_objects
def _payments(order: Any) -> "QuerySet[Payment]":
    buyer = Order.objects.filter(pk=OuterRef("reference")).values("buyer_id")
    return Payment.objects.filter(purpose="order", reference=order).annotate(buyer_id=Subquery(buyer))[:1]


def _is_buyer(buyer: int | None, user: Visitor, opened: Collection[str], pk: UUID) -> bool:
    """As `_bought_by` finds them."""
    if buyer is None:
        return str(pk) in opened
    return user.is_authenticated and buyer == user.pk


def line_for_buyer(user: Visitor, opened: Collection[str], pk: UUID) -> OrderLine:
    lines = OrderLine.objects.select_related(
        "order", "plant", "consignment", "listing__variant__product__category", "unit", "guarantee", "cancel_request"
    )
    line = lines.filter(_bought_by(user, opened, "order__"), pk=pk).first()
    if line is None:
        raise Http404
    return line


def consignment_for_buyer(user: Visitor, opened: Collection[str], pk: UUID) -> Consignment:
    parcels = Consignment.objects.select_related("order__address", "address", "plant")
    consignment = parcels.filter(_bought_by(user, opened, "order__"), pk=pk).first()
    if consignment is None:
        raise Http404
    return consignment


def withdrawal_for_buyer(user: Visitor, opened: Collection[str], pk: UUID) -> Withdrawal:
    withdrawals = Withdrawal.objects.select_related("line__order", "line__plant", "parcel")
    withdrawal = withdrawals.filter(_bought_by(user, opened, "line__order__"), pk=pk).first()
    if withdrawal is None:
        raise Http404
    return withdrawal


def claim_for_buyer(user: Visitor, opened: Collection[str], pk: UUID) -> Claim:
    claims = Claim.objects.select_related("line__order", "line__listing__variant__product", "plant", "parcel")
    claim = claims.filter(_bought_by(user, opened, "line__order__"), pk=pk).first()
    if claim is None:
        raise Http404
    return claim


def paper_for_buyer(user: Visitor, opened: Collection[str], pk: UUID) -> Invoice:
    """An invoice or credit note of an order that this visitor may see. Else Http404."""
    orders = Order.objects.filter(_bought_by(user, opened))
    paper = Invoice.objects.filter(kind__in=Invoice.BUYERS, reference__in=orders.values("pk"), pk=pk).first()
    if paper is None:
        raise Http404
    return paper


def consignment_for_plant(user: Visitor, pk: UUID) -> Consignment:
    """Paid, and handed over to its plant, which never hears of what ended while somebody looked at it. Else Http404."""
    parcels = Consignment.objects.told().select_related("order__address", "address", "plant", "parcel")
    consignment: Consignment | None = parcels.filter(
        plant=plant_of(user), order__payment_status="captured", pk=pk
    ).first()
    if consignment is None:
        raise Http404
    return consignment
