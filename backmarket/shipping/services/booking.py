"""What the courier is asked for: its times, a label, a visit, and not to come. All of it is network, so no transaction
is open, and one worker at a time asks about one parcel or visit."""

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction

from backmarket.db import alone
from backmarket.errors import GatewayError
from backmarket.events.services import record
from backmarket.shipping import selectors
from backmarket.shipping.couriers import courier as courier_named
from backmarket.shipping.couriers.base import Booked, Slot, Visit
from backmarket.shipping.models import Parcel, Pickup
from backmarket.shipping.services.common import subject
from backmarket.shipping.services.rounds import Question, ask_all
from backmarket.states import IllegalMove, move

REFUSAL_LENGTH = 80
EVERY = timedelta(minutes=1)


def available_slots(*, postcode: str, country: str, at: datetime) -> list[Slot]:
    """When the house courier can come to the door, soonest first. Network: outside transactions; GatewayError."""
    return courier_named().slots(postcode=postcode, country=country, at=at)


def book_with_courier(parcel_id: UUID, *, at: datetime) -> bool:
    """Ask the courier for what a parcel still lacks: its number, its visit, its label. Network: outside transactions.

    Returns whether anything was new; raises GatewayError. A final refusal is kept and not asked for again.
    """
    parcel = Parcel.objects.get(pk=parcel_id)
    is_new = _book_parcel(parcel, at=at)
    for pickup in selectors.pickups_to_book().filter(parcel=parcel):
        is_new |= _book_visit(pickup.visit, at=at)
    return _keep_label(parcel) or is_new


def _book_parcel(parcel: Parcel, *, at: datetime) -> bool:
    with alone(f"courier:{parcel.pk}") as mine:
        waiting = (
            mine and selectors.parcels_to_book().select_related("sender", "recipient").filter(pk=parcel.pk).first()
        )
        if not waiting:
            return False
        try:
            booked = courier_named(waiting.courier).book(waiting)
        except GatewayError as refusal:
            _keep_refusal(waiting, refusal, at=at)
            raise
        with transaction.atomic():
            price = {"label_minor": booked.price.minor, "label_currency": booked.price.currency} if booked.price else {}
            Parcel.objects.filter(pk=parcel.pk).update(
                tracking_number=booked.code, gateway_id=booked.gateway_id, booked_at=at, **price
            )
            record("parcel.booked", parcel, by=f"courier:{parcel.courier}", at=at, data=subject(parcel))
    return True


def _keep_refusal(parcel: Parcel, refusal: GatewayError, *, at: datetime) -> None:
    """Without a label nobody comes: whoever waits for the courier is told, and the desk sees why."""
    if refusal.retry:
        return
    with transaction.atomic():
        Parcel.objects.filter(pk=parcel.pk).update(refusal=str(refusal)[:REFUSAL_LENGTH])
        record("parcel.refused", parcel, by=f"courier:{parcel.courier}", at=at, data=subject(parcel))
        _fail_pickups(list(selectors.pickups_to_book().filter(parcel=parcel)), refusal, at=at)


def _fail_pickups(pickups: list[Pickup], refusal: GatewayError, *, at: datetime) -> None:
    for pickup in pickups:
        why = Pickup.Failure.REFUSED
        by, data = f"courier:{pickup.parcel.courier}", subject(pickup.parcel) | {"reason": why}
        facts = {"failure": why, "refusal": str(refusal)[:REFUSAL_LENGTH]}
        with suppress(IllegalMove):
            move(pickup, Pickup.Status.FAILED, by=by, at=at, data=data, **facts)


def _book_visit(visit: UUID, *, at: datetime) -> bool:
    """Book a visit for all that it is to collect; again when something joined that the courier does not know of."""
    with alone(f"courier:{visit}") as mine:
        if not mine:
            return False
        for parcel in selectors.parcels_to_book().filter(pickups__in=selectors.open_pickups(visit)):
            _book_mate(parcel, at=at)
        pickups = list(selectors.open_pickups(visit).filter(parcel__booked_at__isnull=False))
        new = [pickup for pickup in pickups if not pickup.confirmation]
        if not new:
            return False
        known = dict.fromkeys(pickup.gateway_id for pickup in pickups if pickup.gateway_id)
        try:
            booked = courier_named(new[-1].parcel.courier).book(Visit(tuple(pickups), tuple(known)))
        except GatewayError as refusal:
            if not refusal.retry:
                with transaction.atomic():
                    _fail_pickups(new, refusal, at=at)
            raise
        _confirm(pickups, booked)
    return True


def _book_mate(parcel: Parcel, *, at: datetime) -> None:
    """A parcel that is refused for good does not keep the others waiting."""
    try:
        _book_parcel(parcel, at=at)
    except GatewayError as refusal:
        if refusal.retry:
            raise


def _confirm(pickups: list[Pickup], booked: Booked) -> None:
    """Written whatever became of them meanwhile: one cancelled in between is called off with the courier next."""
    Pickup.objects.filter(pk__in=[pickup.pk for pickup in pickups]).update(
        confirmation=booked.code or booked.gateway_id, gateway_id=booked.gateway_id
    )


def _keep_label(parcel: Parcel) -> bool:
    """Fetch the courier's own label once: from then on it is a private file of ours."""
    with alone(f"courier:{parcel.pk}") as mine:
        waiting = (
            mine and selectors.labels_to_fetch().select_related("sender", "recipient").filter(pk=parcel.pk).first()
        )
        if not waiting:
            return False
        pdf = courier_named(waiting.courier).label(waiting)
        waiting.label.save(f"{waiting.pk}.pdf", ContentFile(pdf), save=False)
        Parcel.objects.filter(pk=waiting.pk).update(label=waiting.label.name)
    return True


def call_off_with_courier(row: Parcel | Pickup, *, at: datetime) -> bool:
    """Tell the courier what was cancelled; a final no, as when it has the parcel already, is kept for the desk.

    Network: outside transactions. Returns whether the courier was told; raises GatewayError when that may help later.
    """
    parcel = row if isinstance(row, Parcel) else row.parcel
    refusal = ""
    with alone(f"courier:{row.pk if isinstance(row, Parcel) else row.visit}") as mine:
        if not mine:
            return False
        row.refresh_from_db()
        try:
            courier_named(parcel.courier).cancel(row)
        except GatewayError as error:
            if error.retry:
                raise
            refusal = str(error)[:REFUSAL_LENGTH]
        with transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(void_at=None if refusal else at, refusal=refusal)
            if refusal:
                record(f"{row.NOUN}.kept", row, by=f"courier:{parcel.courier}", at=at, data=subject(parcel))
    return not refusal


def book_couriers(at: datetime) -> int:
    """Ask again for all that the courier has not confirmed, and tell it what was cancelled; returns how many it did."""
    return ask_all(_waiting(at), at=at, every=EVERY)


def _waiting(at: datetime) -> list[Question]:
    lacking = [
        *selectors.parcels_to_book().values_list("pk", flat=True),
        *selectors.pickups_to_book().values_list("parcel", flat=True),
        *selectors.labels_to_fetch().values_list("pk", flat=True),
    ]
    void: list[Parcel | Pickup] = [*selectors.pickups_to_call_off(), *selectors.parcels_to_call_off()]
    return [
        *((pk, partial(book_with_courier, pk, at=at)) for pk in dict.fromkeys(lacking)),
        *((row.pk, partial(call_off_with_courier, row, at=at)) for row in void),
    ]
