"""What the desk changes is shown, found and counted at the next request, kept pages and all."""

import json
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.events.models import Event
from catalog.models import Buyable, Category, FacetValue, Product, StaleBuyable, Title, Word
from catalog.services.facet_index import index_stale
from catalog.services.upkeep import product_changed
from refurbishers.models import Refurbisher
from tests.factories import (
    CategoryFactory,
    GradingSpecificationFactory,
    ListingFactory,
    ProductFactory,
    ReferencePriceFactory,
    VariantFactory,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("kept")]
PHONE = {"phone": "+33478000000"}


@pytest.fixture
def desk(olga: User, client_of: Any) -> Client:
    return client_of(olga)


@pytest.fixture
def product() -> Product:
    product = ProductFactory(name="iPhone 12", slug="iphone-12")
    ListingFactory(variant=VariantFactory(product=product))
    index_stale()
    return product


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def found(client: Client, url: str) -> int:
    """How many a list finds; an address that the shop's links do not lead to is rendered anew."""
    total: int = client.get(f"{url}{'&' if '?' in url else '?'}utm_source=x").context["listed"].total
    return total


def fields_of(form: Any) -> dict[str, Any]:
    values = {bound.html_name: bound.value() for bound in form if bound.value() is not None}
    lists = {name: value for name, value in values.items() if isinstance(value, list | tuple)}
    return {**{name: value for name, value in values.items() if value is not False}, **lists}


def save(desk: Client, obj: Any, **changes: Any) -> None:
    """The object's page at the desk, with some fields typed anew."""
    url = reverse(f"desk:{obj._meta.label_lower.replace('.', '_')}_change", args=[obj.pk])
    page = desk.get(url).context
    data = fields_of(page["adminform"].form)
    for inline in page["inline_admin_formsets"]:
        data |= fields_of(inline.formset.management_form)
        for form in inline.formset.forms:
            data |= fields_of(form)
    answer = desk.post(url, {**data, **changes})
    assert answer.status_code == 302, answer.context["errors"]


def shop_of(product: Product, words: str) -> list[str]:
    category = product.category.get_absolute_url()
    return [product.get_absolute_url(), category, f"{category}?brand={product.brand}", f"/search/?q={quote(words)}"]


def test_a_product_is_seen_under_its_new_name_everywhere(client: Client, desk: Client, product: Product) -> None:
    pages = shop_of(product, "iphone")
    assert all("iPhone 12" in text(client, page) for page in pages)
    save(desk, product, name="iPhone Twelve")
    assert all("iPhone Twelve" in text(client, page) and "iPhone 12" not in text(client, page) for page in pages)
    assert "Apple iPhone Twelve" in text(client, "/search/?q=twelve")
    assert "iPhone Twelve" in text(client, "/search/suggest/?q=twelv")
    assert "Apple iPhone Twelve" in text(client, "/search/?q=tvelwe")  # misspelt: the new word is forgiven, too
    assert found(client, "/search/?q=12+apple") == 0
    assert FacetValue.objects.get(key="model").label == "Apple iPhone Twelve"


def test_a_product_of_another_brand_is_counted_there(client: Client, desk: Client, product: Product) -> None:
    category = product.category.get_absolute_url()
    text(client, f"{category}?brand=Apple")
    save(desk, product, brand="Pear")
    assert "Pear iPhone 12" in text(client, f"{category}?brand=Pear")
    assert "iPhone 12" not in text(client, f"{category}?brand=Apple")
    index_stale()
    assert dict(FacetValue.objects.filter(key="brand").values_list("value", "count")) == {"Apple": 0, "Pear": 1}
    assert FacetValue.objects.get(key="model").parent == "Pear"


def test_new_words_and_looks_of_a_product_are_found_and_shown(client: Client, desk: Client, product: Product) -> None:
    assert found(client, "/search/?q=telefono") == 0
    save(desk, product, nicknames="telefono", form="tablet")
    assert "iPhone 12" in text(client, "/search/?q=telefono")
    assert (Buyable.objects.get().form, Word.objects.filter(word="telefono").exists()) == ("tablet", True)


def test_a_product_is_drawn_as_one_of_the_forms_that_there_are(desk: Client, product: Product) -> None:
    page = reverse("desk:catalog_product_change", args=[product.pk])
    data = fields_of(desk.get(page).context["adminform"].form)
    answer = desk.post(page, {**data, "form": "phone-hole-teapot"})
    assert "form" in answer.context["adminform"].form.errors
    save(desk, product, form="phone-home-single")
    assert Buyable.objects.get().form == "phone-home-single"


def test_a_variant_is_seen_under_its_new_label_and_values(client: Client, desk: Client, product: Product) -> None:
    pages = shop_of(product, "iphone")
    [text(client, page) for page in pages]
    attributes = '{"storage_gb": 512, "colour": "Red"}'
    save(desk, product.variants.get(), label="512 GB · Red", colour="red", attributes=attributes)
    assert all("512 GB" in text(client, page) for page in pages)
    assert "iPhone 12" in text(client, f"{product.category.get_absolute_url()}?storage_gb=512")
    assert "iPhone 12" in text(client, "/search/?q=iphone+512+rouge")


