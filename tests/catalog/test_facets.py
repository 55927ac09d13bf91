import pytest
from django.http import QueryDict
from django.utils.timezone import now

from catalog.facets import PriceRange
from catalog.models import Category, Listing
from catalog.selectors.lists import ListPage, category_page
from catalog.services.facet_index import index_stale
from catalog.services.listings import change_listing, pause_listing
from tests.factories import CategoryFactory, ListingFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["stale", "indexed"])
def phones(db: None, request: pytest.FixtureRequest) -> Category:
    """Apple 128 black good 150, Apple 256 blue fair 250, Samsung 128 blue good 350; one Apple is sold out."""
    rows = [("Apple", 128, "Black", "good", 15000, 5), ("Apple", 256, "Blue", "fair", 25000, 5)]
    rows += [("Samsung", 128, "Blue", "good", 35000, 5), ("Apple", 512, "Black", "premium", 90000, 0)]
    for brand, storage, colour, grade, price, stock in rows:
        product = ProductFactory(brand=brand, name=f"{brand} One")
        variant = VariantFactory(product=product, attributes={"storage_gb": storage, "colour": colour})
        ListingFactory(variant=variant, grade=grade, price_minor=price, on_hand=stock)
    if request.param == "indexed":
        assert index_stale() == 3
    return CategoryFactory()


def listed(category: Category, address: str = "") -> ListPage:
    return category_page(category, QueryDict(address))


def counts(page: ListPage, key: str) -> dict[str, int]:
    facet = next(facet for facet in page.facets if facet.key == key)
    return {option.label: option.count for option in facet.options}


def bins(page: ListPage) -> dict[int, int]:
    facet = next(facet for facet in page.facets if facet.is_price)
    return {bar.low: bar.height for bar in facet.histogram if bar.height}


def test_counts_are_those_of_what_is_in_stock(phones: Category) -> None:
    page = listed(phones)
    assert page.total == 3
    assert counts(page, "brand") == {"Apple": 2, "Samsung": 1}
    assert counts(page, "grade") == {"Good": 2, "Fair": 1}
    assert bins(page) == {150: 100, 250: 100, 350: 100}
    assert counts(page, "storage_gb") == {"128 GB": 2, "256 GB": 1}
    assert counts(page, "colour") == {"Black": 1, "Blue": 2}


def test_a_choice_narrows_the_other_groups_but_not_its_own(phones: Category) -> None:
    page = listed(phones, "brand=Apple")
    assert page.total == 2
    assert counts(page, "brand") == {"Apple": 2, "Samsung": 1}
    assert counts(page, "colour") == {"Black": 1, "Blue": 1}
    assert counts(page, "storage_gb") == {"128 GB": 1, "256 GB": 1}


def test_choices_add_up_within_a_group_and_narrow_across_groups(phones: Category) -> None:
    page = listed(phones, "storage_gb=128&storage_gb=256&colour=Blue&price_min=200&price_max=400")
    assert {row.price_minor for row in page.page} == {25000, 35000}
    assert listed(phones, "storage_gb=128&colour=Blue&price_min=200&price_max=300").total == 0


def test_a_value_that_nothing_has_is_told_and_left_out(phones: Category) -> None:
    page = listed(phones, "brand=Nokia&storage_gb=128&storage_gb=7&price_min=nonsense")
    assert (page.total, page.unknown) == (2, ["Nokia", "7"])
    assert counts(page, "brand") == {"Apple": 1, "Samsung": 1}
    assert (page.choice.values, page.choice.price) == ({"storage_gb": ["128"]}, PriceRange())


def test_a_value_is_meant_whatever_its_case(phones: Category) -> None:
    page = listed(phones, "brand=apple&brand=Apple&colour=BLUE&grade=fair")
    assert (page.total, page.unknown) == (1, [])
    assert page.choice.values == {"brand": ["Apple"], "colour": ["Blue"], "grade": ["fair"]}


@pytest.mark.parametrize("address", ["price_min=5000", "brand=Samsung&grade=fair", "brand=Samsung&price_max=10"])
def test_where_nothing_is_left_every_facet_stays(address: str, phones: Category) -> None:
    page = listed(phones, address)
    assert (page.total, page.unknown) == (0, [])
    assert {facet.key for facet in page.facets} >= {"grade", "brand", "storage_gb", "colour"}
    assert counts(page, "brand").keys() == {"Apple", "Samsung"}
    assert set(counts(page, "colour").values()) == {0}


def test_one_option_is_offered_where_it_narrows(phones: Category) -> None:
    assert "battery" not in {facet.key for facet in listed(phones).facets}
    listing = ListingFactory(variant=VariantFactory(product__brand="Apple"))
    change_listing(listing, new_battery=True, by="system:test", at=now())
    page = listed(phones)
    assert counts(page, "battery") == {"New battery": 1}
    assert listed(phones, "battery=new").total == 1
    for row in Listing.objects.filter(new_battery=False):
        pause_listing(row, by="system:test", at=now())
    assert "battery" not in {facet.key for facet in listed(phones).facets}


def test_what_a_facet_counts_is_what_choosing_it_shows(phones: Category) -> None:
    for facet in listed(phones).facets:
        for option in facet.options:
            assert listed(phones, f"{facet.key}={option.value}").total == option.count


@pytest.mark.parametrize(("sort", "prices"), [("price", [15000, 25000, 35000]), ("nonsense", None)])
def test_lists_sort_as_asked(sort: str, prices: list[int] | None, phones: Category) -> None:
    page = listed(phones, f"sort={sort}")
    assert page.sort == ("price" if prices else "best")
    if prices:
        assert [row.price_minor for row in page.page] == prices


def test_pages_beyond_the_last_show_the_last(phones: Category) -> None:
    assert listed(phones, "page=99").page.number == 1
