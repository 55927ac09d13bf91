"""Two clicks and two tabs at the last page: one sale, and everybody is led to it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.shipping.models import Parcel, Pickup
from buyback.conditions import CURRENT
from buyback.models import AcceptanceDraft, Identity, Quote, Trade
from buyback.services import trades
from refurbishers.models import Refurbisher
from tests.buyback.steps import quoted
from tests.buyback.test_pages import form
from tests.races.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
ClientOf = Callable[[User], Client]
TABS = 4


@pytest.fixture
def quote(plant: Refurbisher, now: datetime) -> Quote:
    timetravel.travel_to(now)
    return quoted(plant, now)


def tabs(quote: Quote, seller: User, client_of: ClientOf, details: dict[str, str]) -> list[partial[Any]]:
    """The last click of several windows of one browser that all show the same page."""
    browsers = [client_of(seller) for _tab in range(TABS)]
    review = reverse("quote-review", args=[quote.pk])
    browsers[0].post(reverse("quote-accept", args=[quote.pk]), details)
    sent = {"revision": str(AcceptanceDraft.objects.get().revision), "version": CURRENT, "conditions": "on"}
    assert all(browser.get(review).status_code == 200 for browser in browsers)
    return [partial(browser.post, review, sent) for browser in browsers]


def test_clicks_at_once_make_one_sale_and_all_lead_to_it(
    plant: Refurbisher, carol: User, quote: Quote, now: datetime, client_of: ClientOf
) -> None:
    answers = at_once(tabs(quote, carol, client_of, form(now, plant)))
    trade = Trade.objects.get()
    assert [(answer.status_code, answer.headers.get("Location")) for answer in answers] == [
        (302, reverse("trade", args=[trade.pk]))
    ] * TABS
    assert (Identity.objects.count(), Parcel.objects.count(), Pickup.objects.count()) == (1, 1, 1)
    assert AcceptanceDraft.objects.count() == 0


def test_without_the_swap_of_the_quote_the_database_still_refuses_the_second_sale(
    plant: Refurbisher, carol: User, quote: Quote, now: datetime, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the clicks do race, so that without our own swap they run into the database's constraint."""
    monkeypatch.setattr(trades, "_take", lambda quote, **facts: None)
    monkeypatch.setattr(trades, "_refuse_if_open", lambda identifier: None)
    clicks = tabs(quote, carol, client_of, form(now, plant))
    for click in clicks:
        click.func.__self__.raise_request_exception = False
    answers = at_once(clicks)
    assert Trade.objects.count() == 1
    assert sum(answer.status_code != 302 for answer in answers) >= 1


def test_two_tabs_sending_details_at_once_keep_one_draft(
    plant: Refurbisher, carol: User, quote: Quote, now: datetime, client_of: ClientOf
) -> None:
    accept = reverse("quote-accept", args=[quote.pk])
    answers = at_once([partial(client_of(carol).post, accept, form(now, plant)) for _tab in range(TABS)])
    assert [answer.status_code for answer in answers] == [302] * TABS
    assert AcceptanceDraft.objects.count() == 1
