"""Orders that somebody looks at first: which, what their buyer and their plants hear, and how it ends."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.errors import GatewayError
from backmarket.events.models import Event
from backmarket.market import calendar
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.models import Approval, Payment, Refund, SandboxIntent
from backmarket.payments.selectors import balance
from backmarket.payments.services import (
    CannotCapture,
    cancel_payment,
    open_payment,
    settle_payment,
    settle_pending_payments,
)
from backmarket.states import IllegalMove
from catalog.models import Listing
from orders.fraud import Facts, explain, judge
from orders.models import FraudRule, Hold, Order, OrderLine
from orders.services.deadlines import watch_order_deadlines
from orders.services.fulfilment import accept_line
from orders.services.holds import CannotDecide, refuse_hold, release_hold
from orders.services.refunds import refund_line
from orders.services.returns import CannotWithdraw, confirm_withdrawal
from refurbishers.models import ServiceFact
from tests.admin.rows import url
from tests.factories import AddressFactory
from tests.ground.money_steps import eur
from tests.ground.stripe_account import VISA
from tests.ground.stripe_server import StripeServer
from tests.orders.held import decide, end_of, mails, no_difference, stock
from tests.orders.test_views import check_out, fill

pytestmark = pytest.mark.django_db
Place, Pay, Drain = Callable[..., Order], Callable[..., Order], Callable[[], None]
ClientOf = Callable[[User], Client]
AMERICAN = "4000 0084 0000 1629"
BY = "system:test"
DAY = timedelta(days=1)


@pytest.fixture
def order(place: Place, pay: Pay, listing: Listing) -> Order:
    """A first order of five devices, 1,504.90 €: the bank has set it aside."""
    return pay(place((listing, 5)))


@pytest.fixture
def hold(order: Order) -> Hold:
    return Hold.objects.get(order=order)


@pytest.fixture
def time_is(now: datetime, settings: object) -> None:
    timetravel.travel_to(now)


def follow(order: Order, at: datetime, drain: Drain) -> None:
    """The worker has the bank do what was decided."""
    settle_payment(Payment.objects.get(reference=order.pk).pk, at=at)
    drain()


# Rules


def facts(now: datetime, **given: Any) -> Facts:
    usual: dict[str, Any] = {
        "total": eur(10_000), "is_first": False, "placed": (now,), "at": now, "country": "FR", "market": "FR",
    }  # fmt: skip
    return Facts(**{**usual, **given})


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ({}, []),
        ({"total": eur(149_999), "is_first": True}, []),
        ({"total": eur(150_000), "is_first": True}, ["amount"]),
        ({"total": eur(900_000)}, []),
        ({"placed": 3}, []),
        ({"placed": 4}, ["velocity"]),
        ({"country": "BE", "card": "FR"}, ["country"]),
        ({"country": "BE", "card": "BE"}, []),
        ({"country": "FR", "card": "US"}, []),
        ({"country": "BE", "card": ""}, []),
    ],
)
def test_a_rule_is_met_from_its_threshold_on(now: datetime, given: dict[str, Any], kinds: list[str]) -> None:
    if "placed" in given:
        given = {"placed": tuple(now - timedelta(hours=7 * n) for n in range(given["placed"]))}
    assert [hit["kind"] for hit in judge(FraudRule.objects.all(), facts(now, **given))] == kinds


def test_orders_longer_ago_than_the_rules_hours_do_not_count(now: datetime) -> None:
    placed = (now, now, now, now - DAY)
    assert judge(FraudRule.objects.all(), facts(now, placed=placed)) == []
    assert len(judge(FraudRule.objects.all(), facts(now, placed=(*placed, now - DAY + timedelta(seconds=1))))) == 1


def test_a_finding_explains_itself(now: datetime) -> None:
    met = facts(
        now, total=eur(160_000), is_first=True, placed=(now,) * 5, country="BE", card="US",
    )  # fmt: skip
    assert [explain(hit) for hit in judge(FraudRule.objects.order_by("pk"), met)] == [
        "A first order, of €1,600.00: €1,500.00 or more.",
        "5 orders within 24 hours, of the same account, e-mail or address.",
        "It goes to Belgium, and the card is from United States.",
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "amount"}, "amount_minor"),
        ({"kind": "amount", "amount_minor": 1, "hours": 2}, "hours"),
        ({"kind": "velocity", "orders": 1, "hours": 24}, "orders"),
        ({"kind": "velocity", "orders": 101, "hours": 24}, "orders"),
        ({"kind": "velocity", "orders": 3, "hours": 721}, "hours"),
        ({"kind": "country", "orders": 3}, "orders"),
    ],
)
def test_a_rule_has_the_thresholds_of_its_kind(given: dict[str, Any], field: str) -> None:
    rule = FraudRule(words="Look.", **given)
    with pytest.raises(ValidationError) as refusal:
        rule.full_clean(validate_constraints=False)
    assert set(refusal.value.error_dict) == {field}
    with pytest.raises(IntegrityError), transaction.atomic():
        rule.save()


def test_finance_changes_a_rule_and_support_reads_it(olga: User, sam: User, client_of: ClientOf, time_is: None) -> None:
    rule = FraudRule.objects.get(kind="amount")
    sent = {
        "kind": "amount",
        "words": "Call them.",
        "amount_minor": "99.50",
        "orders": "",
        "hours": "",
        "is_active": "on",
    }
    client_of(sam).post(url("desk", rule), sent)
    rule.refresh_from_db()
    assert rule.amount == eur(150_000)
    assert client_of(olga).post(url("desk", rule), sent).status_code == 302
    rule.refresh_from_db()
    assert (rule.amount, rule.words) == (eur(9_950), "Call them.")
    refused = client_of(olga).post(url("desk", rule), {**sent, "kind": "country"})
    assert "A rule of this kind has none." in refused.content.decode()


# Holding


def test_a_held_order_is_not_charged_and_its_plant_hears_nothing(
    order: Order, hold: Hold, listing: Listing, bob: User, alice: User, client_of: ClientOf, now: datetime
) -> None:
    assert end_of(order) == ("authorised", {"on_hold"}, "authorised", "open")
    assert (stock(listing), balance("gateway")) == ((5, 5), eur(0))
    assert mails() == ["order_held"]
    assert hold.expires_at == now + 6 * DAY
    page = client_of(alice).get(reverse("order", args=[order.pk])).content.decode()
    assert "We check your order" in page
    assert "Nothing is charged yet" in page
    assert "Go on to payment" not in page
    assert client_of(bob).get(url("plant", order.consignments.get())).status_code == 404
    with pytest.raises(IllegalMove):
        accept_line(order.lines.first(), by=bob, at=now)


def test_the_buyer_of_a_held_order_goes_on_shopping(
    order: Order, place: Place, pay: Pay, other_listing: Listing
) -> None:
    assert order.cart is None
    assert pay(place((other_listing, 1))).payment_status == "captured"


def test_an_ordinary_order_is_charged_at_once(place: Place, pay: Pay, listing: Listing) -> None:
    other = pay(place((listing, 1)))
    assert (other.payment_status, Hold.objects.count(), Payment.objects.get().capture) == ("captured", 0, "automatic")


def test_whoever_has_paid_before_makes_no_first_order(place: Place, pay: Pay, listing: Listing) -> None:
    pay(place((listing, 1)))
    Listing.objects.update(on_hand=9)
    assert pay(place((listing, 5))).payment_status == "captured"


def test_the_fourth_order_of_a_day_is_held_whoever_the_account_is(
    place: Place, pay: Pay, other_listing: Listing, alice: User, carol: User, mallory: User
) -> None:
    """Three accounts, one door."""
    home = {"line1": "1 Quai des Colis", "postcode": "69001", "country": "FR"}
    for person in (alice, carol, mallory):
        assert pay(place((other_listing, 1), buyer=person, address=AddressFactory(**home))).payment_status == "captured"
    again = {**home, "line1": "1 QUAI DES COLIS"}
    held = pay(place((other_listing, 1), buyer=None, address=AddressFactory(user=None, **again)))
    assert (held.payment_status, held.hold.hits[0]["orders"]) == ("authorised", 4)


def test_what_went_elsewhere_before_the_bank_said_yes_is_not_held(
    place: Place, pay: Pay, listing: Listing, now: datetime, drain: Drain
) -> None:
    late, after = place((listing, 5)), now + timedelta(minutes=11)
    pay(place((listing, 1), buyer=None, at=after), at=after)
    pay(late, at=after)
    follow(late, after, drain)
    assert end_of(late) == ("failed", {"cancelled"}, "cancelled", "foreseen")
    assert stock(listing) == (4, 0)
    assert SandboxIntent.objects.get(amount_minor=late.total_minor).status == "cancelled"


# Released


def test_released_at_the_desk_it_is_paid_and_the_plants_clock_starts_then(
    order: Order, hold: Hold, listing: Listing, olga: User, client_of: ClientOf, now: datetime, drain: Drain
) -> None:
    later = now + DAY
    timetravel.travel_to(later)
    desk = client_of(olga)
    queue = desk.get(url("desk", Hold, "changelist") + "?pile=open")
    assert list(queue.context["cl"].result_list) == [hold]
    page = desk.get(url("desk", hold)).content.decode()
    assert "A first order, of €1,504.90: €1,500.00 or more." in page
    assert "does the name fit the address?" in page
    line = order.lines.first()
    assert line is not None
    assert "A first order, of €1,504.90" in desk.get(url("desk", line)).content.decode()

    for _click in range(2):
        decide(desk, hold, "release")
    assert end_of(order) == ("authorised", {"on_hold"}, "authorised", "released")
    follow(order, later, drain)
    assert end_of(order) == ("captured", {"paid"}, "captured", "released")
    due = calendar().ship_by(later, OrderLine.SHIP_WITHIN_BUSINESS_DAYS)
    assert {(each.paid_at, each.due_at) for each in order.lines.all()} == {(later, due)}
    assert stock(listing) == (0, 0)
    assert mails() == ["order_held", "order_paid", "plant_order"]
    assert balance("buyer") == eur(150_490)
    told = Event.objects.filter(subject_id=str(hold.pk)).order_by("pk").values_list("kind", "actor")
    assert list(told) == [("hold.open", "system:holds"), ("hold.released", f"user:{olga.pk}")]
    assert no_difference()


def test_more_than_a_person_may_move_waits_for_a_second_one(
    order: Order, hold: Hold, sam: User, client_of: ClientOf, time_is: None
) -> None:
    decide(client_of(sam), hold, "release")
    assert (end_of(order)[3], Approval.objects.get().amount) == ("open", order.total)


def test_a_capture_that_the_bank_did_and_nobody_wrote_down_is_mended_by_the_clock(
    order: Order, hold: Hold, now: datetime, drain: Drain
) -> None:
    release_hold(hold, by=BY, at=now)
    SandboxIntent.objects.filter(amount_minor=order.total_minor).update(status="captured")
    assert settle_pending_payments(now + timedelta(minutes=10)) == 1
    drain()
    assert end_of(order) == ("captured", {"paid"}, "captured", "released")
    assert balance("buyer") == order.total


def test_an_authorisation_that_the_bank_has_let_go_ends_the_order_kindly(
    order: Order, hold: Hold, listing: Listing, now: datetime, drain: Drain
) -> None:
    release_hold(hold, by=BY, at=now)
    SandboxIntent.objects.filter(amount_minor=order.total_minor).update(status="cancelled")
    follow(order, now, drain)
    assert end_of(order) == ("cancelled", {"cancelled"}, "cancelled", "lapsed")
    assert set(order.lines.values_list("cancel_reason", flat=True)) == {"hold_lapsed"}
    assert (stock(listing), mails()) == ((5, 0), ["order_held", "order_not_taken"])
    assert not ServiceFact.objects.exists()
    with pytest.raises(CannotDecide):
        refuse_hold(hold, reason="card", by=BY, at=now)


def test_what_was_let_go_cannot_be_released(order: Order, hold: Hold, now: datetime) -> None:
    cancel_payment(Payment.objects.get(), by=BY, at=now)
    with pytest.raises(CannotCapture):
        release_hold(hold, by=BY, at=now)
    assert end_of(order)[3] == "open"


# Refused, lapsed


def test_refused_at_the_desk_nothing_is_charged_and_nobody_is_blamed(
    order: Order, hold: Hold, listing: Listing, sam: User, alice: User, client_of: ClientOf, time_is: None,
    now: datetime, drain: Drain,
) -> None:  # fmt: skip
    desk = client_of(sam)
    for _click in range(2):
        decide(desk, hold, "refuse", reason="card")
    follow(order, now, drain)
    assert end_of(order) == ("cancelled", {"cancelled"}, "cancelled", "refused")
    assert set(order.lines.values_list("cancel_reason", flat=True)) == {"hold_refused"}
    assert SandboxIntent.objects.get().status == "cancelled"
    assert (stock(listing), balance("gateway"), mails()) == ((5, 0), eur(0), ["order_held", "order_not_taken"])
    assert "Nothing was charged." in Notification.objects.get(template="order_not_taken").text
    assert not ServiceFact.objects.exists()
    page = client_of(alice).get(reverse("order", args=[order.pk])).content.decode()
    assert "We could not take this order" in page
    with pytest.raises(CannotDecide):
        release_hold(hold, by=BY, at=now)
    assert no_difference()


def test_after_six_days_without_a_decision_it_ends_by_time_alone(
    order: Order, hold: Hold, place: Place, pay: Pay, listing: Listing, now: datetime, drain: Drain
) -> None:
    over = now + 6 * DAY
    assert watch_order_deadlines(over - timedelta(seconds=1)) == 0
    with pytest.raises(CannotDecide):
        release_hold(hold, by=BY, at=over)
    place((listing, 5), buyer=None, at=over)  # no job has run, and the devices are free
    assert watch_order_deadlines(over) == 1
    drain()
    assert end_of(order) == ("cancelled", {"cancelled"}, "cancelled", "lapsed")
    assert (stock(listing), mails()) == ((5, 5), ["order_held", "order_not_taken"])
    assert watch_order_deadlines(over) == 0


# What only the card tells


@pytest.fixture
def abroad(place: Place, pay: Pay, listing: Listing) -> Order:
    """Sent to Belgium, and charged at once to a card that turns out to be American."""
    return pay(place((listing, 1), address=AddressFactory(country="BE", postcode="1000")), card=AMERICAN)


def test_where_the_money_has_come_the_plant_still_hears_nothing(
    abroad: Order, listing: Listing, bob: User, alice: User, client_of: ClientOf, now: datetime
) -> None:
    assert end_of(abroad) == ("captured", {"on_hold"}, "captured", "open")
    assert (stock(listing), mails()) == ((4, 0), ["order_held"])
    assert "has arrived" in Notification.objects.get().text
    page = client_of(alice).get(reverse("order", args=[abroad.pk])).content.decode()
    assert "goes back whole if we cannot take the order" in page
    assert client_of(bob).get(url("plant", abroad.consignments.get())).status_code == 404
    assert watch_order_deadlines(now + 5 * DAY) == 0
    assert no_difference()


def test_released_then_the_plant_is_told_and_its_clock_starts(
    abroad: Order, bob: User, client_of: ClientOf, now: datetime, drain: Drain
) -> None:
    release_hold(abroad.hold, by=BY, at=now + DAY)
    drain()
    line = abroad.lines.get()
    assert (line.status, line.paid_at) == ("paid", now + DAY)
    assert mails() == ["order_held", "order_paid", "plant_order"]
    accept_line(line, by=bob, at=now + DAY)
    assert no_difference()


def test_a_held_device_cannot_be_withdrawn_from_yet(abroad: Order, alice: User, now: datetime) -> None:
    with pytest.raises(CannotWithdraw) as refusal:
        confirm_withdrawal(abroad.lines.get(), name="Alice", by=alice, at=now)
    assert "being checked" in str(refusal.value)
    assert end_of(abroad) == ("captured", {"on_hold"}, "captured", "open")


def test_when_the_last_held_device_is_refunded_nothing_is_left_to_decide(
    place: Place, pay: Pay, listing: Listing, now: datetime, settle_refunds: Callable[[datetime], None]
) -> None:
    order = pay(place((listing, 2), address=AddressFactory(country="BE", postcode="1000")), card=AMERICAN)
    first, second = order.lines.all()
    refund_line(first, reason="goodwill", by=BY, at=now)
    assert Hold.objects.get(order=order).status == "open"
    Notification.objects.all().delete()
    refund_line(second, reason="goodwill", by=BY, at=now)
    settle_refunds(now)
    assert end_of(order) == ("captured", {"refunded"}, "captured", "lapsed")
    # Not that the bank's authorisation had ended.
    told = {"order_line_cancelled", "order_line_refunded"}
    assert set(Notification.objects.values_list("template", flat=True)) == told
    assert watch_order_deadlines(now + 7 * DAY) == 0
    assert no_difference()


@pytest.mark.parametrize("by_time", [False, True])
def test_refused_then_the_money_goes_back(
    abroad: Order,
    listing: Listing,
    now: datetime,
    drain: Drain,
    settle_refunds: Callable[[datetime], None],
    by_time: bool,
) -> None:
    if by_time:
        assert watch_order_deadlines(now + 6 * DAY) == 1
    else:
        refuse_hold(abroad.hold, reason="card", by=BY, at=now)
    assert no_difference()
    drain()
    settle_refunds(now)
    assert end_of(abroad) == ("captured", {"refunded"}, "captured", "lapsed" if by_time else "refused")
    assert (Refund.objects.get().amount, balance("buyer")) == (abroad.total, eur(0))
    assert stock(listing) == (5, 0)
    assert mails() == ["order_held", "order_line_refunded", "order_not_taken"]
    assert not ServiceFact.objects.exists()
    assert no_difference()


# At Stripe


def test_at_stripe_it_is_authorised_and_captured_by_the_release(
    bank: StripeServer, place: Place, listing: Listing, now: datetime, drain: Drain
) -> None:
    order = place((listing, 5))
    payment = Payment.objects.get()
    open_payment(payment, return_url="", at=now)
    bank.confirm(payment.gateway_id, VISA)
    settle_payment(payment.pk, at=now)
    drain()
    assert (bank.intents["pi_1"]["status"], end_of(order)[1]) == ("requires_capture", {"on_hold"})
    release_hold(order.hold, by=BY, at=now)
    bank.fault("POST /v1/payment_intents/pi_1/capture", after=True, status=500, times=1)
    with pytest.raises(GatewayError):
        settle_payment(payment.pk, at=now)  # done there, and the answer lost
    assert end_of(order)[2] == "authorised"
    follow(order, now, drain)
    assert end_of(order) == ("captured", {"paid"}, "captured", "released")
    assert len(bank.heard("POST /v1/payment_intents/pi_1/capture")) == 1
    payment.refresh_from_db()
    assert (payment.card_country, balance("buyer")) == ("US", Money(150_490, "EUR"))


def test_at_stripe_a_refusal_lets_the_money_go(
    bank: StripeServer, place: Place, listing: Listing, now: datetime, drain: Drain
) -> None:
    order = place((listing, 5))
    payment = Payment.objects.get()
    open_payment(payment, return_url="", at=now)
    bank.confirm(payment.gateway_id, VISA)
    settle_payment(payment.pk, at=now)
    drain()
    refuse_hold(order.hold, reason="card", by=BY, at=now)
    follow(order, now, drain)
    assert (bank.intents["pi_1"]["status"], end_of(order)[0]) == ("canceled", "cancelled")


def test_through_the_shop_the_bank_is_asked_to_wait(bank: StripeServer, client: Client, listing: Listing) -> None:
    FraudRule.objects.filter(kind="amount").update(amount_minor=100)
    fill(client, listing)
    assert check_out(client).status_code == 302
    payment = Payment.objects.get()
    assert (payment.capture, bank.intents["pi_1"]["capture_method"]) == ("manual", "manual")
    bank.confirm("pi_1", VISA)
    order = Order.objects.get()
    page = client.get(reverse("checkout-return", args=[order.pk]), follow=True).content.decode()
    assert "We check your order" in page
    assert set(OrderLine.objects.values_list("status", flat=True)) == {"on_hold"}


def test_a_hold_without_an_end_is_refused_by_the_database(hold: Hold) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.filter(pk=hold.pk).update(expires_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.filter(pk=hold.pk).update(status="forgotten")
