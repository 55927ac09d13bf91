"""A device that goes back to its seller: to a corrected address, or not at all, so that its plant has bought it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

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
from buyback.models import RegisterEntry, Trade
from buyback.selectors import waiting_trades
from buyback.services.inspections import answer_counter_offer
from buyback.services.parcels import CannotUrgeReturn, correct_return_address, keep_undelivered, urge_return
from buyback.services.settling import CannotChargeUnsent, charge_unsent
from orders.models import Earning
from refurbishers.models import Refurbisher
from tests.buyback.steps import ELSEWHERE, countered
from tests.factories import UserFactory
from tests.ground.money_steps import eur

pytestmark = pytest.mark.django_db
DAY, JOB = timedelta(days=1), "system:test"
Drain = Callable[[], None]
ClientOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


def fresh(trade: Trade) -> Trade:
    return Trade.objects.select_related("return_parcel__recipient", "address").get(pk=trade.pk)


def refused(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    """Its label back is made, and the plant has two business days."""
    trade = countered(plant, seller, at)
    answer_counter_offer(trade, accept=False, by=seller, at=at)
    shipping.book_couriers(at)
    return fresh(trade)


def undelivered(plant: Refurbisher, seller: User, at: datetime, sendings: int = 1) -> Trade:
    trade = refused(plant, seller, at)
    for _more in range(sendings - 1):
        keep_undelivered(trade, by=JOB, at=at)
        correct_return_address(trade, address=ELSEWHERE, by=seller, at=at)
    keep_undelivered(trade, by=JOB, at=at)
    return fresh(trade)


def mails(template: str) -> list[str]:
    return list(Notification.objects.filter(template=template).values_list("text", flat=True))


# The address


def test_a_corrected_address_sends_the_device_there_at_once(
    plant: Refurbisher, carol: User, client_of: ClientOf, drain: Drain
) -> None:
    trade, seller = undelivered(plant, carol, timetravel.now()), client_of(carol)
    first, old = trade.return_parcel, trade.address
    page = reverse("trade-address", args=[trade.pk])
    assert page in seller.get(reverse("trade", args=[trade.pk])).content.decode()
    assert list(waiting_trades(carol)) == [trade]
    assert 'value="3 rue Basse"' in seller.get(page).content.decode()
    assert seller.post(page, ELSEWHERE).status_code == 302
    sent = fresh(trade)
    assert (sent.status, sent.return_parcel == first, sent.return_parcel.recipient == sent.address) == (  # type: ignore[union-attr]
        "returning",
        False,
        True,
    )
    assert sent.address.lines == ["Carol Petit", "8 rue Haute", "69001 Lyon", "France"]
    assert (old.line1, fresh(trade).parcel.sender) == ("3 rue Basse", old)  # type: ignore[union-attr]
    shown = seller.get(reverse("trade", args=[trade.pk])).content.decode()
    assert ("You corrected the address" in shown, "8 rue Haute" in shown, page in shown) == (True, True, False)
    drain()
    assert mails("plant_send_back") == []


def test_a_wrong_address_changes_nothing(plant: Refurbisher, carol: User, client_of: ClientOf) -> None:
    trade = undelivered(plant, carol, timetravel.now())
    answer = client_of(carol).post(reverse("trade-address", args=[trade.pk]), ELSEWHERE | {"postcode": "123"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["postcode"])
    assert (fresh(trade).status, fresh(trade).address) == ("undelivered", trade.address)


def test_after_three_journeys_the_plant_is_told_and_sends_it(
    plant: Refurbisher, carol: User, bob: User, client_of: ClientOf, drain: Drain
) -> None:
    trade = undelivered(plant, carol, timetravel.now(), sendings=3)
    answer = client_of(carol).post(reverse("trade-address", args=[trade.pk]), ELSEWHERE | {"line1": "9 rue Haute"})
    assert answer.status_code == 302
    assert (fresh(trade).status, fresh(trade).address.line1) == ("undelivered", "9 rue Haute")
    drain()
    assert "has now corrected the address" in Notification.objects.get(template="plant_send_back").text
    assert Notification.objects.get(template="plant_send_back").recipient == plant.email
    client_of(bob).post(reverse("plant:buyback_trade_step", args=[trade.pk, "send-again"]))
    assert fresh(trade).return_parcel.recipient.line1 == "9 rue Haute"  # type: ignore[union-attr]


def test_the_address_of_what_is_on_its_way_stays(plant: Refurbisher, carol: User, client_of: ClientOf) -> None:
    trade = refused(plant, carol, timetravel.now())
    for answer in (client_of(carol).get, client_of(carol).post):
        shown = answer(reverse("trade-address", args=[trade.pk]), ELSEWHERE, follow=True).content.decode()
        assert "cannot be corrected any more" in shown
    assert fresh(trade).address == trade.address


def test_another_address_wants_the_password_again(plant: Refurbisher, carol: User) -> None:
    trade, browser = undelivered(plant, carol, timetravel.now()), Client()
    browser.force_login(carol)
    answer = browser.post(reverse("trade-address", args=[trade.pk]), ELSEWHERE)
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert (fresh(trade).status, fresh(trade).address) == ("undelivered", trade.address)


# Never sent back


def test_the_desk_presses_the_plant_and_then_has_it_pay(
    plant: Refurbisher, carol: User, sam: User, client_of: ClientOf, drain: Drain
) -> None:
    trade = refused(plant, carol, timetravel.now() - 9 * DAY)
    payer = UserFactory(is_staff=True)
    payer.groups.add(Group.objects.get(name="finance"))
    urge, charge = (reverse("desk:buyback_trade_step", args=[trade.pk, name]) for name in ("urge", "charge"))
    assert client_of(sam).post(urge).status_code == 302
    drain()
    assert "Hand it over today" in mails("plant_send_back")[0]
    assert "you then pay the €250.00" in mails("plant_send_back")[0]
    assert client_of(sam).post(charge).status_code == 403
    assert "This cannot be undone" in client_of(payer).get(charge).content.decode()
    assert fresh(trade).status == "returning"
    assert client_of(payer).post(charge).status_code == 302
    bought = fresh(trade)
    assert (bought.status, bought.price_minor, bought.return_parcel.status) == ("validated", 25_000, "cancelled")  # type: ignore[union-attr]
    drain()
    assert set(ledger_sum().values()) <= {0}
    assert (balance("consumer", str(carol.pk)), balance("plant", str(plant.pk))) == (eur(25_000), eur(-25_000))
    assert Earning.objects.get(reference=trade.pk).amount_minor == -25_000
    assert (RegisterEntry.objects.count(), bought.unit is not None) == (1, True)
    assert "did not send your device back in time" in mails("trade_validated")[0]
    shown = client_of(carol).get(reverse("trade", args=[trade.pk])).content.decode()
    assert "it pays the quoted price, and keeps the device" in shown


def test_a_plant_that_still_has_time_or_has_sent_it_pays_nothing(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = refused(plant, carol, now)
    for at in (now, trade.due_at - timedelta(seconds=1)):  # type: ignore[operator]
        with pytest.raises(CannotChargeUnsent):
            charge_unsent(trade, by=JOB, at=at)
        with pytest.raises(CannotUrgeReturn):
            urge_return(trade, by=JOB, at=at)
    told = Scan("1", trade.return_parcel.tracking_number, "in_transit", "Lyon", now + 9 * DAY)  # type: ignore[union-attr]
    assert shipping.record_scan("sandbox", told)
    drain()
    with pytest.raises(CannotChargeUnsent):
        charge_unsent(trade, by=JOB, at=now + 10 * DAY)
    assert (fresh(trade).status, LedgerEntry.objects.count()) == ("returning", 0)


def test_a_device_that_comes_back_though_it_was_paid_changes_nothing(
    plant: Refurbisher, carol: User, now: datetime, drain: Drain
) -> None:
    trade = refused(plant, carol, now)
    charge_unsent(trade, by=JOB, at=now + 9 * DAY)
    parcel = Parcel.objects.get(pk=trade.return_parcel_id)
    told = Scan("1", parcel.tracking_number, "delivered", "Lyon", now + 10 * DAY)
    assert shipping.record_scan("sandbox", told)
    drain()
    assert (fresh(trade).status, LedgerEntry.objects.count()) == ("validated", 2)
