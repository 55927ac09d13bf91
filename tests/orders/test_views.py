"""Through HTTP, as a browser would: the cart, the bank, the order, returns and cases; and who may see what."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.models import SandboxIntent
from backmarket.shipping.models import Parcel
from catalog.models import Listing
from catalog.services.listings import change_listing, pause_listing
from orders.models import Cart, CartItem, Claim, Order, OrderLine, Withdrawal
from orders.services.claims import accept_claim, open_claim
from orders.services.fulfilment import ship_consignment
from tests.factories import imei
from tests.orders.conftest import CARD, carry

ADDRESS = {
    "name": "Greta Gast",
    "line1": "5 rue du Port",
    "line2": "",
    "postcode": "13002",
    "city": "Marseille",
    "country": "FR",
    "phone": "",
}


def fill(client: Client, listing: Listing, quantity: int = 1) -> HttpResponse:
    return client.post(reverse("cart-add"), {"listing": str(listing.pk), "quantity": quantity}, follow=True)


def check_out(client: Client, **more: str) -> HttpResponse:
    page = client.get(reverse("checkout"))
    key = page.context["form"]["checkout_key"].value()
    return client.post(
        reverse("checkout"),
        {"checkout_key": str(key), "email": "greta@example.com", "accept": "on", **ADDRESS, **more},
    )


def buy(client: Client, listing: Listing, drain: Callable[[], None], card: str = CARD) -> Order:
    """Cart, checkout, the sandbox bank's page and back."""
    fill(client, listing)
    bank_page = check_out(client)["Location"]
    back = client.post(bank_page, {"action": "pay", "card": card})
    assert client.get(back["Location"]).status_code == 302
    drain()
    return Order.objects.latest("placed_at")


def delivered(order: Order, drain: Callable[[], None]) -> OrderLine:
    now = timetravel.now()
    consignment = order.consignments.get()
    numbers = {line.pk: imei() for line in order.lines.all()}
    parcel = ship_consignment(
        consignment, identifiers=numbers, by="system:test", at=now, courier="colissimo", tracking_number="6A987654321"
    )
    carry(parcel, at=now)
    drain()
    return order.lines.get()


def test_an_empty_cart_says_so_and_checkout_leads_back_to_it(client: Client, db: None) -> None:
    assert "Your cart is empty" in client.get(reverse("cart")).content.decode()
    assert client.get(reverse("checkout"))["Location"] == reverse("cart")


def test_a_guest_buys_with_a_card_and_sees_the_order(client: Client, listing: Listing, drain: Callable) -> None:
    order = buy(client, listing, drain)

    assert (order.payment_status, order.email, order.buyer) == ("captured", "greta@example.com", None)
    page = client.get(reverse("order", args=[order.pk])).content.decode()
    assert "The plant has your order" in page
    assert "Parcel from Atelier Neuf" in page
    assert "€304.90" in page
    assert not CartItem.objects.exists()
    assert set(Notification.objects.values_list("template", flat=True)) == {"order_paid", "plant_order"}


def test_a_refused_card_leads_to_a_page_that_offers_to_try_again(
    client: Client, listing: Listing, drain: Callable
) -> None:
    order = buy(client, listing, drain, card="4000 0000 0000 0002")
    page = client.get(reverse("order", args=[order.pk])).content.decode()
    assert "The payment did not arrive" in page
    assert reverse("checkout") in page
    assert check_out(client)["Location"].startswith("/sandbox/pay/")


def test_a_buyer_who_left_the_bank_can_go_back_to_it(client: Client, listing: Listing) -> None:
    fill(client, listing)
    bank_page = check_out(client)["Location"]
    order = Order.objects.get()
    client.get(reverse("checkout-return", args=[order.pk]))
    assert "We are waiting for your bank" in client.get(reverse("order", args=[order.pk])).content.decode()
    assert client.post(reverse("checkout-pay", args=[order.pk]))["Location"] == bank_page


def test_a_buyer_who_waited_an_hour_goes_back_to_the_cart(client: Client, listing: Listing) -> None:
    fill(client, listing)
    check_out(client)
    order = Order.objects.get()
    timetravel.travel_to(order.placed_at + timedelta(minutes=60))
    answer = client.post(reverse("checkout-pay", args=[order.pk]), follow=True)
    assert answer.redirect_chain == [(reverse("cart"), 302)]
    page = answer.content.decode()
    assert "kept aside for an hour, which is over" in page
    assert listing.variant.product.name in page


def test_a_double_click_on_pay_makes_one_order(client: Client, listing: Listing) -> None:
    fill(client, listing)
    key = str(uuid.uuid4())
    first = check_out(client, checkout_key=key)
    second = check_out(client, checkout_key=key)
    assert first["Location"] == second["Location"]
    assert Order.objects.count() == SandboxIntent.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "not-an-address"}, "email"),
        ({"postcode": "1"}, "postcode"),
        ({"line1": ""}, "line1"),
        ({"phone": "12"}, "phone"),
        ({"accept": ""}, "accept"),
    ],
)
def test_what_is_wrong_at_checkout_is_said_beside_its_field_and_the_rest_is_kept(
    client: Client, listing: Listing, wrong: dict[str, str], field: str
) -> None:
    fill(client, listing)
    page = check_out(client, **wrong)
    html = page.content.decode()

    assert page.status_code == 422
    assert f'id="id_{field}_error"' in html
    assert 'value="Greta Gast"' in html
    assert not Order.objects.exists()


