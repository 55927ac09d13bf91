"""The forms of devices as SVG fragments on a 240 × 240 canvas, made of panels, screens and lenses."""

from collections.abc import Callable
from typing import NamedTuple

Wallpaper = tuple[str, str, str, str]
"""Sky, sun, far hill and near hill, each as #rrggbb."""

GLASS = "#0c1012"


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
    return f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{r:g}" fill="{fill}"{extra}/>'


def disc(x: float, y: float, r: float, fill: str) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{fill}"/>'


def ring(x: float, y: float, r: float, stroke: str, width: float) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="none" stroke="{stroke}" stroke-width="{width:g}"/>'


def fill(d: str, fill: str, opacity: float = 1) -> str:
    return f'<path d="{d}" fill="{fill}"' + (f' opacity="{opacity:g}"' if opacity < 1 else "") + "/>"


def line(d: str, stroke: str, width: float, opacity: float = 1) -> str:
    faint = f' opacity="{opacity:g}"' if opacity < 1 else ""
    pen = f'fill="none" stroke="{stroke}" stroke-width="{width:g}" stroke-linecap="round"'
    return f'<path d="{d}" {pen}{faint}/>'


def rim(x: float, y: float, w: float, h: float, r: float, p: Paint) -> str:
    return rect(x, y, w, h, r, "none", f' stroke="{p.edge}" stroke-width="2"')


def shadow(x: float, y: float, rx: float) -> str:
    """Two soft ellipses on the table below the device."""
    return "".join(
        f'<ellipse cx="{x:g}" cy="{y:g}" rx="{rx * k:g}" ry="{7 * k:g}" opacity="{o}"/>'
        for k, o in ((1, 0.1), (0.84, 0.14))
    )


def body(x: float, y: float, w: float, h: float, r: float, p: Paint) -> str:
    """A moulded panel: lit along its edge, with one shaded facet and one band of light."""
    side = (
        f"M{x + w * 0.78:g} {y:g}H{x + w - r:g}a{r:g} {r:g} 0 0 1 {r:g} {r:g}V{y + h - r:g}"
        f"a{r:g} {r:g} 0 0 1 {-r:g} {r:g}H{x + w * 0.4:g}z"
    )
    band = f"M{x + r:g} {y + h:g}L{x + w * 0.5:g} {y:g}h{w * 0.12:g}L{x + r + w * 0.12:g} {y + h:g}z"
    return (
        rect(x, y, w, h, r, p.base)
        + fill(side, p.shade, 0.4)
        + fill(band, p.edge, 0.28)
        + rim(x + 1, y + 1, w - 2, h - 2, r - 1, p)
    )


def screen(x: float, y: float, w: float, h: float, r: float, wall: Wallpaper) -> str:
    """A lit screen with a calm landscape; the frame over it rounds the corners."""
    sky, sun, far, near = wall
    big = max(w, h)
    frame = max(2.5, r * 0.46)
    return (
        f'<svg x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}">{rect(0, 0, w, h, 0, sky)}'
        + disc(w * 0.66, h * 0.38, min(w, h) * 0.2, sun)
        + disc(w * 0.15, h * 0.5 + big * 0.62, big * 0.6, far)
        + disc(w * 0.95, h * 0.62 + big * 0.66, big * 0.62, near)
        + fill(f"M0 0H{w * 0.55:g}L0 {h * 0.7:g}z", "#fff", 0.09)
        + "</svg>"
        + rect(
            x - frame / 2,
            y - frame / 2,
            w + frame,
            h + frame,
            r + frame / 2,
            "none",
            f' stroke="{GLASS}" stroke-width="{frame:g}"',
        )
    )


def lens(x: float, y: float, r: float) -> str:
    return disc(x, y, r, "#14181b") + disc(x, y, r * 0.55, "#2c3d4d") + disc(x - r * 0.25, y - r * 0.3, r * 0.2, "#fff")


# Forms: each returns the device in a finish, with a wallpaper for its screen


