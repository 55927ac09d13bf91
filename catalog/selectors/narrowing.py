"""How many buyables every further choice would leave, from the bits of the facet values: as quick in any catalogue.

A group's own choice does not narrow its counts. Buyables that are stale (their bits are older than their row) are taken
out of the bits and counted from their rows.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import or_
from typing import NamedTuple, Protocol

from django.db import DataError
from django.db.models import Q

from backmarket.prepared import Row, prepared_sql
from catalog.facets import Choice
from catalog.models import Buyable, Category

# Of the models, so many are offered: the most offered ones of the category, or of the brands that are chosen.
MODELS_SHOWN = 24
# Of so many rows the values are counted one by one.
FEW_ROWS = 500
_values = prepared_sql("""
    SELECT facet, count(*) FROM catalog_buyable CROSS JOIN unnest(facets) AS facet
    WHERE catalog_buyable.id = ANY(%(ids)s::bigint[]) GROUP BY facet
""")
# Every part is read by an index of its own, and no row of bits is joined, sorted or grouped. Of one category, or one
# brand of it, the models stand in the order of an index.
COUNTS = "SELECT key, value, label, {count} FROM catalog_facetvalue WHERE {rows}"
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


@cache
def _counting(count: str, is_one: bool, brands: int, models: bool) -> Callable[..., list[Row]]:
    """The values of one category or of several, with what `count` says of them, and the first models: those of all
    brands (0), of one or of some (2)."""
    within = WITHIN[is_one]
    ids = CHOSEN.format(within=within)
    if models:
        ids = f"({MODELS.format(within=within, made_by=MADE_BY[brands])}) UNION {ids}"
    parts = (FEW.format(within=within), f"id = ANY(ARRAY({ids}))")
    return prepared_sql(" UNION ALL ".join(COUNTS.format(count=count, rows=rows) for rows in parts))


# Bits go over as they lie in memory, and say their length first.
_stored_bits = prepared_sql("""
    SELECT category_id, facet.key, facet.value, varbit_send(slots)
    FROM unnest(%(keys)s::text[], %(values)s::text[]) AS wanted(key, value)
        JOIN catalog_facetvalue AS facet ON facet.key = wanted.key AND facet.value = wanted.value
    WHERE category_id = ANY(%(categories)s::bigint[])
""")
_stale_rows = prepared_sql("""
    SELECT DISTINCT buyable.id, buyable.category_id, buyable.slot, buyable.price_minor, buyable.facets, buyable.title
    FROM catalog_stalebuyable AS stale JOIN catalog_buyable AS buyable ON buyable.id = stale.buyable_id
    WHERE stale.category_id = ANY(%(categories)s::bigint[])
