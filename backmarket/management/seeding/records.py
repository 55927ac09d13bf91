"""The workshop's record of a device that the demo's shopper buys, for its passport."""

from datetime import datetime, timedelta

from backmarket.accounts.models import User
from backmarket.money import Money
from catalog.services.units import erase_unit, list_unit, record_test, repair_unit, take_in_unit
from orders.models import OrderLine

DAY = timedelta(days=1)


def record_work(line: OrderLine, identifier: str, *, by: User, at: datetime) -> None:
    """The plant took the device in, erased and repaired it, tested it and put it on its shelf, before `at`."""
    listing, cost = line.listing, Money(line.price_minor // 2, line.currency)
    unit = take_in_unit(
        listing.variant, line.plant, identifier=identifier, purchase=cost, vat_scheme=line.vat_scheme, by=by,
        at=at - 9 * DAY,
    )  # fmt: skip
    erase_unit(unit, standard="NIST SP 800-88 Purge", tool="Blancco 7.4", operator=by, by=by, at=at - 8 * DAY)
    repair_unit(unit, parts=["battery"], by=by, at=at - 7 * DAY)
    record_test(unit, grade=line.grade, battery_percent=100, by=by, at=at - 6 * DAY)
    list_unit(unit, listing, by=by, at=at - 5 * DAY)