def _phone(p: Paint, wall: Wallpaper) -> str:
    island = rect(58, 29, 34, 36, 11, p.shade, ' opacity=".55"')
    back = body(50, 20, 90, 184, 19, p) + island + lens(68, 39, 6.5) + lens(68, 55, 6.5) + lens(83, 47, 6.5)
    keys = rect(48.6, 84, 2, 14, 1, p.shade) + rect(48.6, 104, 2, 22, 1, p.shade)
    front = rect(98, 28, 92, 188, 20, p.base) + rim(99, 29, 90, 186, 19, p)
    glass = rect(101.5, 31.5, 85, 181, 17, GLASS) + screen(105, 35, 78, 174, 13, wall)
    return shadow(122, 216, 84) + keys + back + front + glass + rect(133, 39, 22, 6, 3, GLASS)


def _foldable(p: Paint, wall: Wallpaper) -> str:
    cover = body(22, 36, 88, 168, 14, p) + rect(30, 46, 16, 42, 8, p.shade) + lens(38, 56, 5) + lens(38, 70, 5)
    inside = rect(66, 28, 156, 182, 15, p.base) + rim(67, 29, 154, 180, 14, p)
    crease = rect(143, 37, 2, 164, 1, "#000", ' opacity=".28"') + rect(145, 37, 5, 164, 1, "#fff", ' opacity=".1"')
    return shadow(128, 214, 100) + cover + inside + screen(75, 37, 138, 164, 9, wall) + crease


def _tablet(p: Paint, wall: Wallpaper) -> str:
    back = body(30, 22, 140, 180, 15, p) + lens(45, 37, 6)
    front = rect(62, 32, 148, 186, 15, p.base) + rim(63, 33, 146, 184, 14, p)
    return shadow(126, 218, 100) + back + front + rect(66, 36, 140, 178, 12, GLASS) + screen(75, 45, 122, 160, 6, wall)


def _laptop(p: Paint, wall: Wallpaper) -> str:
    lid = rect(36, 44, 168, 116, 10, p.base) + rim(37, 45, 166, 114, 9, p)
    display = rect(39.5, 47.5, 161, 111, 8, GLASS) + screen(45, 53, 150, 98, 4, wall)
    deck = fill("M36 160H204L228 196H12z", p.base) + fill("M120 160H204L228 196H146z", p.shade, 0.3)
    keys = line("".join(f"M{46 - i * 4} {166 + i * 5.5:g}H{194 + i * 4}" for i in range(3)), GLASS, 3.4, 0.75)
    pad = fill("M94 183H146L150 193H90z", p.shade, 0.6)
    front = fill("M12 196H228l-3 6q-2 3-6 3H21q-4 0-6-3z", p.shade) + rect(104, 196, 32, 3, 1.5, p.base)
    return shadow(120, 207, 108) + lid + display + deck + keys + pad + line("M12 196H228", p.edge, 1.4) + front


def _desktop(p: Paint, wall: Wallpaper) -> str:
    tower = body(72, 24, 96, 188, 12, p)
    vents = line("".join(f"M88 {56 + i * 9}H152" for i in range(5)), p.shade, 3.4, 0.9)
    fan = disc(120, 150, 34, p.shade) + "".join(ring(120, 150, r, GLASS, 2.4) for r in (10, 18, 26))
    spark = disc(150, 40, 4, GLASS) + disc(150, 40, 1.8, wall[1])
    return shadow(120, 214, 66) + tower + vents + fan + rect(88, 38, 26, 4, 2, GLASS) + spark


def _monitor(p: Paint, wall: Wallpaper) -> str:
    neck = fill("M104 164h32l6 40H98z", p.shade) + body(74, 202, 92, 10, 4, p)
    frame = rect(14, 36, 212, 132, 9, p.base) + rim(15, 37, 210, 130, 8, p)
    return shadow(120, 212, 70) + neck + frame + screen(22, 44, 196, 108, 4, wall) + disc(120, 161, 2, p.edge)


def _television(p: Paint, wall: Wallpaper) -> str:
    legs = line("M56 184l-10 18M184 184l10 18", p.shade, 6)
    return shadow(120, 203, 96) + legs + rect(6, 50, 228, 138, 6, p.base) + screen(10, 54, 220, 126, 2.5, wall)


