"""Drawings of devices, plants and categories, built by code: no picture is ever missing or borrowed.

Every drawing is one SVG on a 240 × 240 canvas, about 1.2 kB, with no id inside, so any number can share a page.
The same arguments always give the same drawing. Wear is drawn as the grade describes it, so a Fair
device never looks like a Premium one, nor an Excellent one like a Good one.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from catalog.drawing_forms import FORMS, box
from catalog.drawing_parts import Area, Paint, Wallpaper, body, disc, fill, line, rect, ring, shadow

STROKES = 'stroke-linecap="round"'  # of all drawn inside, wherever it is placed
SIZES = {"thumb": 96, "card": 240, "hero": 480}


COLOURS = {
    "black": "#2b2d30",
    "graphite": "#54534f",
    "midnight": "#232c3a",
    "space grey": "#6a6b6f",
    "space gray": "#6a6b6f",
    "grey": "#85878a",
    "gray": "#85878a",
    "silver": "#d3d5d6",
    "white": "#f3f2ee",
    "starlight": "#efe6d8",
    "cream": "#f0e6d0",
    "beige": "#d9c8ad",
    "sand": "#d8c5a6",
    "gold": "#e3c79b",
    "rose gold": "#e5bfb3",
    "copper": "#b9774f",
    "bronze": "#8c6a4d",
    "titanium": "#a49b8f",
    "natural titanium": "#b5aa9a",
    "blue titanium": "#4a5360",
    "red": "#b9262f",
    "coral": "#f07a63",
    "orange": "#ef8434",
    "yellow": "#f2d35c",
    "lime": "#c8dd61",
    "green": "#5f8b6a",
    "midnight green": "#49544c",
    "alpine green": "#4f5f4d",
    "mint": "#bfe0cc",
    "teal": "#3f8187",
    "blue": "#3f6f9f",
    "pacific blue": "#35525f",
    "sierra blue": "#9db4c8",
    "sky blue": "#b9d3e3",
    "navy": "#28395a",
    "purple": "#8d7aa8",
    "deep purple": "#4f4658",
    "violet": "#8977b5",
    "lavender": "#d6cde6",
    "pink": "#f0c3c8",
    "burgundy": "#6d2435",
}
NEUTRAL = "#8e9590"
PLAIN = 34
"""The difference between the strongest and the weakest part of a colour below which it counts as grey."""

WALLPAPERS = (
    ("#123f3a", "#f4a261", "#1f6b5c", "#2f8f78"),
    ("#1d3557", "#ffd08a", "#2f5d8a", "#5b8db8"),
    ("#4a2b3c", "#ffb59a", "#7d4458", "#b0667a"),
    ("#22302a", "#f2d272", "#44624f", "#7a9a74"),
    ("#f0e4cf", "#ff8a5c", "#d8b98d", "#8fb0a0"),
)

GLEAM = "#f2ad1f"  # beside a device without a mark
Marks = tuple[tuple[float, float, float, float], ...]
SCRATCHES: Marks = (
    (0.1, 0.12, 0.46, 0.28), (0.58, 0.52, 0.36, -0.2), (0.3, 0.84, 0.36, 0.05), (0.66, 0.1, 0.2, 0.14),
    (0.12, 0.54, 0.2, -0.08), (0.17, 0.6, 0.2, -0.08), (0.15, 0.66, 0.12, -0.05),
)  # fmt: skip
"""Where marks begin inside a surface and how far they run, as shares of it; the first are the first to appear."""


class Wear(NamedTuple):
    """What a grade lets be seen: marks on body and screen, their reach and pen on the canvas, how plain they are."""

    on_body: int
    on_screen: int
    reach: int
    pen: float
    opacity: float


WEAR = {
    "excellent": Wear(2, 0, 40, 0.9, 0.5),
    "good": Wear(3, 2, 64, 1.4, 0.75),
    "fair": Wear(7, 4, 110, 2, 0.85),
}
"""Grade → its wear: hairlines on Excellent, fine marks on Good, scratches and a dent on Fair, nothing on Premium."""

SECOND_SURFACE = {"ereader": "#e9e6dc", "camera": "#1d2123"}
SCREENLESS = frozenset({"headphones", "earbuds", "console", "desktop", "speaker"})
NARROW, MOST_ON_NARROW = 30, 3
"""A surface lower than this shows no more marks than that, or they would be one blot."""

CATEGORY_FINISH = {
    "phone": "coral",
    "foldable": "lavender",
    "tablet": "sky blue",
    "laptop": "silver",
    "desktop": "graphite",
    "monitor": "silver",
    "television": "black",
    "console": "white",
    "handheld": "yellow",
    "headphones": "mint",
    "earbuds": "white",
    "watch": "green",
    "camera": "silver",
    "speaker": "teal",
    "ereader": "black",
}

EMBLEM_INKS = (
    ("#10231b", "#ff8a5c", "#86b79b"),
    ("#f4d9b0", "#b23c12", "#5b4a36"),
    ("#1d3557", "#ffd08a", "#6f9cc4"),
    ("#dcecdf", "#0d5640", "#ef8434"),
    ("#4a2b3c", "#ffb59a", "#c98da0"),
    ("#e9dff0", "#5b437a", "#d8743f"),
    ("#3b3a1c", "#e7dc7a", "#9aa35a"),
    ("#d5e6ee", "#1c4c74", "#e2603a"),
)


def device_svg(form: str, colour: str, *, grade: str | None = None, size: str = "card", title: str = "") -> SafeString:
    """A device of this form and colour, worn as its grade says; decorative unless it is given a title.

    An unknown form is drawn as a closed box, an unknown colour in grey. Sizes: thumb, card, hero.
    """
    return svg(_worn(form, colour, (grade or "").lower()), SIZES[size], title)


@lru_cache(maxsize=4096)
def _worn(form: str, colour: str, grade: str) -> str:
    draw, areas = FORMS.get(form, (box, [Area(70, 90, 100, 90)]))
    finish = paint(colour)
    wall = wallpaper(form, finish)
    second = finish.base if form in SCREENLESS else SECOND_SURFACE.get(form, wall[0])
    return draw(finish, wall) + _wear(grade, areas, finish, second)


def wallpaper(form: str, finish: Paint) -> Wallpaper:
    """A screen shows the hues of its finish, as its maker had it; a plain finish gets one of our landscapes."""
    red, green, blue = (int(finish.base[i : i + 2], 16) for i in (1, 3, 5))
    if max(red, green, blue) - min(red, green, blue) < PLAIN:
        return WALLPAPERS[_seed(form.partition("-")[0], finish.base)[0] % len(WALLPAPERS)]
    base = finish.base
    sun = "#ffd9a0" if blue > red else "#fff3df"
    return _mix(base, 0, 0.52), sun, _mix(base, 0, 0.18), _mix(base, 255, 0.22)


def category_svg(form: str) -> SafeString:
    """The emblem of a category: its form in the finish that suits it."""
    return device_svg(form, CATEGORY_FINISH.get(form, "silver"), size="card")


@lru_cache
def drawer_svg() -> SafeString:
    """An open drawer with what lies in everybody's: a telephone, a camera, a watch."""
    wood = Paint("#b98a5e", "#d6ab7d", "#8c6342")
    lying = (
        ("phone", "graphite", "good", "translate(10 26) rotate(-9 60 60) scale(.56)"),
        ("watch", "silver", "good", "translate(134 14) rotate(13 50 60) scale(.5)"),
        ("camera", "silver", "good", "translate(76 56) rotate(-3 60 60) scale(.5)"),
    )
    devices = "".join(
        f'<g transform="{place}">{_worn(form, colour, grade)}</g>' for form, colour, grade, place in lying
    )
    front = body(8, 146, 224, 78, 9, wood) + line("M100 182q20 14 40 0", "#4a3626", 7)
    return svg(shadow(120, 226, 112) + fill("M30 112H210L228 156H12z", "#3d2c20") + devices + front, SIZES["card"])


