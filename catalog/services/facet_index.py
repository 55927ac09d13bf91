"""The bits of the facet values, brought up to date by one worker at a time.

Whoever changes a buyable only notes that it is stale: nobody who sells waits for a row that others write too. Readers
count stale buyables from their own rows: what they show is true before this has run, and if it never does.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
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


def index_stale(*, at: datetime | None = None) -> int:
    """Write the bits of all stale buyables; returns how many there were. A job: the instant does not matter."""
    done = 0
    while some := _index_some():
        done += some
    return done


@transaction.atomic
def _index_some() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('facet_index', 0))")
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
    facts: dict[str, Any] = {
        "category": category.pk,
        "stale": _bits(length, (row.slot or 0 for row in rows)),
        "ids": [ids[pair] for pair in wanted],
        "bits": [_bits(length, slots) for slots in wanted.values()],
    }
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
