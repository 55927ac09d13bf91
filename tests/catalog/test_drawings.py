import io
import re
from itertools import product
from xml.etree import ElementTree as ET

import pytest
import resvg_py
from PIL import Image

from catalog.answer_drawings import MOTIFS, answer_svg
from catalog.drawing_phones import BACKS, FRONTS
from catalog.drawings import (
    CATEGORY_FINISH,
    COLOURS,
    FORMS,
    WALLPAPERS,
    category_svg,
    device_svg,
    drawer_svg,
    luma,
    paint,
    plant_svg,
    wallpaper,
)

SVG = "{http://www.w3.org/2000/svg}"
GRADES = ["premium", "excellent", "good", "fair"]
PHONES = [f"phone-{front}-line" for front in FRONTS] + [f"phone-hole-{cameras}" for cameras in BACKS]
KINDS = [form for form in FORMS if not form.startswith("phone-")] + PHONES


@pytest.mark.parametrize(("form", "grade"), list(product(KINDS, [*GRADES, None])))
def test_every_form_in_every_grade_is_small_well_formed_and_free_of_ids(form, grade):
    drawing = device_svg(form, "Pacific Blue", grade=grade, title="iPhone 12 Pro")
    root = ET.fromstring(drawing)  # noqa: S314
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "iPhone 12 Pro"
    assert [element for element in root.iter() if element.get("id")] == []
    assert len(drawing.encode()) < 2_000
    assert drawing == device_svg(form, "Pacific Blue", grade=grade, title="iPhone 12 Pro")


@pytest.mark.parametrize(
    ("forms", "most"),
    [(list(CATEGORY_FINISH), 1_200), ([form for form in FORMS if form.startswith("phone-")], 1_450)],
    ids=["categories", "phones"],
)
def test_a_page_of_cards_is_light(forms, most):
    drawings = [device_svg(form, "Pacific Blue", grade=grade) for form, grade in product(forms, GRADES)]
    assert sum(len(drawing.encode()) for drawing in drawings) / len(drawings) <= most


LENGTHLESS = re.compile(r"M[-\d. ]+(?:[hv]-?0(?![.\d])|l0[ -]-?0(?![.\d])|[zM]|$)")


def test_no_stroke_is_without_length():
    """Whether the round ends of such a stroke are drawn is where renderers differ."""
    drawings = [device_svg(form, "Silver", grade=grade) for form, grade in product(FORMS, GRADES)]
    drawings += [answer_svg("phone", f"{motif}:half") for motif in [*MOTIFS, "battery", "screen", "state"]]
    paths = [path for drawing in [*drawings, drawer_svg()] for path in re.findall(r' d="([^"]+)"', drawing)]
    assert len(paths) > len(drawings)
    assert [path for path in paths if LENGTHLESS.search(path)] == []
    assert [path for path in ("M9 9h0", "M9 9h8M8 7v0", "M9 9l0 0", "M9 9z") if not LENGTHLESS.search(path)] == []


LENSES = {"single": 1, "row": 2, "line": 2, "pair": 2, "slant": 2, "trio": 3, "column": 3, "many": 5, "across": 3,
          "centre": 2, "bar": 2, "pill": 2}  # fmt: skip
GLASS = (0x0C, 0x10, 0x12)


def _pixels(form):
    drawn = resvg_py.svg_to_bytes(svg_string=device_svg(form, "Silver"), skip_system_fonts=True)
    return Image.open(io.BytesIO(bytes(drawn))).convert("RGB").load()


