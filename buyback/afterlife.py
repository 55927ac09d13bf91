"""What becomes of a device after its sale, told to the one who sold it: of others it says nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from buyback.models import Trade
from buyback.moments import Moment
from catalog.impact import Avoided, avoided
from catalog.models import Unit

Text = str | Promise
AHEAD: tuple[tuple[str, Text], ...] = (
    ("erased_at", _("Your data erased, with a certificate")),
    ("tested_at", _("Tested")),
    ("ready_at", _("On sale")),
    ("sold_at", _("Sold: it has a new owner")),
)


@dataclass(frozen=True)
class Story:
    """Moments of a device's second life, and what that life avoids. `shop_url` while it is on sale."""

    moments: tuple[Moment, ...]
    avoided: Avoided | None
    is_sold: bool
    is_recycled: bool
    is_erased: bool
    shop_url: str


def device_story(trade: Trade) -> Story | None:
    """The device's life since the plant bought it; None while it has not."""
    unit = trade.unit
    if unit is None:
        return None
    recycled = unit.status == Unit.Status.RECYCLED
    return Story(
        moments=(*_past(unit), *_future(unit)),
        avoided=None if recycled else avoided(trade.variant.product.category.impact),
        is_sold=unit.status == Unit.Status.SOLD,
        is_recycled=recycled,
        is_erased=unit.erased_at is not None,
        shop_url=_shop_url(trade, unit),
    )


def _past(unit: Unit) -> list[Moment]:
    steps: list[tuple[Text, datetime | None, Text]] = [
        (_("Taken into the workshop"), unit.created_at, ""),
        (_("Your data erased"), unit.erased_at, unit.erasure_standard),
        (_("Repaired"), unit.repaired_at, ", ".join(unit.parts_changed)),
        (_("Tested"), unit.tested_at, unit.get_grade_display() if unit.grade else ""),
        (_("On sale"), unit.ready_at, ""),
        (_("Sold: it has a new owner"), unit.sold_at, ""),
        (_("Recycled: its materials live on"), unit.recycled_at, ""),
    ]
    happened = [Moment(title, at, detail) for title, at, detail in steps if at is not None]
    return sorted(happened, key=lambda moment: moment.at or unit.created_at)


def _future(unit: Unit) -> Iterator[Moment]:
    """The steps that a device in the workshop or in the shop still has before it."""
    if unit.status in (Unit.Status.IN_WORKSHOP, Unit.Status.READY):
        for name, title in AHEAD:
            if getattr(unit, name) is None:
                yield Moment(title, state="todo")


def _shop_url(trade: Trade, unit: Unit) -> str:
    if unit.status != Unit.Status.READY or unit.listing is None:
        return ""
    choice = {"variant": trade.variant.sku, "grade": unit.listing.grade, "listing": unit.listing.pk}
    return f"{reverse('product', args=[trade.variant.product.slug])}?{urlencode(choice)}"
