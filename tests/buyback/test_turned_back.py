"""What a courier takes along though it was called off, brings back to its sender, or lets vanish on the way back."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from backmarket.payments.models import LedgerEntry
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.shipping import services as shipping
from backmarket.shipping.couriers.base import Scan
from backmarket.shipping.models import Parcel
from backmarket.states import IllegalMove
from buyback.models import Trade
from buyback.services.deadlines import watch_trade_deadlines
from buyback.services.inspections import answer_counter_offer, receive_trade, suspend_trade
from buyback.services.parcels import send_back_again
from buyback.services.settling import CannotDeclareLost, declare_lost
from buyback.services.trades import cancel_trade
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted, countered
from tests.factories import UserFactory
from tests.ground.money_steps import eur

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Drain = Callable[[], None]


def fresh(trade: Trade) -> Trade:
    return Trade.objects.select_related("parcel", "return_parcel").get(pk=trade.pk)


def handed(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = accepted(plant, seller, at)
    shipping.book_couriers(at)
    return fresh(trade)


def refused(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    """A trade whose device is to go back: the offer was 180 euros where 250 had been quoted."""
    trade = countered(plant, seller, at)
    answer_counter_offer(trade, accept=False, by=seller, at=at)
    shipping.book_couriers(at)
    return fresh(trade)


def scan(parcel: Parcel | None, drain: Drain, at: datetime, *codes: str) -> None:
    """One scan a day from `at` on."""
    assert parcel is not None
    for number, code in enumerate(codes):
        told = Scan(f"{parcel.pk}-{code}", parcel.tracking_number, code, "Lyon", at + number * DAY)
        assert shipping.record_scan("sandbox", told)
    drain()


def mails(template: str) -> list[str]:
    return list(Notification.objects.filter(template=template).values_list("text", flat=True))


def paid_by_the_house(seller: User) -> bool:
    assert set(ledger_sum().values()) <= {0}
    return (balance("consumer", str(seller.pk)), balance("compensation"), balance("plant")) == (
        eur(25_000),
        eur(-25_000),
        eur(0),
    )


# Called off, taken along and lost


@pytest.mark.parametrize("call_off", ["cancelled", "expired"])
@pytest.mark.parametrize("codes", [("collected", "lost"), ("lost", "collected")], ids=" then ".join)
def test_what_the_courier_takes_along_and_loses_is_paid_though_the_sale_was_called_off(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain, call_off: str, codes: tuple[str, ...]
) -> None:
    trade = handed(plant, carol, now)
    if call_off == "cancelled":
        cancel_trade(trade, by=carol, at=now)
    else:
        watch_trade_deadlines(now + 30 * DAY)
    assert fresh(trade).status == call_off
    scan(trade.parcel, drain, now + 31 * DAY, *codes)
    lost = fresh(trade)
    assert (lost.status, lost.parcel and lost.parcel.status) == ("validated", "lost")
    assert paid_by_the_house(carol)
    assert "You are paid €250.00, as quoted" in mails("trade_lost")[0]


def test_a_called_off_label_that_is_called_lost_and_was_never_handed_over_pays_nobody(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = handed(plant, carol, now)
    cancel_trade(trade, by=carol, at=now)
    scan(trade.parcel, drain, now + DAY, "lost")
    assert (fresh(trade).status, LedgerEntry.objects.count(), mails("trade_lost")) == ("cancelled", 0, [])
    assert not Trade.objects.missing(now + 90 * DAY).exists()


def test_a_called_off_parcel_that_vanishes_is_looked_for_and_declared_lost(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = handed(plant, carol, now)
    cancel_trade(trade, by=carol, at=now)
    scan(trade.parcel, drain, now + DAY, "in_transit")
    with pytest.raises(CannotDeclareLost):
        declare_lost(trade, by="system:test", at=now + 14 * DAY)
    declare_lost(trade, by="system:test", at=now + 15 * DAY)
    assert (fresh(trade).status, paid_by_the_house(carol)) == ("validated", True)


# Vanished on the way back


def test_the_desk_declares_a_vanished_return_lost_and_the_quoted_price_is_paid(
    plant: Refurbisher, carol: User, sam: User, client_of: Callable[[User], Client], drain: Drain
) -> None:
    at = timetravel.now()
    trade, waiting = refused(plant, carol, at - 16 * DAY), refused(plant, UserFactory(), at - 16 * DAY)
    scan(trade.return_parcel, drain, at - 15 * DAY, "in_transit")
    scan(waiting.return_parcel, drain, at - 13 * DAY, "in_transit")
    payer = UserFactory(is_staff=True)
    payer.groups.add(Group.objects.get(name="finance"))
    finance, step = client_of(payer), "desk:buyback_trade_step"
    pile = finance.get(reverse("desk:buyback_trade_changelist") + "?pile=missing").content.decode()
    assert (str(trade) in pile, str(waiting) in pile) == (True, False)
    assert client_of(sam).post(reverse(step, args=[trade.pk, "lost"])).status_code == 403
    assert "This cannot be undone" in finance.get(reverse(step, args=[trade.pk, "lost"])).content.decode()
    assert fresh(trade).status == "returning"
    for row in (trade, waiting):
        assert finance.post(reverse(step, args=[row.pk, "lost"])).status_code == 302
    assert [fresh(row).status for row in (trade, waiting)] == ["validated", "returning"]
    assert paid_by_the_house(carol)
    drain()
    assert len(mails("trade_lost")) == 1


def test_a_return_that_the_plant_never_handed_over_is_not_the_couriers_loss(
    plant: Refurbisher, carol: User, sam: User, client_of: Callable[[User], Client]
) -> None:
    trade = refused(plant, carol, timetravel.now() - 30 * DAY)
    with pytest.raises(CannotDeclareLost):
        declare_lost(trade, by="system:test", at=timetravel.now())
    assert (fresh(trade).status, LedgerEntry.objects.count()) == ("returning", 0)
    page = client_of(sam).get(reverse("desk:buyback_trade_changelist") + "?pile=unsent").content.decode()
    assert str(trade) in page


# Turned back to its sender


def test_what_comes_back_to_the_seller_ends_the_sale_and_owes_nothing(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = handed(plant, carol, now)
    scan(trade.parcel, drain, now + DAY, "in_transit", "returning", "delivered")
    back = fresh(trade)
    assert (back.status, back.returned_at, back.due_at) == ("returned", now + 3 * DAY, None)
    assert back.return_parcel == back.parcel
    assert (LedgerEntry.objects.count(), mails("trade_received")) == (0, [])
    assert "could not hand your parcel to Atelier Neuf" in mails("trade_returned")[0]
    accepted(plant, carol, now + 4 * DAY, identifier=trade.identifier)  # it may be sold again


def test_a_sale_called_off_ends_as_returned_when_its_device_comes_back(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = handed(plant, carol, now)
    cancel_trade(trade, by=carol, at=now)
    scan(trade.parcel, drain, now + DAY, "returning", "delivered")
    assert (fresh(trade).status, len(mails("trade_returned"))) == ("returned", 1)


def test_what_the_plant_has_in_its_hands_is_not_back_with_its_seller(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = handed(plant, carol, now)
    receive_trade(trade, by="system:test", at=now + DAY)
    scan(trade.parcel, drain, now + 2 * DAY, "returning", "delivered")
    assert (fresh(trade).status, mails("trade_returned")) == ("received", [])


def test_what_comes_back_to_the_plant_is_sent_again_and_its_seller_is_told(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = refused(plant, carol, now)
    first = trade.return_parcel
    scan(first, drain, now + DAY, "in_transit", "returning", "delivered")
    kept = fresh(trade)
    assert (kept.status, kept.undelivered_at, mails("trade_returned")) == ("undelivered", now + 3 * DAY, [])
    assert "brought it back to Atelier Neuf" in mails("trade_undelivered")[0]
    assert kept.due_at is not None
    assert watch_trade_deadlines(kept.due_at - timedelta(seconds=1)) == 0
    assert watch_trade_deadlines(kept.due_at) == 1
    again = fresh(trade)
    assert (again.status, again.return_parcel == first) == ("returning", False)
    drain()
    assert "it is sent once more" in mails("trade_returning")[-1]
    assert LedgerEntry.objects.count() == 0


def test_after_three_sendings_only_people_send_it_again(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade, at = refused(plant, carol, now), now
    for _sending in range(3):
        scan(fresh(trade).return_parcel, drain, at, "in_transit", "returning", "delivered")
        at += 20 * DAY
        watch_trade_deadlines(at)
        shipping.book_couriers(at)
    kept = fresh(trade)
    assert (kept.status, kept.due_at, len(mails("trade_undelivered"))) == ("undelivered", None, 3)
    assert ["If nobody writes" in text for text in mails("trade_undelivered")].count(False) == 1
    send_back_again(kept, by="system:test", at=at)
    with pytest.raises(IllegalMove):
        send_back_again(kept, by="system:test", at=at)
    assert Parcel.objects.filter(purpose="trade_return").count() == 4


def test_plant_and_desk_send_it_again_from_a_page_that_asks_first(
    plant: Refurbisher, carol: User, bob: User, olga: User, client_of: Callable[[User], Client], drain: Drain
) -> None:
    at = timetravel.now()
    trade = refused(plant, carol, at - 9 * DAY)
    for site, person in (("plant", bob), ("desk", olga)):
        scan(fresh(trade).return_parcel, drain, at, "in_transit", "returning", "delivered")
        step = reverse(f"{site}:buyback_trade_step", args=[trade.pk, "send-again"])
        client = client_of(person)
        assert "the same address, free" in client.get(step).content.decode()
        assert fresh(trade).status == "undelivered"
        assert client.post(step).status_code == 302
        assert fresh(trade).status == "returning"
        shipping.book_couriers(at)
    seller = client_of(carol).get(reverse("trade", args=[trade.pk])).content.decode()
    assert "it is back at the plant" in seller


# Suspended before the courier's word comes


def test_the_couriers_late_word_of_the_delivery_mends_nothing(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    """Else an empty parcel, suspended at the gate, would be inspected again, and in two days be paid as quoted."""
    trade = handed(plant, carol, now)
    receive_trade(trade, by="system:test", at=now + DAY)
    suspend_trade(trade, reason="empty_parcel", by="system:test", at=now + DAY)
    scan(trade.parcel, drain, now + 2 * DAY, "delivered")
    kept = fresh(trade)
    assert (kept.status, kept.suspension) == ("suspended", "empty_parcel")
