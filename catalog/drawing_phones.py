"""Telephones, told apart as a shopper does: by what cuts into the screen in front, and by the cameras behind.

A form is "phone-<front>-<cameras>" of the names below; "phone" alone is one of whose looks nothing is known.
"""

from collections.abc import Callable

from catalog.drawing_parts import (
    GLASS,
    SOFT,
    Area,
    Form,
    Paint,
    Wallpaper,
    body,
    disc,
    display,
    fill,
    lenses,
    line,
    rect,
    ring,
    screen,
    shadow,
    shell,
)

Front = Callable[[Wallpaper], str]
Cameras = Callable[[Paint], str]


def _whole(mark: str) -> Front:
    """A screen as large as its front, with the mark that a camera makes in it."""
    return lambda wall: display(121, 33, 82, 174, 17, 4, wall) + mark


def _between(forehead: int, chin: int, mark: str = "") -> Front:
    """A screen between two bars of glass, so high."""
    return lambda wall: (
        rect(121, 33, 82, 174, 17, GLASS) + screen(125, 33 + forehead, 74, 174 - forehead - chin, 3, wall) + mark
    )


FRONTS: dict[str, Front] = {
    "home": _between(26, 30, ring(162, 192, 8, SOFT, 2) + line("M155 46h14", SOFT, 3)),
    "bars": _between(13, 11, line("M155 40h14", SOFT, 2.4)),
    "notch": _whole(fill("M140 36h44q-4 0-4 4 0 7-7 7h-22q-7 0-7-7 0-4-4-4z", GLASS)),
    "drop": _whole(fill("M151 36h22q-6 0-6 5a5 5 0 0 1-10 0q0-5-6-5z", GLASS)),
    "island": _whole(line("M154 45h16", GLASS, 7)),
    "hole": _whole(disc(162, 45, 3.8, GLASS)),
}
"""Front → its glass: a home button, bars without one, a notch, a drop, an island, or a hole for the camera."""


def _plate(x: int, y: int, w: int, h: int, r: int, p: Paint) -> str:
    return rect(x, y, w, h, r, p.shade, ' opacity=".55"')


def _square(p: Paint) -> str:
    return _plate(44, 32, 46, 46, 14, p)


def _flash(x: int, y: int) -> str:
    return disc(x, y, 3, "#f6ecd2")


BACKS: dict[str, Cameras] = {
    "single": lambda p: lenses([(53, 42)]) + _flash(69, 42),
    "row": lambda p: _plate(43, 32, 44, 22, 11, p) + lenses([(54, 43), (76, 43)]) + _flash(96, 43),
    "line": lambda p: _plate(44, 32, 25, 45, 12, p) + lenses([(56.5, 44.5), (56.5, 64.5)]),
    "pair": lambda p: _square(p) + lenses([(57, 45), (57, 65)]) + _flash(78, 55),
    "slant": lambda p: _square(p) + lenses([(57, 45), (77, 65)]),
    "trio": lambda p: _square(p) + lenses([(57, 45), (57, 65), (76, 55)]),
    "column": lambda p: lenses([(54, 41), (54, 59), (54, 77)]) + _flash(70, 41),
    "many": lambda p: lenses([(54, 41), (54, 59), (54, 77)]) + lenses([(72, 50), (72, 68)], 4.6),
    "across": lambda p: _plate(46, 36, 66, 20, 10, p) + lenses([(59, 46), (77, 46), (95, 46)], 6.5),
    "centre": lambda p: _plate(65, 38, 22, 38, 11, p) + lenses([(76, 49), (76, 65)], 6.5),
    "bar": lambda p: rect(35, 42, 90, 23, 2, SOFT) + lenses([(56, 53.5), (74, 53.5)], 6.5) + _flash(98, 53),
    "pill": lambda p: rect(42, 40, 92, 25, 12, SOFT) + lenses([(57, 52.5), (76, 52.5)], 7) + _flash(98, 52),
}
"""Cameras → how they lie: one, two in a row, in a line, in a square or aslant, three in a square or a column, more
than that, across the back or down its middle, or in a bar or a pill that stands out of it."""


def phone(front: str, cameras: str) -> Form:
    def drawn(p: Paint, wall: Wallpaper) -> str:
        back = body(34, 22, 92, 184, 20, p) + BACKS[cameras](p)
        return shadow(120, 213, 94) + back + shell(118, 30, 88, 180, 20, p) + FRONTS[front](wall)

    return drawn


def flip(p: Paint, wall: Wallpaper) -> str:
    """One that folds once across: its small outer screen behind, the crease in front."""
    cover = rect(42, 30, 72, 80, 12, GLASS) + lenses([(98, 44), (98, 62)], 6.5) + line("M36 114h82", p.shade, 3)
    front = shell(118, 30, 88, 180, 20, p) + FRONTS["hole"](wall) + fill("M125 118h74v5h-74z", "#000", 0.22)
    return shadow(120, 213, 94) + body(34, 22, 92, 184, 20, p) + cover + front


BEHIND = Area(40, 84, 72, 114)
AHEAD = {"home": Area(126, 66, 70, 108), "bars": Area(126, 54, 70, 136)}

PHONES: dict[str, tuple[Form, list[Area]]] = {
    "phone": (phone("hole", "line"), [BEHIND, Area(126, 60, 70, 136)]),
    "foldable-flip": (flip, [Area(40, 122, 72, 76), Area(126, 60, 70, 136)]),
} | {
    f"phone-{front}-{cameras}": (phone(front, cameras), [BEHIND, AHEAD.get(front, Area(126, 60, 70, 136))])
    for front in FRONTS
    for cameras in BACKS
}
