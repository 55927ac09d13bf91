import pytest

from catalog.models import Buyable
from catalog.reading import tokens
from catalog.search import matching, suggestions
from catalog.selectors.hits import MOST_MODELS, find
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


WORDS = ("iphone 12 pro", "12pro 256", "256gold", "256 gold iphone", "samsng galaxi", "good", "apple", "zeppelin")


def test_few_models_and_many_are_found_alike(shelf: dict[str, Buyable]) -> None:
    """What many models have is read by the words of their buyables; what few have, by the model."""
    few = {words: set(find(words).hits) for words in WORDS}
    assert {words: len(hits) for words, hits in few.items()} == {
        "iphone 12 pro": 2, "12pro 256": 1, "256gold": 1, "256 gold iphone": 1, "samsng galaxi": 3, "good": 6,
        "apple": 3, "zeppelin": 0,
    }  # fmt: skip
    for number in range(MOST_MODELS):
        sell("Apple", f"iPhone 12 Pro Max{number}", 256, "gold")
    many = {words: set(find(words).hits) for words in WORDS}
    assert {words: len(many[words] - few[words]) for words in WORDS} == {
        words: 0 if words in {"samsng galaxi", "zeppelin"} else MOST_MODELS for words in WORDS
    }
    assert all(few[words] <= many[words] for words in WORDS)
