"""A part of the money back, the device kept: who bears it, what is left, and that every cent is found again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.invoices.models import Invoice
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.models import Approval, Refund
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.payments.services import retry_refund, send_refunds
from catalog.models import Listing
from orders.models import Earning, Order, OrderLine, PartRefund, Settlement
from orders.services.goodwill import CannotRefundPart, is_refundable_in_part, refund_part
from orders.services.refunds import close_refunded_line, refund_line
from orders.services.settlement import settle_plants
from orders.statements import account_statement
from refurbishers.models import Member
from tests.admin.rows import act, url
from tests.factories import UserFactory
from tests.ground.money_steps import eur
from tests.orders.held import no_difference

pytestmark = pytest.mark.django_db
BY = "system:test"
HOUSE, PLANT = PartRefund.Bearer.HOUSE, PartRefund.Bearer.PLANT
ClientOf = Callable[[User], Client]
# 300.00 and 4.90 of shipping; commission 30.00, its VAT 6.00: the plant has 268.90.
GROSS, PROCEEDS = 30_490, 26_890


def give(line: OrderLine, minor: int, borne_by: str, at: datetime, key: UUID | None = None) -> PartRefund:
    return refund_part(
        line, key=key or uuid4(), amount=eur(minor), reason="looks", borne_by=borne_by, by=BY, at=at
    )  # fmt: skip


def plant_has(line: OrderLine) -> Money:
    return balance("plant", str(line.plant_id))


@pytest.fixture
def later(delivered_line: OrderLine, now: datetime) -> datetime:
    """A day after it was delivered."""
    at = now + timedelta(days=3)
    timetravel.travel_to(at)
    return at


def test_the_house_bears_it_alone(
    delivered_line: OrderLine, later: datetime, settle_refunds: Callable[..., None]
) -> None:
    give(delivered_line, 3_000, HOUSE, later)
    assert no_difference()
    settle_refunds(later)
    assert (delivered_line.status, delivered_line.rest) == ("delivered", eur(27_490))
    assert (plant_has(delivered_line), balance("compensation"), balance("buyer")) == (
        eur(PROCEEDS),
        eur(-3_000),
        eur(0),
    )
    assert Earning.objects.get().kind == "sale"
    assert (ledger_sum(), no_difference()) == ({"EUR": 0}, True)


def test_the_plant_bears_it_and_has_its_share_of_the_commission_back(
    delivered_line: OrderLine, later: datetime, settle_refunds: Callable[..., None]
) -> None:
    part = give(delivered_line, 3_000, PLANT, later)
    # 3000 × 3600 / 30490 = 354, of which the commission 295.
    assert (part.plant_minor, part.commission_minor, part.commission_vat_minor) == (2_646, 295, 59)
    settle_refunds(later)
    assert plant_has(delivered_line) == eur(PROCEEDS - 2_646)
    assert (balance("commission"), balance("commission_vat"), balance("compensation")) == (eur(2_705), eur(541), eur(0))
    assert no_difference()


def test_after_the_sale_was_settled_it_is_a_negative_row_of_the_next_settlement(
    delivered_line: OrderLine, later: datetime, settle_refunds: Callable[..., None]
) -> None:
    settled = later + timedelta(days=20)
    settle_plants(settled)
    give(delivered_line, 3_000, PLANT, settled)
    settle_plants(settled + timedelta(days=10))
    settle_refunds(settled)
    totals = list(Settlement.objects.order_by("settled_date").values_list("total_minor", flat=True))
    assert totals == [PROCEEDS, -2_646]
    note = Invoice.objects.get(kind="commission_credit")
    assert (note.total.minor, note.vat.minor) == (354, 59)
    account = account_statement(delivered_line.plant, start=None, end=settled + timedelta(days=11), currency="EUR")
    told = [(str(row.what), row.amount.minor) for row in account.lines if row.kind == "part"]
    assert told == [
        ("Refund to the customer in part", -3_000),
        ("Commission given back", 295),
        ("VAT on commission given back", 59),
    ]  # fmt: skip
    assert no_difference()


def test_before_that_it_is_due_with_the_sale(delivered_line: OrderLine, later: datetime) -> None:
    give(delivered_line, 3_000, PLANT, later)
    assert len(set(Earning.objects.values_list("due_at", flat=True))) == 1
    settle_plants(later + timedelta(days=20))
    assert Settlement.objects.get().total_minor == PROCEEDS - 2_646


def test_a_later_full_refund_gives_the_rest_and_the_house_has_its_goodwill_back(
    delivered_line: OrderLine, later: datetime, settle_refunds: Callable[..., None]
) -> None:
    give(delivered_line, 3_000, HOUSE, later)
    give(delivered_line, 1_000, PLANT, later)
    refund_line(delivered_line, reason="withdrawal", by=BY, at=later)
    assert no_difference()
    settle_refunds(later)
    delivered_line.refresh_from_db()
    assert delivered_line.status == "refunded"
    assert set(Refund.objects.values_list("amount_minor", flat=True)) == {3_000, 1_000, 26_490}
    for account in ("buyer", "compensation", "commission", "commission_vat"):
        assert balance(account) == eur(0), account
    assert plant_has(delivered_line) == eur(0)
    notes = Invoice.objects.filter(kind="credit_note").values_list("total_minor", flat=True)
    assert sorted(notes) == [1_000, 3_000, 26_490]
    assert no_difference()


@pytest.mark.parametrize("minor", [0, GROSS, GROSS + 1])
def test_less_than_all_of_it(delivered_line: OrderLine, later: datetime, minor: int) -> None:
    with pytest.raises(CannotRefundPart):
        give(delivered_line, minor, HOUSE, later)
    assert not Refund.objects.exists()


def test_the_parts_together_leave_a_rest(delivered_line: OrderLine, later: datetime) -> None:
    give(delivered_line, 30_000, HOUSE, later)
    with pytest.raises(CannotRefundPart):
        give(delivered_line, 490, PLANT, later)
    give(delivered_line, 489, PLANT, later)
    assert delivered_line.rest == eur(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderLine.objects.update(parts_minor=GROSS)


def test_sent_twice_it_is_given_once(delivered_line: OrderLine, later: datetime) -> None:
    key = uuid4()
    assert give(delivered_line, 3_000, HOUSE, later, key) == give(delivered_line, 3_000, HOUSE, later, key)
    assert (Refund.objects.count(), delivered_line.parts_minor) == (1, 3_000)


def test_only_a_device_that_is_kept(delivered_line: OrderLine, later: datetime) -> None:
    OrderLine.objects.update(status="shipped")
    with pytest.raises(CannotRefundPart):
        give(delivered_line, 100, HOUSE, later)
    OrderLine.objects.update(status="delivered")
    refund_line(delivered_line, reason="goodwill", by=BY, at=later)
    assert not is_refundable_in_part(delivered_line)
    with pytest.raises(CannotRefundPart):
        give(delivered_line, 100, HOUSE, later)


def test_what_the_bank_refused_stays_promised_and_is_tried_again(
    delivered_line: OrderLine, later: datetime, settle_refunds: Callable[..., None]
) -> None:
    give(delivered_line, 3_007, HOUSE, later)  # the sandbox refuses this amount
    settle_refunds(later)
    refused = Refund.objects.get()
    assert (refused.status, delivered_line.rest.minor, no_difference()) == ("failed", 27_483, True)
    refund_line(delivered_line, reason="goodwill", by=BY, at=later)
    assert Refund.objects.get(reference=delivered_line.pk).amount_minor == 27_483
    again = retry_refund(refused, by=BY, at=later + timedelta(hours=1))
    assert (again.reference, again.amount_minor, no_difference()) == (refused.reference, 3_007, True)


def test_the_desk_gives_it_and_the_buyer_reads_of_it(
    delivered_line: OrderLine, later: datetime, sam: User, alice: User, client_of: ClientOf, drain: Callable[[], None],
    settle_refunds: Callable[..., None],
) -> None:  # fmt: skip
    desk, line = client_of(sam), delivered_line
    page = desk.get(url("desk", line, "step", "refund-part")).content.decode()
    assert "Less than the €304.90 that are left of it." in page
    sent = {"amount": "30", "reason": "looks", "borne_by": "plant", "key": str(uuid4())}
    for _click in range(2):
        assert act(desk, line, "refund-part", "desk", **sent).status_code == 302
    too_much = act(desk, line, "refund-part", "desk", **{**sent, "amount": "275", "key": str(uuid4())})
    assert too_much.status_code == 422
    assert "Less than €274.90 can go back in part" in too_much.content.decode()
    settle_refunds(later)
    assert Refund.objects.get().status == "succeeded"
    assert "Refunded in part" in desk.get(url("desk", line)).content.decode()
    mail = Notification.objects.get(template="line_part_refunded")
    assert mail.recipient == alice.email
    page = client_of(alice).get(reverse("order", args=[line.order_id])).content.decode()
    assert "Refunded €30.00 of €304.90: you keep the device." in page
    assert "Refund of €30.00" in page
    assert "Withdraw from contract" in page
    withdraw = client_of(alice).get(reverse("line-withdraw", args=[line.pk])).content.decode()
    assert "Withdraw" in withdraw


def test_its_plant_reads_what_went_back_who_bears_it_and_what_is_still_due(
    delivered_line: OrderLine, later: datetime, bob: User, client_of: ClientOf, settle_refunds: Callable[..., None]
) -> None:
    line, plant = delivered_line, client_of(bob)
    Member.objects.filter(user=bob).update(role=Member.Role.OWNER)
    page = " ".join(plant.get(url("plant", line)).content.decode().split())
    assert "Refunded in part" not in page
    assert "Still due to you" in page
    assert "<strong>€268.90</strong>" in page
    give(line, 3_000, PLANT, later)
    give(line, 500, HOUSE, later)
    settle_refunds(later)
    page = " ".join(plant.get(url("plant", line)).content.decode().split())
    for words in ("Refunded in part", "€30.00", "you do", "€26.46", "€5.00", "we do", "€0.00", "looks worse"):
        assert words in page, words
    assert "due on 9 Dec 2026" in page
    assert "<strong>€242.44</strong>" in page
    assert settle_plants(later + timedelta(days=20)) == 1
    page = " ".join(plant.get(url("plant", line)).content.decode().split())
    assert url("plant", Settlement.objects.get()) in page
    assert "<strong>€0.00</strong>" in page
    # After-sales people read the amounts, and have no door to settlements.
    Member.objects.filter(user=bob).update(role=Member.Role.AFTER_SALES)
    page = plant.get(url("plant", line)).content.decode()
    assert "Settlement of" in page
    assert url("plant", Settlement.objects.get()) not in page


def test_a_line_that_has_earned_nothing_says_what_it_will(
    place: Callable[..., Order], pay: Callable[..., Order], listing: Listing, bob: User, client_of: ClientOf,
    now: datetime,
) -> None:  # fmt: skip
    timetravel.travel_to(now)
    line = pay(place((listing, 1))).lines.get()
    plant = client_of(bob)
    assert "€268.90, due 14 days after delivery." in plant.get(url("plant", line)).content.decode()
    refund_line(line, reason="out_of_stock", by=BY, at=now)
    assert "Nothing: its customer has the money back." in plant.get(url("plant", line)).content.decode()


def test_only_who_may_refund(delivered_line: OrderLine, later: datetime, sam: User, client_of: ClientOf) -> None:
    finance = UserFactory(email="fiona@backmarket.example", is_staff=True)
    finance.groups.add(Group.objects.get(name="finance"))
    sent: dict[str, Any] = {"amount": "30", "reason": "looks", "borne_by": "house", "key": str(uuid4())}
    assert act(client_of(finance), delivered_line, "refund-part", "desk", **sent).status_code == 403
    assert not PartRefund.objects.exists()


def test_above_a_limit_a_second_person_agrees(
    place: Callable[..., Order], pay: Callable[..., Order], deliver: Callable[..., None], listing: Listing,
    now: datetime, sam: User, olga: User, client_of: ClientOf,
) -> None:  # fmt: skip
    Listing.objects.update(price_minor=90_000)
    order = pay(place((listing, 1)))
    deliver(order)
    timetravel.travel_to(now + timedelta(days=3))
    sent = {"amount": "600", "reason": "looks", "borne_by": "house", "key": str(uuid4())}
    act(client_of(sam), order.lines.get(), "refund-part", "desk", **sent)
    asked = Approval.objects.get()
    assert (asked.amount, PartRefund.objects.count()) == (eur(60_000), 0)
    assert sent["key"] not in client_of(olga).get(url("desk", asked)).content.decode()
    act(client_of(olga), asked, "agree", "desk")
    assert PartRefund.objects.get().pk == UUID(sent["key"])


PARTS = st.lists(st.tuples(st.integers(1, 9_000), st.sampled_from([HOUSE, PLANT])), max_size=6)


@rules(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=PARTS, whole=st.booleans())
def test_whoever_bears_which_parts_the_sums_hold(
    delivered_line: OrderLine, later: datetime, parts: list[tuple[int, str]], whole: bool
) -> None:
    with transaction.atomic():
        for minor, borne_by in parts:
            if minor < delivered_line.rest.minor:
                give(delivered_line, minor, borne_by, later)
        if whole:
            refund_line(delivered_line, reason="withdrawal", by=BY, at=later)
        assert no_difference()
        send_refunds(later)
        for refund in Refund.objects.filter(status="succeeded"):
            close_refunded_line(refund, at=later)
        assert no_difference()
        mine = PartRefund.objects.filter(borne_by=PLANT)
        assert all(part.plant_minor >= 0 for part in mine)
        if whole:
            assert (plant_has(delivered_line), balance("commission"), balance("commission_vat")) == (eur(0),) * 3
        transaction.set_rollback(True)
    delivered_line.refresh_from_db()