def _controller(p: Paint, y: int) -> str:
    left = "h-68c-8 0-12 5-18 14-10 14-27 8-26-6 2-22 10-52 36-52z"
    shell = f"M78 {y}h84c26 0 34 30 36 52 1 14-16 20-26 6-6-9-10-14-18-14{left}"
    sticks = "".join(disc(x, y + 30, 10, GLASS) + disc(x, y + 28, 6, "#3a4145") for x in (98, 142))
    cross = line(f"M72 {y + 8}v14M65 {y + 15}h14", GLASS, 5)
    dots = "".join(disc(x, y + dy, 3.2, GLASS) for x, dy in ((168, 8), (168, 22), (161, 15), (175, 15)))
    return fill(shell, p.base) + line(f"M78 {y + 1}h84", p.edge, 2.4) + sticks + cross + dots


def _console(p: Paint, wall: Wallpaper) -> str:
    slab = body(66, 18, 108, 150, 14, p) + rect(116, 20, 8, 146, 0, GLASS) + rect(130, 34, 28, 3, 1.5, wall[1])
    vents = line("".join(f"M{80 + i * 7} 32v34" for i in range(4)), p.shade, 3)
    pad = Paint(p.edge, "#ffffff", p.base)
    return shadow(120, 208, 84) + slab + vents + _controller(pad, 142)


def _handheld(p: Paint, wall: Wallpaper) -> str:
    shell = body(10, 70, 220, 108, 32, p)
    display = rect(58, 76, 124, 96, 7, GLASS) + screen(64, 82, 112, 84, 3, wall)
    sticks = (
        disc(34, 100, 12, GLASS) + disc(34, 98, 7, "#434b50") + disc(206, 142, 12, GLASS) + disc(206, 140, 7, "#434b50")
    )
    cross = line("M34 133v16M26 141h16", GLASS, 6)
    dots = "".join(disc(206 + dx, 102 + dy, 4, GLASS) for dx, dy in ((0, -9), (0, 9), (-9, 0), (9, 0)))
    return shadow(120, 186, 100) + shell + display + sticks + cross + dots


def _headphones(p: Paint, wall: Wallpaper) -> str:
    band = line("M52 140C44 18 196 18 188 140", p.shade, 14) + line("M52 138C46 24 194 24 188 138", p.base, 9)
    shine = line("M62 96C76 46 120 42 138 46", p.edge, 3, 0.8)
    cushions = rect(62, 122, 22, 78, 11, GLASS) + rect(156, 122, 22, 78, 11, GLASS)
    return shadow(120, 212, 84) + band + shine + cushions + body(36, 116, 36, 90, 17, p) + body(168, 116, 36, 90, 17, p)


def _earbuds(p: Paint, wall: Wallpaper) -> str:
    def bud(x: int, lean: int) -> str:
        stem = rect(x - 8, 46, 16, 64, 8, p.base) + rect(x - 4, 52, 3, 50, 1.5, p.edge)
        head = disc(x + lean, 48, 21, p.base) + disc(x + lean * 2, 50, 11, GLASS) + disc(x - lean * 0.4, 40, 6, p.edge)
        return stem + head

    case = body(50, 118, 140, 92, 36, p) + line("M52 146H188", p.shade, 2.5) + disc(120, 160, 3, wall[1])
    return shadow(120, 212, 78) + bud(86, 8) + bud(154, -8) + case


def _watch(p: Paint, wall: Wallpaper) -> str:
    strap = fill("M92 18h56l10 62H82zM82 160h76l-10 62H92z", p.shade) + fill(
        "M92 18h22l-4 62H82zM82 160h28l4 62H92z", p.base, 0.7
    )
    holes = "".join(disc(120, y, 2.6, GLASS) for y in (186, 198, 210))
    crown = rect(175, 96, 8, 22, 4, p.shade) + rect(175, 128, 5, 26, 2.5, p.shade)
    hands = line("M120 120V92M120 120l18 12", "#fff", 4) + disc(120, 120, 4, "#fff")
    face = rect(70, 72, 100, 96, 24, GLASS) + screen(78, 80, 84, 80, 16, wall)
    return shadow(120, 224, 46) + strap + holes + crown + body(62, 64, 116, 112, 32, p) + face + hands


