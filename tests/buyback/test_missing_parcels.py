"""No device is kept, and none is forgotten: sales called off too late, parcels that vanish, labels nobody used."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.selectors import balance
from backmarket.shipping import services as shipping
from backmarket.shipping.couriers.base import Scan
from buyback.models import Trade
from buyback.services.deadlines import watch_trade_deadlines
from buyback.services.parcels import collect_trade
from buyback.services.settling import CannotDeclareLost, declare_lost
from buyback.services.trades import cancel_trade
from buyback.timelines import trade_timeline
from refurbishers.models import Refurbisher
from tests.buyback.steps import accepted
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
Drain = Callable[[], None]


def handed(plant: Refurbisher, seller: User, at: datetime, **changes: Any) -> Trade:
    """An accepted trade whose parcel the courier knows."""
    trade = accepted(plant, seller, at, **changes)
    shipping.book_couriers(at)
    return fresh(trade)


def fresh(trade: Trade) -> Trade:
    return Trade.objects.select_related("parcel", "return_parcel").get(pk=trade.pk)


def scan(trade: Trade, code: str, at: datetime, drain: Drain) -> None:
    assert trade.parcel is not None
    number = trade.parcel.tracking_number
    assert shipping.record_scan("sandbox", Scan(f"{number}-{code}", number, code, "Lyon", at))
    drain()


def cancel(trade: Trade, at: datetime) -> None:
    cancel_trade(trade, by=trade.seller, at=at)


def expire(trade: Trade, at: datetime) -> None:
    assert watch_trade_deadlines(at + 30 * DAY) == 1


# Called off, and collected all the same


@pytest.mark.parametrize("call_off", [cancel, expire])
def test_what_reaches_the_plant_after_the_sale_was_called_off_goes_back(
    call_off: Callable[[Trade, datetime], None], plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = handed(plant, carol, now)
    call_off(trade, now)
    for number, code in enumerate(("collected", "in_transit", "delivered", "delivered")):
        scan(trade, code, now + (31 + number) * DAY, drain)
    back = fresh(trade)
    assert (back.status, back.return_parcel is None) == ("returning", False)
    assert back.return_parcel is not None
    assert (back.return_parcel.purpose, back.return_parcel.recipient) == ("trade_return", back.address)
    assert back.due_at is not None
    mail = Notification.objects.get(template="trade_returning")
    assert (mail.recipient, "This sale was over when your" in mail.text) == (carol.email, True)
    assert "The sale was over" in str([moment.detail for moment in trade_timeline(back)])
    assert balance("consumer", str(carol.pk)) == Money(0, "EUR")


def test_it_goes_back_even_when_it_is_being_sold_again(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    first = handed(plant, carol, now)
    cancel(first, now)
    second = handed(plant, carol, now, identifier=first.identifier)
    scan(first, "delivered", now + DAY, drain)
    assert [fresh(trade).status for trade in (first, second)] == ["returning", "accepted"]
    other = accepted(plant, carol, now)
    with pytest.raises(IntegrityError, match="trade_one_open_per_device"), transaction.atomic():
        Trade.objects.filter(pk=other.pk).update(identifier=second.identifier)


# Parcels that vanish


def collected(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = accepted(plant, seller, at)
    collect_trade(trade, by="courier:sandbox", at=at)
    return trade


def test_what_was_collected_is_missed_after_two_weeks_and_never_settled_by_the_clock(
    plant: Refurbisher, carol: User, now: datetime
) -> None:
    trade = collected(plant, carol, now)
    assert trade.due_at == datetime(2026, 12, 8, tzinfo=PARIS)  # the end of 7 December
    assert not Trade.objects.missing(trade.due_at - MINUTE).exists()
    assert Trade.objects.missing(trade.due_at).get() == trade
    assert watch_trade_deadlines(trade.due_at + DAY) == 0
    assert "latest" not in str([moment.detail for moment in trade_timeline(trade)])


def test_staff_declare_it_lost_and_it_is_paid_as_quoted(plant: Refurbisher, carol: User, now: datetime) -> None:
    trade = collected(plant, carol, now)
    assert trade.due_at is not None
    with pytest.raises(CannotDeclareLost):
        declare_lost(trade, by="system:test", at=trade.due_at - MINUTE)
    declare_lost(trade, by="system:test", at=trade.due_at)
    assert (trade.status, trade.price) == ("validated", trade.quoted)
    assert balance("consumer", str(carol.pk)) == trade.quoted
    assert balance("plant", str(plant.pk)) == Money(0, "EUR")
    with pytest.raises(CannotDeclareLost):
        declare_lost(trade, by="system:test", at=trade.due_at)


def test_the_desk_looks_for_it_and_only_who_may_pay_declares_it_lost(
    plant: Refurbisher, carol: User, sam: User, client_of: Callable[[User], Client]
) -> None:
    trade = collected(plant, carol, timetravel.now() - 20 * DAY)
    waiting = collected(plant, carol, timetravel.now())
    payer = UserFactory(is_staff=True)
    payer.groups.add(Group.objects.get(name="finance"))
    finance, support = client_of(payer), client_of(sam)
    pile = finance.get(reverse("desk:buyback_trade_changelist") + "?pile=missing").content.decode()
    assert (str(trade) in pile, str(waiting) in pile) == (True, False)
    assert "Parcels to look for" in finance.get(reverse("desk:index")).content.decode()
    step = reverse("desk:buyback_trade_step", args=[trade.pk, "lost"])
    assert support.post(step).status_code == 403
    assert "paid as quoted" in finance.get(step).content.decode()
    assert "Declared lost: the seller is paid as quoted" in finance.post(step, follow=True).content.decode()
    assert finance.post(reverse("desk:buyback_trade_step", args=[waiting.pk, "lost"])).status_code == 302
    assert [fresh(row).status for row in (trade, waiting)] == ["validated", "collected"]


# Called lost, and never handed over


def test_a_label_that_nobody_used_is_not_paid_when_it_is_called_lost(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = handed(plant, carol, now)
    scan(trade, "lost", now + DAY, drain)
    assert fresh(trade).status == "accepted"
    assert balance("consumer", str(carol.pk)) == Money(0, "EUR")
    assert Trade.objects.missing(now + DAY).get() == trade  # the desk sees it at once
    assert watch_trade_deadlines(now + 30 * DAY) == 1
    assert fresh(trade).status == "expired"


def test_its_seller_may_still_cancel(plant: Refurbisher, carol: User, now: datetime, drain: Drain) -> None:
    trade = handed(plant, carol, now)
    scan(trade, "lost", now + DAY, drain)
    cancel_trade(fresh(trade), by=carol, at=now + DAY)
    assert fresh(trade).status == "cancelled"


def test_a_scan_that_comes_after_the_loss_shows_that_it_was_handed_over(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = handed(plant, carol, now)
    scan(trade, "lost", now + 3 * DAY, drain)
    scan(trade, "collected", now + DAY, drain)
    assert (fresh(trade).status, balance("consumer", str(carol.pk))) == ("validated", trade.quoted)
    scan(trade, "in_transit", now + 2 * DAY, drain)
    assert watch_trade_deadlines(now + 30 * DAY) == 0