""")


def _in_bits(owns: int, is_one: bool) -> str:
    """How often a value stands in the bits given: `key_0` in `own_0` and so on, for as many keys as there are `owns`,
    all others in `whole`."""
    bits = "%({name})s::varbit" if is_one else OF_CATEGORY
    own = "".join(f" WHEN %(key_{n})s::text THEN {bits.format(name=f'own_{n}')}" for n in range(owns))
    whole = bits.format(name="whole")
    given = f"CASE key{own} ELSE {whole} END" if own else whole
    return f"bit_count(slots & {given})"


OF_CATEGORY = "(%({name})s::varbit[])[array_position(%(categories)s::bigint[], category_id)]"


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
    """What a choice leaves. `counts` and `labels` by group and value; `bits` by category, None where all are left.

    `counts` has every value that is in stock in these categories, with 0 where the other choices leave none of it (of
    some rows without a choice, theirs alone); of the models it has those that are offered or chosen.
    """

    total: int
    counts: dict[str, dict[str, int]]
    labels: dict[str, str]
    bits: dict[int, "Bits | None"] = field(default_factory=dict)
    loose: set[int] = field(default_factory=set)
    """Keys of stale buyables that are left: their bits do not know."""

    def __contains__(self, row: Slot) -> bool:
        bits = self.bits.get(row.category_id)
        return row.id in self.loose or bits is None or (row.slot is not None and row.slot in bits)

    def slots(self) -> list[tuple[int, list[int]]]:
        return [(category, list(bits)) for category, bits in self.bits.items() if bits is not None]


@dataclass(frozen=True)
class Bits:
    """Some of the slots of a category: bit n counted from the left is slot n."""

    number: int
    length: int

    @classmethod
    def of(cls, slots: Iterable[int], length: int) -> "Bits":
        text = bytearray(b"0" * length)
        for slot in slots:
            if slot < length:
                text[slot] = 49
        return cls(int(text or b"0", 2), length)

    @classmethod
    def read(cls, sent: bytes | memoryview) -> "Bits":
        """As PostgreSQL sends them: their number in four bytes, and the bits, with nothing behind the last."""
        length = int.from_bytes(sent[:4])
        return cls(int.from_bytes(sent[4:]) >> (-length % 8), length)

    def __and__(self, other: "Bits") -> "Bits":
        return Bits(self.number & other.number, self.length)

    def __or__(self, other: "Bits") -> "Bits":
        return Bits(self.number | other.number, self.length)

    def without(self, other: "Bits") -> "Bits":
        return Bits(self.number & ~other.number, self.length)

    def __len__(self) -> int:
        return self.number.bit_count()

    def __contains__(self, slot: int) -> bool:
        return slot < self.length and bool(self.number >> (self.length - 1 - slot) & 1)

    def __iter__(self) -> Iterator[int]:
        text, at = str(self), -1
        while (at := text.find("1", at + 1)) >= 0:
            yield at

    def __str__(self) -> str:
        return f"{self.number:0{self.length}b}" if self.length else ""

    @property
    def hexadecimal(self) -> str:
        """As PostgreSQL reads it, a quarter as long; up to three bits of nothing at the end."""
        digits = -(-self.length // 4)
        return f"x{self.number << (4 * digits - self.length):0{digits}x}" if digits else ""


def narrowed(categories: Sequence[Category], choice: Choice, among: Sequence[Slot] | None = None) -> Narrowed:
    """What `choice` leaves of these categories, or of the rows `among` them: four queries at most, two without."""
    if among is not None and not choice and len(among) <= FEW_ROWS:
        return _told(among)
    try:
        return _in_bits_of(categories, choice, among)
    except DataError:
        # Between two of the queries a category got room for more slots, so that its bits are longer now.
        return _in_bits_of(categories, choice, among)


def _in_bits_of(categories: Sequence[Category], choice: Choice, among: Sequence[Slot] | None) -> Narrowed:
    slugs = {category.pk: category.slug for category in categories}
    stale = _stale(slugs)
    if not (choice or among is not None or stale):
        return _counted(slugs, choice, {}, {})
    stored = _stored(slugs, choice)
    wholes: dict[int, Bits] = {}
    owns: dict[tuple[int, str], Bits] = {}
    for pk, slug in slugs.items():
        bits = stored.get(pk, {})
        base = _base(bits, pk, slug, stale, among)
        groups = {key: _any(bits, key, choice, base) for key in choice.keys}
        wholes[pk] = reduce(Bits.__and__, groups.values(), base)
        for key in groups:
            owns[pk, key] = reduce(Bits.__and__, (some for other, some in groups.items() if other != key), base)
    found = _counted(slugs, choice, wholes, owns, models=among is None)
    found.bits = dict(wholes)
    for row in among or ():
        admitted = owns.get((row.category_id, "model"), wholes[row.category_id])
        if row.slot is not None and row.slot in admitted:
            found.counts["model"][row.slug] = found.counts["model"].get(row.slug, 0) + 1
            found.labels[row.slug] = row.title
    found.total = sum(len(bits) for bits in wholes.values())
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


def _stale(slugs: Mapping[int, str]) -> list[Stale]:
    return [Stale(*row) for row in _stale_rows(categories=list(slugs))]


def _stored(slugs: Mapping[int, str], choice: Choice) -> dict[int, dict[tuple[str, str], Bits]]:
    """The bits of what is chosen and of whole categories."""
    wanted = {**choice.values, **({"price": choice.price.whole_bins()} if choice.price else {})}
    pairs = {("category", slug) for slug in slugs.values()} | {(key, one) for key in wanted for one in wanted[key]}
    keys, values = [key for key, _ in pairs], [value for _, value in pairs]
    stored: dict[int, dict[tuple[str, str], Bits]] = defaultdict(dict)
    for category, key, value, sent in _stored_bits(categories=list(slugs), keys=keys, values=values):
        stored[category][key, value] = Bits.read(sent)
    if parts := choice.price.parts_of_bins() if choice.price else []:
        for category, slots in _priced(slugs, parts).items():
            length = next(iter(stored[category].values()), Bits(0, 0)).length
            stored[category]["price", "part"] = Bits.of(slots, length)
    return stored


def _priced(slugs: Mapping[int, str], parts: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """The slots of what costs so much: the bins at both ends of a range are read from their rows."""
    within = reduce(or_, (Q(price_minor__range=part) for part in parts))
    rows = Buyable.objects.in_stock().filter(within, category_id__in=slugs, slot__isnull=False)
    slots: dict[int, list[int]] = defaultdict(list)
    for category, slot in rows.values_list("category_id", "slot"):
        slots[category].append(slot)
    return slots


def _base(
    bits: Mapping[tuple[str, str], Bits], pk: int, slug: str, stale: Sequence[Stale], among: Sequence[Slot] | None
) -> Bits:
    whole = bits.get(("category", slug), Bits(0, 0))
    if among is not None:
        whole &= Bits.of((row.slot for row in among if row.category_id == pk and row.slot is not None), whole.length)
    return whole.without(
        Bits.of((row.slot for row in stale if row.category_id == pk and row.slot is not None), whole.length)
    )


def _any(bits: Mapping[tuple[str, str], Bits], key: str, choice: Choice, base: Bits) -> Bits:
    """The slots that have one of the values chosen in a group."""
    empty = Bits(0, base.length)
    values = [*choice.price.whole_bins(), "part"] if key == "price" else choice.values[key]
    return reduce(Bits.__or__, (bits.get((key, value), empty) for value in values), empty)


def _counted(
    slugs: Mapping[int, str],
    choice: Choice,
    wholes: Mapping[int, Bits],
    owns: Mapping[tuple[int, str], Bits],
    *,
    models: bool = True,
) -> Narrowed:
    keys, brands, is_one = sorted({key for _, key in owns}), choice.values.get("brand", []), len(slugs) == 1
    given = {"whole": wholes, **{f"own_{n}": {pk: owns[pk, key] for pk in slugs} for n, key in enumerate(keys)}}
    rows = _counting(_in_bits(len(keys), is_one) if wholes else "count", is_one, min(len(brands), 2), models)(
        categories=list(slugs), category=next(iter(slugs), None), brands=brands, brand="".join(brands[:1]),
        chosen=choice.values.get("model", []),
        **{name: _as_given(list(bits.values())) for name, bits in given.items() if bits},
        **{f"key_{n}": key for n, key in enumerate(keys)},
    )  # fmt: skip
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    labels: dict[str, str] = {}
    for key, value, label, count in rows:
        counts[key][value] = counts[key].get(value, 0) + int(count)
        if label:
            labels[value] = label
    return Narrowed(sum(counts["category"].values()), counts, labels, dict.fromkeys(slugs))


def _as_given(bits: Sequence[Bits]) -> str:
    """Bits, or a list of them, as PostgreSQL reads them."""
    written = [each.hexadecimal for each in bits]
    return written[0] if len(bits) == 1 else "{" + ",".join(each or '""' for each in written) + "}"


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
