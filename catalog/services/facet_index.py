"""The bits of the facet values, brought up to date by one worker at a time.

Whoever changes a buyable only notes that it is stale: nobody who sells waits for a row that others write too. Readers
count stale buyables from their own rows: what they show is true before this has run, and if it never does.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Length

from backmarket.db import lock
from catalog.models import Buyable, Category, FacetValue, StaleBuyable

AT_ONCE = 2_000
# Bits grow by so many at a time.
STEP = 1_024
WRITE = """
    UPDATE catalog_facetvalue AS facet
    SET slots = fresh.slots, count = bit_count(fresh.slots)
    FROM (
        SELECT id, (slots & ~ %(stale)s::varbit) | coalesce(added.bits, slots & ~ slots) AS slots
        FROM catalog_facetvalue
        LEFT JOIN unnest(%(ids)s::bigint[], %(bits)s::varbit[]) AS added(id, bits) USING (id)
        WHERE category_id = %(category)s
    ) AS fresh
    WHERE facet.id = fresh.id AND facet.slots <> fresh.slots
"""

NAMES = """
    UPDATE catalog_facetvalue AS facet SET label = named.label, parent = named.parent
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS named(category, value, label, parent)
    WHERE facet.category_id = named.category AND facet.key = 'model' AND facet.value = named.value
"""
# What of a row the bits are written from.
INDEXED = ("category_id", "slot", "facets", "slug", "title", "brand")


def index_stale(*, at: datetime | None = None) -> int:
    """Write the bits of all stale buyables; returns how many there were. A job: the instant does not matter."""
    done = 0
    while some := _index_some():
        done += some
    return done


@transaction.atomic
def leave_wrong_categories(rows: "QuerySet[Buyable]") -> None:
    """Those of the rows whose product is in another category now give up their slot, and the bits there forget it.

    Called before they are refreshed, and before the caller locks any of them: the index is locked first.
    """
    moved = rows.exclude(category=F("product__category"))
    if not moved.exists():
        return
    _alone()
    slots: dict[int, list[int]] = defaultdict(list)
    for row in lock(moved).only("category_id", "slot"):
        if row.slot is not None:
            slots[row.category_id].append(row.slot)
    for category in Category.objects.filter(pk__in=slots):
        length = _lengthen(category, 1 + max(slots[category.pk]))
        _set(category, _bits(length, slots[category.pk]), {})
    moved.update(slot=None)


def name_models(models: Iterable[tuple[int, str, str, str]]) -> None:
    """The facet values of these models (category id, slug, title, brand) say what they are called now."""
    columns = [list(column) for column in zip(*models, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(NAMES, columns)


@transaction.atomic
def rebuild_index(category: Category) -> int:
    """All bits of a category from its rows, whatever they said; returns how many buyables.

    Who changes one of them meanwhile waits for nothing: it is stale again, and the next index_stale takes it.
    """
    _alone()
    rows = Buyable.objects.filter(category=category)
    known = list(StaleBuyable.objects.filter(category=category).values_list("pk", flat=True))
    rows.filter(slot__gte=2 * rows.count() + STEP).update(slot=None)
    FacetValue.objects.filter(category=category).delete()
    if found := list(rows.only(*INDEXED)):
        _write(category, found)
    StaleBuyable.objects.filter(pk__in=known).delete()
    return len(found)


def _alone() -> None:
    """Nobody else writes bits until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('facet_index', 0))")


@transaction.atomic
def _index_some() -> int:
    _alone()
    stale = list(StaleBuyable.objects.order_by("pk").values_list("pk", "buyable_id")[:AT_ONCE])
    members: dict[int, list[Buyable]] = defaultdict(list)
    for row in lock(Buyable.objects.filter(pk__in={buyable for _, buyable in stale})).defer("search", "search_text"):
        members[row.category_id].append(row)
    for category in Category.objects.filter(pk__in=members):
        _write(category, members[category.pk])
    StaleBuyable.objects.filter(pk__in=[pk for pk, _ in stale]).delete()
    return len(stale)


def _write(category: Category, rows: Sequence[Buyable]) -> None:
    _give_slots(category, [row for row in rows if row.slot is None])
    length = _lengthen(category, 1 + max(row.slot or 0 for row in rows))
    wanted: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        for facet in row.facets:
            key, _, value = facet.partition("=")
            wanted[key, value].append(row.slot or 0)
    titles = {row.slug: row for row in rows}
    ids = _ids(category, list(wanted), titles, length)
    added = {ids[pair]: _bits(length, slots) for pair, slots in wanted.items()}
    _set(category, _bits(length, (row.slot or 0 for row in rows)), added)


def _set(category: Category, stale: str, added: dict[int, str]) -> None:
    """Take the stale bits out of every value of a category, and put these (value id → bits) in."""
    ids, bits = list(added), list(added.values())
    facts: dict[str, Any] = {"category": category.pk, "stale": stale, "ids": ids, "bits": bits}
    with connection.cursor() as cursor:
        cursor.execute(WRITE, facts)


def _give_slots(category: Category, rows: Sequence[Buyable]) -> None:
    if not rows:
        return
    last = Buyable.objects.filter(category=category).aggregate(last=Max("slot"))["last"]
    for slot, row in enumerate(rows, 0 if last is None else last + 1):
        row.slot = slot
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_buyable SET slot = given.slot FROM unnest(%s::bigint[], %s::int[]) AS given(id, slot) "
            "WHERE catalog_buyable.id = given.id",
            [[row.pk for row in rows], [row.slot for row in rows]],
        )


def _lengthen(category: Category, least: int) -> int:
    """How long the category's bits are, once there is room for `least` slots."""
    length = category.facet_values.annotate(bits=Length("slots")).aggregate(most=Max("bits"))["most"] or 0
    if length < least:
        longer = -(-least // STEP) * STEP
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE catalog_facetvalue SET slots = slots || %s::varbit WHERE category_id = %s",
                ["0" * (longer - length), category.pk],
            )
        length = longer
    return length


def _ids(
    category: Category, pairs: Sequence[tuple[str, str]], titles: dict[str, Buyable], length: int
) -> dict[tuple[str, str], int]:
    """The row of each (key, value), made where it is missing."""
    known = {(key, value): pk for pk, key, value in category.facet_values.values_list("pk", "key", "value")}
    made = [
        FacetValue(category=category, key=key, value=value, slots="0" * length, **_named(key, value, titles))
        for key, value in pairs
        if (key, value) not in known
    ]
    known.update({(row.key, row.value): row.pk for row in FacetValue.objects.bulk_create(made)})
    return known


def _named(key: str, value: str, titles: dict[str, Buyable]) -> dict[str, str]:
    """A model is shown by its title and belongs to its brand; all other values speak for themselves."""
    return {"label": titles[value].title, "parent": titles[value].brand} if key == "model" else {}


def _bits(length: int, slots: Iterable[int]) -> str:
    text = bytearray(b"0" * length)
    for slot in slots:
        text[slot] = 49
    return text.decode()
