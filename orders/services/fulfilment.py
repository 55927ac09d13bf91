"""From paid to delivered: the plant accepts, ships with identifier and tracking, and the courier delivers."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from stdnum import imei

from backmarket.db import lock
from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor, record
from backmarket.market import calendar
from backmarket.money import total
from backmarket.payments.models import Refund
from backmarket.shipping.models import Parcel
from backmarket.shipping.selectors import is_house_couriers, was_handed_over
from backmarket.shipping.services import cancel_parcel, checked_tracking_number, create_parcel
from backmarket.states import IllegalMove, move
from catalog.models import Category, Unit
from catalog.registry import MAY_BE_BOUGHT, Finding, device_registry
from catalog.services.units import sell_unit, take_back_unit
from orders.models import Consignment, OrderLine, Withdrawal
from orders.querysets import found_after_refund
from orders.services.cancelling import lapse_request
from orders.services.earnings import charge_label, compensate_sale, earn_sale, is_compensated, take_back_compensation
from orders.services.guarantees import start_guarantee
from orders.services.refunds import refund_line, refund_requested
from refurbishers.services.addresses import plant_address

COURIER = "system:courier"
SERIAL = re.compile(r"[A-Z0-9][A-Z0-9\-/.]{4,38}[A-Z0-9]")
Status = OrderLine.Status
TO_SHIP = (Status.PAID, Status.ACCEPTED)
ONE_BUYER = ("line_device_on_one_road", "unit_sold_once")
REPORTED = {
    Finding.STOLEN: _("This device is reported lost or stolen, and must not be sent. Keep it, and write to us."),
    Finding.GREYLISTED: _("A report about this device is being looked into: it is not sent before that is settled."),
}
REGISTRY_SILENT = _("The registry of stolen devices does not answer just now: press the button again in a minute.")
SOLD_TO_ANOTHER = _("This device is already sold to somebody else.")


class CannotShip(DomainError):
    """`field` is the line's id when one device is to blame, or `tracking_number`."""

    code = "cannot_ship"
    default_message = _("This parcel cannot be shipped.")


def accept_line(line: OrderLine, *, by: Actor, at: datetime) -> None:
    """The plant has the device and will send it."""
    move(line, Status.ACCEPTED, by=by, at=at)


def refuse_line(line: OrderLine, *, reason: str, by: Actor, at: datetime) -> Refund:
    """The plant cannot send the device: cancelled, and refunded in full. `reason` is a code, kept on the line."""
    with transaction.atomic():
        if lock(OrderLine.objects.filter(pk=line.pk)).get().status not in TO_SHIP:
            raise IllegalMove
        return refund_line(line, reason=reason, by=by, at=at)


def ship_consignment(
    consignment: Consignment,
    *,
    identifiers: dict[UUID, str],
    by: Actor,
    at: datetime,
    courier: str = "",
    tracking_number: str = "",
) -> Parcel:
    """Send all that is left of a consignment in one parcel: line id → IMEI or serial, final once registered.

    With `courier` and `tracking_number` the plant's own courier takes it, with neither the house courier does.
    Network: outside transactions. Raises CannotShip when an identifier is missing, wrong, already sold or reported
    stolen, or one of the two is missing: everything that is wrong at once, the first and in its `also` the others.
    """
    number = tracking_number.strip()
    _require_shippable(consignment, identifiers, courier, number, by=by, at=at)
    with transaction.atomic():
        lines = _lines_to_send(lock(consignment.lines.to_ship()))
        known, problems = _numbers(lines, identifiers)
        _refuse(problems)
        # Behind the lock: the buyer may have changed it since this consignment was read.
        consignment.refresh_from_db(fields=["address"])
        parcel = create_parcel(
            purpose=Parcel.Purpose.SALE,
            reference=consignment.pk,
            sender=plant_address(consignment.plant),
            recipient=consignment.destination,
            insured=total((line.price for line in lines), consignment.currency),
            by=by,
            at=at,
            courier=courier,
            tracking_number=number,
            service=consignment.service,
        )
        consignment.parcel = parcel
        consignment.save(update_fields=["parcel"])
        # In one order for everybody: the same numbers typed for two parcels never wait for each other in a circle.
        for line in sorted(lines, key=lambda line: known[line.pk]):
            _ship_line(line, known[line.pk], by, at)
    return parcel


def _lines_to_send(waiting: QuerySet[OrderLine]) -> list[OrderLine]:
    lines = list(waiting.select_related("listing__variant__product__category"))
    if not lines:
        raise CannotShip(_("Nothing of this parcel waits to be sent."))
    return lines


