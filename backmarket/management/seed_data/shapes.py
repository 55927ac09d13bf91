"""The shapes of the product table, and the short notation in which its rows are written."""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Value = str | int | float
MOST_VARIANTS = 8

# Plain colour (what a drawing paints) -> family (what a shopper filters by).
COLOUR_FAMILIES: Mapping[str, str] = {
    "black": "Black", "midnight": "Black", "graphite": "Grey", "grey": "Grey", "titanium": "Grey",
    "white": "White", "starlight": "White", "silver": "Silver", "gold": "Gold", "rose gold": "Pink",
    "red": "Red", "coral": "Orange", "orange": "Orange", "yellow": "Yellow", "green": "Green",
    "mint": "Green", "blue": "Blue", "pacific blue": "Blue", "purple": "Purple", "lavender": "Purple",
    "pink": "Pink",
}  # fmt: skip


@dataclass(frozen=True)
class Variant:
    """One SKU as its maker sold it. `delta_minor` is added to the launch price of the base variant."""

    sku: str
    attributes: Mapping[str, Value]
    colour_key: str
    delta_minor: int


@dataclass(frozen=True)
class Product:
    """A model. `launch_minor` is the price in EUR cents of the base variant, new, on `launch_date`."""

    category: str
    brand: str
    model: str
    slug: str
    launch_date: str
    launch_minor: int
    price_source: str
    nicknames: tuple[str, ...]
    specs: Mapping[str, Value]
    variants: tuple[Variant, ...]
    form: str = ""
    """Drawing form, when it is not the category's own."""

    @property
    def year(self) -> int:
        return int(self.launch_date[:4])

    @property
    def name(self) -> str:
        return full_name(self.brand, self.model)

    def attributes_of(self, variant: Variant) -> dict[str, Value]:
        """What all variants share, with what is this one's own on top."""
        return {**self.specs, **variant.attributes}

    def price_new_minor(self, variant: Variant) -> int:
        return self.launch_minor + variant.delta_minor


@dataclass(frozen=True)
class Choice:
    """One value of an axis: the attributes that it sets, its part of the SKU, its price in euros."""

    attributes: Mapping[str, Value]
    suffix: str
    euros: int = 0
    colour_key: str = ""


Axis = Sequence[Choice]


@dataclass(frozen=True)
class Row:
    """Everything of a product but its variants, in the order in which a row reads."""

    category: str
    brand: str
    model: str
    launch_date: str
    euros: int
    source: str
    specs: Mapping[str, Value] = field(default_factory=dict)
    nick: str = ""
    form: str = ""


def full_name(brand: str, model: str) -> str:
    """The model, after its brand unless it already begins with it."""
    return model if model.startswith(brand) else f"{brand} {model}"


def slugify(text: str) -> str:
    spelt = text.replace("+", " plus ").replace("ł", "l").replace("ø", "o")
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _priced(text: str) -> tuple[str, int]:
    """`"256 +120"` is the value 256 at 120 euros more than the base; `"256"` is the base."""
    value, _, euros = text.partition(" +")
    return value.strip(), int(euros or 0)


def numbers(key: str, text: str) -> Axis:
    """An axis of numbers: `numbers("storage_gb", "64, 128 +50")`."""
    values = [_priced(part) for part in _split(text)]
    return [Choice({key: float(n) if "." in n else int(n)}, n.replace(".", ""), euros) for n, euros in values]


def texts(key: str, text: str) -> Axis:
    """An axis of words: `texts("connectivity", "Wi-Fi, Wi-Fi + Cellular +140")`."""
    parts = [re.fullmatch(r"(.*?)(?: \+(\d+))?", part) for part in _split(text)]
    found = [(match[1], int(match[2] or 0)) for match in parts if match]
    return [Choice({key: value}, slugify(value), euros) for value, euros in found]


def configs(text: str) -> Axis:
    """Computers: `"M1/8/256, M1/8/512 +270"` is processor / memory in GB / storage in GB."""
    axis = []
    for part in _split(text):
        value, euros = _priced(part)
        processor, memory, storage = value.split("/")
        facts: dict[str, Value] = {
            "processor": processor,
            "memory_gb": int(memory),
            "storage_gb": int(storage),
        }
        axis.append(Choice(facts, slugify(f"{processor} {memory} {storage}"), euros))
    return axis


def colours(text: str) -> Axis:
    """The maker's names, each with its plain colour unless the name is one: `"Gold, Onyx=black"`."""
    axis = []
    for part in _split(text):
        name, _, key = part.partition("=")
        key = key or name.lower()
        facts = {"colour": name, "colour_family": COLOUR_FAMILIES[key]}
        axis.append(Choice(facts, slugify(name), colour_key=key))
    return axis


def _cross(first: Axis, second: Axis) -> Axis:
    return [_both(a, b) for a in first for b in second]


def _both(a: Choice, b: Choice) -> Choice:
    facts = {**a.attributes, **b.attributes}
    return Choice(facts, f"{a.suffix}-{b.suffix}", a.euros + b.euros, a.colour_key or b.colour_key)


def _spread(first: Axis, second: Axis) -> Axis:
    """At most MOST_VARIANTS pairs, touching every value of both axes as early as possible, in order."""
    n, m = len(first), len(second)
    turn = math.lcm(n, m)
    pairs = sorted((k % n, (k + k // turn) % m) for k in range(min(n * m, MOST_VARIANTS)))
    return [_both(first[i], second[j]) for i, j in pairs]


def product(row: Row, *axes: Axis) -> Product:
    """The product of `row`, with the variants that its axes span (at most MOST_VARIANTS)."""
    first, *rest = axes
    choices = first
    if rest:
        second = rest[0]
        for axis in rest[1:]:
            second = _cross(second, axis)
        choices = _spread(first, second)
    slug = slugify(full_name(row.brand, row.model))
    variants = tuple(
        Variant(f"{slugify(row.model)}-{c.suffix}".upper(), c.attributes, c.colour_key or "black", c.euros * 100)
        for c in choices[:MOST_VARIANTS]
    )
    return Product(
        category=row.category, brand=row.brand, model=row.model, slug=slug, launch_date=row.launch_date,
        launch_minor=row.euros * 100, price_source=row.source, nicknames=tuple(_split(row.nick)),
        specs=row.specs, variants=variants, form=row.form,
    )  # fmt: skip