@pytest.mark.parametrize("cameras", BACKS)
def test_every_lens_is_seen_where_it_lies(cameras):
    drawing, seen = device_svg(f"phone-hole-{cameras}", "Silver"), _pixels(f"phone-hole-{cameras}")
    groups = re.findall(r'<g fill="#34506a" stroke="#14181b" stroke-width="[\d.]+">(.*?)</g>', drawing)
    places = [tuple(map(float, place)) for place in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', "".join(groups))]
    assert len(places) == LENSES[cameras]
    assert all(seen[int(x), int(y)] == (0x34, 0x50, 0x6A) for x, y in places)


@pytest.mark.parametrize("front", FRONTS)
def test_a_front_is_known_by_what_cuts_into_its_screen(front):
    """A chin for a button, the corner of a notch, the camera of an island or a hole, which stand off the edge."""
    seen = _pixels(f"phone-{front}-line")
    places = {"chin": (140, 190), "corner": (146, 40), "camera": (162, 45), "edge": (162, 39), "beside": (152, 45)}
    dark = {name for name, place in places.items() if seen[place] == GLASS}
    assert (
        dark
        == {
            "home": {"chin", "corner", "edge", "beside"},
            "bars": {"corner", "camera", "beside"},
            "notch": {"corner", "camera", "edge", "beside"},
            "drop": {"camera", "edge"},
            "island": {"camera", "beside"},
            "hole": {"camera"},
        }[front]
    )


def test_a_form_of_no_known_looks_is_todays_phone_and_families_share_their_wallpaper():
    assert device_svg("phone", "Silver") == device_svg("phone-hole-line", "Silver")
    assert wallpaper("phone-home-single", paint("Silver")) == wallpaper("phone", paint("Silver"))


@pytest.mark.parametrize("form", KINDS)
def test_wear_grows_with_every_step_down(form):
    plain, *worn = (_marks(device_svg(form, "Silver", grade=grade)) for grade in (None, *GRADES))
    premium, excellent, good, fair = worn
    assert premium == plain  # gleams are no marks
    assert plain < excellent < good < fair
    assert device_svg(form, "Silver", grade="premium") != device_svg(form, "Silver")


def _marks(drawing):
    """How much pen has gone over the device: number of scratches, and their width."""
    strokes = re.findall(
        r'<path d="((?:M\d+ \d+l-?\d+ -?\d+)+)" fill="none" stroke="[^"]+" stroke-width="([\d.]+)"', drawing
    )
    return sum(path.count("l") * float(width) for path, width in strokes)


@pytest.mark.parametrize("colour", ["Black", "Silver", "Yellow"])
def test_scratches_stand_out_on_every_finish(colour):
    finish = paint(colour).base
    ink = re.findall(r'stroke="(#\w+)" stroke-width="2"', device_svg("speaker", colour, grade="fair"))[-1]
    assert abs(luma(finish) - luma(ink.replace("#fff", "#ffffff"))) > 80


def test_a_screen_shows_the_hues_of_a_bright_finish_and_a_landscape_on_a_plain_one():
    assert wallpaper("phone", paint("Red"))[0] == "#591217"
    assert wallpaper("phone", paint("Silver")) in WALLPAPERS


def test_a_grade_is_read_in_any_case():
    assert device_svg("phone", "Red", grade="FAIR") == device_svg("phone", "Red", grade="fair")


def test_a_title_cannot_break_out():
    drawing = device_svg("phone", "Black", title='<script>"&')
    assert "<script>" not in drawing
    assert ET.fromstring(drawing).find(f"{SVG}title").text == '<script>"&'  # noqa: S314


def test_a_drawing_without_title_is_hidden_from_screen_readers():
    root = ET.fromstring(device_svg("laptop", "Silver"))  # noqa: S314
    assert root.get("aria-hidden") == "true"
    assert root.find(f"{SVG}title") is None


def test_a_colour_is_known_by_its_full_name_then_by_the_longest_name_inside_it():
    assert paint("Deep Purple").base == COLOURS["deep purple"]
    assert paint("Pacific Blue (matte)").base == COLOURS["pacific blue"]
    assert paint("Phantom Black").base == COLOURS["black"]


def test_an_unknown_colour_and_an_unknown_form_are_still_drawn():
    assert paint("Unobtainium") == paint("")
    assert "<svg" in device_svg("teapot", "Unobtainium")


def test_a_plant_keeps_its_emblem_and_differs_from_its_neighbour():
    assert plant_svg("atelier-lille", "Atelier Lille") == plant_svg("atelier-lille", "Atelier Lille")
    assert plant_svg("atelier-lille") != plant_svg("werkstatt-kiel")
    assert ET.fromstring(plant_svg("a", "R&D <x>")).find(f"{SVG}title").text == "R&D <x>"  # noqa: S314


@pytest.mark.parametrize("form", CATEGORY_FINISH)
def test_every_form_has_a_category_drawing(form):
    assert ET.fromstring(category_svg(form)).tag == f"{SVG}svg"  # noqa: S314
