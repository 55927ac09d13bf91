from itertools import product
from xml.etree import ElementTree as ET

import pytest

from catalog.drawings import COLOURS, FORMS, category_svg, device_svg, paint, plant_svg

SVG = "{http://www.w3.org/2000/svg}"
GRADES = ["premium", "excellent", "good", "fair"]


@pytest.mark.parametrize(("form", "grade"), list(product(FORMS, [*GRADES, None])))
def test_every_form_in_every_grade_is_small_well_formed_and_free_of_ids(form, grade):
    drawing = device_svg(form, "Pacific Blue", grade=grade, title="iPhone 12 Pro")
    root = ET.fromstring(drawing)  # noqa: S314
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "iPhone 12 Pro"
    assert [element for element in root.iter() if element.get("id")] == []
    assert len(drawing.encode()) < 3_000
    assert drawing == device_svg(form, "Pacific Blue", grade=grade, title="iPhone 12 Pro")


@pytest.mark.parametrize("form", FORMS)
def test_wear_shows_as_the_grade_says(form):
    premium, excellent, good, fair = (device_svg(form, "Silver", grade=grade) for grade in GRADES)
    assert premium == excellent
    assert len(premium) < len(good) < len(fair)


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
