"""Collections as the public sees them: each device by its best offer, in the order that the house gave it."""

from dataclasses import dataclass
from datetime import datetime

from catalog.models import Buyable, Collection, CollectionItem
from catalog.selectors.offered import best_of_products, rows_of_pairs

ON_HOME, ON_INDEX = 8, 3


@dataclass(frozen=True)
class Pick:
    """A device of a collection, and the house's word on it."""

    buyable: Buyable
    words: str


@dataclass(frozen=True)
class Shelf:
    """A collection with its devices. What was never offered is left out; `in_stock` counts what can be bought now."""

    collection: Collection
    picks: list[Pick]

    @property
    def in_stock(self) -> int:
        return sum(pick.buyable.in_stock for pick in self.picks)

    @property
    def first(self) -> list[Pick]:
        """What stands for it on the page of all collections."""
        return self.picks[:ON_INDEX]


def shelves(at: datetime) -> list[Shelf]:
    """The collections that are public at this instant, in their order."""
    return _shelves(list(Collection.objects.published(at)))


def shelf_of(collection: Collection) -> Shelf:
    return _shelves([collection])[0]


def shelf_for_home(at: datetime) -> Shelf | None:
    """The first public collection with what is in stock of it now, at most eight; None without one."""
    first = Collection.objects.published(at).first()
    if first is None:
        return None
    picks = [pick for pick in shelf_of(first).picks if pick.buyable.in_stock]
    return Shelf(first, picks[:ON_HOME]) if picks else None


def _shelves(collections: list[Collection]) -> list[Shelf]:
    items = list(CollectionItem.objects.filter(collection__in=collections))
    by_product = best_of_products(item.product_id for item in items if item.product_id)
    by_pair = rows_of_pairs((item.variant_id, item.grade) for item in items if item.variant_id)

    def pick(item: CollectionItem) -> Pick | None:
        row = by_product.get(item.product_id or 0) or by_pair.get((item.variant_id or 0, item.grade))
        return Pick(row, item.words) if row else None

    picks = [(item.collection_id, found) for item in items if (found := pick(item))]
    return [Shelf(row, [found for owner, found in picks if owner == row.pk]) for row in collections]
