"""Selling through HTTP, without JavaScript: the way of an honest seller, and every form sent wrong."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from backmarket.shipping import services as shipping
from buyback.models import Quote, Trade, TradeMessage
from buyback.offers import Afterlife
from buyback.services import inspections
from buyback.services.trades import cancel_trade
from refurbishers.models import Refurbisher
from tests.buyback.steps import ANSWERS, IBAN, OTHER_IBAN, accepted, buying, countered, quoted, slots, validated
from tests.factories import imei

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def at(now: datetime) -> datetime:
    """The installation's clock, moved to the Monday of the tests."""
    timetravel.travel_to(now)
    return now


def form(at: datetime, buyer: Refurbisher, **changes: str) -> dict[str, str]:
    return {
        "plant": str(buyer.pk),
        "full_name": "Carol Petit",
        "birth_date": "1990-04-01",
        "document_kind": "passport",
        "document_number": "19FV12345",
        "address-name": "Carol Petit",
        "address-line1": "3 rue Basse",
        "address-postcode": "75011",
        "address-city": "Paris",
        "address-country": "FR",
        "identifier": imei(),
        "locks_removed": "on",
        "slot": slots(at)[1].start.isoformat(),
        "holder": "Carol Petit",
        "iban": IBAN,
    } | changes


def confirm(seller: Client, quote: Quote, **changes: str) -> Any:
    """The last click, of what the page before it shows."""
    page = seller.get(reverse("quote-review", args=[quote.pk]))
    shown = {"revision": str(page.context["draft"].revision), "version": page.context["version"], "conditions": "on"}
    return seller.post(reverse("quote-review", args=[quote.pk]), shown | changes)


def test_from_the_first_page_to_the_sale(
    plant: Refurbisher, carol: User, at: datetime, client: Client, client_of: ClientOf
) -> None:
    variant = buying(plant)
    product = variant.product
    assert product.name in client.get(reverse("sell")).content.decode()
    assert "€250" in client.get(reverse("sell-category", args=["smartphones"])).content.decode()
    only = client.get(reverse("sell-product", args=[product.slug]))
    assert only["Location"] == reverse("sell-questions", args=[variant.sku])
    answer = tapped(client, variant.sku, ["fine", "light", "good"])
    quote = Quote.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("quote", args=[quote.pk]))
    page = client.get(answer["Location"]).content.decode()
    assert f'value="{plant.pk}" checked' in page
    accept = reverse("quote-accept", args=[quote.pk])
    assert client.get(accept)["Location"].startswith(reverse("account_login"))
    seller = client_of(carol)
    assert "€250" in seller.get(accept, {"plant": str(plant.pk)}).content.decode()
    checked = seller.post(accept, form(at, plant))
    assert (checked.status_code, checked["Location"]) == (302, reverse("quote-review", args=[quote.pk]))
    assert not Trade.objects.exists()
    done = confirm(seller, quote)
    trade = Trade.objects.get()
    assert (done.status_code, done["Location"]) == (302, reverse("trade", args=[trade.pk]))
    assert (trade.seller, trade.plant, trade.address.city) == (carol, plant, "Paris")
    assert seller.get(done["Location"]).status_code == 200
    assert product.name in seller.get(reverse("trades")).content.decode()


def test_search_finds_by_any_words(plant: Refurbisher, client: Client) -> None:
    buying(plant)
    assert "IPhone 12" not in client.get(reverse("sell"), {"q": "pixel"}).content.decode()
    page = client.get(reverse("sell"), {"q": "apple 12"})
    assert [product.name for product in page.context["found"]] == ["iPhone 12"]
    assert client.get(reverse("sell"), {"q": "<script>" * 50}).status_code == 200


def tapped(client: Client, sku: str, answers: list[str]) -> Any:
    """One answer after the other, each at the address that the page before led to."""
    answer: Any = client.get(reverse("sell-questions", args=[sku]))
    for code in answers:
        answer = client.post(answer["Location"], {"answer": code})
    return answer


def test_a_question_marks_the_answer_given_and_says_how_far_one_is(plant: Refurbisher, client: Client) -> None:
    sku = buying(plant).sku
    tapped(client, sku, ["fine"])
    page = client.get(reverse("sell-question", args=[sku, "state"])).content.decode()
    assert "your answer" in page
    assert "1 of 3" in page
    assert "2 of 3" in client.get(reverse("sell-question", args=[sku, "looks"])).content.decode()
    assert (
        reverse("sell-question", args=[sku, "state"])
        in client.get(reverse("sell-question", args=[sku, "looks"])).content.decode()
    )


