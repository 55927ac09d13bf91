"""The browser comes back while Stripe's webhook is interpreted: one order, one capture, whoever is first."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events import inbox
from backmarket.events.models import Event, IncomingWebhook
from backmarket.payments import services
from backmarket.payments.models import LedgerMovement, Payment
from backmarket.payments.selectors import balance, ledger_sum
from catalog.models import Listing
from tests.ground.money_steps import at_provider, eur
from tests.ground.stripe_server import StripeServer
from tests.races.together import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_the_browsers_return_and_stripes_webhook_settle_one_order_once(
    bank: StripeServer,
    live_server: Any,
    place: Callable,
    listing: Listing,
    alice: User,
    client_of: Callable[[User], Client],
    now: datetime,
) -> None:
    order = place((listing, 1))
    payment = Payment.objects.get()
    services.open_payment(payment, return_url="", at=now)
    bank.confirm(payment.gateway_id)
    bank.deliver(bank.event("payment_intent.succeeded"), live_server.url)
    browsers = [client_of(alice) for _tab in range(3)]
    address = reverse("checkout-return", args=[order.pk])
    hook = partial(inbox.handle_webhook, IncomingWebhook.objects.get().pk, at=now)

    results = at_once([*(partial(lambda tab: tab.get(address).status_code, tab) for tab in browsers), *[hook] * 3])

    assert results[:3] == [302] * 3
    order.refresh_from_db()
    listing.refresh_from_db()
    assert (order.payment_status, order.lines.get().status) == ("captured", "paid")
    assert (listing.on_hand, listing.reserved, LedgerMovement.objects.count()) == (4, 0, 2)
    assert (at_provider(), balance("buyer"), ledger_sum()) == (eur(-30_490), eur(30_490), {"EUR": 0})
    assert Event.objects.filter(kind__in=["payment.captured", "order.captured"]).count() == 2


def test_clicks_at_once_on_pay_open_one_intent(
    bank: StripeServer, place: Callable, listing: Listing, alice: User, client_of: Callable[[User], Client]
) -> None:
    order = place((listing, 1), at=timetravel.now())
    address, tabs = reverse("checkout-pay", args=[order.pk]), [client_of(alice) for _tab in range(3)]
    at_once([partial(tab.post, address) for tab in tabs])
    assert len(bank.intents) == 1
    assert Payment.objects.get().gateway_id == "pi_1"
