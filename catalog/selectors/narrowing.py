"""How many buyables every further choice would leave, from the bits of the facet values: as quick in any catalogue.

A group's own choice does not narrow its counts. Buyables that are stale (their bits are older than their row) are taken
out of the bits and counted from their rows.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import or_
from typing import Any, NamedTuple, Protocol

from django.db.models import Q

from backmarket.prepared import Row, prepared_sql
from catalog.facets import Choice, PriceRange
from catalog.models import Buyable, Category

# Of the models, so many are offered: the most offered ones of the category, or of the brands that are chosen.
MODELS_SHOWN = 24
EMPTY = '""'
# Of so many rows the values are counted one by one.
FEW_ROWS = 500
_values = prepared_sql("""
    SELECT facet, count(*) FROM catalog_buyable CROSS JOIN unnest(facets) AS facet
    WHERE catalog_buyable.id = ANY(%(ids)s::bigint[]) GROUP BY facet
""")
# Every part is read by an index of its own, and no row of bits is sorted or grouped. Of one category, or one brand of
# it, the models stand in the order of an index.
COUNTS = "SELECT key, value, label, {count} FROM catalog_facetvalue{masks} WHERE {rows}"
FEW = "{within} AND key <> 'model' AND count > 0"
MODELS = f"""
    SELECT id FROM catalog_facetvalue WHERE {{within}} AND key = 'model' AND count > 0{{made_by}}
    ORDER BY count DESC, id LIMIT {MODELS_SHOWN}
"""  # noqa: S608 - a number of ours
CHOSEN = """
    SELECT id FROM catalog_facetvalue WHERE {within} AND key = 'model' AND value = ANY(%(chosen)s::text[])
"""
WITHIN = {True: "category_id = %(category)s::bigint", False: "category_id = ANY(%(categories)s::bigint[])"}
MADE_BY = {0: "", 1: " AND parent = %(brand)s::text", 2: " AND parent = ANY(%(brands)s::text[])"}
# Of each category what all groups leave (`whole`), and all but one (`own_0` is without `any_0`).
MASKS = """
    WITH base AS MATERIALIZED (
        SELECT category_id, slots & ~ {stale} & coalesce({among}, slots) AS base, {part} AS part
        FROM catalog_facetvalue AS facet JOIN unnest(
            %(categories)s::bigint[], %(slugs)s::text[], %(stale)s::varbit[], %(among)s::varbit[], %(part)s::varbit[]
        ) AS given(category_id, slug, stale, among, part) USING (category_id)
        WHERE {within} AND key = 'category' AND value = slug
    ), chosen AS MATERIALIZED (
        SELECT {chosen} FROM base
    ), mask AS MATERIALIZED (
        SELECT {masks} FROM chosen
    )
    SELECT '' AS key, mask_of::text AS value, '' AS label, bit_count(whole), whole AS bits FROM mask
