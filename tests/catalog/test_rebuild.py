"""`manage.py rebuild_shop`: whatever the derived rows said, they are right again, and nothing that was right moves."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Model
from django.test import Client

from catalog.models import Buyable, FacetValue, Remainder, StaleBuyable, Title, Word
from catalog.services.facet_index import index_stale
from tests.factories import CategoryFactory, ListingFactory, VariantFactory

pytestmark = pytest.mark.django_db
DERIVED: tuple[type[Model], ...] = (Buyable, FacetValue, Remainder, StaleBuyable, Title, Word)


@pytest.fixture
def shop() -> None:
    for brand in ("Apple", "Samsung"):
        for name in ("Nimbus", "Cumulus"):
            variant = VariantFactory(product__brand=brand, product__name=name, product__slug=f"{brand}-{name}".lower())
            for grade in ("good", "fair"):
                ListingFactory(variant=variant, grade=grade)
    ListingFactory(
        variant__product__category=CategoryFactory(slug="tablets", name="Tablets"), variant__product__name="Slate"
    )
    index_stale()


def rows(model: type[Model]) -> set[tuple[Any, ...]]:
    """All that a table says, but for keys that the database gives, and instants."""
    given = {"refreshed_at", *([] if model is Buyable else ["id"])}
    names = [field.attname for field in model._meta.concrete_fields if field.name not in given]
    return {tuple(map(str, row)) for row in model._base_manager.values_list(*names)}


def rebuild() -> list[str]:
    out = StringIO()
    call_command("rebuild_shop", stdout=out)
    return out.getvalue().splitlines()


def test_what_is_right_stays_as_it_is(shop: None) -> None:
    before = {model: rows(model) for model in DERIVED}
    said = rebuild()
    assert {model: rows(model) for model in DERIVED} == before
    assert [line.split(" (")[0] for line in said if line.startswith(("buyables", "products"))] == [
        "buyables: 9 of 9", "products: 5 of 5",
    ]  # fmt: skip
    assert said[-1].startswith("categories: 2 of 2")


def test_whatever_they_said_all_rows_are_right_again(shop: None, client: Client) -> None:
    before = {model: rows(model) for model in DERIVED if model is not Buyable}
    buyables = {row[2:] for row in rows(Buyable)}
    tablets = CategoryFactory(slug="tablets")
    lost, wrong, dear, moved, far = Buyable.objects.order_by("pk")[:5]
    lost.delete()
    Buyable.objects.filter(pk=wrong.pk).update(title="Nonsense", search_text="nonsense", facets=["brand=Nonsense"])
    Buyable.objects.filter(pk=dear.pk).update(price_minor=1, in_stock=False, best_listing=None, offer_count=7)
    Buyable.objects.filter(pk=moved.pk).update(category=tablets, slot=9)
    Buyable.objects.filter(pk=far.pk).update(slot=2_000_000_000)
    FacetValue.objects.filter(key="brand").update(slots="1", count=99, label="?")
    FacetValue.objects.create(category=tablets, key="brand", value="Nobody", slots="1", count=1)
    Title.objects.filter(title__contains="Nimbus").update(title="Nonsense", search_text="nonsense", slug="nowhere")
    Word.objects.filter(word="cumulus").delete()
    Word.objects.create(word="nonsense")
    Remainder.objects.filter(word__in=["nimbus", "samsung"]).delete()
    Remainder.objects.create(text="nonsens", word="nonsense")
    Remainder.objects.create(text="xyz", word="apple")
    rebuild()
    for model in (Remainder, StaleBuyable, Title, Word):
        assert rows(model) == before[model]
    assert {row[2:-4] for row in rows(Buyable)} == {row[:-4] for row in buyables}
    counts = FacetValue.objects.filter(count__gt=0).values_list("category__slug", "key", "value", "count")
    assert set(counts.filter(key__in=["brand", "grade", "category"])) == {
        ("smartphones", "brand", "Apple", 4), ("smartphones", "brand", "Samsung", 4),
        ("smartphones", "grade", "good", 4), ("smartphones", "grade", "fair", 4),
        ("smartphones", "category", "smartphones", 8), ("tablets", "category", "tablets", 1),
        ("tablets", "brand", "Apple", 1), ("tablets", "grade", "good", 1),
    }  # fmt: skip
    assert max(Buyable.objects.values_list("slot", flat=True)) < 1_024
    answers = [client.get(url) for url in ("/c/smartphones/?brand=Apple", "/search/?q=nmbius", "/search/?q=nonsense")]
    assert [answer.context["listed"].total for answer in answers] == [4, 4, 0]
