"""What a quote's page says of each bid and its plant, and of a renewed quote. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from backmarket.money import Money
from buyback.models import Quote
from catalog.models import Unit
from refurbishers.services.measures import MIN_SHOWN


@dataclass(frozen=True)
class Afterlife:
    """What became of the devices that a plant bought here: counts, and the standard by which it erased most of them."""

    total: int
    sold: int
    recycled: int
    standard: str

    @property
    def waiting(self) -> int:
        return self.total - self.sold - self.recycled


def afterlives(plants: Iterable[int]) -> dict[Any, Afterlife]:
    """By plant; a plant of fewer than MIN_SHOWN devices is left out, as nothing could be said of it."""
    bought = Unit.objects.filter(trade__isnull=False, plant__in=list(plants)).order_by()
    counted = bought.values("plant").annotate(
        total=Count("pk"),
        sold=Count("pk", filter=Q(status=Unit.Status.SOLD)),
        recycled=Count("pk", filter=Q(status=Unit.Status.RECYCLED)),
    )
    erased = bought.exclude(erasure_standard="").values("plant", "erasure_standard").annotate(n=Count("pk"))
    standards = {row["plant"]: row["erasure_standard"] for row in erased.order_by("n")}
    return {
        row["plant"]: Afterlife(row["total"], row["sold"], row["recycled"], standards.get(row["plant"], ""))
        for row in counted
        if row["total"] >= MIN_SHOWN
    }


def quoted_bids(quote: Quote) -> list[Any]:
    """The bids of a quote, best first, each with `afterlife`: what its plant does with such devices, or None."""
    bids = list(quote.bids.select_related("plant"))
    known = afterlives(bid.plant_id for bid in bids)
    for bid in bids:
        bid.afterlife = known.get(bid.plant_id)  # type: ignore[attr-defined]
    return bids


@dataclass(frozen=True)
class PriceChange:
    """One plant's price in the quote before and in the one that renewed it; None where it did not bid."""

    plant: str
    before: Money | None
    now: Money | None

    @property
    def is_lower(self) -> bool:
        return self.before is not None and (self.now is None or self.now.minor < self.before.minor)

    @property
    def difference(self) -> Money | None:
        """How much more or less, without a sign."""
        if self.before is None or self.now is None:
            return None
        return Money(abs(self.now.minor - self.before.minor), self.now.currency)


@dataclass(frozen=True)
class Renewal:
    """What a renewed quote changed: the best price, and the plants whose price is another than before."""

    best: PriceChange
    plants: list[PriceChange]


def price_change(quote: Quote) -> Renewal | None:
    """None for a quote that renews no other."""
    if quote.renews is None:
        return None
    before, now = ({bid.plant.name: bid.price for bid in q.bids.select_related("plant")} for q in (quote.renews, quote))
    changes = [PriceChange(name, before.get(name), now.get(name)) for name in dict.fromkeys([*now, *before])]
    best = PriceChange("", next(iter(before.values()), None), next(iter(now.values()), None))
    return Renewal(best, [change for change in changes if change.before != change.now])
