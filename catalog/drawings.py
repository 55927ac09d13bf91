"""Drawings of devices, plants and categories, built by code: no picture is ever missing or borrowed.

Every drawing is one SVG on a 240 × 240 canvas, under 3 kB, with no id inside, so any number can share a page.
The same arguments always give the same drawing. Wear is drawn as the grade describes it, so a Fair
device never looks like a Premium one.
"""

from hashlib import blake2b
from math import cos, sin

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from catalog.drawing_forms import FORMS, Area, Paint, box, disc, line, rect, ring

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

WALLPAPERS = (
    ("#123f3a", "#f4a261", "#1f6b5c", "#2f8f78"),
    ("#1d3557", "#ffd08a", "#2f5d8a", "#5b8db8"),
    ("#4a2b3c", "#ffb59a", "#7d4458", "#b0667a"),
    ("#22302a", "#f2d272", "#44624f", "#7a9a74"),
    ("#f0e4cf", "#ff8a5c", "#d8b98d", "#8fb0a0"),
)

MARKS = {"good": (3, 7, 0.7), "fair": (7, 18, 0.9)}
"""Grade → number of marks, typical length and width in canvas units; grades not named show none."""


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
    seed = _seed(form, colour)
    draw, areas = FORMS.get(form, (box, [Area(70, 90, 100, 90)]))
    marks = _wear((grade or "").lower(), areas, seed)
    return svg(draw(paint(colour), WALLPAPERS[seed[0] % len(WALLPAPERS)]) + marks, SIZES[size], title)


def category_svg(form: str) -> SafeString:
    """The emblem of a category: its form in the finish that suits it."""
    return device_svg(form, CATEGORY_FINISH.get(form, "silver"), size="card")


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


def _wear(grade: str, areas: list[Area], seed: bytes) -> str:
    if grade not in MARKS:
        return ""
    count, reach, width = MARKS[grade]
    marks = [
        _scratch(areas[-1 - number % len(areas)], blake2b(seed + bytes([number])).digest(), reach)
        for number in range(count)
    ]
    dark = line("".join(f"M{x:.0f} {y + 1:.0f}{mark}" for x, y, mark in marks), "#000", width, 0.35)
    light = line("".join(f"M{x:.0f} {y:.0f}{mark}" for x, y, mark in marks), "#fff", width, 0.8)
    return dark + light + (_dent(areas[0]) if grade == "fair" else "")


def _scratch(area: Area, chance: bytes, reach: int) -> tuple[float, float, str]:
    length, angle = min(reach, area.h) * (0.6 + chance[0] / 320), 0.5 + (chance[1] / 255 - 0.5) * 1.5
    dx, dy = length * cos(angle), length * sin(angle)
    x = area.x + chance[2] / 255 * max(area.w - dx, 1)
    y = area.y + chance[3] / 255 * max(area.h - abs(dy), 1) + max(-dy, 0)
    return x, y, f"l{dx:.0f} {dy:.0f}"


def _dent(spot: Area) -> str:
    x, y = spot.x + spot.w // 4, spot.y + spot.h * 9 // 10
    shade = f'<ellipse cx="{x}" cy="{y}" rx="5" ry="3.4" fill="#000" opacity=".42"/>'
    return shade + line(f"M{x - 4} {y + 3}q4 2.6 8 0", "#fff", 1.2, 0.6)


def svg(body: str, size: int, title: str = "") -> SafeString:
    """A canvas of 240 × 240 around trusted SVG; decorative unless it is given a title."""
    name = f'role="img"><title>{escape(title)}</title>' if title else 'aria-hidden="true" focusable="false">'
    canvas = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" width="{size}" height="{size}" '
    return mark_safe(f"{canvas}{name}{body}</svg>")  # noqa: S308 - built here, the title escaped


def _seed(*words: str) -> bytes:
    return blake2b("·".join(words).lower().encode(), digest_size=16).digest()


def _mix(colour: str, towards: int, share: float) -> str:
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (towards - part) * share):02x}" for part in parts)
