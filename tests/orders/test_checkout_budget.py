"""What a whole checkout asks of the database, request by request: statements, transactions counted."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from backmarket.events.models import Event
from backmarket.states import IllegalMove, move_all
from catalog.models import Listing, StockReservation
from orders.models import Cart, Order, OrderLine
from tests.orders.conftest import CARD
from tests.orders.test_views import ADDRESS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("page_cache", "no_rules")]


@pytest.fixture
def page_cache(settings: Any) -> None:
    settings.PAGE_CACHE = True


def bought(*listings: Listing) -> dict[str, int]:
    """A guest buys one of each; returns the statements of the requests that write, by what they do."""
    guest, costs = Client(), {}

    def counted(what: str, ask: Any) -> Any:
        with CaptureQueriesContext(connection) as asked:
            response = ask()
        costs[what] = len(asked)
        assert response.status_code == 302, response.content
        return response.headers["Location"]

    for place, listing in enumerate(listings):
        form = {"listing": str(listing.pk), "quantity": 1}
        counted("first" if place == 0 else "next", lambda form=form: guest.post(reverse("cart-add"), form))
    key = guest.get(reverse("checkout")).context["form"]["checkout_key"].value()
    sent = {"checkout_key": str(key), "email": "greta@example.com", "accept": "on", **ADDRESS}
    bank = counted("order", lambda: guest.post(reverse("checkout"), sent))
    back = counted("bank", lambda: guest.post(bank, {"action": "pay", "card": CARD}))
    counted("return", lambda: guest.get(back))
    assert Order.objects.latest("number").payment_status == "captured"
    return costs


def test_a_checkout_costs_the_same_with_one_device_and_with_several(listing: Listing, other_listing: Listing) -> None:
    bought(listing, other_listing)  # what a process reads once
    one, several = bought(listing), bought(listing, other_listing)
    assert one == {"first": 3, "order": 15, "bank": 2, "return": 18}
    # The lines of an order are moved under a savepoint of their own, which one line does not need.
    assert several == {**one, "next": several["next"], "return": 20}


def read_whole() -> Counter[str]:
    """How often each table has been read from end to end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT relname, seq_scan FROM pg_stat_user_tables")
        return Counter(dict(cursor.fetchall()))


def test_a_checkout_reads_no_table_whole_but_the_rules_against_fraud(listing: Listing) -> None:
    with connection.cursor() as cursor:
        # Only where there is no other way: so few rows as here would be read whole in any case.
        cursor.execute("SET enable_seqscan = off")
    bought(listing)
    before = read_whole()
    bought(listing)
    try:
        assert set(read_whole() - before) == {"orders_fraudrule"}
    finally:
        connection.close()


def test_a_guests_first_device_and_their_cart_are_there_together_or_not_at_all(listing: Listing) -> None:
    guest = Client()
    Listing.objects.filter(pk=listing.pk).update(on_hand=0)
    guest.post(reverse("cart-add"), {"listing": str(listing.pk), "quantity": 1})
    assert (Cart.objects.count(), StockReservation.objects.count()) == (0, 0)
    Listing.objects.filter(pk=listing.pk).update(on_hand=1)
    guest.post(reverse("cart-add"), {"listing": str(listing.pk), "quantity": 1})
    assert [cart.items.get().quantity for cart in Cart.objects.all()] == [1]
    assert guest.session["cart"] == str(Cart.objects.get().pk)


def test_several_rows_move_together_or_not_at_all(
    place: Callable[..., Order], listing: Listing, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    lines = list(place((listing, 3)).lines.order_by("pk"))
    OrderLine.objects.filter(pk=lines[2].pk).update(status="cancelled", cancel_reason="not_paid")
    with pytest.raises(IllegalMove):
        move_all(lines, "on_hold", by="system:test", at=now)
    assert sorted(OrderLine.objects.values_list("status", flat=True)) == ["cancelled", "pending", "pending"]
    assert not Event.objects.filter(kind="line.on_hold").exists()
    with transaction.atomic(), django_assert_num_queries(3):
        move_all(lines[:2], "on_hold", by="system:test", at=now)
    told = Event.objects.filter(kind="line.on_hold").values_list("subject_id", flat=True)
    assert sorted(told) == sorted(str(line.pk) for line in lines[:2])
    assert [line.status for line in lines[:2]] == ["on_hold", "on_hold"]
    move_all([], "on_hold", by="system:test", at=now)
