"""How the desk calls the orders, devices, settlements and disputes that money is about."""

from collections.abc import Collection
from uuid import UUID

from backmarket.admin.subjects import Subject, names_subjects
from backmarket.payments.models import Dispute
from orders.models import Order, OrderLine, PartRefund, Settlement


@names_subjects
def orders(keys: Collection[UUID]) -> dict[UUID, Subject]:
    found = Order.objects.filter(pk__in=keys).values_list("pk", "number")
    return {pk: Subject(str(number), Order, pk) for pk, number in found}


@names_subjects
def lines(keys: Collection[UUID]) -> dict[UUID, Subject]:
    found = OrderLine.objects.filter(pk__in=keys).values_list("pk", "pk", "order__number", "title")
    return {key: Subject(f"{number} · {title}", OrderLine, pk) for key, pk, number, title in found}


@names_subjects
def refunds_in_part(keys: Collection[UUID]) -> dict[UUID, Subject]:
    found = PartRefund.objects.filter(pk__in=keys).values_list("pk", "line", "line__order__number", "line__title")
    return {key: Subject(f"{number} · {title}", OrderLine, pk) for key, pk, number, title in found}


@names_subjects
def settlements(keys: Collection[UUID]) -> dict[UUID, Subject]:
    found = Settlement.objects.filter(pk__in=keys).select_related("plant")
    return {row.pk: Subject(f"{row}, {row.plant}", Settlement, row.pk) for row in found}


@names_subjects
def disputes(keys: Collection[UUID]) -> dict[UUID, Subject]:
    found = Dispute.objects.filter(pk__in=keys).values_list("pk", "gateway_id")
    return {pk: Subject(name, Dispute, pk) for pk, name in found}
