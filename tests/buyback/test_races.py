"""Real threads on real PostgreSQL: one quote makes one trade, one device stands in one, one register never forks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from backmarket.accounts.models import User
from backmarket.errors import DomainError
from buyback.models import Identity, RegisterEntry, Trade
from buyback.selectors import verify_register
from buyback.services.register import enter_in_register
from buyback.services.trades import DeviceInOpenTrade, QuoteAlreadyAccepted, accept_quote
from refurbishers.models import Refurbisher
from tests.buyback.steps import quoted, terms, validated
from tests.factories import imei

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
AT_ONCE = 6


def together(calls: list[Callable[[], object]]) -> list[object]:
    """What each call returned or raised, all started at once."""

    def run(call: Callable[[], object]) -> object:
        try:
            return call()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_six_clicks_on_one_quote_make_one_trade(plant: Refurbisher, carol: User, now: datetime) -> None:
    quote = quoted(plant, now)
    calls = [lambda: accept_quote(type(quote).objects.get(pk=quote.pk), **terms(quote, carol, now))] * AT_ONCE
    outcomes = together(calls)
    assert sum(isinstance(outcome, Trade) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, QuoteAlreadyAccepted) for outcome in outcomes) == AT_ONCE - 1
    assert (Trade.objects.count(), Identity.objects.count()) == (1, 1)


def test_six_quotes_for_one_device_make_one_trade(plant: Refurbisher, carol: User, now: datetime) -> None:
    number, quotes = imei(), [quoted(plant, now) for _ in range(AT_ONCE)]

    def accept(quote: Any) -> Callable[[], object]:
        return lambda: accept_quote(quote, **terms(quote, carol, now, identifier=number))

    outcomes = together([accept(quote) for quote in quotes])
    assert sum(isinstance(outcome, Trade) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, DeviceInOpenTrade) for outcome in outcomes) == AT_ONCE - 1


def test_a_register_written_from_six_sides_is_one_chain(plant: Refurbisher, carol: User, now: datetime) -> None:
    trades = [validated(plant, carol, now) for _ in range(AT_ONCE)]

    def enter(trade: Trade) -> Callable[[], object]:
        return lambda: enter_in_register(trade, now)

    together([enter(trade) for trade in trades * 2])
    assert list(RegisterEntry.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert verify_register(plant).broken_at is None
