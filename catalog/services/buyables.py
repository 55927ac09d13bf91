"""The row per variant and grade that list pages read, kept true in the transaction that changes an offer.

Concurrent refreshes of one row wait for each other before they read the listings, so that the last one to commit has
seen all the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import transaction

from backmarket.db import lock
from backmarket.pagecache import touch
from catalog import ranking
from catalog.facets import values_of
from catalog.models import Buyable, Listing, Product, ReferencePrice, StaleBuyable, Variant
from catalog.search import searchable, words_of_variant
from catalog.services.awaited import record_awaited_offers
from catalog.services.words import learn_words
from refurbishers.models import Refurbisher

Pair = tuple[int, str]
R = TypeVar("R", bound=ranking.Ranked)
REBUILD_BATCH = 1_000
KEY = ("variant", "grade")
COLUMNS = [
    field.name for field in Buyable._meta.concrete_fields if field.name not in {"id", *KEY, "search", "slot"}
]  # fmt: skip

PLANT_FACTS = ("name", "slug", "country", "rating_sum", "rating_count", "quality_bps")
OFFER_FACTS = (
    "number", "variant_id", "grade", "plant_id", "price_minor", "shipping_minor", "on_hand", "reserved",
    "guarantee_months", "shipping_days", "new_battery",
)  # fmt: skip


class Before(NamedTuple):
    """What a row said before it was refreshed."""

    pk: int
    facets: list[str]
    search_text: str


def refresh_buyables(pairs: Iterable[Pair]) -> None:
    """Recompute the rows of these (variant id, grade) pairs in the caller's transaction, in a few statements."""
    wanted = sorted(set(pairs))
    if wanted:
        with transaction.atomic():
            _refresh(wanted)


def rebuild_buyables() -> int:
    """Recompute every row, in batches that each commit; returns how many."""
    listed = Listing.objects.exclude(status=Listing.Status.DRAFT).values_list("variant_id", "grade")
    pairs = sorted({*listed.distinct(), *Buyable.objects.values_list("variant_id", "grade")})
    for start in range(0, len(pairs), REBUILD_BATCH):
        refresh_buyables(pairs[start : start + REBUILD_BATCH])
    return len(pairs)


def rank_listings(listings: Sequence[R]) -> list[tuple[int, R]]:
    """Listings of one variant and grade with their score, best first; the older wins a tie."""
    if not listings:
        return []
    cheapest = min(listing.price_minor + listing.shipping_minor for listing in listings)
    scored = [(ranking.score(facts_of(listing, cheapest)), listing) for listing in listings]
    return sorted(scored, key=lambda pair: (-pair[0], pair[1].number))


def facts_of(listing: ranking.Ranked, cheapest_minor: int) -> ranking.OfferFacts:
    """What the formula looks at; `cheapest_minor` is the lowest full price among the offers compared."""
    return ranking.OfferFacts(
        full_minor=listing.price_minor + listing.shipping_minor,
        cheapest_minor=cheapest_minor,
        quality_bps=listing.plant.quality_bps,
        guarantee_months=listing.guarantee_months,
        shipping_days=listing.shipping_days,
    )


def _refresh(pairs: list[Pair]) -> None:
    variant_ids = {variant_id for variant_id, _ in pairs}
    variants = Variant.objects.select_related("product__category").in_bulk(variant_ids)
    before = _lock_rows(pairs, variants)
    references = _references(variant_ids)
    offers = _online_listings(variant_ids)
    devices = {pk: _device(variant, references.get(pk)) for pk, variant in variants.items()}
    rows = [Buyable(variant=variants[pk], grade=grade, **devices[pk]) for pk, grade in pairs]
    for row in rows:
        for name, value in _offer(offers[row.variant_id, row.grade], row.reference_minor).items():
            setattr(row, name, value)
        row.facets = values_of(row, row.variant.product.category)
    Buyable.objects.bulk_create(rows, update_conflicts=True, unique_fields=KEY, update_fields=COLUMNS)
    _note_changes(rows, before)
    record_awaited_offers(pairs)


