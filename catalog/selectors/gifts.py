"""Gift lists: as their owner sees them, without a word on who gives what, and as givers see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from backmarket.accounts.models import User
from catalog.models import Buyable, GiftItem, GiftList, GiftPromise
from catalog.selectors.offered import rows_of_pairs

FREE, TAKEN, MINE = "free", "taken", "mine"


@dataclass(frozen=True)
class Wish:
    """An item with its offer now (None: no plant ever offered it), and how it stands for whoever looks."""

    item: GiftItem
    buyable: Buyable | None
    state: str = ""

    @property
    def url(self) -> str:
        """Where it can be bought: the very variant and grade, or its product."""
        return self.buyable.url if self.buyable else self.item.variant.product.get_absolute_url()


def lists_of(owner: User) -> "QuerySet[GiftList]":
    """A person's lists with how many wishes are on each, newest first."""
    wished = Count("items", filter=Q(items__removed_at=None))
    return GiftList.objects.filter(owner=owner).annotate(wish_count=wished).order_by("-created_at", "pk")


def wishes_for_owner(gift_list: GiftList) -> list[Wish]:
    """What is on the list. Reads no promise, so that nothing of one can show: not in the page, not in its time."""
    return _wishes(_items(gift_list).filter(removed_at=None))


def wishes_for_giver(gift_list: GiftList, *, giver: User | None, keys: Iterable[str], reveal: bool) -> list[Wish]:
    """The list with what is taken, once the visitor asked for it (`reveal`); a giver's own promises always show.

    `keys` are the guest's promises that this browser knows. What its owner took off shows to whoever gives it.
    """
    promises = {row.item_id: row for row in GiftPromise.objects.filter(item__gift_list=gift_list)}
    known = set(keys)
    mine = {item_id for item_id, row in promises.items() if _mine(row, giver, known)}
    items = [item for item in _items(gift_list) if item.removed_at is None or item.pk in mine]

    def state(item: GiftItem) -> str:
        if item.pk in mine:
            return MINE
        return TAKEN if reveal and item.pk in promises else FREE

    return _wishes(items, {item.pk: state(item) for item in items})


def gifts_promised_by(giver: User) -> list[Wish]:
    """What a person with an account gives to others, the newest first."""
    items = GiftItem.objects.filter(promise__giver=giver).select_related("gift_list__owner", "variant__product")
    return _wishes(items.order_by("-promise__promised_at"))


def _items(gift_list: GiftList) -> "QuerySet[GiftItem]":
    return gift_list.items.select_related("variant__product")


def _wishes(items: Iterable[GiftItem], states: dict[UUID, str] | None = None) -> list[Wish]:
    rows = list(items)
    offers = rows_of_pairs((item.variant_id, item.grade) for item in rows)
    return [Wish(item, offers.get((item.variant_id, item.grade)), (states or {}).get(item.pk, "")) for item in rows]


def _mine(promise: GiftPromise, giver: User | None, keys: set[str]) -> bool:
    return promise.giver_id == giver.pk if giver else promise.giver_id is None and str(promise.key) in keys


def wish_with_offer(item: GiftItem, state: str = "") -> Wish:
    return _wishes([item], {item.pk: state})[0]


def guest_promise(item: GiftItem, key: UUID) -> str:
    """How an item stands for the guest whose link carries `key`."""
    promise = GiftPromise.objects.filter(item=item).first()
    if promise is None:
        return FREE
    return MINE if _mine(promise, None, {str(key)}) else TAKEN