def plant_svg(slug: str, name: str = "") -> SafeString:
    """A plant's emblem: a rosette drawn from the slug, always the same for the same plant."""
    seed = _seed("plant", slug)
    ground, bright, soft = EMBLEM_INKS[seed[0] % len(EMBLEM_INKS)]
    petals, turn = 3 + seed[1] % 6, seed[2] % 60
    length, width = 62 + seed[3] % 22, 14 + seed[4] % 18
    parts = [rect(0, 0, 240, 240, 64, ground), ring(120, 120, 92, soft, 3 + seed[5] % 5)]
    for number in range(petals):
        angle = turn + number * 360 / petals
        parts.append(
            f'<ellipse cx="{120 + length / 2:g}" cy="120" rx="{length / 2:g}" ry="{width}" '
            f'fill="{bright if (number + seed[6]) % 2 else soft}" transform="rotate({angle:.1f} 120 120)"/>'
        )
    parts.append(disc(120, 120, 16 + seed[7] % 14, ground) + disc(120, 120, 7 + seed[8] % 5, bright))
    return svg("".join(parts), SIZES["thumb"], name)


def paint(colour: str) -> Paint:
    """The finish for a colour's commercial name: by full name, else by the longest known name inside it."""
    name = colour.strip().lower()
    known = [word for word in COLOURS if word in name]
    base = COLOURS.get(name) or (COLOURS[max(known, key=len)] if known else NEUTRAL)
    return Paint(base, _mix(base, 255, 0.38), _mix(base, 0, 0.28))


