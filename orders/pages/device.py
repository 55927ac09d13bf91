"""The passport of a bought device: what it is, what was done to it before it was sent, and what covers it."""

from dataclasses import dataclass

from backmarket.countries import country_name
from catalog.checklists import Chapter, tested
from catalog.passports import Stamp, passport
from catalog.selectors.products import checks_of
from orders.models import Guarantee, OrderLine
from orders.pages.parts import Step


@dataclass(frozen=True)
class DevicePage:
    """`history` is empty for a device whose plant keeps no workshop record with us."""

    line: OrderLine
    guarantee: Guarantee | None
    history: list[Step]
    chapters: tuple[Chapter, ...]
    refurbished_in: str


def device_page(line: OrderLine) -> DevicePage:
    chapters, _battery = tested(checks_of(line.listing.variant.product.category), line.grade)
    return DevicePage(
        line=line,
        guarantee=getattr(line, "guarantee", None),
        history=[Step(stamp.title, stamp.at, "done", stamp.detail) for stamp in _stamps(line)],
        chapters=chapters,
        refurbished_in=f"{line.plant.city}, {country_name(line.plant.country)}",
    )


def _stamps(line: OrderLine) -> list[Stamp]:
    """Until it was sent to this buyer: whoever has it afterwards is nobody's business. No names of people."""
    if line.unit is None or line.shipped_at is None:
        return []
    return [stamp for stamp in passport(line.unit) if stamp.at <= line.shipped_at]