"""
ANY = """
    coalesce((
        SELECT bit_or(slots) FROM catalog_facetvalue AS facet WHERE facet.category_id = base.category_id
            AND key = %(key_{n})s::text AND value = ANY(%(values_{n})s::text[])
    ), base # base) | CASE %(key_{n})s::text WHEN 'price' THEN part ELSE base # base END AS any_{n}
"""
# Bits that were made of slots are as long as the last of them.
AS_LONG = "substring({bits} || (slots # slots) FOR length(slots))"
MODELS_LEFT = " UNION ALL SELECT 'model', mask_of::text, '', bit_count({own}), {own} FROM mask"


@cache
def _counting(is_one: bool, brands: int) -> Callable[..., list[Row]]:
    """The values of one category or of several, and the first models: of all brands (0), of one or of some (2)."""
    return prepared_sql(_parts(is_one, brands, "count"))


@cache
def _narrowing(groups: int, is_one: bool, brands: int, models: bool) -> Callable[..., list[Row]]:
    """The same, with how many of them so many chosen groups leave, and first what is left of each category and, where
    none are offered, of its models."""
    names = [f"any_{n}" for n in range(groups)]
    lefts = {"whole": names} | {f"own_{n}": [*names[:n], *names[n + 1 :]] for n in range(groups)}
    masks = MASKS.format(
        within=WITHIN[is_one],
        **{name: AS_LONG.format(bits=name) for name in ("stale", "among", "part")},
        chosen=", ".join(["category_id", "base", *(ANY.format(n=n) for n in range(groups))]),
        masks=", ".join(
            ["category_id AS mask_of", *(f"{' & '.join(['base', *each])} AS {name}" for name, each in lefts.items())]
        ),
    )
    if not models:
        masks += MODELS_LEFT.format(own=_own(groups, "'model'"))
    count = f"bit_count(slots & {_own(groups, 'key')}), NULL"
    parts = _parts(
        is_one, brands if models else None, count, " JOIN mask ON " + ("true" if is_one else "category_id = mask_of")
    )
    return prepared_sql(f"{masks} UNION ALL {parts}")


def _parts(is_one: bool, brands: int | None, count: str, masks: str = "") -> str:
    within = WITHIN[is_one]
    ids = CHOSEN.format(within=within)
    if brands is not None:
        ids = f"({MODELS.format(within=within, made_by=MADE_BY[brands])}) UNION {ids}"
    parts = (FEW.format(within=within), f"id = ANY(ARRAY({ids}))")
    return " UNION ALL ".join(COUNTS.format(count=count, masks=masks, rows=rows) for rows in parts)


def _own(groups: int, key: str) -> str:
    """The bits among which a value of this key is counted."""
    own = "".join(f" WHEN %(key_{n})s::text THEN own_{n}" for n in range(groups))
    return f"CASE {key}{own} ELSE whole END" if own else "whole"


_stale_rows = prepared_sql("""
    SELECT DISTINCT buyable.id, buyable.category_id, buyable.slot, buyable.price_minor, buyable.facets, buyable.title
    FROM catalog_stalebuyable AS stale JOIN catalog_buyable AS buyable ON buyable.id = stale.buyable_id
    WHERE stale.category_id = ANY(%(categories)s::bigint[])
""")


class Stale(NamedTuple):
    """A buyable whose row is newer than its bits."""

    id: int
    category_id: int
    slot: int | None
    price_minor: int | None
    facets: list[str]
    title: str


class Slot(Protocol):
    """Where a buyable stands in the bits, and its model; `slot` is None before it has been indexed."""

    @property
    def id(self) -> int: ...
    @property
    def category_id(self) -> int: ...
    @property
    def slot(self) -> int | None: ...
    @property
    def slug(self) -> str: ...
    @property
    def title(self) -> str: ...


@dataclass
class Narrowed:
    """What a choice leaves. `counts` and `labels` by group and value; `bits` by category, as text (character n
    is slot n), None where all are left.

    `counts` has every value that is in stock in these categories, with 0 where the other choices leave none of it (of
    some rows without a choice, theirs alone); of the models it has those that are offered or chosen.
    """

    total: int
    counts: dict[str, dict[str, int]]
    labels: dict[str, str]
    bits: dict[int, str | None] = field(default_factory=dict)
    loose: set[int] = field(default_factory=set)
    """Keys of stale buyables that are left: their bits do not know."""

    def __contains__(self, row: Slot) -> bool:
        bits = self.bits.get(row.category_id)
        return row.id in self.loose or bits is None or _has(bits, row.slot)


def slots_of(bits: str) -> Iterator[int]:
    """The slots that are set."""
    at = -1
    while (at := bits.find("1", at + 1)) >= 0:
        yield at


def _has(bits: str, slot: int | None) -> bool:
    return slot is not None and bits[slot : slot + 1] == "1"


def _bits(slots: Collection[int]) -> str:
    """Bits in which these slots are set, as long as the last of them."""
    text = bytearray(b"0" * (max(slots, default=-1) + 1))
    for slot in slots:
        text[slot] = 49
    return text.decode()


def narrowed(categories: Sequence[Category], choice: Choice, among: Sequence[Slot] | None = None) -> Narrowed:
    """What `choice` leaves of these categories, or of the rows `among` them: two queries, three with a price."""
    if among is not None and not choice and len(among) <= FEW_ROWS:
        return _told(among)
    slugs = {category.pk: category.slug for category in categories}
    stale = [Stale(*row) for row in _stale_rows(categories=list(slugs))]
    if not (choice or among is not None or stale):
        return _counted(slugs, choice)
    found = _left(slugs, choice, stale, among)
    asked = None if among is None else {row.id for row in among}
    _count_stale(found, [row for row in stale if row.facets and (asked is None or row.id in asked)], choice)
    return found


def _told(rows: Sequence[Slot]) -> Narrowed:
    """All of these rows, counted by what they say themselves; of other values of their categories nothing is told."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for facet, count in _values(ids=[row.id for row in rows]) if rows else ():
        key, _, value = facet.partition("=")
        counts[key][value] = count
    return Narrowed(sum(counts["category"].values()), counts, {row.slug: row.title for row in rows})


def _counted(slugs: Mapping[int, str], choice: Choice) -> Narrowed:
    """All of these categories."""
    rows = _counting(len(slugs) == 1, _brands(choice))(**_within(slugs, choice))
    counts, labels = _by_key(rows)
    return Narrowed(sum(counts["category"].values()), counts, labels, dict.fromkeys(slugs))


def _left(slugs: Mapping[int, str], choice: Choice, stale: Sequence[Stale], among: Sequence[Slot] | None) -> Narrowed:
    """What the bits know of it: in them is nothing that is stale."""
    groups = {**choice.values, **({"price": choice.price.whole_bins()} if choice.price else {})}
    rows = _narrowing(len(groups), len(slugs) == 1, _brands(choice), among is None)(
        **_within(slugs, choice),
        slugs=list(slugs.values()),
        stale=_as_given(slugs, _slots(stale)),
        among=_as_given(slugs, None if among is None else _slots(among)),
        part=_as_given(slugs, _priced(slugs, choice.price)),
        **{f"key_{n}": key for n, key in enumerate(groups)},
        **{f"values_{n}": values for n, values in enumerate(groups.values())},
    )
    left = {(key, int(value)): (count, bits) for key, value, _label, count, bits in rows if bits is not None}
    counts, labels = _by_key(row[:4] for row in rows if row[4] is None)
    bits = {pk: left.get(("", pk), (0, ""))[1] for pk in slugs}
    for row in among or ():
        if _has(left.get(("model", row.category_id), (0, ""))[1], row.slot):
            counts["model"][row.slug] = counts["model"].get(row.slug, 0) + 1
            labels[row.slug] = row.title
    return Narrowed(sum(count for (key, _pk), (count, _bits) in left.items() if not key), counts, labels, bits)


def _brands(choice: Choice) -> int:
    return min(len(choice.values.get("brand", [])), 2)


def _within(slugs: Mapping[int, str], choice: Choice) -> dict[str, Any]:
    brands = choice.values.get("brand", [])
    return {
        "categories": list(slugs), "category": next(iter(slugs), None), "brands": brands, "brand": "".join(brands[:1]),
        "chosen": choice.values.get("model", []),
    }  # fmt: skip


def _by_key(rows: Iterable[Row]) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    labels: dict[str, str] = {}
    for key, value, label, count in rows:
        counts[key][value] = counts[key].get(value, 0) + int(count)
        if label:
            labels[value] = label
    return counts, labels


def _slots(rows: Iterable[Slot | Stale]) -> dict[int, list[int]]:
    slots: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row.slot is not None:
            slots[row.category_id].append(row.slot)
    return slots


def _priced(slugs: Mapping[int, str], price: PriceRange) -> dict[int, list[int]]:
    """The slots of what costs so much: the bins at both ends of a range are read from their rows."""
    parts = price.parts_of_bins() if price else []
    if not parts:
        return {}
    within = reduce(or_, (Q(price_minor__range=part) for part in parts))
    rows = Buyable.objects.in_stock().filter(within, category_id__in=slugs, slot__isnull=False)
    slots: dict[int, list[int]] = defaultdict(list)
    for category, slot in rows.values_list("category_id", "slot"):
        slots[category].append(slot)
    return slots


def _as_given(slugs: Mapping[int, str], slots: Mapping[int, list[int]] | None) -> str:
    """The bits of each category in which these slots are set, as PostgreSQL reads a list."""
    return f"{{{','.join('NULL' if slots is None else _bits(slots.get(pk, ())) or EMPTY for pk in slugs)}}}"


def _count_stale(found: Narrowed, stale: Collection[Stale], choice: Choice) -> None:
    for row in stale:
        pairs = [facet.partition("=")[::2] for facet in row.facets]
        if choice.admits(row.facets, row.price_minor):
            found.total += 1
            found.loose.add(row.id)
        admitted = {key: choice.admits(row.facets, row.price_minor, but=key) for key in {key for key, _ in pairs}}
        for (key, value), times in Counter(pairs).items():
            if key == "model":
                is_chosen = value in choice.values.get(key, ())
                if value not in found.counts[key] and len(found.counts[key]) >= MODELS_SHOWN and not is_chosen:
                    continue
                found.labels.setdefault(value, row.title)
            found.counts[key][value] = found.counts[key].get(value, 0) + times * admitted[key]
