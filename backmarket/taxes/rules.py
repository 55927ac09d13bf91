"""Which country taxes what, and how much of an amount the tax is."""

from dataclasses import dataclass
from datetime import date

from backmarket.money import BPS, Money
from backmarket.taxes.rates import in_union, vat_rate


@dataclass(frozen=True, slots=True)
class Taxed:
    """The country whose VAT it is, and the rate that the paper shows, in basis points."""

    country: str
    bps: int


def tax_of_sale(*, margin: bool, seller: str, buyer: str, on: date) -> Taxed:
    """A device sold to a consumer: `seller` and `buyer` are the countries it leaves from and goes to.

    Margin scheme: taxed where the plant is, and not shown (directive 2006/112, art. 313 and 325). Regular: where the
    device goes to (art. 33, declared in the one-stop shop); outside the Union it is an export, free of VAT (art. 146).
    """
    if margin:
        return Taxed(seller, 0)
    return Taxed(buyer, vat_rate(buyer, on)) if in_union(buyer) else Taxed(seller, 0)


def tax_of_commission(*, house: str, plant: str, vat_number: str, on: date) -> Taxed:
    """The house's service to a plant, taxed where the plant is (art. 44), by the plant itself in another country.

    Reverse charge (art. 196) asks for its VAT number; without one the plant is taxed like a consumer, by the house. A
    house outside the Union has no VAT of it to ask for.
    """
    if in_union(house) and (plant == house or (in_union(plant) and not vat_number)):
        return Taxed(house, vat_rate(house, on))
    return Taxed(plant, 0)


def included_vat(gross: Money, bps: int) -> Money:
    """The VAT in an amount that includes it; half a minor unit is rounded away from zero."""
    sign = -1 if gross.minor < 0 else 1
    whole = BPS + bps
    return Money(sign * ((2 * abs(gross.minor) * bps + whole) // (2 * whole)), gross.currency)


def share_of(amount: Money, part: int, whole: int) -> Money:
    """`part` of `whole` of an amount, half a minor unit rounded up: for what is given back piece by piece."""
    return Money((2 * amount.minor * part + whole) // (2 * whole), amount.currency)
