import re
from itertools import product
from xml.etree import ElementTree as ET

import pytest

from catalog.drawings import (
    COLOURS,
    FORMS,
    WALLPAPERS,
    category_svg,
    device_svg,
    luma,
    paint,
    plant_svg,
    wallpaper,
)

SVG = "{http://www.w3.org/2000/svg}"
GRADES = ["premium", "excellent", "good", "fair"]


@pytest.mark.parametrize(("form", "grade"), list(product(FORMS, [*GRADES, None])))
def test_every_form_in_every_grade_is_small_well_formed_and_free_of_ids(form, grade):
    drawing = device_svg(form, "Pacific Blue", grade=grade, title="iPhone 12 Pro")
    root = ET.fromstring(drawing)  # noqa: S314
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "iPhone 12 Pro"
    assert [element for element in root.iter() if element.get("id")] == []
    assert len(drawing.encode()) < 2_000
    assert drawing == device_svg(form, "Pacific Blue", grade=grade, title="iPhone 12 Pro")


def test_a_page_of_cards_is_light():
    drawings = [device_svg(form, "Pacific Blue", grade=grade) for form, grade in product(FORMS, GRADES)]
    assert sum(len(drawing.encode()) for drawing in drawings) / len(drawings) <= 1_200


@pytest.mark.parametrize("form", FORMS)
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


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_a_category_drawing(form):
    assert ET.fromstring(category_svg(form)).tag == f"{SVG}svg"  # noqa: S314