def test_a_new_price_of_a_new_one_moves_the_saving(client: Client, desk: Client, product: Product) -> None:
    price = ReferencePriceFactory(variant=product.variants.get(), price_minor=80_000, source_date=date(2026, 1, 1))
    product_changed(product)
    category = product.category.get_absolute_url()
    assert "€800" in text(client, category)
    save(desk, price, price_minor="600.00")
    assert "€600" in text(client, category)
    row = Buyable.objects.get()
    assert (row.reference_minor, row.saving_bps) == (60_000, (60_000 - (row.price_minor or 0)) * 10_000 // 60_000)
    desk.post(reverse("desk:catalog_referenceprice_delete", args=[price.pk]), {"post": "yes"})
    assert "€600" not in text(client, category)


def test_a_product_that_moves_to_another_category_is_counted_there_only(
    client: Client, desk: Client, product: Product
) -> None:
    tablets = CategoryFactory(slug="tablets", name="Tablets")
    other = ListingFactory(variant__product__category=tablets, variant__product__name="iPad 9")
    ListingFactory(variant__product__category=product.category, variant__product__name="iPhone SE")
    index_stale()
    assert Buyable.objects.get(variant=other.variant).slot == Buyable.objects.get(product=product).slot == 0
    [text(client, f"/c/{slug}/") for slug in ("smartphones", "tablets")]
    save(desk, product, category=tablets.pk)
    shown = [text(client, f"/c/{slug}/") for slug in ("smartphones", "tablets")]
    assert ["iPhone 12" in page for page in shown] == [False, True]
    for _ in range(2):  # before the bits are written, and after
        assert (found(client, "/c/smartphones/"), found(client, "/c/tablets/?grade=good")) == (1, 2)
        index_stale()
    counts = FacetValue.objects.filter(key="category").values_list("value", "count")
    assert dict(counts) == {"smartphones": 1, "tablets": 2}
    assert not StaleBuyable.objects.exists()


def test_a_category_is_seen_under_its_new_name_and_found_by_it(client: Client, desk: Client, product: Product) -> None:
    pages = [*shop_of(product, "iphone"), "/"]
    [text(client, page) for page in pages]
    save(desk, product.category, name="Pocket computers")
    assert all("Pocket computers" in text(client, page) for page in pages)
    assert not any("Smartphones" in text(client, page) for page in pages)
    assert "iPhone 12" in text(client, "/search/?q=pocket+computers")


def test_a_categorys_new_facet_narrows_at_once(client: Client, desk: Client, product: Product) -> None:
    url = product.category.get_absolute_url()
    ListingFactory(variant__product=product, variant__attributes={"storage_gb": 64, "colour": "Red"})
    declared = '[{"key": "colour", "label": "Paint", "kind": "choice", "unit": "", "facet": true}]'
    text(client, url)
    save(desk, product.category, attributes=declared)
    assert "Paint" in text(client, url)
    assert "iPhone 12" in text(client, f"{url}?colour=Black")
    assert (found(client, f"{url}?colour=Black"), found(client, f"{url}?storage_gb=64")) == (1, 2)
    assert not Buyable.objects.filter(facets__overlap=["storage_gb=64", "storage_gb=128"]).exists()


def test_addresses_stay_what_they_are(desk: Client, product: Product) -> None:
    save(desk, product, slug="elsewhere")
    save(desk, product.category, slug="elsewhere")
    assert (Product.objects.get().slug, Category.objects.get().slug) == ("iphone-12", "smartphones")
    assert Title.objects.get().slug == "iphone-12"


def test_a_plant_is_seen_under_its_new_name_as_soon_as_the_news_is_out(
    client: Client, desk: Client, product: Product, drain: Any
) -> None:
    plant = Refurbisher.objects.get()
    url = product.get_absolute_url()
    assert plant.name in text(client, url)
    save(desk, plant, name="Atelier Renamed", **PHONE)
    drain()
    assert [f"Given by {name} on" in text(client, url) for name in ("Atelier Renamed", plant.name)] == [True, False]
    assert Buyable.objects.get().plant_name == "Atelier Renamed"


def test_what_a_plant_says_of_itself_is_no_news_when_nothing_changed(desk: Client, product: Product) -> None:
    plant = Refurbisher.objects.get()
    Refurbisher.objects.update(**PHONE)
    save(desk, plant)
    assert not Event.objects.filter(kind="plant.changed").exists()
    save(desk, plant, phone="+33478000001")
    assert Event.objects.get(kind="plant.changed").data == {"fields": ["phone"]}


def test_a_new_specification_is_read_at_once(client: Client, desk: Client, product: Product, now: datetime) -> None:
    url = product.get_absolute_url()
    first = GradingSpecificationFactory(category=product.category).checks[0]
    text(client, url)
    checks = json.dumps([{**first, "chapter": "chapter_of_bells"}])
    data = {"category": product.category_id, "version": 2, "checks": checks}
    assert desk.post(reverse("desk:catalog_gradingspecification_add"), data).status_code == 302
    assert "chapter_of_bells" in text(client, url)