def test_a_price_change_is_said_in_words_once(client: Client, listing: Listing) -> None:
    fill(client, listing)
    change_listing(listing, by="system:test", at=timetravel.now(), price=Money(32000, "EUR"))
    assert "The price went up from €300.00 to €320.00" in client.get(reverse("cart")).content.decode()
    assert "went up" not in client.get(reverse("cart")).content.decode()


def test_a_price_that_changes_while_the_form_is_filled_is_shown_before_paying(client: Client, listing: Listing) -> None:
    fill(client, listing)
    key = client.get(reverse("checkout")).context["form"]["checkout_key"].value()
    change_listing(listing, by="system:test", at=timetravel.now(), price=Money(32000, "EUR"))
    data = {"checkout_key": str(key), "email": "greta@example.com", "accept": "on", **ADDRESS}
    page = client.post(reverse("checkout"), data)
    assert page.status_code == 422
    assert "has changed from €300.00 to €320.00" in page.content.decode()
    assert "was €300.00 when you last looked" in page.content.decode()
    assert client.post(reverse("checkout"), data).status_code == 302


def test_an_offer_that_has_gone_is_said_and_not_counted(
    client: Client, listing: Listing, other_listing: Listing
) -> None:
    fill(client, listing)
    fill(client, other_listing)
    pause_listing(listing, by="system:test", at=timetravel.now())
    page = client.get(reverse("cart")).content.decode()
    assert "This offer has gone" in page
    assert reverse("checkout") not in page
    assert "€199.99" in page


def test_quantity_is_changed_and_devices_are_removed(client: Client, listing: Listing) -> None:
    fill(client, listing)
    item = CartItem.objects.get()
    client.post(reverse("cart-change", args=[item.pk]), {"quantity": 3})
    assert CartItem.objects.get().quantity == 3
    for wrong in ("0", "11", "6", "x", ""):
        page = client.post(reverse("cart-change", args=[item.pk]), {"quantity": wrong})
        assert page.status_code == 422
        assert page.context["slip"]["typed"] == wrong
    assert CartItem.objects.get().quantity == 3
    client.post(reverse("cart-change", args=[item.pk]), {"remove": "1"})
    assert not CartItem.objects.exists()


def test_a_made_up_offer_is_refused_kindly(client: Client, db: None) -> None:
    for listing in (str(uuid.uuid4()), "nonsense", ""):
        page = client.post(reverse("cart-add"), {"listing": listing, "quantity": 1}, follow=True)
        assert "could not be put in the cart" in page.content.decode()


def test_a_cart_follows_its_guest_into_the_account_and_nobody_else(
    client: Client, listing: Listing, alice: User, carol: User
) -> None:
    fill(client, listing)
    client.force_login(alice)
    assert "iPhone" in client.get(reverse("cart")).content.decode()
    assert Cart.objects.get().user == alice

    client.logout()
    client.force_login(carol)
    assert "Your cart is empty" in client.get(reverse("cart")).content.decode()
    item = CartItem.objects.get()
    assert client.post(reverse("cart-change", args=[item.pk]), {"remove": "1"}).status_code == 404


def test_a_stranger_finds_nothing(
    client: Client,
    client_of: Callable[[User], Client],
    alice: User,
    mallory: User,
    bob: User,
    listing: Listing,
    drain: Callable,
) -> None:
    line = delivered(buy(client_of(alice), listing, drain), drain)
    now = timetravel.now()
    claim = open_claim(line, issue="SCREEN", wish="REPAIR", description="Green lines.", by=alice, at=now)
    accept_claim(claim, by=bob, at=now)
    pages = [
        reverse("order", args=[line.order_id]),
        reverse("paper", args=[line.invoice_id]),
        reverse("checkout-return", args=[line.order_id]),
        reverse("line-withdraw", args=[line.pk]),
        reverse("line-withdraw-confirm", args=[line.pk]),
        reverse("claim-open", args=[line.pk]),
        reverse("claim", args=[claim.pk]),
        reverse("claim-label", args=[claim.pk]),
    ]
    posts = [
        reverse("checkout-pay", args=[line.order_id]),
        *(reverse(name, args=[claim.pk]) for name in ("claim-message", "claim-withdraw", "claim-solved")),
    ]
    for stranger in (client, client_of(mallory), client_of(bob)):
        assert {stranger.get(page).status_code for page in pages} == {404}
        assert {stranger.post(page, {"text": "Hi"}).status_code for page in posts} == {404}
    assert client_of(alice).get(pages[0]).status_code == 200