def _camera(p: Paint, wall: Wallpaper) -> str:
    top = (
        fill("M82 78l14-26q2-4 7-4h34q5 0 7 4l14 26z", p.base)
        + rect(34, 64, 34, 16, 5, p.shade)
        + disc(190, 70, 12, p.shade)
    )
    grip = rect(18, 104, 204, 72, 0, "#1d2123") + rect(18, 104, 44, 72, 0, "#2a2f32")
    rings = (
        disc(126, 138, 58, p.shade)
        + disc(126, 138, 53, "#171a1c")
        + ring(126, 138, 45, "#3a4145", 3)
        + ring(126, 138, 37, "#2b3034", 4)
    )
    glass = (
        disc(126, 138, 31, "#101a24")
        + disc(126, 138, 22, wall[2])
        + disc(126, 138, 12, "#0b1219")
        + disc(114, 126, 7, "#ffffff")
    )
    return (
        shadow(120, 204, 100) + top + body(18, 74, 204, 124, 18, p) + grip + rings + glass + disc(204, 90, 4, wall[1])
    )


def _speaker(p: Paint, wall: Wallpaper) -> str:
    weave = line("".join(f"M{76 + (i % 2) * 4} {58 + i * 11}H164" for i in range(12)), p.shade, 2.2, 0.65)
    top = f'<ellipse cx="120" cy="36" rx="50" ry="13" fill="{p.shade}"/>'
    glow = f'<ellipse cx="120" cy="35" rx="34" ry="8" fill="{wall[2]}"/>'
    return shadow(120, 214, 64) + body(66, 26, 108, 186, 26, p) + weave + top + glow + rect(112, 196, 16, 4, 2, p.edge)


def _ereader(p: Paint, wall: Wallpaper) -> str:
    ends = (166, 160, 168, 120, 164, 168, 156, 166, 138)
    words = line("".join(f"M74 {76 + i * 13}H{end}" for i, end in enumerate(ends)), "#5d615d", 2.6)
    page = rect(64, 38, 112, 146, 3, "#e9e6dc") + line("M74 56H128", "#2f3331", 5) + words
    return shadow(120, 214, 76) + body(50, 22, 140, 192, 13, p) + page + disc(120, 199, 4, p.shade)


def box(p: Paint, wall: Wallpaper) -> str:
    return shadow(120, 200, 70) + body(60, 80, 120, 116, 12, p) + rect(106, 80, 28, 34, 2, p.edge)


Form = Callable[[Paint, Wallpaper], str]

FORMS: dict[str, tuple[Form, list[Area]]] = {
    "phone": (_phone, [Area(54, 76, 40, 122), Area(108, 70, 70, 130)]),
    "foldable": (_foldable, [Area(26, 96, 36, 100), Area(80, 50, 126, 140)]),
    "tablet": (_tablet, [Area(33, 56, 26, 138), Area(80, 60, 110, 130)]),
    "laptop": (_laptop, [Area(24, 184, 60, 10), Area(56, 66, 120, 74)]),
    "desktop": (_desktop, [Area(78, 100, 26, 100), Area(140, 60, 22, 140)]),
    "monitor": (_monitor, [Area(30, 150, 80, 14), Area(40, 54, 160, 80)]),
    "television": (_television, [Area(20, 176, 90, 9), Area(40, 64, 160, 90)]),
    "console": (_console, [Area(72, 72, 42, 66), Area(128, 48, 40, 90)]),
    "handheld": (_handheld, [Area(16, 106, 38, 60), Area(72, 90, 96, 66), Area(188, 84, 36, 80)]),
    "headphones": (_headphones, [Area(39, 130, 28, 64), Area(171, 130, 28, 64)]),
    "earbuds": (_earbuds, [Area(60, 152, 52, 46), Area(126, 150, 52, 46)]),
    "watch": (_watch, [Area(66, 150, 100, 22), Area(84, 88, 70, 64)]),
    "camera": (_camera, [Area(24, 176, 60, 18), Area(26, 84, 60, 20), Area(170, 178, 44, 14)]),
    "speaker": (_speaker, [Area(70, 150, 46, 54), Area(124, 60, 44, 130)]),
    "ereader": (_ereader, [Area(56, 184, 50, 24), Area(72, 60, 96, 110)]),
}