def _wear(grade: str, areas: list[Area], finish: Paint, second: str) -> str:
    if grade == "premium":
        return _gleam(206, 34, 17) + _gleam(226, 60, 8)
    if grade not in WEAR:
        return ""
    wear = WEAR[grade]
    count = wear.on_body if areas[0].h > NARROW else min(wear.on_body, MOST_ON_NARROW)
    marks = line(_marks(areas[0], SCRATCHES[:count], wear.reach), _ink(finish.base), wear.pen, wear.opacity)
    if wear.on_screen and len(areas) > 1:
        marks += line(_marks(areas[-1], SCRATCHES[: wear.on_screen], wear.reach), _ink(second), wear.pen, wear.opacity)
    return marks + (_dent(areas[0], finish) if grade == "fair" else "")


def _marks(area: Area, marks: Marks, reach: int) -> str:
    wide, high = min(area.w, reach), min(area.h, reach)
    return "".join(
        f"M{area.x + x * area.w:.0f} {area.y + y * area.h:.0f}l{dx * wide:.0f} {dy * high:.0f}"
        for x, y, dx, dy in marks
    )


def _ink(colour: str) -> str:
    """Scratches lay bright metal bare on dark finishes, and throw a shade on light ones."""
    return "#fff" if luma(colour) < 120 else "#5f594f"


def luma(colour: str) -> float:
    """How light a #rrggbb looks, from 0 to 255."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _dent(spot: Area, finish: Paint) -> str:
    """A blow at the lower corner of the body: a hollow with its lit rim, and finish worn off beside it."""
    x, y = spot.x + 13, spot.y + spot.h - 5
    hollow = f'<ellipse cx="{x}" cy="{y}" rx="10" ry="7" fill="{finish.shade}"/>'
    rim = line(f"M{x - 9} {y + 3}q9 9 18 0", finish.edge, 2.4)
    return hollow + rim + line(f"M{x + 15} {y + 1}l8-3M{x + 15} {y + 5}l12-4", finish.edge, 1.8)


def _gleam(x: int, y: int, r: int) -> str:
    k = round(r * 0.22)
    arm = r - k
    return fill(f"M{x} {y - r}l{k} {arm} {arm} {k}-{arm} {k}-{k} {arm}-{k}-{arm}-{arm}-{k} {arm}-{k}z", GLEAM)


def svg(drawn: str, size: int, title: str = "") -> SafeString:
    """A canvas of 240 × 240 around trusted SVG; decorative unless it is given a title."""
    name = f'role="img"><title>{escape(title)}</title>' if title else 'aria-hidden="true">'
    canvas = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" width="{size}" height="{size}"'
    return mark_safe(f"{canvas} {STROKES} {name}{drawn}</svg>")  # noqa: S308 - built here, the title escaped


def _seed(*words: str) -> bytes:
    return blake2b("·".join(words).lower().encode(), digest_size=16).digest()


def _mix(colour: str, towards: int, share: float) -> str:
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (towards - part) * share):02x}" for part in parts)
