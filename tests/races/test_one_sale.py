"""One quote is sold once, and one device stands in one open trade, whoever sells it and however its number is typed.

Protected by the compare-and-swap of the quote and the unique key of its trade, and by `trade_one_open_per_device`: each
control takes them away and sees two sales.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.shipping.models import Parcel, Pickup
from buyback.conditions import CURRENT
from buyback.models import AcceptanceDraft, Identity, Quote, Trade
from buyback.services import trades
from buyback.services.trades import DeviceInOpenTrade, QuoteAlreadyAccepted, accept_quote
from refurbishers.models import Refurbisher
from tests.buyback.steps import quoted, terms
from tests.buyback.test_pages import form
from tests.factories import UserFactory, imei
from tests.races.together import PATIENCE, at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
Take = Callable[..., None]
SOLD_ALREADY = "This device is already being sold. Cancel that sale first, or check the number."


@contextmanager
def without(constraint: str) -> Iterator[None]:
    """The sales without one of their unique keys; what was sold meanwhile is gone afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [constraint])
        (definition,) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE conname = %s", [constraint])
        is_constraint = cursor.fetchone()[0]
        name = connection.ops.quote_name(constraint)
        cursor.execute(f"ALTER TABLE buyback_trade DROP CONSTRAINT {name}" if is_constraint else f"DROP INDEX {name}")
        try:
            yield
        finally:
            cursor.execute("TRUNCATE buyback_trade CASCADE")
            cursor.execute(definition)
            if is_constraint:
                cursor.execute(f"ALTER TABLE buyback_trade ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")


def key_of_quote() -> str:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "buyback_trade")
    return next(name for name, facts in found.items() if facts["unique"] and facts["columns"] == ["quote_id"])


def all_look_first(monkeypatch: pytest.MonkeyPatch, many: int, take: Take) -> None:
    """Nobody takes a quote before all have looked, and have seen nothing against their sale."""
    looked = Barrier(many)

    def when_all_have_looked(quote: Quote, **facts: Any) -> None:
        looked.wait(timeout=PATIENCE)
        take(quote, **facts)

    monkeypatch.setattr(trades, "_take", when_all_have_looked)


def two_tabs(quote: Quote, seller: User, at: datetime) -> list[Callable[[], Trade]]:
    """Each tab names another device, so that only the quote itself can stop the second one."""
    copies = [Quote.objects.get(pk=quote.pk) for _tab in range(2)]
    return [partial(accept_quote, copy, **terms(copy, seller, at)) for copy in copies]


def two_sellers(plant: Refurbisher, at: datetime) -> list[Callable[[], Trade]]:
    """Two people, two quotes and one device, its number typed in two ways."""
    number = imei()
    typed = [number, f"{number[:6]} {number[6:12]} {number[12:]}"]
    quotes = [quoted(plant, at) for _seller in typed]
    return [
        partial(accept_quote, quote, **terms(quote, UserFactory(), at, identifier=each))
        for quote, each in zip(quotes, typed, strict=True)
    ]


def count() -> tuple[int, int, int, int]:
    return Trade.objects.count(), Identity.objects.count(), Parcel.objects.count(), Pickup.objects.count()


def test_two_tabs_that_both_saw_an_open_quote_make_one_sale(
    plant: Refurbisher, carol: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote = quoted(plant, now)
    all_look_first(monkeypatch, 2, trades._take)

    results = at_once(two_tabs(quote, carol, now))

    assert sorted(type(result).__name__ for result in results) == ["QuoteAlreadyAccepted", "Trade"]
    (refusal,) = (result for result in results if isinstance(result, QuoteAlreadyAccepted))
    assert str(refusal) == "This quote has already been accepted."
    assert count() == (1, 1, 1, 1)


def test_control_without_swap_and_key_two_tabs_sell_one_quote_twice(
    plant: Refurbisher, carol: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote = quoted(plant, now)
    all_look_first(monkeypatch, 2, lambda quote, **facts: None)

    with without(key_of_quote()):
        results = at_once(two_tabs(quote, carol, now))
        assert [type(result) for result in results] == [Trade, Trade]
        assert count() == (2, 2, 2, 2)


def test_two_sellers_of_one_device_make_one_sale_and_the_other_quote_stays_open(
    plant: Refurbisher, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_look_first(monkeypatch, 2, trades._take)

    results = at_once(two_sellers(plant, now))

    assert sorted(type(result).__name__ for result in results) == ["DeviceInOpenTrade", "Trade"]
    (refusal,) = (result for result in results if isinstance(result, DeviceInOpenTrade))
    assert (str(refusal), refusal.field) == (SOLD_ALREADY, "identifier")
    assert count() == (1, 1, 1, 1)
    assert sorted(Quote.objects.values_list("status", flat=True)) == ["accepted", "open"]


def test_control_without_the_constraint_one_device_is_sold_by_two_people(
    plant: Refurbisher, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking first is not enough: both look before either has written."""
    all_look_first(monkeypatch, 2, trades._take)

    with without("trade_one_open_per_device"):
        results = at_once(two_sellers(plant, now))
        assert [type(result) for result in results] == [Trade, Trade]
        assert Trade.objects.values("identifier").distinct().count() == 1


def test_the_second_sellers_page_says_so_kindly(
    plant: Refurbisher, now: datetime, client_of: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last page, its details kept: the way back to correct the number is open."""
    timetravel.travel_to(now)
    number, clicks = imei(), []
    for _seller in range(2):
        quote, browser = quoted(plant, now), client_of(UserFactory())
        browser.post(reverse("quote-accept", args=[quote.pk]), form(now, plant, identifier=number))
        sent = {"revision": str(AcceptanceDraft.objects.get(quote=quote).revision), "version": CURRENT}
        clicks.append(partial(browser.post, reverse("quote-review", args=[quote.pk]), sent | {"conditions": "on"}))
    all_look_first(monkeypatch, 2, trades._take)

    answers = at_once(clicks)

    assert sorted(answer.status_code for answer in answers) == [302, 422]
    (refused,) = (answer for answer in answers if answer.status_code == 422)
    assert SOLD_ALREADY in refused.content.decode()
    assert (Trade.objects.count(), AcceptanceDraft.objects.count()) == (1, 1)