def test_a_problem_is_asked_about_and_a_question_that_is_implied_is_not(plant: Refurbisher, client: Client) -> None:
    sku = buying(plant).sku
    answer = tapped(client, sku, ["problem"])
    assert answer["Location"] == reverse("sell-question", args=[sku, "works"])
    assert client.get(reverse("sell-question", args=[sku, "turns_on"])).status_code == 302


def test_changing_an_answer_begins_with_those_of_the_quote(plant: Refurbisher, at: datetime, client: Client) -> None:
    quote = quoted(plant, at)
    questions = reverse("sell-questions", args=[quote.variant.sku])
    page = client.get(questions, {"quote": str(quote.pk)})
    assert [code for code, _q, _a in page.context["said"]] == ["state", "looks", "battery"]
    assert client.post(questions)["Location"] == reverse("quote", args=[Quote.objects.latest("created_at").pk])
    assert Quote.objects.latest("created_at").answers == ANSWERS
    assert Client().get(questions, {"quote": "x"}).status_code == 302


def test_no_bid_is_a_page_with_advice(plant: Refurbisher, at: datetime, client: Client) -> None:
    page = client.get(reverse("quote", args=[quoted(plant, at, turns_on="no").pk])).content.decode()
    assert "Recycle it" in page
    assert "button--buy" not in page


@pytest.mark.parametrize(
    ("sold", "words"), [(11, "11 are in use again."), (9, "and 2 are being repaired or are on sale.")]
)
def test_a_plant_with_nothing_left_in_its_workshop_names_no_zero(
    plant: Refurbisher, at: datetime, sold: int, words: str
) -> None:
    bid = quoted(plant, at).bids.select_related("plant").get()
    bid.afterlife = Afterlife(total=11, sold=sold, recycled=0, standard="")  # type: ignore[attr-defined]
    shown = render_to_string("buyback/_bid.html", {"bid": bid})
    assert (words in shown, "and 0 are" in shown) == (True, False)


def test_an_accepted_quote_says_so_and_offers_nothing(plant: Refurbisher, carol: User, at: datetime) -> None:
    trade = accepted(plant, carol, at)
    page = Client().get(reverse("quote", args=[trade.quote_id])).content.decode()
    assert f"<h1>The quote for your {trade.variant.product} is accepted</h1>" in page
    assert ("Who shall buy it?" in page, "What a second life saves" in page) == (False, False)


def test_an_expired_quote_can_be_renewed_and_not_accepted(
    plant: Refurbisher, carol: User, now: datetime, client_of: ClientOf
) -> None:
    quote = quoted(plant, now)
    timetravel.travel_to(quote.expires_at)
    seller = client_of(carol)
    page = seller.get(reverse("quote", args=[quote.pk])).content.decode()
    assert reverse("quote-renew", args=[quote.pk]) in page
    assert seller.post(reverse("quote-accept", args=[quote.pk]), {})["Location"] == reverse("quote", args=[quote.pk])
    renewed = seller.post(reverse("quote-renew", args=[quote.pk]))
    assert renewed["Location"] == reverse("quote", args=[Quote.objects.latest("created_at").pk])
    assert Quote.objects.count() == 2
    assert "The best price is still €250." in seller.get(renewed["Location"]).content.decode()


def test_a_renewed_quote_says_what_changed(plant: Refurbisher, at: datetime, client: Client) -> None:
    quote = quoted(plant, at)
    plant.bids.update(price_minor=24_000)
    renewed = client.post(reverse("quote-renew", args=[quote.pk]))
    page = client.get(renewed["Location"]).content.decode()
    assert "The best price went from €250 to €240: €10 less." in page


def test_one_client_cannot_fill_many_mailboxes(plant: Refurbisher, at: datetime, client: Client) -> None:
    sent = [
        client.post(reverse("quote-send", args=[quoted(plant, at).pk]), {"email": f"{n}@example.com"}).status_code
        for n in range(16)
    ]
    assert sent == [302] * 15 + [422]


