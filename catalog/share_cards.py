"""The picture that stands beside a link to us elsewhere: our own drawing, a title and our name, as a PNG of 1200 × 630.

A card's address holds a hash of all that is drawn on it, so it can be kept for ever: what changes has another address.
No price: it would be wrong the day after.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path

import reportlab
import resvg_py
from django.conf import settings
from django.core.cache import cache as store
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from PIL import Image, ImageFont

from catalog.drawings import STROKES, category_svg, device_svg
from catalog.models import Category, Variant

WIDTH, HEIGHT = 1200, 630
MARGIN, COLUMN = 72, 560
# Left, top and size of each drawing: one fills the stage, two share it.
PLACES = {1: ((676, 79, 472),), 2: ((664, 60, 380), (820, 236, 340))}
KEPT_SECONDS = 24 * 3600
COLOURS = 192
PAPER, STAGE, STAGE_LIGHT, INK, SOFT, SIGNAL = "#f8f4ec", "#ece4d5", "#f6f1e6", "#15211b", "#4b564f", "#ff7a48"
# The faces that reportlab brings: the same on every machine.
FONTS = Path(reportlab.__file__).parent / "fonts"
FACES = {"bold": str(FONTS / "VeraBd.ttf"), "plain": str(FONTS / "Vera.ttf")}
FAMILY = "Bitstream Vera Sans"


@dataclass(frozen=True)
class Card:
    """`kind` and `key` name the page in the address of the picture; `drawings` are SVG on 240 × 240."""

    kind: str
    key: str
    title: str
    note: str
    drawings: tuple[str, ...]

    @cached_property
    def svg(self) -> str:
        return _drawn(self)

    @property
    def version(self) -> str:
        return _version(self)

    @property
    def path(self) -> str:
        return reverse("share-card", args=[self.kind, self.key, self.version])

    @property
    def url(self) -> str:
        return f"{settings.SITE_URL}{self.path}"


@lru_cache(maxsize=1024)
def _version(card: Card) -> str:
    """A page asks for it at each view: remembered, as it costs a drawing."""
    return blake2b(card.svg.encode(), digest_size=8).hexdigest()


def variant_card(variant: Variant) -> Card:
    """The device in its colour; `variant` comes with its product."""
    product = variant.product
    return Card(
        "device", variant.sku, str(product), _("Refurbished, tested, guaranteed"),
        (device_svg(product.form, variant.colour, size="hero"),),
    )  # fmt: skip


def category_card(category: Category) -> Card:
    return Card(
        "category",
        category.slug,
        _(category.name),
        _("Refurbished, tested, guaranteed"),
        (category_svg(category.form),),
    )


def home_card() -> Card:
    drawings = (device_svg("laptop", "silver", size="hero"), device_svg("phone", "coral", size="hero"))
    return Card(
        "page", "home", _("It worked once. It still does."), _("Refurbished devices, and money for yours"), drawings
    )


def png_of(card: Card) -> bytes:
    """The card as PNG, drawn once a day at most."""
    return bytes(store.get_or_set(f"share-card:{card.version}", lambda: _rendered(card.svg), KEPT_SECONDS) or b"")


def _rendered(svg: str) -> bytes:
    drawn = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_files=list(FACES.values()))
    packed = io.BytesIO()
    image = Image.open(io.BytesIO(bytes(drawn))).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.FLOYDSTEINBERG).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def _drawn(card: Card) -> str:
    size, lines = _fitted(card.title)
    top = HEIGHT // 2 - len(lines) * size * 0.58 + size * 0.8
    words = "".join(
        _text(line, MARGIN, top + place * size * 1.16, size, "bold", INK) for place, line in enumerate(lines)
    )
    note = _text(card.note, MARGIN, top + len(lines) * size * 1.16 + 4, 27, "plain", SOFT)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<defs><radialGradient id="stage"><stop offset="0" stop-color="{STAGE_LIGHT}"/>'
        f'<stop offset="1" stop-color="{STAGE}"/></radialGradient></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>'
        f'<rect x="660" y="36" width="504" height="558" rx="36" fill="url(#stage)"/>'
        f'<rect x="{MARGIN}" y="546" width="56" height="6" rx="3" fill="{SIGNAL}"/>'
        f"{_logo()}{words}{note}{''.join(_placed(card.drawings))}</svg>"
    )


def _logo() -> str:
    drawn = str(render_to_string("components/_logo.html", {"css": ""}))
    logo = drawn.replace('class="loop" stroke="currentColor"', f'stroke="{SIGNAL}"').replace("currentColor", INK)
    return logo.replace('width="214" height="32"', f'x="{MARGIN}" y="{MARGIN}" width="268" height="40"')


def _placed(drawings: tuple[str, ...]) -> Iterator[str]:
    for drawing, (x, y, size) in zip(drawings, PLACES[len(drawings)], strict=True):
        yield f'<g transform="translate({x} {y}) scale({size / 240:.4f})" {STROKES}>{_inner(drawing)}</g>'


def _inner(drawing: str) -> str:
    return drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")]


def _text(words: str, x: float, y: float, size: float, face: str, fill: str) -> str:
    weight = ' font-weight="700"' if face == "bold" else ""
    look = f'font-family="{FAMILY}" font-size="{size}"{weight} fill="{fill}"'
    return f'<text x="{x:g}" y="{y:g}" {look}>{escape(words)}</text>'


def _fitted(title: str) -> tuple[int, list[str]]:
    """The largest size at which the title stands in three lines, and those lines."""
    for size in (68, 60, 52, 46, 40):
        lines = _wrapped(title, size)
        if len(lines) <= 3 and all(_width(line, size) <= COLUMN for line in lines):
            return size, lines
    return 40, _wrapped(title, 40)[:3]


def _wrapped(title: str, size: int) -> list[str]:
    lines: list[str] = []
    for word in title.split():
        if lines and _width(f"{lines[-1]} {word}", size) <= COLUMN:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def _width(words: str, size: int) -> float:
    return _face(size).getlength(words)


@cache
def _face(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FACES["bold"], size)
