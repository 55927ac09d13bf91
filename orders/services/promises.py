"""Express delivery is a promise: written with the order, dated again when it is paid, and paid for by whoever broke
it."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import record
from backmarket.money import Money, total
from backmarket.payments.models import Payment
from backmarket.shipping.models import Parcel
from orders.express import OWED, Express, is_late, promised_day
from orders.models import Consignment, Earning, Order, OrderLine, PartRefund
from orders.services.goodwill import give_part
from orders.services.refunds import refund_refused, refund_requested

JOB = "system:express"


def promise_express(consignment: Consignment, lines: Sequence[OrderLine], express: Express) -> None:
    """A new parcel and its devices, not yet written: the surcharge is shipping, shared as that is."""
    consignment.service, consignment.promised_date = Parcel.Service.EXPRESS, express.day
    consignment.surcharge_minor = express.surcharge.minor
    consignment.shipping_minor += express.surcharge.minor
    for line, share in zip(lines, express.surcharge.split([1] * len(lines)), strict=True):
        line.surcharge_minor = share.minor
        line.shipping_minor += share.minor


def date_promises(order: Order, *, at: datetime) -> None:
    """The plants' clock starts only now: so does the courier's. What was paid before the cut-off keeps its day."""
    if day := promised_day(at):
        order.consignments.filter(service=Parcel.Service.EXPRESS).update(promised_date=day)


def give_surcharge_back(consignment: Consignment, *, at: datetime) -> Money:
    """What was paid for express and was not there by the promised day, once, at its plant's cost; what is refunded
    whole has it back by that. Returns what goes back now.

    Raises DomainError while nothing can be refunded: the clock asks again.
    """
    with transaction.atomic():
        nothing, promised = Money(0, consignment.currency), consignment.promised_date
        if promised is None:
            return nothing
        sent = consignment.lines.filter(surcharge_minor__gt=0, status__in=OWED)
        lines = [line for line in lock(sent) if is_late(promised, line.delivered_at, at)]
        back = total((_give_back(line, at) for line in lines), consignment.currency)
        if back:
            record("consignment.late", consignment, by=JOB, at=at, data={"minor": back.minor})
    return back


def _give_back(line: OrderLine, at: datetime) -> Money:
    """Never so much that nothing would be left for the line's full refund, which gives the rest. What the bank has
    refused to give back whole is left to whoever tries that again: they give all of it."""
    amount = Money(min(line.surcharge_minor, line.rest.minor - 1), line.currency)
    taken_back = Earning.objects.filter(line=line, kind=Earning.Kind.REFUND)
    known = PartRefund.objects.filter(line=line, reason=PartRefund.Reason.EXPRESS)
    whole = refund_requested(line) or refund_refused(line)
    if amount.minor <= 0 or whole or taken_back.exists() or known.exists():
        return Money(0, line.currency)
    payment = Payment.objects.get(purpose="order", reference=line.order_id, status=Payment.Status.CAPTURED)
    part = PartRefund(
        id=uuid5(line.pk, "express"), line=line, amount_minor=amount.minor, currency=line.currency,
        reason=PartRefund.Reason.EXPRESS, borne_by=PartRefund.Bearer.PLANT, plant_minor=amount.minor, created_at=at,
    )  # fmt: skip
    give_part(part, payment, by=JOB, at=at)
    return amount


def watch_promise(consignment_id: UUID, *, at: datetime) -> bool:
    """Whether something goes back now; what cannot be refunded yet is asked for again."""
    with suppress(DomainError):
        return bool(give_surcharge_back(Consignment.objects.get(pk=consignment_id), at=at))
    return False