def _note_changes(rows: Sequence[Buyable], before: dict[Pair, Before]) -> None:
    """Whose bits are older than its row now, and which words are new."""
    old = [(row, before[row.variant_id, row.grade]) for row in rows]
    products = {row.variant.product for row in rows}
    touch(*{f"product:{each.slug}" for each in products}, *{f"category:{each.category.slug}" for each in products})
    stale = [(row, known) for row, known in old if row.facets != known.facets]
    StaleBuyable.objects.bulk_create(
        StaleBuyable(buyable_id=known.pk, category_id=row.category_id) for row, known in stale
    )
    if new := {row.product_id for row, known in old if row.search_text != known.search_text}:
        learn_words(new)


def _lock_rows(pairs: list[Pair], variants: dict[int, Variant]) -> dict[Pair, Before]:
    """Lock the rows of these pairs, created where they are missing; returns what they said."""
    rows = Buyable.objects.filter(variant_id__in=variants)
    known = set(rows.values_list("variant_id", "grade"))
    if missing := [pair for pair in pairs if pair not in known]:
        # Without words yet: who compares sees that they are new.
        blank = [Buyable(variant=variants[pk], grade=grade, **_product(variants[pk].product)) for pk, grade in missing]
        Buyable.objects.bulk_create(blank, ignore_conflicts=True)
    wanted = set(pairs)
    ids = [pk for pk, *pair in rows.values_list("pk", "variant_id", "grade") if tuple(pair) in wanted]
    columns = ("variant_id", "grade", "pk", "facets", "search_text")
    locked = lock(Buyable.objects.filter(pk__in=ids)).values_list(*columns)
    return {(variant, grade): Before(pk, facets, text) for variant, grade, pk, facets, text in locked}


def _online_listings(variant_ids: set[int]) -> dict[Pair, list[Listing]]:
    """What can be shown: online listings of trading plants in the market's currency, sold out or not."""
    # Plants are few and their rows wide: read once, not with every listing.
    plants = Refurbisher.objects.trading().only(*PLANT_FACTS).in_bulk()
    rows = Listing.objects.filter(
        variant_id__in=variant_ids, status=Listing.Status.ONLINE, plant__in=plants, currency=settings.DEFAULT_CURRENCY
    )
    grouped: dict[Pair, list[Listing]] = defaultdict(list)
    for listing in rows.only(*OFFER_FACTS):
        listing.plant = plants[listing.plant_id]
        grouped[listing.variant_id, listing.grade].append(listing)
    return grouped


def _references(variant_ids: set[int]) -> dict[int, ReferencePrice]:
    rows = ReferencePrice.objects.filter(variant_id__in=variant_ids, currency=settings.DEFAULT_CURRENCY)
    return {row.variant_id: row for row in rows.order_by("variant_id", "-source_date").distinct("variant_id")}


def _device(variant: Variant, reference: ReferencePrice | None) -> dict[str, Any]:
    return {
        **_product(variant.product),
        "subtitle": variant.label,
        "sku": variant.sku,
        "colour": variant.colour,
        "attributes": variant.attributes,
        "reference_minor": reference.price_minor if reference else None,
        "reference_source": reference.source if reference else "",
        "reference_date": reference.source_date if reference else None,
        "search_text": searchable(words_of_variant(variant)),
    }


def _product(product: Product) -> dict[str, Any]:
    return {
        "product_id": product.pk,
        "category_id": product.category_id,
        "title": str(product),
        "slug": product.slug,
        "form": product.form,
        "brand": product.brand,
        "released_year": product.released_year,
        "currency": settings.DEFAULT_CURRENCY,
    }


def _offer(listings: Sequence[Listing], reference_minor: int | None) -> dict[str, Any]:
    live = [listing for listing in listings if listing.available > 0]
    ranked = rank_listings(live or listings)
    if not ranked:
        return {}
    score, best = ranked[0]
    saved = max((reference_minor or 0) - best.price_minor, 0)
    return {
        "best_listing": best,
        "price_minor": best.price_minor,
        "saving_bps": saved * 10_000 // reference_minor if reference_minor else 0,
        "offer_count": len(live),
        "in_stock": bool(live),
        "plant_name": best.plant.name,
        "plant_slug": best.plant.slug,
        "plant_country": best.plant.country,
        "plant_rating_x10": None if best.plant.rating is None else round(best.plant.rating * 10),
        "guarantee_months": best.guarantee_months,
        "shipping_days": best.shipping_days,
        "shipping_minor": best.shipping_minor,
        "new_battery": best.new_battery,
        "score": score,
    }
