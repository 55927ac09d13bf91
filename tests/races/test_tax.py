"""Two sales of one person paid at the same moment: the tax number is asked once, and the year's sum is exact."""

from datetime import datetime
from functools import partial

import pytest

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.notifications.models import Notification
from backmarket.payments.models import Payout
from buyback import dac7
from buyback.models import TaxFile, Trade
from buyback.services.payouts import close_paid_trade, order_payouts
from buyback.services.tax import ask_if_near_threshold
from refurbishers.models import Refurbisher
from tests.buyback.steps import validated
from tests.races.together import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def pay(payout: Payout, seller: User, at: datetime) -> bool:
    """What the handlers do once a payout is on the account."""
    close_paid_trade(payout, at=at)
    return ask_if_near_threshold(seller, at=at)


def test_two_sales_paid_at_once_ask_once_and_add_up(plant: Refurbisher, carol: User, now: datetime) -> None:
    for _sale in range(2):
        trade = validated(plant, carol, now)
        Trade.objects.filter(pk=trade.pk).update(quoted_minor=80_000, price_minor=80_000)
    assert order_payouts(now) == 2

    results = at_once([partial(pay, payout, carol, now) for payout in Payout.objects.all()])

    assert sorted(results) == [False, True]
    assert TaxFile.objects.count() == Event.objects.filter(kind="tax_number.asked").count() == 1
    assert Notification.objects.filter(template="tax_number_asked").count() == 1
    sold = dac7.sold_in(carol, dac7.year_of(now))
    assert (sold.sales, sold.total.minor) == (2, 160_000)
