"""The design system as a living page: what it shows is read from the stylesheet, the drawings and the components."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

AA_TEXT, AA_PART = 4.5, 3.0
"""WCAG 2.2, 1.4.3 and 1.4.11: the least contrast of words, and of the parts that tell a control or a state."""

PAIRS: tuple[tuple[str, str, float], ...] = (
    ("ink", "paper", AA_TEXT), ("ink", "paper-sunk", AA_TEXT), ("ink", "card", AA_TEXT), ("ink", "stage", AA_TEXT),
    ("ink-soft", "paper", AA_TEXT), ("ink-soft", "paper-sunk", AA_TEXT), ("ink-soft", "card", AA_TEXT),
    ("green-text", "paper", AA_TEXT), ("green-text", "paper-sunk", AA_TEXT), ("green-text", "card", AA_TEXT),
    ("green-text", "green-tint", AA_TEXT), ("on-green", "green", AA_TEXT), ("on-green", "green-strong", AA_TEXT),
    ("on-signal", "signal", AA_TEXT), ("on-signal", "signal-strong", AA_TEXT), ("signal-text", "paper", AA_TEXT),
    ("signal-text", "card", AA_TEXT), ("signal-text", "signal-tint", AA_TEXT), ("ink", "signal-tint", AA_TEXT),
    ("ink-soft", "signal-tint", AA_TEXT), ("ink-soft", "green-tint", AA_TEXT), ("good", "good-tint", AA_TEXT),
    ("warn", "warn-tint", AA_TEXT), ("bad", "bad-tint", AA_TEXT), ("bad", "paper", AA_TEXT), ("bad", "card", AA_TEXT),
    ("info", "info-tint", AA_TEXT), ("on-night", "night", AA_TEXT), ("on-night-soft", "night", AA_TEXT),
    ("night-signal", "night", AA_TEXT), ("line-strong", "paper", AA_PART), ("line-strong", "card", AA_PART),
    ("line-strong", "paper-sunk", AA_PART), ("sun-edge", "card", AA_PART), ("sun-edge", "paper", AA_PART),
    ("signal-strong", "on-signal", AA_PART),
)  # fmt: skip
"""What stands on what: (front, ground, least contrast). Whoever puts two other tokens together adds them here."""

DARK = "@media (prefers-color-scheme: dark)"
TOKEN = re.compile(r"--([\w-]+):\s*([^;]+);")


@dataclass(frozen=True)
class Swatch:
    name: str
    light: str
    dark: str


@dataclass(frozen=True)
class Pair:
    front: str
    ground: str
    least: float
    light: float
    dark: float

    @property
    def holds(self) -> bool:
        return min(self.light, self.dark) >= self.least


def tokens() -> tuple[dict[str, str], dict[str, str]]:
    """Every token of tokens.css as (light, dark); the dark scheme repeats what it does not change."""
    text = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    light, _, rest = text.partition(DARK)
    dark = rest.partition("@media")[0]
    first = {name: " ".join(value.split()) for name, value in TOKEN.findall(light)}
    return first, first | {name: " ".join(value.split()) for name, value in TOKEN.findall(dark)}


def swatches() -> list[Swatch]:
    light, dark = tokens()
    return [Swatch(name, value, dark[name]) for name, value in light.items() if value.startswith("#")]


def pairs() -> list[Pair]:
    light, dark = tokens()
    return [
        Pair(front, ground, least, contrast(light[front], light[ground]), contrast(dark[front], dark[ground]))
        for front, ground, least in PAIRS
    ]


def scale(prefix: str) -> Iterator[tuple[str, str]]:
    """The tokens whose names begin so, as (name, value)."""
    return ((name, value) for name, value in tokens()[0].items() if name.startswith(prefix))


def contrast(one: str, other: str) -> float:
    """The contrast of two #rrggbb by WCAG 2.2, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return round((high + 0.05) / (low + 0.05), 2)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
