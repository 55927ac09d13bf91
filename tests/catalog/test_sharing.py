"""What search engines and other sites are told: addresses, maps of them, languages, and the picture beside a link."""

import io
import re

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localtime
from PIL import Image

from catalog import share_cards, sitemaps
from catalog.models import Category, Product
from tests.factories import ListingFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(db: None) -> Product:
    return ListingFactory(variant=VariantFactory()).variant.product


def body(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def locations(client: Client, address: str) -> list[str]:
    return re.findall(r"<loc>([^<]+)</loc>", body(client, address))


# Maps


def test_the_map_is_an_index_of_parts_that_name_what_is_for_sale(product: Product, client: Client) -> None:
    unsold = VariantFactory(product__slug="unsold").product
    parts = locations(client, "/sitemap.xml")
    part = (product.pk - 1) // sitemaps.PART + 1
    names = ["pages", "categories", "collections", "plants", *(f"products-{number}" for number in range(1, part + 1))]
    assert parts == [f"http://127.0.0.1:8000/sitemap-{name}.xml" for name in names]
    found = [url for name in names for url in locations(client, f"/sitemap-{name}.xml")]
    assert f"http://127.0.0.1:8000{product.get_absolute_url()}" in found
    assert f"http://127.0.0.1:8000{Category.objects.get().get_absolute_url()}" in found
    assert f"http://127.0.0.1:8000{reverse('plant', args=[product.variants.get().listings.get().plant.slug])}" in found
    assert not any(unsold.get_absolute_url() in url for url in found)


def test_a_part_holds_its_range_of_keys_and_the_day_of_the_last_change(
    product: Product, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemaps, "PART", 1)
    other = ListingFactory(variant=VariantFactory()).variant.product
    for each in (product, other):
        page = body(client, f"/sitemap-products-{each.pk}.xml")
        assert re.findall(r"<loc>[^<]*/p/([^/<]+)/</loc>", page) == [each.slug]
        day = localtime(each.buyables.get().refreshed_at).date().isoformat()
        assert f"<lastmod>{day}</lastmod>" in page


@pytest.mark.parametrize("name", ["index", "part"])
def test_a_map_costs_one_statement_however_many_there_are(name: str, product: Product, client: Client) -> None:
    address = "/sitemap.xml" if name == "index" else f"/sitemap-products-{(product.pk - 1) // sitemaps.PART + 1}.xml"
    for _ in range(20):
        ListingFactory(variant=VariantFactory())
    with CaptureQueriesContext(connection) as found:
        body(client, address)
    assert len(found) == 1


@pytest.mark.parametrize(
    "section", ["nothing", "products-0", "products-", "products-x", "products-99999999999", "products-1-2"]
)
def test_a_part_that_cannot_be_does_not_exist(section: str, client: Client) -> None:
    assert client.get(f"/sitemap-{section}.xml").status_code == 404


def test_robots_leave_private_pages_and_endless_combinations_alone(client: Client) -> None:
    lines = body(client, "/robots.txt").splitlines()
    for path in ("/cart/", "/checkout/", "/account/", "/desk/", "/c/*?*", "/p/*?*listing="):
        assert f"Disallow: {path}" in lines
    assert "Disallow: /p/" not in lines
    assert lines[-1] == "Sitemap: http://127.0.0.1:8000/sitemap.xml"


# Addresses and languages


@pytest.mark.parametrize("query", ["", "?variant=IP12&grade=fair", "?listing=x&utm_source=y"])
def test_a_product_has_one_address_whatever_was_chosen(query: str, product: Product, client: Client) -> None:
    page = body(client, product.get_absolute_url() + query)
    canonical = f"http://127.0.0.1:8000{product.get_absolute_url()}"
    assert re.findall(r'<link rel="canonical" href="([^"]+)"', page) == [canonical]
    assert f'<meta property="og:url" content="{canonical}">' in page


def test_one_language_has_no_alternates(product: Product, client: Client) -> None:
    for address in ("/", "/c/smartphones/", product.get_absolute_url()):
        assert "hreflang" not in body(client, address)


@override_settings(LANGUAGES=[("en-gb", "English"), ("fr", "French")])
def test_languages_that_share_their_addresses_claim_no_alternates(product: Product, client: Client) -> None:
    assert "hreflang" not in body(client, "/")


@override_settings(LANGUAGES=[("en-gb", "English"), ("fr", "French")], ROOT_URLCONF="tests.catalog.two_languages")
def test_languages_with_addresses_of_their_own_name_each_other() -> None:
    from django.template import Context, Template
    from django.utils.translation import override

    with override("en-gb"):
        links = Template('{% load seo %}{% alternate_links "/ranking/" %}').render(Context())
    assert re.findall(r'hreflang="([^"]+)" href="([^"]+)"', links) == [
        ("en-gb", "http://127.0.0.1:8000/ranking/"),
        ("fr", "http://127.0.0.1:8000/fr/ranking/"),
        ("x-default", "http://127.0.0.1:8000/ranking/"),
    ]


# Pictures


@pytest.mark.parametrize("address", ["/", "/c/smartphones/", "/search/?q=iphone", "product"])
def test_a_page_has_a_picture_of_ours_for_those_who_link_to_it(address: str, product: Product, client: Client) -> None:
    page = body(client, product.get_absolute_url() if address == "product" else address)
    url = re.search(r'<meta property="og:image" content="http://127.0.0.1:8000([^"]+)"', page)
    assert url
    picture = client.get(url.group(1))
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    assert picture["Cache-Control"] == "public, max-age=31536000, immutable"
    assert Image.open(io.BytesIO(picture.content)).size == (1200, 630)
    assert len(picture.content) < 100_000


@pytest.mark.parametrize(
    ("form", "dark"),
    [
        ("phone-island-trio", [(57, 45), (57, 65), (76, 55), (152, 45), (172, 45)]),
        ("earbuds", [(102, 50), (138, 50)]),
        ("console", [(168, 150), (168, 164), (161, 157), (175, 157), (98, 172), (142, 172)]),
    ],
)
def test_a_picture_shows_lenses_buttons_and_round_ends(
    form: str, dark: list[tuple[int, int]], product: Product, client: Client
) -> None:
    """In silver, whose screen is light: what is dark there was drawn."""
    Product.objects.update(form=form)
    product.variants.update(colour="silver")
    card = share_cards.variant_card(product.variants.select_related("product").get())
    picture = Image.open(io.BytesIO(client.get(card.path).content)).convert("L")
    [(left, top, size)] = share_cards.PLACES[1]
    seen = {place: picture.getpixel((left + place[0] * size // 240, top + place[1] * size // 240)) for place in dark}
    assert all(light < 90 for light in seen.values()), seen


def test_a_picture_is_drawn_once(product: Product, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    card = share_cards.variant_card(product.variants.select_related("product").get())
    first = client.get(card.path).content
    monkeypatch.setattr(share_cards.resvg_py, "svg_to_bytes", None)
    assert client.get(card.path).content == first


def test_what_changes_has_another_address_and_the_old_one_leads_there(product: Product, client: Client) -> None:
    variant = product.variants.select_related("product").get()
    old = share_cards.variant_card(variant)
    Product.objects.update(name="iPhone 12 mini")
    new = share_cards.variant_card(product.variants.select_related("product").get())
    assert new.version != old.version
    assert client.get(old.path)["Location"] == new.path


@pytest.mark.parametrize(
    "path", ["/share/device/NOPE/x.png", "/share/category/nope/x.png", "/share/page/x/x.png", "/share/x/home/x.png"]
)
def test_a_picture_of_nothing_does_not_exist(path: str, client: Client) -> None:
    assert client.get(path).status_code == 404


def test_long_and_wild_titles_stay_in_their_column() -> None:
    for title in ("W" * 80, "Galaxy " * 20, "<script>&", "Écouteurs d’été ł ő", ""):
        size, lines = share_cards._fitted(title)
        assert len(lines) <= 3
        assert size >= 40
    product = ProductFactory.build(name="<b>&", brand="X")
    card = share_cards.Card("device", "x", str(product), "note", (share_cards.device_svg("phone", "red"),))
    assert Image.open(io.BytesIO(share_cards._rendered(card.svg))).size == (1200, 630)
