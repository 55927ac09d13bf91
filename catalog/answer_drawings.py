"""A picture for each answer of the selling questions, drawn by code on the canvas of catalog/drawings.py.

`picture` is "motif:state". The motifs screen, body, all and state show the device itself, worn, cracked or marked;
the others show one thing (a battery, a drop, a plug) on a disc, with a badge: good, half or bad.
"""

from collections.abc import Callable

from django.utils.safestring import SafeString

from catalog.drawing_forms import FORMS, box
from catalog.drawing_parts import Area, Paint, disc, fill, line, rect, ring
from catalog.drawings import paint, svg

SIZE = 120
DEVICE_COLOUR = "graphite"
CALM = ("#22302a", "#f2d272", "#44624f", "#7a9a74")
INK, GROUND, SOFT, GREEN, AMBER, RED = "#1d332a", "#e3eee2", "#9dbfa9", "#1c7a58", "#b97a08", "#b3362b"
BADGES = {
    "good": (GREEN, "M189 196l9 9 18-20"),
    "half": (AMBER, "M202 180v18M202 208v1"),
    "bad": (RED, "M191 185l22 22M213 185l-22 22"),
}
SURFACES: dict[str, Callable[[list[Area]], list[Area]]] = {
    "screen": lambda areas: areas[-1:],
    "body": lambda areas: areas[:-1] or areas,
    "all": lambda areas: areas,
}
# Where marks start inside an area and which way they run, as shares of it: few are light wear, all are visible wear.
MARKS = (
    (0.15, 0.2, 0.3, 0.16), (0.55, 0.62, 0.24, -0.12), (0.3, 0.8, 0.26, 0.1), (0.62, 0.14, 0.2, 0.2),
    (0.1, 0.5, 0.34, -0.1), (0.45, 0.36, 0.3, 0.12), (0.7, 0.82, 0.2, -0.16),
)  # fmt: skip
LIGHT = 3


def answer_svg(form: str, picture: str) -> SafeString:
    """The picture of an answer about a device of this form; an unknown motif is drawn as the device with its badge."""
    motif, _colon, state = picture.partition(":")
    if motif in SURFACES:
        drawn = _device(form, CALM) + _worn(SURFACES[motif](_areas(form)), state)
    elif motif == "battery":
        drawn = _on_disc(_battery(state)) + _badge(state)
    elif motif in MOTIFS:
        drawn = _on_disc(MOTIFS[motif]) + _badge(state)
    else:
        dark = ("#191d1b", "#191d1b", "#191d1b", "#191d1b")
        drawn = _device(form, dark if state == "bad" else CALM) + _badge(state)
    return svg(drawn, SIZE)


def _device(form: str, wall: tuple[str, str, str, str]) -> str:
    draw, _marked = FORMS.get(form, (box, []))
    finish: Paint = paint(DEVICE_COLOUR)
    return draw(finish, wall)


def _areas(form: str) -> list[Area]:
    return FORMS.get(form, (box, [Area(70, 90, 100, 90)]))[1]


def _worn(areas: list[Area], state: str) -> str:
    if state == "flawless":
        return _sparkle(196, 44, 20) + _sparkle(168, 22, 9) + _sparkle(216, 78, 8)
    if state == "cracked":
        return _crack(areas[-1])
    marks = MARKS[:LIGHT] if state == "light" else MARKS
    return "".join(_scratch(area, marks, 1.8 if state == "light" else 3.2) for area in areas)


def _scratch(area: Area, marks: tuple[tuple[float, float, float, float], ...], width: float) -> str:
    reach = min(area.w, area.h, 90)
    path = "".join(
        f"M{area.x + x * area.w:.0f} {area.y + y * area.h:.0f}l{dx * reach:.0f} {dy * reach:.0f}"
        for x, y, dx, dy in marks
    )
    return line(path, "#000", width + 1.6, 0.3) + line(path, "#fff", width, 0.9)


def _crack(area: Area) -> str:
    """Rays from one point of impact, and two broken rings around it."""
    x, y, r = area.x + area.w * 0.42, area.y + area.h * 0.4, max(min(area.w, area.h) * 0.55, 16)
    ends = ((-0.9, -0.5), (-0.2, -1), (0.8, -0.7), (1, 0.3), (0.45, 1), (-0.5, 0.85), (-1, 0.2))
    rays = "".join(f"M{x:.0f} {y:.0f}l{dx * r * 0.5:.0f} {dy * r * 0.4:.0f} {dx * r * 0.5:.0f} {dy * r * 0.6:.0f}"
                   for dx, dy in ends)  # fmt: skip
    web = "".join("M" + "L".join(f"{x + dx * r * k:.0f} {y + dy * r * k:.0f}" for dx, dy in ends) for k in (0.34, 0.66))
    return line(rays + web, "#000", 4.4, 0.35) + line(rays, "#fff", 2.6) + line(web, "#fff", 1.8, 0.9)


