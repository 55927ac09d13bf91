"""What drawings are made of: SVG fragments on a 240 × 240 canvas that browsers and resvg draw alike.

No stroke is without length: whether its round ends are drawn is where renderers differ.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

Wallpaper = tuple[str, str, str, str]
"""Sky, sun, far hill and near hill, each as #rrggbb."""

Places = Iterable[tuple[float, float]]

GLASS = "#0c1012"
SOFT = "#3a4145"


class Paint(NamedTuple):
    """One finish: the surface, its lit edge and its shaded side, as #rrggbb."""

    base: str
    edge: str
    shade: str


class Area(NamedTuple):
    """A rectangle on the canvas where marks of wear may land."""

    x: int
    y: int
    w: int
    h: int


def rect(x: float, y: float, w: float, h: float, r: float, fill: str, extra: str = "") -> str:
    rounded = f' rx="{r:g}"' if r else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}"{rounded} fill="{fill}"{extra}/>'


def disc(x: float, y: float, r: float, fill: str) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{fill}"/>'


def ring(x: float, y: float, r: float, stroke: str, width: float) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="none" stroke="{stroke}" stroke-width="{width:g}"/>'


def fill(d: str, fill: str, opacity: float = 1) -> str:
    return f'<path d="{d}" fill="{fill}"' + (f' opacity="{opacity:g}"' if opacity < 1 else "") + "/>"


def line(d: str, stroke: str, width: float, opacity: float = 1) -> str:
    """A stroke; its ends are round, as the canvas says once for all."""
    faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
    return f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{width:g}"{faint}/>'


def dots(places: Places, r: float, colour: str) -> str:
    """Discs of one size and colour."""
    return f'<g fill="{colour}">{_circles(places, r)}</g>'


def rimmed(places: Places, r: float, rim: float, colours: tuple[str, str]) -> str:
    """Discs of one size in a rim that lies within `r`; `colours` are those of disc and rim."""
    inside, around = colours
    circles = _circles(places, r - rim / 2)
    return f'<g fill="{inside}" stroke="{around}" stroke-width="{rim:g}">{circles}</g>'


def lenses(places: Places, r: float = 7.5) -> str:
    """Cameras, each a dark ring around its glass."""
    return rimmed(places, r, r * 0.6, ("#34506a", "#14181b"))


def _circles(places: Places, r: float) -> str:
    return "".join(f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}"/>' for x, y in places)


def shadow(x: float, y: float, rx: float) -> str:
    """What the device throws on the table below it."""
    return f'<ellipse cx="{x:g}" cy="{y:g}" rx="{rx:g}" ry="6" opacity=".16"/>'


def shell(x: float, y: float, w: float, h: float, r: float, p: Paint) -> str:
    """A panel with its lit edge."""
    return rect(x + 1, y + 1, w - 2, h - 2, r - 1, p.base, f' stroke="{p.edge}" stroke-width="2"')


def body(x: float, y: float, w: float, h: float, r: float, p: Paint) -> str:
    """A moulded panel: some thickness, a lit edge, and one band of light across."""
    band = (
        f"M{x + w * 0.1:.0f} {y + h - 2:g}L{x + w * 0.52:.0f} {y + 2:g}h{w * 0.3:.0f}L{x + w * 0.4:.0f} {y + h - 2:g}z"
    )
    return rect(x + 3, y + 1, w, h, r, p.shade) + shell(x, y, w, h, r, p) + fill(band, p.edge, 0.3)


def screen(x: float, y: float, w: float, h: float, r: float, wall: Wallpaper) -> str:
    """A lit screen with a calm landscape: sky, sun, and two hills that keep to its round corners."""
    sky, sun, far, near = wall
    foot = f"V{y + h - r:g}a{r:g} {r:g} 0 0 1-{r:g} {r:g}H{x + r:g}a{r:g} {r:g} 0 0 1-{r:g}-{r:g}z"
    hill = f"M{x:g} {y + h * 0.66:.0f}q{w * 0.3:.0f}-{h * 0.16:.0f} {w:g} {h * 0.12:.0f}" + foot
    front = f"M{x:g} {y + h * 0.84:.0f}q{w * 0.55:.0f} {h * 0.02:.0f} {w:g}-{h * 0.2:.0f}" + foot
    return (
        rect(x, y, w, h, r, sky)
        + disc(round(x + w * 0.64), round(y + h * 0.4), round(min(w, h) * 0.2), sun)
        + fill(hill, far)
        + fill(front, near)
    )


def display(x: float, y: float, w: float, h: float, r: float, border: float, wall: Wallpaper) -> str:
    """A screen behind its sheet of dark glass, of which `border` stays dark all around."""
    inner = max(r - border, 1)
    return rect(x, y, w, h, r, GLASS) + screen(x + border, y + border, w - 2 * border, h - 2 * border, inner, wall)


Form = Callable[[Paint, Wallpaper], str]
"""A device in a finish, with a wallpaper for its screen."""