def test_a_quote_is_sent_to_a_valid_address_only(plant: Refurbisher, at: datetime, client: Client) -> None:
    quote = quoted(plant, at)
    send = reverse("quote-send", args=[quote.pk])
    wrong = client.post(send, {"email": "carol at home"})
    assert (wrong.status_code, wrong.context["form"].errors.keys()) == (422, {"email"})
    assert "carol at home" in wrong.content.decode()
    for name in "abc":
        assert client.post(send, {"email": f"{name}@example.com"}).status_code == 302
    assert client.post(send, {"email": "d@example.com"}).status_code == 422
    assert Notification.objects.filter(template="quote_sent").count() == 3


def test_new_quotes_do_not_fill_a_mailbox(plant: Refurbisher, at: datetime, client: Client) -> None:
    sent = [
        client.post(reverse("quote-send", args=[quoted(plant, at).pk]), {"email": mailbox}).status_code
        for mailbox in ["Carol@example.com", *["carol@example.com"] * 5]
    ]
    assert sent == [302] * 5 + [422]
    assert Notification.objects.filter(template="quote_sent").count() == 5


def test_the_label_is_a_pdf_once_the_courier_has_made_it(
    plant: Refurbisher, carol: User, at: datetime, client_of: ClientOf
) -> None:
    trade, seller = accepted(plant, carol, at), client_of(carol)
    label = reverse("trade-label", args=[trade.pk])
    assert seller.get(label)["Location"] == reverse("trade", args=[trade.pk])
    shipping.book_couriers(at)
    answer = seller.get(label)
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    inspections.receive_trade(trade, by="system:test", at=at)
    assert seller.get(label).status_code == 404


def test_the_collection_is_changed_to_a_free_window_or_a_drop_off(
    plant: Refurbisher, carol: User, at: datetime, client_of: ClientOf
) -> None:
    trade, seller = accepted(plant, carol, at), client_of(carol)
    rebook = reverse("trade-rebook", args=[trade.pk])
    assert seller.get(rebook).status_code == 200
    for wrong in ("", "2020-01-01T08:00:00+00:00"):
        page = seller.post(rebook, {"slot": wrong})
        assert (page.status_code, set(page.context["form"].errors)) == (422, {"slot"})
    assert seller.post(rebook, {"slot": slots(at)[9].start.isoformat()}).status_code == 302
    assert trade.parcel is not None
    assert trade.parcel.pickups.get(status="booked").window_start == slots(at)[9].start
    assert seller.post(rebook, {"slot": "drop-off"}).status_code == 302
    assert not trade.parcel.pickups.filter(status="booked").exists()


def test_cancelling_asks_first_and_only_before_the_courier_came(
    plant: Refurbisher, carol: User, at: datetime, client_of: ClientOf
) -> None:
    trade, seller = accepted(plant, carol, at), client_of(carol)
    cancel = reverse("trade-cancel", args=[trade.pk])
    assert "Cancel sale" in seller.get(cancel).content.decode()
    assert Trade.objects.get().status == "accepted"
    assert seller.post(cancel).status_code == 302
    assert Trade.objects.get().status == "cancelled"
    assert seller.get(cancel).status_code == 302
    assert seller.post(cancel).status_code == 302
    assert Trade.objects.get().status == "cancelled"


def test_both_offers_stand_side_by_side_and_are_answered_once(
    plant: Refurbisher, carol: User, at: datetime, client_of: ClientOf
) -> None:
    trade, seller = countered(plant, carol, at), client_of(carol)
    page = seller.get(reverse("trade", args=[trade.pk])).content.decode()
    assert all(text in page for text in ("€250", "€180", "Light scratches", "Accept €180"))
    photo = trade.photos.get()
    picture = seller.get(reverse("trade-photo", args=[trade.pk, photo.pk]))
    assert (picture["Content-Type"], b"".join(picture.streaming_content)[:2]) == ("image/jpeg", b"\xff\xd8")  # type: ignore[attr-defined]
    answer = reverse("trade-answer", args=[trade.pk])
    for asked in ("perhaps", "accept", "refuse"):
        seller.get(answer, {"answer": asked})
    seller.post(answer, {"answer": "perhaps"})
    assert Trade.objects.get().status == "countered"
    seller.post(answer, {"answer": "accept"})
    seller.post(answer, {"answer": "refuse"})
    assert (Trade.objects.get().status, Trade.objects.get().price_minor) == ("validated", 18_000)