def _require_shippable(
    consignment: Consignment, given: dict[UUID, str], courier: str, number: str, *, by: Actor, at: datetime
) -> None:
    """Every refusal that is known before anything is locked, that of the registry of stolen devices included."""
    lines = _lines_to_send(consignment.lines.to_ship())
    known, problems = _numbers(lines, given)
    try:
        if bool(courier) != bool(number):
            raise CannotShip(_("Give both the courier and its tracking number, or neither."), field="tracking_number")
        if number:
            checked_tracking_number(number)
    except DomainError as refusal:
        problems.append(refusal)
    for line in lines:
        try:
            if line.pk in known:
                require_unreported(line, known[line.pk], by=by, at=at)
        except CannotShip as refusal:
            problems.append(refusal)
    _refuse(problems)


def _refuse(problems: Sequence[DomainError]) -> None:
    if problems:
        first = problems[0]
        first.also = tuple(problems[1:])
        raise first


def _numbers(lines: Iterable[OrderLine], given: dict[UUID, str]) -> tuple[dict[UUID, str], list[DomainError]]:
    """The identifier of every line, checked and normalised, and what is wrong with the others'."""
    known: dict[UUID, str] = {}
    problems: list[DomainError] = []
    for line in lines:
        try:
            number = checked_identifier(line, given.get(line.pk, ""))
            if number in known.values():
                raise CannotShip(_("Two devices cannot have the same number."), field=str(line.pk))
            unit_to_send(line, number)
        except CannotShip as refusal:
            problems.append(refusal)
        else:
            known[line.pk] = number
    return known, problems


def require_unreported(line: OrderLine, number: str, *, by: Actor, at: datetime) -> None:
    """Nobody has reported this device lost or stolen, as when a plant buys it. Network: outside transactions.

    Records a refusal on the line, and raises CannotShip; also when the registry does not answer in time.
    """
    try:
        finding = device_registry().check(number, timeout=settings.DEVICE_REGISTRY_TIMEOUT)
    except GatewayError as error:
        raise CannotShip(REGISTRY_SILENT, field=str(line.pk)) from error
    if finding not in MAY_BE_BOUGHT:
        record("line.device_refused", line, by=by, at=at, data={"finding": finding.value})
        raise CannotShip(REPORTED[finding], field=str(line.pk))


def checked_identifier(line: OrderLine, text: str) -> str:
    """An IMEI (15 digits, Luhn) or serial as its category asks; raises CannotShip when wrong or with another buyer."""
    clean = re.sub(r"\s", "", text).upper()
    category = line.listing.variant.product.category
    if not clean:
        raise CannotShip(_("Give the IMEI or serial number of every device."), field=str(line.pk))
    if category.identifier == Category.Identifier.IMEI:
        clean = re.sub(r"[-/.]", "", clean)
        if len(clean) != 15 or not imei.is_valid(clean):
            raise CannotShip(_("This is not an IMEI: 15 digits, the last one checks the others."), field=str(line.pk))
    elif not SERIAL.fullmatch(clean):
        raise CannotShip(_("This is not a serial number: 6 to 40 letters and digits."), field=str(line.pk))
    sold = OrderLine.objects.filter(identifier=clean, status__in=[Status.SHIPPED, Status.DELIVERED])
    if sold.exclude(pk=line.pk).exists():
        raise CannotShip(SOLD_TO_ANOTHER, field=str(line.pk))
    return clean


def unit_to_send(line: OrderLine, identifier: str) -> Unit | None:
    """The plant's device with this number, when the workshop knows it; raises CannotShip unless it may be sold."""
    unit = Unit.objects.filter(
        plant_id=line.plant_id, identifier=identifier, status__in=[Unit.Status.READY, Unit.Status.IN_WORKSHOP]
    ).first()
    if unit is None:
        return None
    if unit.status != Unit.Status.READY:
        raise CannotShip(_("This device is still in the workshop: test and erase it first."), field=str(line.pk))
    if unit.variant_id != line.listing.variant_id:
        raise CannotShip(_("This number belongs to another model."), field=str(line.pk))
    return unit


def _ship_line(line: OrderLine, identifier: str, by: Actor, at: datetime) -> None:
    unit = unit_to_send(line, identifier)
    if line.status == Status.PAID:
        move(line, Status.ACCEPTED, by=by, at=at)
    late = line.due_at is not None and at > line.due_at
    with _on_one_road(line):
        move(line, Status.SHIPPED, by=by, at=at, data={"late": late}, identifier=identifier, unit=unit, due_at=None)
    lapse_request(line, by=by, at=at)
    if unit:
        sell_unit(unit, by=by, at=at)


@contextmanager
def _on_one_road(line: OrderLine) -> Iterator[None]:
    """One number registered for two buyers in the same instant: the database refuses the second, we say so kindly."""
    try:
        yield
    except IntegrityError as error:
        if not any(name in str(error) for name in ONE_BUYER):
            raise
        raise CannotShip(SOLD_TO_ANOTHER, field=str(line.pk)) from error