def _sparkle(x: int, y: int, r: int) -> str:
    k = r * 0.22
    star = f"M{x} {y - r}l{k} {r - k} {r - k} {k} {k - r} {k} {-k} {r - k} {-k} {k - r} {k - r} {-k} {r - k} {-k}z"
    return fill(star, "#f2ad1f")


def _badge(state: str) -> str:
    if state not in BADGES:
        return ""
    colour, sign = BADGES[state]
    return disc(202, 196, 34, "#fffdf8") + disc(202, 196, 29, colour) + line(sign, "#fff", 7)


def _on_disc(motif: str) -> str:
    return disc(120, 116, 100, GROUND) + motif


def _battery(state: str) -> str:
    level, colour = {"good": (96, GREEN), "half": (44, AMBER)}.get(state, (14, RED))
    shell = rect(52, 82, 124, 68, 14, "#fffdf8", f' stroke="{INK}" stroke-width="7"') + rect(181, 102, 11, 28, 5, INK)
    return shell + rect(66, 96, level, 40, 6, colour)


def _ink(path: str, width: float = 9) -> str:
    return line(path, INK, width)


MOTIFS: dict[str, str] = {
    "power": ring(120, 124, 44, INK, 9) + rect(108, 66, 24, 40, 0, GROUND) + _ink("M120 66v44"),
    "touch": ring(104, 88, 26, SOFT, 7) + ring(104, 88, 42, SOFT, 4)
    + fill("M96 88a9 9 0 0 1 18 0v34l36 8q12 4 10 16l-6 34h-46l-32-42q-4-10 6-13l14 9z", INK),
    "picture": rect(50, 62, 140, 104, 12, INK) + rect(60, 72, 120, 84, 5, "#2b5d4c") + disc(146, 100, 15, "#f2d272")
    + fill("M60 156v-24l34-30 32 32 18-14 36 30v6z", "#86b79b"),
    "drop": fill("M120 46c30 40 44 60 44 82a44 44 0 0 1-88 0c0-22 14-42 44-82z", "#3f78a8")
    + line("M98 130a24 24 0 0 0 20 24", "#fff", 7, 0.8),
    "screw": ring(120, 116, 50, INK, 9) + disc(120, 116, 34, SOFT) + _ink("M100 116h40M120 96v40", 10),
    "plug": fill("M84 96h72v26a36 36 0 0 1-72 0z", INK) + _ink("M102 62v34M138 62v34", 11)
    + _ink("M120 156v16q0 16-24 16"),
    "clock": ring(120, 116, 58, INK, 9) + _ink("M120 82v36l24 16"),
    "stand": rect(50, 60, 140, 84, 9, INK) + rect(60, 70, 120, 64, 4, SOFT) + _ink("M120 146v24M84 176h72", 12),
    "remote": rect(88, 40, 64, 152, 20, INK) + disc(120, 68, 8, "#e2603a") + ring(120, 106, 18, SOFT, 7)
    + "".join(disc(x, y, 5, SOFT) for x in (104, 120, 136) for y in (146, 164)),
    "disc": disc(120, 116, 66, INK) + ring(120, 116, 46, SOFT, 3) + disc(120, 116, 22, GROUND) + disc(120, 116, 8, INK)
    + line("M84 84a46 46 0 0 1 30-14", "#fff", 6, 0.6),
    "stick": fill("M78 88h84c28 0 36 34 36 54 0 18-20 24-32 6l-10-14H84l-10 14c-12 18-32 12-32-6 0-20 8-54 36-54z", INK)
    + disc(88, 112, 15, SOFT) + disc(150, 112, 15, SOFT),
    "globe": ring(120, 116, 58, INK, 8) + _ink("M62 116h116M120 58c-34 34-34 82 0 116M120 58c34 34 34 82 0 116", 6),
    "sound": fill("M58 96h28l40-32v104l-40-32H58z", INK) + _ink("M146 92q16 24 0 48M166 76q28 40 0 80"),
    "cushion": ring(120, 116, 50, INK, 30) + ring(120, 116, 50, SOFT, 6),
    "pieces": fill("M58 66h50v24a12 12 0 1 0 22 0v-24h52v50h-22a12 12 0 1 0 0 22h22v34H58z", INK),
    "strap": rect(96, 34, 48, 164, 16, SOFT) + rect(82, 78, 76, 76, 20, INK) + rect(92, 88, 56, 56, 12, "#2b5d4c"),
    "landscape": rect(52, 58, 136, 116, 8, "#fffdf8") + rect(62, 68, 116, 84, 3, "#b9d3e3")
    + fill("M62 152v-20l34-32 30 30 16-12 36 34z", INK) + disc(150, 92, 11, "#f2ad1f"),
    "lens": disc(120, 116, 66, INK) + ring(120, 116, 48, SOFT, 4) + disc(120, 116, 36, "#2b5d4c")
    + disc(104, 100, 11, "#fff"),
}  # fmt: skip
