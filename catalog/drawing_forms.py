"""The forms of devices. Each returns the device in a finish, with a wallpaper for its screen."""

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
    dots,
    fill,
    lenses,
    line,
    rect,
    rimmed,
    ring,
    screen,
    shadow,
    shell,
)
from catalog.drawing_phones import PHONES


def _foldable(p: Paint, wall: Wallpaper) -> str:
    back = body(18, 34, 84, 172, 14, p) + lenses([(37, 54), (37, 74)])
    inside = shell(76, 26, 148, 184, 15, p) + display(79, 29, 142, 178, 13, 5, wall)
    return shadow(122, 213, 104) + back + inside + fill("M148 32h5v172h-5z", "#000", 0.22)


def _tablet(p: Paint, wall: Wallpaper) -> str:
    back = body(16, 24, 126, 176, 15, p) + lenses([(33, 41)], 7)
    return shadow(122, 214, 104) + back + shell(82, 32, 142, 182, 14, p) + display(85, 35, 136, 176, 12, 8, wall)


def _tablet_with_button(p: Paint, wall: Wallpaper) -> str:
    back = body(16, 24, 126, 176, 15, p) + lenses([(33, 41)], 7)
    front = rect(85, 35, 136, 176, 12, GLASS) + screen(92, 54, 122, 136, 2, wall) + ring(153, 200.5, 6.5, SOFT, 1.8)
    return shadow(122, 214, 104) + back + shell(82, 32, 142, 182, 14, p) + front


def _laptop(p: Paint, wall: Wallpaper) -> str:
    lid = shell(34, 42, 172, 120, 10, p) + display(37, 45, 166, 116, 8, 5, wall)
    deck = fill("M34 160H206L230 196H10z", p.base) + line("M34 161H206", p.edge, 2)
    keys = line("M48 168H192M43 174H197M38 180H202", GLASS, 4, 0.75) + fill("M96 184H144L148 194H92z", p.shade, 0.6)
    front = fill("M10 196H230l-3 6q-2 3-6 3H19q-4 0-6-3z", p.shade) + line("M12 197H228", p.edge, 1.4)
    return shadow(120, 207, 110) + lid + deck + keys + front


def _desktop(p: Paint, wall: Wallpaper) -> str:
    tower = body(70, 22, 98, 190, 12, p) + line("M88 56H150M88 65H150M88 74H150M88 83H150", p.shade, 3.4, 0.9)
    fan = disc(119, 150, 35, p.shade) + ring(119, 150, 26, GLASS, 2.4) + ring(119, 150, 15, GLASS, 2.4)
    return shadow(120, 213, 68) + tower + fan + line("M90 40h24", GLASS, 4) + disc(148, 40, 4, wall[1])


def _monitor(p: Paint, wall: Wallpaper) -> str:
    foot = fill("M104 164h32l6 40H98z", p.shade) + shell(72, 201, 96, 10, 4, p)
    return shadow(120, 212, 72) + foot + shell(12, 34, 216, 136, 9, p) + screen(20, 42, 200, 112, 4, wall)


def _television(p: Paint, wall: Wallpaper) -> str:
    legs = line("M56 184l-10 18M184 184l10 18", p.shade, 6)
    return shadow(120, 203, 98) + legs + shell(4, 46, 232, 142, 6, p) + screen(9, 51, 222, 128, 3, wall)


def _controller(p: Paint, y: int) -> str:
    left = "h-68c-8 0-12 5-18 14-10 14-27 8-26-6 2-22 10-52 36-52z"
    hull = f"M78 {y}h84c26 0 34 30 36 52 1 14-16 20-26 6-6-9-10-14-18-14{left}"
    sticks = rimmed([(98, y + 30), (142, y + 30)], 10, 4, (SOFT, GLASS))
    cross = line(f"M72 {y + 8}v14M65 {y + 15}h14", GLASS, 5)
    buttons = dots([(168, y + 8), (168, y + 22), (161, y + 15), (175, y + 15)], 3.2, GLASS)
    return fill(hull, p.base) + line(f"M78 {y + 1}h84", p.edge, 2.4) + sticks + cross + buttons


