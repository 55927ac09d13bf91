"""Two pairs of eyes cannot be had around in pieces, nor asked for what cannot be done, and who waits is seen."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.payments.gateways import sandbox_connect
from backmarket.payments.limits import given_back_lately, taken_back_lately
from backmarket.payments.models import Approval, Payment, Payout, Refund, SandboxIntent, TransferReversal
from backmarket.payments.selectors import not_taken_back
from backmarket.payments.services import order_payout, send_due_payouts
from backmarket.payments.services.connect import follow_account
from backmarket.payments.services.reversals import send_reversals
from orders.models import Earning, OrderLine, Settlement
from orders.services.earnings import owe_for_device
from orders.services.settlement import settle_plants
from refurbishers.services.accounts import open_plant_account
from tests.admin.rows import act, url
from tests.factories import UserFactory
from tests.ground.money_steps import eur
from tests.races.together import at_once
from tests.reviews.deals import delivered_line

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def line(plant: Any, now: datetime, time_is: None) -> OrderLine:
    """Delivered, for 1,300.00 € with its shipping."""
    line = delivered_line(plant, UserFactory(), now - timedelta(days=5))
    OrderLine.objects.filter(pk=line.pk).update(price_minor=130_000 - line.shipping_minor)
    Payment.objects.create(
        purpose="order", reference=line.order_id, status="captured", amount_minor=130_000, currency="EUR",
        gateway="sandbox", created_at=now, captured_at=now,
    )  # fmt: skip
    line.refresh_from_db()
    return line


def give(client: Client, line: OrderLine, amount: str) -> Any:
    sent = {"amount": amount, "reason": "looks", "borne_by": "house", "key": str(uuid4())}
    return client.post(url("desk", line, "step", "refund-part"), sent, follow=True)


def given() -> list[int]:
    return [*Refund.objects.order_by("amount_minor").values_list("amount_minor", flat=True)]


def test_what_one_person_gives_back_of_an_order_within_a_day_is_one_sum(
    line: OrderLine, sam: User, fiona: User, client_of: ClientOf, now: datetime
) -> None:
    support = client_of(sam)
    give(support, line, "450")
    said = give(support, line, "50.01").content.decode()
    assert "€50.01, and the €450.00 that you have given back of this order within a day, is more than the" in said
    assert (given(), Approval.objects.get().amount) == ([45_000], eur(5_001))
    give(support, line, "50")
    assert given() == [5_000, 45_000]
    timetravel.travel_to(now + timedelta(days=1, minutes=5))
    give(support, line, "499")
    assert given() == [5_000, 45_000, 49_900]


def test_another_person_and_another_order_have_sums_of_their_own(
    line: OrderLine, sam: User, client_of: ClientOf, now: datetime
) -> None:
    give(client_of(sam), line, "450")
    other = UserFactory(email="sid@backmarket.example", is_staff=True)
    other.groups.add(Group.objects.get(name="support"))
    give(client_of(other), line, "451")
    assert given() == [45_000, 45_100]


def test_a_refund_in_full_counts_with_the_parts(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    OrderLine.objects.update(price_minor=60_000 - line.shipping_minor)
    give(client_of(sam), line, "450")
    act(client_of(sam), line, "refund", "desk", reason="goodwill")
    assert (given(), Approval.objects.get().amount) == ([45_000], eur(15_000))


def test_what_the_bank_refused_is_not_given(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    give(client_of(sam), line, "450")
    Refund.objects.update(status="failed", failed_at=line.delivered_at)
    give(client_of(sam), line, "450")
    assert given() == [45_000, 45_000]


def test_whoever_agrees_reads_what_was_given_before(
    line: OrderLine, sam: User, fiona: User, client_of: ClientOf
) -> None:
    give(client_of(sam), line, "450")
    give(client_of(sam), line, "300")
    asked, second = Approval.objects.get(), client_of(fiona)
    page = second.get(url("desk", asked)).content.decode()
    assert "Given back of this order within a day by who asks" in page
    assert "€450.00" in page
    act(second, asked, "agree", "desk")
    assert given() == [30_000, 45_000]


def test_what_cannot_be_done_is_refused_before_anybody_is_asked(
    line: OrderLine, sam: User, client_of: ClientOf
) -> None:
    answer = give(client_of(sam), line, "1300")
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["amount"]
    assert (given(), Approval.objects.count()) == ([], 0)


def test_the_rows_page_shows_who_waits_in_place_of_the_button(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    support, before = client_of(sam), url("desk", line, "step", "refund-part")
    assert before in support.get(url("desk", line)).content.decode()
    give(support, line, "900")
    page = support.get(url("desk", line)).content.decode()
    assert "Refund in part: waits for a second person" in page
    assert "Refund in part, €900.00: Sam Support asked on" in page
    assert (before in page, url("desk", line, "step", "refund") in page) == (False, True)
    asked = Approval.objects.get()
    assert url("desk", asked) in page
    act(support, asked, "withdraw", "desk")
    assert before in support.get(url("desk", line)).content.decode()


def test_a_form_names_what_it_moves(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    page = client_of(sam).get(url("desk", line, "step", "refund")).content.decode()
    assert "Refund in full: €1,300.00</button>" in page


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_parts_at_once_are_counted_one_after_the_other(line: OrderLine, sam: User, client_of: ClientOf) -> None:
    calls = [partial(give, client_of(sam), line, amount) for amount in ("450", "451")]
    at_once(calls)
    assert (len(given()), Approval.objects.count()) == (1, 1)


def test_what_two_agreed_to_uses_up_neithers_allowance(
    line: OrderLine, sam: User, fiona: User, client_of: ClientOf, now: datetime
) -> None:
    """Of 500 € sam has given 300: the 450 that fiona agreed to are neither's, and leave him 200."""
    support = client_of(sam)
    give(support, line, "300")
    give(support, line, "450")
    asked = Approval.objects.get()
    act(client_of(fiona), asked, "agree", "desk")
    event = Event.objects.get(kind="refund.requested", actor=f"user:{fiona.pk}")
    assert event.data["approval"] == str(asked.pk)
    lately = [given_back_lately(person, line.order_id, "EUR", now) for person in (sam, fiona)]
    assert (given(), lately) == ([30_000, 45_000], [eur(30_000), eur(0)])
    give(support, line, "200")
    assert (given(), Approval.objects.count()) == ([20_000, 30_000, 45_000], 1)
    give(support, line, "0.01")
    assert (given(), Approval.objects.count()) == ([20_000, 30_000, 45_000], 2)