def test_another_account_is_checked_and_never_shown_in_full(
    plant: Refurbisher, carol: User, at: datetime, client_of: ClientOf
) -> None:
    trade, seller = accepted(plant, carol, at), client_of(carol)
    change = reverse("trade-iban", args=[trade.pk])
    assert IBAN not in seller.get(change).content.decode()
    wrong = seller.post(change, {"holder": "Carol Petit", "iban": "FR00"})
    assert (wrong.status_code, set(wrong.context["form"].errors)) == (422, {"iban"})
    assert 'value="Carol Petit"' in wrong.content.decode()
    assert set(seller.post(change, {}).context["form"].errors) == {"holder", "iban"}
    assert seller.post(change, {"holder": "Carol Petit", "iban": OTHER_IBAN}).status_code == 302
    assert Trade.objects.get().iban_last4 == "2606"
    cancel_trade(trade, by=carol, at=at)
    assert "cannot be changed" in seller.get(change).content.decode()
    assert IBAN not in seller.get(reverse("trade", args=[trade.pk])).content.decode()


def test_a_message_reaches_the_plant_and_an_empty_one_is_refused(
    plant: Refurbisher, carol: User, at: datetime, client_of: ClientOf
) -> None:
    trade, seller = accepted(plant, carol, at), client_of(carol)
    write = reverse("trade-message", args=[trade.pk])
    assert seller.post(write, {"text": "  "}).context["form"].errors.keys() == {"text"}
    assert seller.post(write, {"text": "x" * 2001}).status_code == 422
    assert seller.post(write, {"text": "<b>The box</b> has no lid."}).status_code == 302
    message = TradeMessage.objects.get()
    assert (message.author, message.from_plant) == (carol, False)
    assert "&lt;b&gt;The box" in seller.get(reverse("trade", args=[trade.pk])).content.decode()


def test_a_sold_device_tells_its_story(plant: Refurbisher, carol: User, at: datetime, client_of: ClientOf) -> None:
    trade = validated(plant, carol, at)
    page = client_of(carol).get(reverse("trade", args=[trade.pk])).content.decode()
    assert "Taken into the workshop" in page
    assert "To be ordered on the next business day" in page


def test_the_list_of_sales_asks_as_much_for_one_as_for_twenty(
    plant: Refurbisher, carol: User, at: datetime, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    seller = client_of(carol)
    counts = []
    for more in (1, 9):
        for _ in range(more):
            accepted(plant, carol, at)
        with django_assert_max_num_queries(20) as queries:
            assert seller.get(reverse("trades")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("page", ["trade", "trade-label", "trade-rebook", "trade-cancel", "trade-iban"])
def test_somebody_elses_sale_does_not_exist(
    plant: Refurbisher, carol: User, mallory: User, bob: User, at: datetime, client_of: ClientOf, page: str
) -> None:
    trade = accepted(plant, carol, at)
    url = reverse(page, args=[trade.pk])
    assert Client().get(url)["Location"].startswith(reverse("account_login"))
    for stranger in (mallory, bob):
        assert client_of(stranger).get(url).status_code == 404
        assert client_of(stranger).post(url, {"answer": "accept"}).status_code in (404, 405)
    assert client_of(carol).get(reverse(page, args=[uuid4()])).status_code == 404


def test_somebody_elses_offer_photo_and_conversation_are_closed(
    plant: Refurbisher, carol: User, mallory: User, at: datetime, client_of: ClientOf
) -> None:
    trade, stranger = countered(plant, carol, at), client_of(mallory)
    photo = trade.photos.get()
    assert stranger.get(reverse("trade-photo", args=[trade.pk, photo.pk])).status_code == 404
    assert stranger.post(reverse("trade-answer", args=[trade.pk]), {"answer": "accept"}).status_code == 404
    assert stranger.post(reverse("trade-message", args=[trade.pk]), {"text": "Hello"}).status_code == 404
    assert (Trade.objects.get().status, TradeMessage.objects.count()) == ("countered", 0)
    own = accepted(plant, mallory, at, identity=_mallory(), holder="Mallory Stranger")
    assert stranger.get(reverse("trade-photo", args=[own.pk, photo.pk])).status_code == 404


def _mallory() -> Any:
    from tests.buyback.steps import person

    return person(full_name="Mallory Stranger")


def test_an_empty_form_is_told_everything_at_once(
    plant: Refurbisher, carol: User, at: datetime, client_of: ClientOf
) -> None:
    page = client_of(carol).post(reverse("quote-accept", args=[quoted(plant, at).pk]), {})
    assert page.status_code == 422
    assert {"plant", "identifier", "iban", "slot", "locks_removed"} < set(page.context["form"].errors)
    assert "line1" in page.context["address"].errors