def _console(p: Paint, wall: Wallpaper) -> str:
    slab = body(64, 16, 112, 152, 14, p) + fill("M116 18h9v148h-9z", GLASS) + line("M136 36h24", wall[1], 3)
    vents = line("M78 34v34M85 34v34M92 34v34M99 34v34", p.shade, 3)
    return shadow(120, 208, 86) + slab + vents + _controller(Paint(p.edge, "#fff", p.base), 142)


def _handheld(p: Paint, wall: Wallpaper) -> str:
    hull = body(6, 66, 228, 114, 34, p) + display(56, 73, 128, 100, 8, 6, wall)
    sticks = rimmed([(31, 98), (209, 144)], 12, 5, (SOFT, GLASS))
    cross = line("M31 133v16M23 141h16", GLASS, 6)
    return (
        shadow(120, 188, 104) + hull + sticks + cross + dots([(209, 93), (209, 111), (200, 102), (218, 102)], 4, GLASS)
    )


def _headphones(p: Paint, wall: Wallpaper) -> str:
    band = line("M52 140C44 14 196 14 188 140", p.shade, 15) + line("M52 138C46 20 194 20 188 138", p.base, 9)
    cushions = rect(62, 120, 24, 82, 12, GLASS) + rect(154, 120, 24, 82, 12, GLASS)
    cups = body(32, 114, 42, 94, 19, p) + body(164, 114, 42, 94, 19, p)
    return shadow(120, 212, 88) + band + line("M62 92C76 42 120 38 138 42", p.edge, 3, 0.8) + cushions + cups


def _earbuds(p: Paint, wall: Wallpaper) -> str:
    stems = line("M86 54v50M154 54v50", p.base, 16) + line("M83 58v42M151 58v42", p.edge, 3)
    heads = dots([(94, 48), (146, 48)], 21, p.base) + dots([(102, 50), (138, 50)], 11, GLASS)
    case = body(48, 116, 144, 94, 36, p) + line("M50 146H190", p.shade, 2.5) + disc(120, 162, 3, wall[1])
    return shadow(120, 212, 80) + stems + heads + line("M82 40h8M150 40h8", p.edge, 4) + case


def _watch(p: Paint, wall: Wallpaper) -> str:
    strap = fill("M90 14h60l10 66H80zM80 160h80l-10 66H90z", p.shade) + fill(
        "M90 14h22l-4 66H80zM80 160h28l4 66H90z", p.base
    )
    crown = rect(178, 96, 8, 24, 4, p.shade) + dots([(120, 190), (120, 202), (120, 214)], 2.5, GLASS)
    hands = line("M120 120V92M120 120l18 12", "#fff", 4)
    return (
        shadow(120, 226, 46)
        + strap
        + crown
        + body(58, 62, 122, 116, 34, p)
        + display(66, 70, 106, 100, 27, 7, wall)
        + hands
    )


def _round_watch(p: Paint, wall: Wallpaper) -> str:
    strap = fill("M92 14h56l8 70H84zM84 156h72l-8 70H92z", p.shade) + fill(
        "M92 14h22l-4 70H84zM84 156h26l4 70H92z", p.base
    )
    crown = rect(180, 100, 8, 12, 4, p.shade) + rect(180, 128, 8, 12, 4, p.shade)
    case = disc(122, 121, 64, p.shade) + shell(56, 56, 128, 128, 64, p) + disc(120, 120, 58, GLASS)
    hills = fill("M72.6 136Q105 118 168 134A50 50 0 0 1 72.6 136z", wall[2]) + fill(
        "M78 147Q130 152 164 143.5A50 50 0 0 1 78 147z", wall[3]
    )
    dial = (
        disc(120, 120, 50, wall[0]) + disc(133, 110, 20, wall[1]) + hills + line("M120 120V86M120 120l18 12", "#fff", 4)
    )
    holes = dots([(120, 194), (120, 205), (120, 216)], 2.5, GLASS)
    return shadow(120, 226, 46) + strap + crown + holes + case + dial


