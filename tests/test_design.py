"""The living page and what it measures: no token pair too faint, no component that is not shown."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve
from django.urls.exceptions import Resolver404

from backmarket import design
from refurbishers.models import Refurbisher
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db

# What only a state of the browser, the header, a whole page or a script brings about.
ELSEWHERE = {
    "card--pad-l", "center", "count", "device-card--sold", "device-card__flag", "devices--five", "entrance",
    "error-page", "errorlist", "eyebrow", "facet__option", "figure--bare", "filters", "full",
    "htmx-indicator", "htmx-request", "icon-line", "is-negative", "messages", "num", "qr", "section", "section--sunk",
    "section__head", "split--aside", "stage--l", "sticky", "swatch", "wrap--narrow",
}  # fmt: skip


def test_contrast_is_that_of_wcag():
    assert design.contrast("#000000", "#ffffff") == 21.0
    assert design.contrast("#777777", "#ffffff") == 4.48
    assert design.contrast("#0d5640", "#0d5640") == 1.0


def test_every_pair_of_tokens_holds_in_both_schemes():
    assert [pair for pair in design.pairs() if not pair.holds] == []


def test_the_dark_scheme_changes_what_the_light_one_declares_and_names_nothing_new():
    light, dark = design.tokens()
    assert light.keys() == dark.keys()
    assert (light["paper"], dark["paper"]) == ("#f8f4ec", "#111814")


# The frame is rendered once for all pages; these stand on pages of their own, after an act, or in a page's head.
FRAME = {f"components/_{name}.html" for name in ("styles", "scripts", "header", "tools", "footer", "logo")}
ELSEWHERE_WHOLE = {f"components/_{name}.html" for name in ("confirm", "share")}


@pytest.fixture
def offer(plant: Refurbisher) -> None:
    ListingFactory(plant=plant)


def test_the_living_page_shows_every_token_and_component(offer: None, client: Client):
    answer = client.get("/design/")
    page = answer.content.decode()
    shown = {template.name for template in answer.templates}
    parts = {f"components/{part.name}" for part in (Path(settings.BASE_DIR) / "templates/components").glob("_*.html")}
    assert parts - shown - FRAME == ELSEWHERE_WHOLE
    assert all(f'class="{name}"' in page for name in ("site-header", "site-header__tools", "site-footer"))
    assert [swatch.name for swatch in design.swatches() if f"<code>{swatch.name}</code>" not in page] == []


def test_the_living_page_shows_every_class_of_the_components(offer: None, client: Client):
    sheet = (Path(settings.BASE_DIR) / "static/css/components.css").read_text()
    named = set(re.findall(r"\.([a-z][\w-]*)(?=[^{}]*\{)", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)))
    worn = set(" ".join(re.findall(r'class="([^"]*)"', client.get("/design/").content.decode())).split())
    assert named - worn - ELSEWHERE == set()
    assert ELSEWHERE - named == set()


def test_outside_the_sandboxes_there_is_no_such_page(settings, monkeypatch):
    from importlib import reload

    from backmarket import urls

    settings.ALLOW_SANDBOX = False
    try:
        with pytest.raises(Resolver404):
            resolve("/design/", urlconf=reload(urls))
    finally:
        settings.ALLOW_SANDBOX = True
        reload(urls)