@pytest.fixture
def transfer(plant: Any, now: datetime, time_is: None) -> Payout:
    """9,000.00 € on the plant's own account with the provider."""
    account = open_plant_account(plant, by="system:test", at=now)
    sandbox_connect.fill_in(SandboxIntent.objects.get(pk=account.gateway_id), "complete")
    payout = order_payout(
        purpose="settlement", reference=uuid4(), label="BM261126", account="plant", party=str(plant.pk),
        amount=eur(900_000), holder="Atelier", iban="", due_at=now, by="system:test", at=now,
        to=follow_account(account.pk, at=now),
    )  # fmt: skip
    send_due_payouts(now)
    payout.refresh_from_db()
    return payout


def taken() -> list[tuple[int, str]]:
    send_reversals(timetravel.now())
    return [*TransferReversal.objects.order_by("created_at").values_list("amount_minor", "status")]


def test_what_one_person_takes_back_of_a_payee_within_a_day_is_one_sum(
    transfer: Payout, fiona: User, olga: User, client_of: ClientOf, now: datetime
) -> None:
    """Finance may move 2,000 €: not so much again and again. What was refused, or agreed to, is not one's own."""
    finance = client_of(fiona)
    back = partial(act, finance, transfer, "reverse", "desk", note="Paid twice.")
    back(amount="1500.08")
    assert taken() == [(150_008, "failed")]
    page = finance.get(url("desk", transfer)).content.decode()
    assert "The payee&#x27;s account with the provider holds less than this. (balance_insufficient)" in page
    assert transfer in Payout.objects.filter(not_taken_back())
    back(amount="1500")
    assert taken()[1:] == [(150_000, "succeeded")]
    assert transfer not in Payout.objects.filter(not_taken_back())
    said = finance.get(back(amount="500.01").url).content.decode()
    assert "€500.01, and the €1,500.00 that you have moved in the same way within a day, is more than the" in said
    asked = Approval.objects.get()
    assert "Moved in the same way within a day by who asks" in client_of(olga).get(url("desk", asked)).content.decode()
    act(client_of(olga), asked, "agree", "desk")
    assert taken()[2:] == [(50_001, "succeeded")]
    assert taken_back_lately(olga, transfer, now) == eur(0)
    back(amount="500")
    assert taken()[3:] == [(50_000, "succeeded")]
    timetravel.travel_to(now + timedelta(days=1, minutes=5))
    act(client_of(fiona), transfer, "reverse", "desk", note="Paid twice.", amount="1999")
    assert (taken()[4:], Approval.objects.count()) == ([(199_900, "succeeded")], 1)


def test_what_one_person_records_of_a_plants_transfers_within_a_day_is_one_sum(
    plant: Any, fiona: User, client_of: ClientOf, now: datetime, time_is: None
) -> None:
    owe_for_device(plant_id=plant.pk, trade_id=uuid4(), amount=eur(-900_000), label="T1", at=now - timedelta(days=9))
    settle_plants(now)
    settlement, finance = Settlement.objects.get(), client_of(fiona)
    came = partial(act, finance, settlement, "receive", "desk")
    came(amount="1500", bank_reference="REF 1")
    said = finance.get(came(amount="500.01", bank_reference="REF 2").url).content.decode()
    assert "€500.01, and the €1,500.00 that you have moved in the same way within a day" in said
    came(amount="500", bank_reference="REF 3")
    received = Earning.objects.filter(kind="received").order_by("amount_minor")
    assert [*received.values_list("amount_minor", flat=True)] == [50_000, 150_000]