def test_a_list_of_orders_is_the_persons_own(
    client_of: Callable[[User], Client], alice: User, mallory: User, listing: Listing, drain: Callable
) -> None:
    order = buy(client_of(alice), listing, drain)
    assert str(order.number) in client_of(alice).get(reverse("orders")).content.decode()
    assert "No order yet" in client_of(mallory).get(reverse("orders")).content.decode()
    assert Client().get(reverse("orders")).status_code == 302


def test_a_guest_comes_back_with_the_emailed_link_and_the_postcode(
    client: Client, listing: Listing, drain: Callable
) -> None:
    order, elsewhere = buy(client, listing, drain), Client()
    answers = {
        elsewhere.post(reverse("guest-order"), {"number": number, "email": "greta@example.com"}).content
        for number in (order.number, order.number + 999)
    }
    assert len(answers) == 1
    drain()
    text = Notification.objects.get(template="guest_link").text
    link = re.search(r"https?://[^/]+(/orders/find/\S+/)", text)
    assert link is not None
    url = link.group(1)
    assert elsewhere.get(reverse("order", args=[order.pk])).status_code == 404

    wrong = elsewhere.post(url, {"postcode": "75001"})
    assert "not the postcode" in wrong.content.decode()
    assert elsewhere.post(url, {"postcode": "13 002"})["Location"] == reverse("order", args=[order.pk])
    assert elsewhere.get(reverse("order", args=[order.pk])).status_code == 200


def test_postcodes_cannot_be_tried_out_and_links_cannot_be_forged(
    client: Client, listing: Listing, drain: Callable
) -> None:
    from orders.links import guest_token

    order = buy(client, listing, drain)
    url, elsewhere = reverse("guest-order-open", args=[guest_token(order)]), Client()
    for postcode in range(5):
        elsewhere.post(url, {"postcode": f"7500{postcode}"})
    assert "Too many tries" in elsewhere.post(url, {"postcode": "13002"}).content.decode()
    assert elsewhere.get(reverse("guest-order-open", args=[f"{order.pk}:forged:token"])).status_code == 404


def test_withdrawal_takes_two_steps_and_gives_a_label(client: Client, listing: Listing, drain: Callable) -> None:
    line = delivered(buy(client, listing, drain), drain)
    assert "Withdraw from contract" in client.get(reverse("line-withdraw", args=[line.pk])).content.decode()
    confirm = reverse("line-withdraw-confirm", args=[line.pk])
    assert client.post(confirm, {"name": ""}).status_code == 422
    step_two = client.post(confirm, {"name": "Greta Gast"}).content.decode()
    assert "Confirm withdrawal" in step_two
    assert not Withdrawal.objects.exists()

    made = client.post(confirm, {"name": "Greta Gast", "confirm": "1"}, follow=True)
    withdrawal = Withdrawal.objects.get()
    assert "Send the device back" in made.content.decode()
    Parcel.objects.filter(pk=withdrawal.parcel_id).update(tracking_number="WD123456")
    label = client.get(reverse("withdrawal-label", args=[withdrawal.pk]))
    assert label.content.startswith(b"%PDF")
    again = client.post(confirm, {"name": "Greta Gast", "confirm": "1"})
    assert again["Location"] == reverse("withdrawal", args=[withdrawal.pk])
    assert Client().get(reverse("withdrawal", args=[withdrawal.pk])).status_code == 404


def test_a_case_is_opened_by_guided_questions_and_written_in(client: Client, listing: Listing, drain: Callable) -> None:
    line = delivered(buy(client, listing, drain), drain)
    url = reverse("claim-open", args=[line.pk])
    assert "The battery does not last" in client.get(url).content.decode()
    bad = client.post(url, {"issue": "LASER", "wish": "REPAIR", "description": "It blinks twice, then nothing."})
    assert bad.status_code == 422
    assert "It blinks twice, then nothing." in bad.content.decode()

    data = {"issue": "BATTERY", "wish": "REFUND", "description": "Empty by noon every day."}
    page = client.post(url, data, follow=True).content.decode()
    claim = Claim.objects.get()
    assert "The plant answers next" in page
    message = reverse("claim-message", args=[claim.pk])
    assert client.post(message, {"text": ""}).status_code == 422
    client.post(message, {"text": "Since last Monday."})
    assert "Since last Monday." in client.get(reverse("claim", args=[claim.pk])).content.decode()
    client.post(reverse("claim-withdraw", args=[claim.pk]))
    claim.refresh_from_db()
    assert claim.status == "withdrawn"


def test_the_list_of_orders_costs_the_same_for_one_and_for_many(
    client_of: Callable[[User], Client],
    alice: User,
    place: Callable[..., Order],
    pay: Callable[..., Order],
    listing: Listing,
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser = client_of(alice)
    counts = []
    for _more in range(2):
        pay(place((listing, 1)))
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse("orders"))
        counts.append(len(queries))
    assert counts[0] == counts[1]