def _camera(p: Paint, wall: Wallpaper) -> str:
    top = (
        fill("M82 78l14-26q2-4 7-4h34q5 0 7 4l14 26z", p.base)
        + rect(34, 62, 34, 18, 5, p.shade)
        + disc(190, 72, 12, p.shade)
    )
    grip = fill("M18 104h204v74H18z", "#1d2123") + fill("M18 104h44v74H18z", "#2c3134")
    barrel = disc(126, 140, 58, p.shade) + disc(126, 140, 52, "#171a1c") + ring(126, 140, 42, SOFT, 5)
    glass = disc(126, 140, 30, wall[2]) + disc(126, 140, 15, "#0b1219") + disc(113, 127, 8, "#fff")
    return (
        shadow(120, 204, 104) + top + body(16, 74, 206, 126, 18, p) + grip + barrel + glass + disc(204, 90, 4, wall[1])
    )


def _speaker(p: Paint, wall: Wallpaper) -> str:
    rows = "".join(f"M{76 + i % 2 * 4} {62 + i * 16}H164" for i in range(8))
    top = fill("M70 36a50 13 0 0 1 100 0 50 13 0 0 1-100 0z", p.shade) + fill(
        "M86 35a34 8 0 0 1 68 0 34 8 0 0 1-68 0z", wall[2]
    )
    return shadow(120, 214, 66) + body(64, 24, 110, 188, 28, p) + line(rows, p.shade, 2.6, 0.65) + top


def _ereader(p: Paint, wall: Wallpaper) -> str:
    words = line("M72 76H166M72 90H160M72 104H168M72 118H122M72 138H164M72 152H168M72 166H144", "#6a6e69", 2.8)
    page = rect(62, 36, 116, 150, 3, "#e9e6dc") + line("M72 56H128", "#2f3331", 5) + words
    return shadow(120, 214, 78) + body(48, 20, 144, 194, 13, p) + page + disc(120, 200, 4, p.shade)


def box(p: Paint, wall: Wallpaper) -> str:
    return shadow(120, 200, 70) + body(60, 80, 120, 116, 12, p) + rect(106, 80, 28, 34, 2, p.edge)


FORMS: dict[str, tuple[Form, list[Area]]] = {
    **PHONES,
    "foldable": (_foldable, [Area(24, 92, 48, 108), Area(88, 44, 124, 150)]),
    "tablet": (_tablet, [Area(20, 54, 60, 138), Area(96, 48, 114, 148)]),
    "tablet-home": (_tablet_with_button, [Area(20, 54, 60, 138), Area(96, 62, 114, 120)]),
    "laptop": (_laptop, [Area(20, 183, 76, 12), Area(46, 56, 146, 92)]),
    "desktop": (_desktop, [Area(76, 90, 84, 116)]),
    "monitor": (_monitor, [Area(20, 156, 90, 14), Area(30, 52, 176, 92)]),
    "television": (_television, [Area(10, 178, 110, 10), Area(24, 62, 190, 104)]),
    "console": (_console, [Area(128, 44, 42, 84), Area(68, 76, 46, 62)]),
    "handheld": (_handheld, [Area(12, 104, 40, 66), Area(66, 84, 104, 76)]),
    "headphones": (_headphones, [Area(36, 124, 34, 76), Area(168, 124, 34, 76)]),
    "earbuds": (_earbuds, [Area(60, 150, 116, 50)]),
    "watch": (_watch, [Area(88, 20, 62, 56), Area(82, 84, 76, 72)]),
    "watch-round": (_round_watch, [Area(90, 18, 60, 40), Area(82, 84, 76, 72)]),
    "camera": (_camera, [Area(24, 84, 62, 18), Area(22, 108, 46, 66)]),
    "speaker": (_speaker, [Area(70, 60, 94, 140)]),
    "ereader": (_ereader, [Area(54, 186, 130, 24), Area(68, 46, 100, 128)]),
}
"""Form → (how it is drawn, its surfaces: the body first, the screen last)."""
