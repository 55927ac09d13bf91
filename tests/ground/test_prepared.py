"""Statements written once, and parts of a page rendered once."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.signals import post_init, pre_init
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from backmarket.accounts.models import User
from backmarket.prepared import Row, columns, instance, prepared, prepared_objects
from catalog.models import Listing, Product, Variant
from orders.models import Cart
from tests.factories import ListingFactory, UserFactory, VariantFactory

written: list[str] = []


@prepared
def _between(least: Any, most: Any, grade: Any) -> "QuerySet[Any, Row]":
    written.append("once")
    rows = Listing.objects.filter(price_minor__gte=least, price_minor__lte=most, grade=grade, variant__colour="Black")
    return rows.order_by("price_minor").values_list("price_minor", "variant__sku")[:2]


@pytest.mark.django_db
def test_a_prepared_read_is_written_once_and_asked_with_each_value() -> None:
    black, red = VariantFactory(colour="Black"), VariantFactory(colour="Red")
    for price in (100, 200, 300, 400):
        ListingFactory(variant=black, grade="good", price_minor=price)
    ListingFactory(variant=red, grade="good", price_minor=150)
    ListingFactory(variant=black, grade="fair", price_minor=150)
    written.clear()
    assert _between(least=100, most=250, grade="good") == [(100, black.sku), (200, black.sku)]
    assert _between(least=150, most=400, grade="good") == [(200, black.sku), (300, black.sku)]
    assert _between(least=150, most=150, grade="fair") == [(150, black.sku)]
    assert _between(least=400, most=100, grade="good") == []
    with CaptureQueriesContext(connection) as asked:
        _between(least=1, most=2, grade="'; DROP TABLE catalog_listing; --")
    assert len(asked) == 1
    assert written == ["once"]


def rendered(source: str, **context: Any) -> str:
    return Template("{% load pieces %}" + source).render(Context(context))


def test_a_part_of_a_page_is_said_for_its_values_and_in_the_readers_language() -> None:
    tag = '{% worded "components/_stars.html" rating=rating count=count %}'
    assert "4.3" in rendered(tag, rating=4.3, count=7)
    assert "4.4" in rendered(tag, rating=4.4, count=7)
    with translation.override("fr"):
        assert "4,3" in rendered(tag, rating=4.3, count=7)
    assert "4.3" in rendered(tag, rating=4.3, count=7)


@pytest.mark.django_db
def test_a_row_of_the_database_is_no_value_of_a_part_said_once() -> None:
    product: Product = VariantFactory().product
    with pytest.raises(TypeError, match=r"_stars\.html is given rows of the database: rating"):
        rendered('{% worded "components/_stars.html" rating=product %}', product=product)


@pytest.mark.django_db
def test_an_object_of_a_prepared_read_is_the_one_that_a_queryset_gives() -> None:
    variant = VariantFactory(attributes={"storage_gb": 128})
    known = Variant.objects.get(pk=variant.pk)
    [row] = _variants(pk=variant.pk)
    made = instance(Variant, row)
    assert made == known
    assert {name: getattr(made, name) for name in columns(Variant)} == {
        name: getattr(known, name) for name in columns(Variant)
    }
    assert made.attributes == {"storage_gb": 128}
    assert not made._state.adding


@prepared
def _variants(pk: Any) -> "QuerySet[Any, Row]":
    return Variant.objects.filter(pk=pk).values_list(*columns(Variant))


@prepared_objects
def _offers(most: Any) -> "QuerySet[Listing]":
    rows = Listing.objects.filter(price_minor__lte=most).select_related("plant", "variant__product")
    dearest = Listing.objects.filter(variant=OuterRef("variant")).order_by("-price_minor").values("price_minor")[:1]
    return rows.defer("plant__iban", "comment").annotate(dearest=Subquery(dearest)).order_by("price_minor")


@pytest.mark.django_db
def test_prepared_objects_come_with_what_they_point_to_and_what_they_are_annotated_with() -> None:
    cheap = ListingFactory(price_minor=100)
    dear = ListingFactory(price_minor=900, variant=cheap.variant)
    with CaptureQueriesContext(connection) as asked:
        (found,) = _offers(most=500)
        assert (found, found.plant, found.variant.product) == (cheap, cheap.plant, cheap.variant.product)
        assert (found.plant.name, found.variant.attributes) == (cheap.plant.name, cheap.variant.attributes)
        assert (found.dearest, found._state.adding) == (900, False)
    assert len(asked) == 1
    assert found.get_deferred_fields() == {"comment"}
    assert found.plant.get_deferred_fields() == {"iban"}
    assert _offers(most=1_000) == [cheap, dear]


@prepared_objects
def _people(pk: Any) -> "QuerySet[User]":
    return User.objects.filter(pk=pk).select_related("cart")


@pytest.mark.django_db
def test_what_is_not_there_is_known_not_to_be_there() -> None:
    with_cart, without = UserFactory(), UserFactory()
    cart = Cart.objects.create(user=with_cart)
    with CaptureQueriesContext(connection) as asked:
        found = [getattr(_people(pk=user.pk)[0], "cart", None) for user in (with_cart, without)]
    assert (found, len(asked)) == ([cart, None], 2)


@pytest.mark.django_db(transaction=True)
def test_a_connection_plans_a_statement_once_whatever_is_rolled_back_and_anew_when_it_is_new() -> None:
    def planned() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%price_minor%%$1%%'")
            return int(cursor.fetchone()[0])

    connection.close()
    VariantFactory(colour="Black")
    with transaction.atomic():
        assert _between(least=1, most=2, grade="good") == []
        transaction.set_rollback(True)
    assert planned() == 1
    assert _between(least=1, most=2, grade="good") == []
    assert planned() == 1
    connection.close()
    assert planned() == 0
    assert _between(least=1, most=2, grade="good") == []
    assert planned() == 1


def test_nobody_listens_to_objects_being_made() -> None:
    """A library's signal would be passed by: prepared objects are made without any."""
    assert [
        model for model in apps.get_models() if pre_init.has_listeners(model) or post_init.has_listeners(model)
    ] == []
