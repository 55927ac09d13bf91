"""Our payment page, in front of Stripe's stand-in: what it shows, whom it lets in, and where it leads."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.notifications.models import Notification
from backmarket.payments.models import Payment, Refund
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.payments.services import send_refunds, settle_payment
from catalog.models import Listing
from orders.models import Order
from orders.services.deadlines import watch_order_deadlines
from tests.ground.money_steps import at_provider, eur
from tests.ground.stripe_account import DECLINED, POOR, VISA
from tests.ground.stripe_server import PUBLISHABLE_KEY, StripeServer
from tests.orders.test_views import check_out, fill

SECRET = "pi_1_secret_1"


@pytest.fixture
def order(bank: StripeServer, client: Client, listing: Listing) -> Order:
    """A guest has filled in the checkout and pressed the button."""
    fill(client, listing)
    answer = check_out(client)
    order = Order.objects.get()
    assert answer["Location"] == pay_url(order)
    return order


def pay_url(order: Order) -> str:
    return reverse("checkout-pay", args=[order.pk])


def back_url(order: Order) -> str:
    return reverse("checkout-return", args=[order.pk])


def test_the_page_says_what_is_paid_until_when_and_what_to_do_without_a_script(client: Client, order: Order) -> None:
    page = client.get(pay_url(order))
    text = page.content.decode()
    assert "€304.90" in text
    assert re.search(r"Reserved for you until\s*<time datetime=", text)
    assert "data-countdown=" in text
    assert '<script src="https://js.stripe.com/endive/stripe.js" defer>' in text
    assert f'data-key="{PUBLISHABLE_KEY}" data-secret="{SECRET}"' in text
    assert "<noscript>" in text
    assert "need JavaScript" in text
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_only_this_page_lets_the_provider_in(client: Client, order: Order) -> None:
    policy = client.get(pay_url(order))["Content-Security-Policy"]
    assert "script-src 'self' https://js.stripe.com https://*.js.stripe.com;" in policy
    assert "connect-src 'self' https://api.stripe.com;" in policy
    assert "frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com" in policy
    for other in (reverse("cart"), reverse("order", args=[order.pk])):
        assert "stripe" not in client.get(other)["Content-Security-Policy"]


def test_the_secret_is_in_the_page_and_nowhere_else(
    client: Client, bank: StripeServer, order: Order, capfd: pytest.CaptureFixture[str]
) -> None:
    client.get(pay_url(order))
    bank.confirm("pi_1", DECLINED)
    client.get(back_url(order))
    out = "".join(capfd.readouterr())
    assert SECRET not in out
    assert SECRET not in str(list(Payment.objects.values()))
    assert SECRET not in str(client.post(pay_url(order)).headers)


def test_the_order_is_paid_when_the_buyer_comes_back(
    client: Client, bank: StripeServer, order: Order, listing: Listing
) -> None:
    bank.confirm("pi_1", VISA)
    assert client.get(pay_url(order))["Location"] == back_url(order)  # reloaded: nothing is left to type
    assert client.get(back_url(order))["Location"] == reverse("order", args=[order.pk])
    order.refresh_from_db()
    listing.refresh_from_db()
    assert (order.payment_status, listing.on_hand, listing.reserved) == ("captured", 4, 0)
    assert (at_provider(), balance("buyer"), ledger_sum()) == (eur(-30_490), eur(30_490), {"EUR": 0})
    assert client.get(pay_url(order))["Location"] == back_url(order)
    assert client.post(pay_url(order))["Location"] == reverse("order", args=[order.pk])


@pytest.mark.parametrize(
    ("card", "words"), [(DECLINED, "Your bank refused this card"), (POOR, "There is not enough money on this card")]
)
def test_a_refused_card_leads_back_to_the_page_which_says_why(
    client: Client, bank: StripeServer, order: Order, card: str, words: str
) -> None:
    assert "data-refusal hidden" in client.get(pay_url(order)).content.decode()
    bank.confirm("pi_1", card)
    page = client.get(back_url(order), follow=True)
    assert page.redirect_chain == [(pay_url(order), 302)]
    assert words in page.content.decode()
    assert "data-refusal hidden" not in page.content.decode()
    bank.confirm("pi_1", VISA)
    client.get(back_url(order))
    order.refresh_from_db()
    assert (order.payment_status, len(bank.intents)) == ("captured", 1)


def test_however_often_the_page_is_opened_there_is_one_intent(client: Client, bank: StripeServer, order: Order) -> None:
    for _time in range(3):
        assert client.post(pay_url(order), follow=True).status_code == 200
        assert client.get(pay_url(order)).status_code == 200
    assert (len(bank.intents), Payment.objects.count()) == (1, 1)


def test_paying_keeps_the_devices_and_a_page_that_is_too_old_leads_away(client: Client, order: Order) -> None:
    timetravel.travel_to(order.placed_at + timedelta(minutes=8))
    client.post(pay_url(order))
    order.refresh_from_db()
    assert order.reserved_until > order.placed_at + timedelta(minutes=17)
    timetravel.travel_to(order.placed_at + timedelta(minutes=19))
    assert client.get(pay_url(order))["Location"] == reverse("order", args=[order.pk])
    timetravel.travel_to(order.placed_at + timedelta(minutes=60))
    assert client.post(pay_url(order))["Location"] == reverse("cart")


@pytest.fixture(autouse=True)
def _present() -> object:
    yield
    timetravel.come_back()


def test_a_provider_that_is_away_is_said_and_costs_nothing(client: Client, bank: StripeServer, order: Order) -> None:
    bank.fault("GET", status=500)
    page = client.get(pay_url(order), follow=True).content.decode()
    assert "The bank does not answer just now" in page
    order.refresh_from_db()
    assert order.payment_status == "pending"


def test_an_address_of_somebody_elses_order_is_404(order: Order) -> None:
    assert Client().get(pay_url(order)).status_code == 404
    assert Client().post(pay_url(order)).status_code == 404


def test_with_the_sandbox_the_banks_own_page_stays(client: Client, listing: Listing) -> None:
    fill(client, listing)
    assert check_out(client)["Location"].startswith("/sandbox/pay/")
    order = Order.objects.get()
    page = client.get(pay_url(order), follow=True)
    assert page.redirect_chain == [(back_url(order), 302), (reverse("order", args=[order.pk]), 302)]


# What is paid is what it costs


def test_an_order_that_costs_something_else_is_never_fulfilled(
    client: Client, listing: Listing, drain: Callable[[], None]
) -> None:
    fill(client, listing)
    bank_page = check_out(client)["Location"]
    order = Order.objects.get()
    Order.objects.update(total_minor=order.total_minor + 1)
    back = client.post(bank_page, {"action": "pay", "card": "4242 4242 4242 4242"})
    client.get(back["Location"])
    drain()
    order.refresh_from_db()
    listing.refresh_from_db()
    payment, refund = Payment.objects.get(), Refund.objects.get()
    assert (payment.status, payment.failure) == ("stray", "order_mismatch")
    assert (refund.amount, refund.reason, refund.reference) == (eur(30_490), "order_mismatch", payment.pk)
    assert (order.payment_status, order.lines.get().status) == ("failed", "cancelled")
    assert (listing.on_hand, listing.reserved) == (5, 0)
    assert ledger_sum() == {"EUR": 0}
    # And the buyer is told the truth, once.
    assert list(Notification.objects.values_list("template", flat=True)) == ["payment_returned"]
    page = client.get(reverse("order", args=[order.pk])).content.decode()
    assert "Your money goes back" in page
    assert "Your payment of €304.90 came" in page
    assert "Nothing was charged" not in page


def test_a_buyer_who_pays_in_the_last_second_is_told_that_the_money_goes_back(
    client: Client, bank: StripeServer, order: Order, listing: Listing, drain: Callable[[], None]
) -> None:
    """The order was given up, and then the card was charged: never sold, never silent, never kept."""
    at = order.reserved_until + timedelta(minutes=1)
    assert bank.confirm("pi_1", VISA)[0] == 200
    watch_order_deadlines(at)
    order.refresh_from_db()
    assert order.payment_status == "failed"
    settle_payment(Payment.objects.get().pk, at=at)
    drain()
    send_refunds(at)
    order.refresh_from_db()
    listing.refresh_from_db()
    assert (order.payment_status, listing.on_hand, listing.reserved) == ("failed", 5, 0)
    assert (Payment.objects.get().status, bank.intents["pi_1"]["_refunded"]) == ("stray", 30_490)
    assert (at_provider(), balance("buyer"), ledger_sum()) == (eur(0), eur(0), {"EUR": 0})
    assert "payment_returned" in Notification.objects.values_list("template", flat=True)
    assert "Your money goes back" in client.get(reverse("order", args=[order.pk])).content.decode()
