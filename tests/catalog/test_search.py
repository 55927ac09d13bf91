import pytest

from catalog.models import Buyable
from catalog.reading import tokens
from catalog.search import matching, suggestions
from tests.factories import CategoryFactory, ListingFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db


def sell(brand: str, name: str, storage: int, colour: str, **product: object) -> Buyable:
    attributes = {"storage_gb": storage, "colour": colour.title()}
    variant = VariantFactory(
        product=ProductFactory(brand=brand, name=name, **product),
        label=f"{storage} GB · {colour.title()}",
        colour=colour,
        attributes=attributes,
    )
    ListingFactory(variant=variant)
    return Buyable.objects.get(variant=variant)


@pytest.fixture
def shelf(db: None) -> dict[str, Buyable]:
    CategoryFactory(synonyms="téléphone portable smartphone phone")
    return {
        "iphone": sell("Apple", "iPhone 12 Pro", 128, "graphite", nicknames="ip12pro"),
        "bigger": sell("Apple", "iPhone 12 Pro", 256, "gold"),
        "newer": sell("Apple", "iPhone 13", 128, "blue"),
        "samsung": sell("Samsung", "Galaxy S21", 128, "black"),
        "white": sell("Samsung", "Galaxy S21", 128, "white"),
        "fold": sell("Samsung", "Galaxy Z Fold 3", 512, "green"),
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("iphone 12 pro", {"iphone", "bigger"}),
        ("ifone 12 pro 128", {"iphone"}),
        ("iphone 12 pro 128go", {"iphone"}),
        ("IPHONE12PRO", {"iphone", "bigger"}),
        ("thinkpad", set()),
        ("ip12pro", {"iphone"}),
        ("samsung s21 noir", {"samsung"}),
        ("samsng galaxi s21", {"samsung", "white"}),
        ("S21 BLANC pas cher", {"white"}),
        ("téléphone vert", {"fold"}),
        ("iphone 14", set()),
        ("pro 12 apple", {"iphone", "bigger"}),
        ("iph", {"iphone", "bigger", "newer"}),
        ("'; drop table & | ! :* ", set()),
        ("refurbished", set()),
        ("", set()),
    ],
)
def test_what_people_type_finds_what_they_mean(query: str, found: set[str], shelf: dict[str, Buyable]) -> None:
    rows = set(matching(Buyable.objects.in_stock(), query))
    assert {name for name, row in shelf.items() if row in rows} == found


def test_the_model_asked_for_comes_before_its_longer_cousins(shelf: dict[str, Buyable]) -> None:
    mini = sell("Apple", "iPhone 13 mini", 128, "blue")
    rows = list(matching(Buyable.objects.in_stock(), "iphone 13").order_by("-likeness"))
    assert rows == [shelf["newer"], mini]


def test_both_sides_see_the_same_words() -> None:
    assert tokens("128Go  Été-noir 1TB") == ["128gb", "ete", "noir", "1tb"]


def test_suggestions_name_each_product_once(shelf: dict[str, Buyable]) -> None:
    product = shelf["iphone"].product
    ListingFactory(variant=VariantFactory(product=product, sku="OTHER"))
    titles = [row["slug"] for row in suggestions("iphone 12")]
    assert titles.count(product.slug) == 1