def deliver_line(line: OrderLine, *, at: datetime) -> None:
    """At the buyer's: the guarantees start, the plant has earned its proceeds and owes the label."""
    with transaction.atomic():
        move(line, Status.DELIVERED, by=COURIER, at=at)
        start_guarantee(line, at=at)
        earn_sale(line, at=at)
        charge_label(line, at=at)


def deliver_consignment(consignment: Consignment, *, at: datetime) -> None:
    """The parcel is at the buyer's; lines already delivered or refunded stay as they are.

    What had been given up is not sold a second time: the desk sees what was found.
    """
    for line in lock(consignment.lines.filter(shipped_at__isnull=False, delivered_at=None)):
        if line.status == Status.SHIPPED and not is_compensated(line):
            deliver_line(line, at=at)
        else:
            record("line.found", line, by=COURIER, at=at)


def is_found(line: OrderLine) -> bool:
    return OrderLine.objects.filter(found_after_refund(), pk=line.pk).exists()


def close_found(line: OrderLine, *, by: Actor, at: datetime) -> None:
    """The desk has agreed with the buyer about a device that came after its refund. Raises IllegalMove."""
    with transaction.atomic():
        lock(OrderLine.objects.filter(pk=line.pk)).get()
        if not is_found(line):
            raise IllegalMove
        record("line.found_closed", line, by=by, at=at)


def lose_consignment(consignment: Consignment, *, at: datetime) -> None:
    """The courier lost the parcel: the buyer has the whole price back, and the plant its proceeds from the house."""
    if lines := _refund_shipped(consignment, reason="parcel_lost", at=at):
        data = {"lines": [str(line.pk) for line in lines]}
        record("consignment.lost", consignment, by=COURIER, at=at, data=data)
    compensate_consignment(consignment, at=at)


def compensate_consignment(consignment: Consignment, *, at: datetime) -> None:
    """What the house courier had, and lost, its plant is paid as if it had arrived; its own courier is its own risk."""
    parcel = consignment.parcel
    if parcel is None or parcel.status != Parcel.Status.LOST:
        return
    if not is_house_couriers(parcel) or not was_handed_over(parcel):
        return
    for line in lock(consignment.lines.filter(shipped_at__isnull=False, delivered_at=None)):
        compensate_sale(line, at=at)


def return_consignment(consignment: Consignment, *, at: datetime) -> None:
    """Nobody took the parcel, and it is back at its plant: the buyer has the whole price back, the plant its device."""
    _refund_shipped(consignment, reason="undelivered", at=at)
    for line in lock(consignment.lines.filter(shipped_at__isnull=False, delivered_at=None)):
        take_back_compensation(line, at=at)
        if line.unit and line.unit.status == Unit.Status.SOLD and not _sold_since(line):
            take_back_unit(line.unit, by=COURIER, at=at)
    _end_withdrawals(consignment, at)


def _end_withdrawals(consignment: Consignment, at: datetime) -> None:
    """Who withdrew while it was on its way and did not take it has given it back: nothing is left to send."""
    confirmed = Withdrawal.objects.filter(line__consignment=consignment, status=Withdrawal.Status.CONFIRMED)
    for withdrawal in lock(confirmed):
        move(withdrawal, Withdrawal.Status.RETURNED, by=COURIER, at=at)
        if withdrawal.parcel and withdrawal.parcel.status == Parcel.Status.CREATED:
            cancel_parcel(withdrawal.parcel, by=COURIER, at=at)


def _refund_shipped(consignment: Consignment, *, reason: str, at: datetime) -> list[OrderLine]:
    """Every line on its way, but those whose refund somebody has asked for already; returns them."""
    shipped = list(lock(consignment.lines.filter(status=Status.SHIPPED)))
    lines = [line for line in shipped if not refund_requested(line)]
    for line in lines:
        refund_line(line, reason=reason, by=COURIER, at=at)
    return lines


def _sold_since(line: OrderLine) -> bool:
    return OrderLine.objects.filter(unit=line.unit_id, shipped_at__gt=line.shipped_at).exists()


def refund_when_late(line: OrderLine, *, at: datetime) -> bool:
    """Cancel and refund a locked line that has not left five business days after payment; False when it has left, or
    is not so late."""
    if line.status not in TO_SHIP or line.paid_at is None:
        return False
    if at < calendar().business_days_after(line.paid_at, OrderLine.CANCEL_AFTER_BUSINESS_DAYS):
        return False
    refund_line(line, reason="not_shipped", by="system:deadlines", at=at)
    return True
