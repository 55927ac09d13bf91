"""One physical device in a plant: taken in, erased, repaired, tested, listed, sold, taken back, recycled."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.money import Money
from backmarket.states import IllegalMove, move
from catalog.models import Listing, Unit, Variant
from catalog.services.stock import restock
from refurbishers.models import Refurbisher


class UnitInStock(DomainError):
    code = "unit_in_stock"
    default_message = _("A device with this IMEI or serial number is already in stock.")


class CannotList(DomainError):
    """The unit is not fit for this listing: not erased, not tested since its repair, or another device."""

    code = "cannot_list"


class CannotRecycle(DomainError):
    code = "cannot_recycle"
    default_message = _("Erase the device first and note it. If it does not start, destroy its memory.")


def take_in_unit(
    variant: Variant,
    plant: Refurbisher,
    *,
    identifier: str,
    purchase: Money,
    vat_scheme: str,
    by: Actor,
    at: datetime,
) -> Unit:
    """A device that the plant bought for `purchase` enters its workshop. Raises UnitInStock."""
    try:
        with transaction.atomic():
            unit = Unit.objects.create(
                variant=variant, plant=plant, identifier=identifier, purchase_minor=purchase.minor,
                currency=purchase.currency, vat_scheme=vat_scheme, created_at=at,
            )  # fmt: skip
            record("unit.taken_in", unit, by=by, at=at, data={"plant": str(plant.pk), "sku": variant.sku})
    except IntegrityError as error:
        raise UnitInStock(field="identifier") from error
    return unit


def erase_unit(unit: Unit, *, standard: str, tool: str, operator: User, by: Actor, at: datetime) -> None:
    """Note the erasure: its standard, the tool and who did it, as the certificate will say."""
    data = {"standard": standard, "tool": tool, "operator": operator.pk}
    facts = {"erasure_standard": standard, "erasure_tool": tool, "erased_by": operator, "erased_at": at}
    _work(unit, "erased", by=by, at=at, data=data, **facts)


def repair_unit(unit: Unit, *, parts: list[str], by: Actor, at: datetime) -> None:
    """Note the parts changed; from now on the device needs a new test before it can be listed."""
    with transaction.atomic():
        noted = lock(Unit.objects.filter(pk=unit.pk)).values_list("parts_changed", flat=True).get()
        _work(unit, "repaired", by=by, at=at, data={"parts": parts}, parts_changed=[*noted, *parts], repaired_at=at)


def record_test(unit: Unit, *, grade: str, battery_percent: int | None, by: Actor, at: datetime) -> None:
    """Note the grade reached and the battery's health in per cent (None: it has no battery)."""
    facts = {"grade": grade, "battery_percent": battery_percent}
    _work(unit, "tested", by=by, at=at, data=facts, tested_at=at, **facts)


def list_unit(unit: Unit, listing: Listing, *, by: Actor, at: datetime) -> None:
    """Ready for sale under `listing`, whose stock grows by one. Raises CannotList."""
    with transaction.atomic():
        lock(Unit.objects.filter(pk=unit.pk)).get()
        unit.refresh_from_db()
        _check_listable(unit, listing)
        move(unit, Unit.Status.READY, by=by, at=at, listing=listing, data={"listing": str(listing.pk)})
        restock(listing, 1, by=by, at=at)


def _check_listable(unit: Unit, listing: Listing) -> None:
    if (unit.variant_id, unit.plant_id, unit.grade) != (listing.variant_id, listing.plant_id, listing.grade):
        raise CannotList(_("This listing is of another device, plant or grade."), field="listing")
    if unit.erased_at is None:
        raise CannotList(_("Erase the device before listing it."))
    if unit.tested_at is None or (unit.repaired_at and unit.tested_at < unit.repaired_at):
        raise CannotList(_("Test the device after its last repair, before listing it."))


def sell_unit(unit: Unit, *, by: Actor, at: datetime) -> None:
    """The unit left for its buyer; the listing's stock went down when it was paid."""
    move(unit, Unit.Status.SOLD, by=by, at=at)


def take_back_unit(unit: Unit, *, by: Actor, at: datetime) -> None:
    """A sold unit returns to the workshop; it was in someone's hands, so it is erased and tested again."""
    move(
        unit, Unit.Status.IN_WORKSHOP, by=by, at=at,
        listing=None, erased_at=None, erased_by=None, erasure_standard="", erasure_tool="", tested_at=None, grade="",
        ready_at=None, sold_at=None,
    )  # fmt: skip


def recycle_unit(unit: Unit, *, by: Actor, at: datetime) -> None:
    """The device cannot be saved; its materials can. Only from the workshop: what is for sale is stock.

    Raises CannotRecycle while somebody's data may be on it.
    """
    with transaction.atomic():
        lock(Unit.objects.filter(pk=unit.pk)).get()
        unit.refresh_from_db()
        if unit.status != Unit.Status.IN_WORKSHOP:
            raise IllegalMove
        if unit.erased_at is None:
            raise CannotRecycle
        move(unit, Unit.Status.RECYCLED, by=by, at=at)


def _work(unit: Unit, done: str, *, by: Actor, at: datetime, data: dict[str, Any], **facts: Any) -> None:
    """The facts go into the row, which holds the last of each; the event's `data` keeps every one."""
    with transaction.atomic():
        if not Unit.objects.filter(pk=unit.pk, status=Unit.Status.IN_WORKSHOP).update(**facts):
            raise IllegalMove
        record(f"unit.{done}", unit, by=by, at=at, data=data)
    for name, value in facts.items():
        setattr(unit, name, value)
