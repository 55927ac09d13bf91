"""Alice's gift lists, one of them shared with carol, and what she waits for."""

from datetime import date, datetime, timedelta
from uuid import UUID

from backmarket.accounts.models import User
from backmarket.management import demo_logins as cast
from backmarket.management.seed_data.lists import FIRST_FLAT, GIVEN, WATCHED, WISHES
from backmarket.management.seeding.base import stable_uuid
from backmarket.money import Money
from catalog.models import Buyable, GiftList, Product
from catalog.selectors.offered import best_of_products
from catalog.services.alerts import ask_for_alert
from catalog.services.gifts import make_list, promise_gift, wish

MADE = timedelta(days=9)


def load(at: datetime) -> str:
    alice, carol = (User.objects.get(email=email) for email in (cast.ALICE, cast.CAROL))
    since = at - MADE
    flat = make_list(alice, name="Our first flat", at=since)
    christmas = make_list(alice, name="Christmas", at=since, occasion_date=date(at.year, 12, 24))
    christmas.token = token = stable_uuid("gift-list", 1)
    christmas.save(update_fields=["token"])
    offers = _offers()
    for gift_list, wishes in ((flat, FIRST_FLAT), (christmas, WISHES)):
        for slug, priority, note in wishes:
            _wish(gift_list, offers[slug], priority, note, since)
    _promise(christmas, offers[GIVEN], carol, token, at)
    for slug, share in WATCHED:
        _watch(alice, offers[slug], share, since)
    return f"2 gift lists of {len(FIRST_FLAT) + len(WISHES)} wishes, {len(WATCHED)} alerts"


def _offers() -> dict[str, Buyable]:
    slugs = [slug for slug, *_rest in (*FIRST_FLAT, *WISHES, *WATCHED)]
    keys = dict(Product.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    best = best_of_products(keys.values())
    return {slug: best[pk] for slug, pk in keys.items()}


def _wish(gift_list: GiftList, offer: Buyable, priority: int, note: str, at: datetime) -> None:
    wish(gift_list, offer.variant, offer.grade, at=at, priority=priority, note=note)


def _promise(gift_list: GiftList, offer: Buyable, giver: User, token: UUID, at: datetime) -> None:
    item = gift_list.items.get(variant=offer.variant, grade=offer.grade)
    promise_gift(item, token=token, giver=giver, key=stable_uuid("gift-promise", 1), at=at)


def _watch(user: User, offer: Buyable, share: int | None, at: datetime) -> None:
    price = offer.price_minor
    target = Money(price * share // 10_000 * 100, offer.currency) if share and price else None
    ask_for_alert(offer.variant, offer.grade, user=user, target=target, at=at)
