"""The row per variant and grade that list pages read, kept true in the transaction that changes an offer.

Concurrent refreshes of one row wait for each other before they read the listings, so that the last one to commit has
seen all the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from backmarket.db import lock
from backmarket.pagecache import touch
from catalog import ranking
from catalog.facets import values_of
from catalog.models import Buyable, Listing, Product, ReferencePrice, StaleBuyable, Variant
from catalog.search import searchable, words_of_variant
from catalog.services.awaited import record_awaited_offers
from catalog.services.facet_index import name_models
from catalog.services.words import learn_words
from catalog.vocabulary import GRADES
from refurbishers.models import Refurbisher

Pair = tuple[int, str]
R = TypeVar("R", bound=ranking.Ranked)
REBUILD_BATCH = 1_000
KEY = ("variant", "grade")
WRITTEN = [field for field in Buyable._meta.concrete_fields if field.name not in {"id", *KEY, "search", "slot"}]
COLUMNS = [field.name for field in WRITTEN]
# What of a row can differ: all but the instant of its refresh.
SAID = [field.attname for field in WRITTEN if field.name != "refreshed_at"]

# What the bits of the facets are written from, and what searches and the facet of models are.
INDEXED, WORDED = ("facets", "category_id"), ("search_text", "title", "slug", "brand")

PLANT_FACTS = ("name", "slug", "country", "rating_sum", "rating_count", "quality_bps")
# Each pair is looked up in the index of what is online: the other grades of a variant are not read.
OFFERS = """
    SELECT id, number, variant_id, grade, plant_id, price_minor, shipping_minor, on_hand - reserved,
        guarantee_months, shipping_days, new_battery
    FROM unnest(%s::bigint[], %s::text[]) AS wanted(variant, mark)
        JOIN catalog_listing ON variant_id = variant AND grade = mark
    WHERE status = 'online' AND currency = %s AND plant_id = ANY(%s::uuid[])
"""


class Before(NamedTuple):
    """What a row said before it was refreshed."""

    pk: int
    values: dict[str, Any]


class Offered(NamedTuple):
    """What the formula and the row need of a listing: there are ten of them to a buyable."""

    pk: UUID
    number: int
    variant_id: int
    grade: str
    plant: Refurbisher
    price_minor: int
    shipping_minor: int
    available: int
    guarantee_months: int
    shipping_days: int
    new_battery: bool


def refresh_buyables(pairs: Iterable[Pair], *, softly: bool = False) -> None:
    """Recompute the rows of these (variant id, grade) pairs in the caller's transaction, in a few statements.

    `softly`: of pages that somebody renders anew already, others see the one before meanwhile.
    """
    wanted = sorted(set(pairs))
    if wanted:
        with transaction.atomic():
            _refresh(wanted, softly)


def rebuild_buyables() -> int:
    """Recompute every row, in batches that each commit; returns how many."""
    return sum(rebuilt for rebuilt, _of in rebuilding_buyables())


def rebuilding_buyables() -> Iterator[tuple[int, int]]:
    """Recompute every row; yields after each batch, which has committed, how many it held and how many there are."""
    listed = Listing.objects.exclude(status=Listing.Status.DRAFT).values_list("variant_id", "grade")
    pairs = sorted({*listed.order_by().distinct(), *Buyable.objects.values_list("variant_id", "grade")})
    for start in range(0, len(pairs), REBUILD_BATCH):
        batch = pairs[start : start + REBUILD_BATCH]
        refresh_buyables(batch)
        yield len(batch), len(pairs)


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


def _refresh(pairs: list[Pair], softly: bool) -> None:
    variant_ids = {variant_id for variant_id, _ in pairs}
    # Joined, every variant would bring a category of its own.
    variants = Variant.objects.prefetch_related("product__category").in_bulk(variant_ids)
    before = _lock_rows(pairs, variants)
    references = _references(variant_ids)
    offers = _online_offers(pairs)
    devices = {pk: _device(variant, references.get(pk)) for pk, variant in variants.items()}
    rows = [Buyable(variant=variants[pk], grade=grade, **devices[pk]) for pk, grade in pairs]
    for row in rows:
        row.search_text += f" {GRADES[row.grade]}"
        for name, value in _offer(offers[row.variant_id, row.grade], row.reference_minor).items():
            setattr(row, name, value)
        row.facets = values_of(row, row.variant.product.category)
    changed = [row for row in rows if before[row.variant_id, row.grade].values != _said(row)]
    Buyable.objects.bulk_create(changed, update_conflicts=True, unique_fields=KEY, update_fields=COLUMNS)
    _note_changes(rows, before, softly)
    record_awaited_offers(pairs)


def _note_changes(rows: Sequence[Buyable], before: dict[Pair, Before], softly: bool) -> None:
    """Whose bits are older than its row now, which words are new, and which pages show another."""
    old = [(row, before[row.variant_id, row.grade]) for row in rows]
    stale = [(row, known) for row, known in old if any(_differs(row, known, name) for name in INDEXED)]
    StaleBuyable.objects.bulk_create(
        StaleBuyable(buyable_id=known.pk, category_id=row.category_id) for row, known in stale
    )
    if renamed := {row.product_id: row for row, known in old if any(_differs(row, known, name) for name in WORDED)}:
        learn_words(renamed)
        name_models((row.category_id, row.slug, row.title, row.brand) for row in renamed.values())
    products = {row.variant.product for row in rows}
    subjects = {f"product:{each.slug}" for each in products} | {f"category:{each.category.slug}" for each in products}
    touch(*subjects, softly=softly)


def _differs(row: Buyable, known: Before, name: str) -> bool:
    return bool(getattr(row, name) != known.values[name])


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
    locked = lock(Buyable.objects.filter(pk__in=ids)).values("variant_id", "grade", "pk", *SAID)
    return {
        (row.pop("variant_id"), row.pop("grade")): Before(row.pop("pk"), row)
        for row in cast(Iterable[dict[str, Any]], locked)
    }


def _said(row: Buyable) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SAID}


def _online_offers(pairs: Sequence[Pair]) -> dict[Pair, list[Offered]]:
    """What can be shown: online listings of trading plants in the market's currency, sold out or not."""
    # Plants are few and their rows wide: read once, not with every listing.
    plants = Refurbisher.objects.trading().only(*PLANT_FACTS).in_bulk()
    grouped: dict[Pair, list[Offered]] = defaultdict(list)
    variants, grades = [variant for variant, _ in pairs], [grade for _, grade in pairs]
    with connection.cursor() as cursor:
        cursor.execute(OFFERS, [variants, grades, settings.DEFAULT_CURRENCY, list(plants)])
        for pk, number, variant, grade, plant, *facts in cursor:
            grouped[variant, grade].append(Offered(pk, number, variant, grade, plants[plant], *facts))
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


def _offer(listings: Sequence[Offered], reference_minor: int | None) -> dict[str, Any]:
    live = [listing for listing in listings if listing.available > 0]
    ranked = rank_listings(live or listings)
    if not ranked:
        return {}
    score, best = ranked[0]
    saved = max((reference_minor or 0) - best.price_minor, 0)
    return {
        "best_listing_id": best.pk,
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
