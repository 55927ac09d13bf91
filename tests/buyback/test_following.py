"""Following a sale on its page: past, present, papers, talk, money and the second life."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.payments.models import Payout
from backmarket.shipping import services as shipping
from buyback.arrivals import trade_of_scan
from buyback.models import MessagePhoto, Trade, TradeMessage
from buyback.papers import erasure_certificate, packing_slip
from buyback.services import inspections
from buyback.services.messages import write_message
from buyback.services.parcels import collect_trade, drop_off_instead
from buyback.services.payouts import order_payouts
from catalog.services.units import erase_unit, list_unit, record_test, repair_unit, sell_unit
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted, countered, photo, received, slots, validated
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def at(now: datetime) -> datetime:
    timetravel.travel_to(now)
    return now


@pytest.fixture
def seller(carol: User, client_of: ClientOf) -> Client:
    return client_of(carol)


def html(client: Client, trade: Trade) -> str:
    return client.get(reverse("trade", args=[trade.pk])).content.decode()


def url(name: str, trade: Trade, *more: Any) -> str:
    return reverse(name, args=[trade.pk, *more])


# Messages with photos


def located_photo() -> Any:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "SecretPhone"
    return photo(exif=exif)


def test_photos_go_both_ways_without_where_they_were_taken(
    plant: Refurbisher, carol: User, bob: User, seller: Client, at: datetime, client_of: ClientOf
) -> None:
    trade = received(plant, carol, at)
    sent = {"text": "Is this the mark?", "photos": [located_photo(), photo(kind="PNG")]}
    assert seller.post(url("trade-message", trade), sent).status_code == 302
    step = reverse("plant:buyback_trade_step", args=[trade.pk, "message"])
    assert client_of(bob).post(step, {"text": "This one.", "photos": photo()}).status_code == 302
    assert [(m.from_plant, m.photos.count()) for m in TradeMessage.objects.all()] == [(False, 2), (True, 1)]
    for kept in MessagePhoto.objects.all():
        address = url("trade-message-photo", trade, kept.pk)
        for reader in (seller, client_of(bob)):
            answer = reader.get(address)
            content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
            assert (answer["Content-Type"], content[:2]) == ("image/jpeg", b"\xff\xd8")
            assert answer["Cache-Control"] == "private, no-cache"
            assert b"SecretPhone" not in content
            assert b"Exif" not in content
        assert address in html(seller, trade)
        change = reverse("plant:buyback_trade_change", args=[trade.pk])
        assert address in client_of(bob).get(change).content.decode()


def test_the_photos_of_a_talk_are_nobody_elses(
    plant: Refurbisher, carol: User, mallory: User, rival: User, sam: User, at: datetime, client_of: ClientOf
) -> None:
    trade = received(plant, carol, at)
    write_message(trade, author=carol, from_plant=False, text="Look", photos=[photo()], at=at)
    address = url("trade-message-photo", trade, MessagePhoto.objects.get().pk)
    assert Client().get(address)["Location"].startswith(reverse("account_login"))
    for stranger in (mallory, rival):
        assert client_of(stranger).get(address).status_code == 404
    staff = client_of(sam).get(address)
    assert b"".join(staff.streaming_content)[:2] == b"\xff\xd8"  # type: ignore[attr-defined]
    other = accepted(plant, carol, at)
    own = client_of(carol).get(url("trade-message-photo", other, MessagePhoto.objects.get().pk))
    assert own.status_code == 404


def test_a_broken_photo_on_the_plants_side_keeps_the_words(
    plant: Refurbisher, carol: User, bob: User, at: datetime, client_of: ClientOf
) -> None:
    trade = received(plant, carol, at)
    broken = photo()
    broken.file.truncate(50)  # type: ignore[union-attr]
    step = reverse("plant:buyback_trade_step", args=[trade.pk, "message"])
    answer = client_of(bob).post(step, {"text": "Seen from the side.", "photos": broken})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["photos"])
    assert "Seen from the side." in answer.content.decode()
    assert TradeMessage.objects.count() == 0


# Papers


def test_the_slip_opens_the_sale_at_the_plants_gate(
    plant: Refurbisher, carol: User, seller: Client, at: datetime
) -> None:
    trade = accepted(plant, carol, at)
    answer = seller.get(url("trade-slip", trade))
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert answer.content == packing_slip(trade)
    assert trade_of_scan(plant, str(trade)) == trade
    inspections.receive_trade(trade, by="system:test", at=at)
    assert seller.get(url("trade-slip", trade)).status_code == 404


def test_devices_of_one_visit_have_a_slip_each(plant: Refurbisher, carol: User, seller: Client, at: datetime) -> None:
    first, second = accepted(plant, carol, at), accepted(plant, carol, at, slot=None)
    assert first.parcel is not None
    assert second.parcel is not None
    shipping.join_pickup(second.parcel, pickup=first.parcel.pickups.get(), by=carol, at=at)
    assert url("trade-slip", second) in html(seller, first)
    assert url("trade-slip", first) in html(seller, second)
    slips = [seller.get(url("trade-slip", trade)).content for trade in (first, second)]
    assert slips == [packing_slip(first, place=1, of=2), packing_slip(second, place=2, of=2)]
    drop_off_instead(second, by=carol, at=at)
    assert url("trade-slip", first) not in html(seller, second)
    assert url("trade-slip", second) not in html(seller, first)


def test_while_the_visit_is_ahead_another_device_may_go_along(
    plant: Refurbisher, carol: User, seller: Client, at: datetime
) -> None:
    trade, offered = accepted(plant, carol, at), "Sell another device in the same visit"
    assert trade.parcel is not None
    pickup = trade.parcel.pickups.get()
    assert offered in html(seller, trade)
    timetravel.travel_to(pickup.window_start)
    assert offered not in html(seller, trade)
    timetravel.travel_to(at)
    drop_off_instead(trade, by=carol, at=at)
    assert offered not in html(seller, trade)


def test_the_sale_names_the_conditions_under_which_it_was_made(
    plant: Refurbisher, carol: User, seller: Client, at: datetime
) -> None:
    trade = accepted(plant, carol, at)
    assert reverse("sale-conditions-version", args=[trade.conditions_version]) in html(seller, trade)
    Trade.objects.filter(pk=trade.pk).update(conditions_version="2025-01")
    assert "2025-01" not in html(seller, trade)


def test_the_certificate_names_standard_and_tool_and_no_person(
    plant: Refurbisher, carol: User, bob: User, seller: Client, at: datetime
) -> None:
    trade = validated(plant, carol, at)
    unit = trade.unit
    assert unit is not None
    assert seller.get(url("trade-certificate", trade)).status_code == 404
    assert url("trade-certificate", trade) not in html(seller, trade)
    erase_unit(unit, standard="NIST 800-88", tool="Blancco 7", operator=bob, by=bob, at=at)
    answer = seller.get(url("trade-certificate", trade))
    assert answer.content == erasure_certificate(Trade.objects.get(pk=trade.pk), unit)
    assert url("trade-certificate", trade) in html(seller, trade)


# The courier


def test_once_the_courier_has_it_nothing_is_rebooked_or_cancelled(
    plant: Refurbisher, carol: User, seller: Client, at: datetime
) -> None:
    trade = accepted(plant, carol, at)
    assert "Cancel the collection" in seller.get(url("trade-pickup-cancel", trade)).content.decode()
    collect_trade(trade, by="courier:sandbox", at=at)
    for name in ("trade-rebook", "trade-pickup-cancel", "trade-cancel"):
        for answer in (seller.get(url(name, trade), follow=True), seller.post(url(name, trade), {}, follow=True)):
            assert answer.redirect_chain == [(url("trade", trade), 302)]
            assert re.search("courier|on its way", answer.content.decode())
    assert Trade.objects.get().status == "collected"


def test_the_visit_is_cancelled_after_a_question_and_the_sale_goes_on(
    plant: Refurbisher, carol: User, seller: Client, at: datetime
) -> None:
    trade = accepted(plant, carol, at)
    assert trade.parcel is not None
    cancel = url("trade-pickup-cancel", trade)
    seller.get(cancel)
    assert trade.parcel.pickups.get().status == "booked"
    assert seller.post(cancel).status_code == 302
    assert (trade.parcel.pickups.get().status, Trade.objects.get().status) == ("cancelled", "accepted")
    again = seller.post(cancel, follow=True)
    assert "No visit of the courier is ahead" in again.content.decode()


def test_each_change_of_the_collection_is_told_with_its_time(
    plant: Refurbisher, carol: User, seller: Client, at: datetime
) -> None:
    trade = accepted(plant, carol, at)
    slot = slots(at)[9]
    seller.post(url("trade-rebook", trade), {"slot": slot.start.isoformat()})
    told = "The courier comes on Wednesday 25 November between 14:00 and 16:00."
    assert (html(seller, trade).count(told), html(seller, trade).count("You cancelled the courier")) == (1, 0)
    seller.post(url("trade-pickup-cancel", trade))
    assert (html(seller, trade).count(told), html(seller, trade).count("You cancelled the courier")) == (1, 1)


def test_who_drops_off_already_may_choose_to(plant: Refurbisher, carol: User, seller: Client, at: datetime) -> None:
    trade = accepted(plant, carol, at, slot=None)
    answer = seller.post(url("trade-rebook", trade), {"slot": "drop-off"}, follow=True)
    assert answer.redirect_chain == [(url("trade", trade), 302)]
    assert "You drop the parcel off: the courier does not come." in answer.content.decode()
    assert not Event.objects.filter(kind="trade.pickup_changed").exists()


# The counter-offer


@pytest.mark.parametrize(
    ("answer", "follows", "status"),
    [
        ("accept", "You are paid €180.00 instead of €250.00", "validated"),
        ("refuse", "free of charge and insured in full, to: Carol Petit, 3 rue Basse, 75011 Paris", "returning"),
    ],
)
def test_each_answer_says_first_what_follows(
    plant: Refurbisher, carol: User, seller: Client, at: datetime, answer: str, follows: str, status: str
) -> None:
    trade = countered(plant, carol, at)
    asked = seller.get(url("trade-answer", trade), {"answer": answer}).content.decode()
    assert follows in asked
    assert f'name="answer" value="{answer}"' in asked
    assert Trade.objects.get().status == "countered"
    seller.post(url("trade-answer", trade), {"answer": answer})
    assert Trade.objects.get().status == status
    late = seller.get(url("trade-answer", trade), {"answer": answer}, follow=True)
    assert "No counter-offer waits" in late.content.decode()


# The money


def test_the_money_is_told_in_words_at_every_stop(
    plant: Refurbisher, carol: User, seller: Client, at: datetime
) -> None:
    trade = validated(plant, carol, at)
    assert "To be ordered on the next business day" in html(seller, trade)
    order_payouts(at)
    payout = Payout.objects.filter(reference=trade.pk)
    told = {}
    for status in ("ordered", "sent", "paid", "bounced", "cancelled"):
        payout.update(status=status, **{f"{status}_at": at} if status != "ordered" else {})
        told[status] = html(seller, trade)
    assert "It leaves on Tuesday 24 November for the account ending in 0189" in told["ordered"]
    assert "It is on your account by Thursday 26 November" in told["ordered"]
    assert "It left on Monday 23 November" in told["sent"]
    assert "It arrived on Monday 23 November" in told["paid"]
    assert "sent it back on Monday 23 November" in told["bounced"]
    on_its_way = [status for status, page in told.items() if "The money is on its way" in page]
    assert on_its_way == ["ordered", "sent", "paid"]
    assert "We wait for another account of yours" in told["bounced"]
    assert "We order the transfer again" in told["cancelled"]
    assert [url("trade-iban", trade) in page and "Give another account" in page for page in told.values()] == [
        False, False, False, True, False,
    ]  # fmt: skip
    assert "Nothing is lost" in told["cancelled"] or "nothing is lost" in told["cancelled"]


# The second life


def test_the_page_follows_the_device_to_its_next_owner(
    plant: Refurbisher, carol: User, bob: User, alice: User, seller: Client, at: datetime
) -> None:
    trade = validated(plant, carol, at)
    unit = trade.unit
    assert unit is not None
    listing = ListingFactory(plant=plant, variant=trade.variant, grade="good")
    in_the_shop = f"variant={trade.variant.sku}&amp;grade=good&amp;listing={listing.pk}"
    steps: list[tuple[str, Callable[[datetime], None]]] = [
        ("NIST 800-88", lambda t: erase_unit(unit, standard="NIST 800-88", tool="B", operator=bob, by=bob, at=t)),
        ("screen, battery", lambda t: repair_unit(unit, parts=["screen", "battery"], by=bob, at=t)),
        ("Tested", lambda t: record_test(unit, grade="good", battery_percent=95, by=bob, at=t)),
        (in_the_shop, lambda t: list_unit(unit, listing, by=bob, at=t)),
        ("What you have saved", lambda t: sell_unit(unit, by="system:test", at=t)),
    ]
    for hours, (words, act) in enumerate(steps, start=1):
        if words != "Tested":  # what is still to come is named, too
            assert words not in html(seller, trade)
        act(at + timedelta(hours=hours))
        assert words in html(seller, trade)
    page = html(seller, trade)
    assert "49.2 kg" in page or trade.variant.product.category.impact == {}
    assert "See it in the shop" not in page
    assert not any(name in page for name in (bob.full_name, alice.full_name, bob.email))


# The timeline and the list


def test_the_timeline_has_a_past_a_present_and_a_future(
    plant: Refurbisher, carol: User, seller: Client, at: datetime
) -> None:
    trade = received(plant, carol, at)
    shown = seller.get(url("trade", trade)).context["timeline"]
    assert [(str(moment.title), moment.state) for moment in shown] == [
        ("You accepted the offer", "done"),
        ("Handed to the courier", "done"),
        ("Arrived at the plant", "done"),
        ("The plant inspects it", "current"),
        ("Inspected", "todo"),
        ("Paid", "todo"),
    ]
    assert str(shown[3].detail) == "By Wednesday 25 November at the latest"


def test_what_waits_for_the_seller_stands_first(plant: Refurbisher, carol: User, seller: Client, at: datetime) -> None:
    offer, ended, going = countered(plant, carol, at), accepted(plant, carol, at), accepted(plant, carol, at)
    Trade.objects.filter(pk=ended.pk).update(status="cancelled")
    page = seller.get(reverse("trades"))
    assert [row["trade"].pk for row in page.context["rows"]] == [offer.pk, going.pk, ended.pk]
    text = page.content.decode()
    places = [
        text.index(words) for words in ("Waiting for you", "Answer the plant", "Under way", "Have the parcel ready")
    ]
    assert places == sorted(places)
    assert text.count("<section") >= 3


def test_an_empty_list_leads_to_the_quote(seller: Client) -> None:
    assert "Nothing sold yet" in seller.get(reverse("trades")).content.decode()
