from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.money import Money
from backmarket.notifications.models import Notification
from backmarket.payments.selectors import balance, ledger_sum
from backmarket.states import IllegalMove
from catalog.models import Listing
from orders.models import Claim, OrderLine
from orders.querysets import WITH_SUPPORT
from orders.services import claims
from orders.services.claims import CannotClaim, CannotDecide, CannotRefuse, ClaimClosed
from refurbishers.models import ServiceFact
from tests.factories import imei
from tests.orders.conftest import carry

PARIS = ZoneInfo("Europe/Paris")
OPENED = datetime(2026, 11, 26, 10, tzinfo=PARIS)  # a Thursday, the day after delivery
DAY = timedelta(days=1)


def opened(line: OrderLine, at: datetime = OPENED, wish: str = "REPAIR") -> Claim:
    return claims.open_claim(
        line, issue="BATTERY", wish=wish, description="Empty by noon since Tuesday.", by="guest", at=at
    )


@pytest.fixture
def claim(delivered_line: OrderLine) -> Claim:
    return opened(delivered_line)


@pytest.fixture
def at_plant(claim: Claim, bob: User, drain: Callable[[], None]) -> Claim:
    """Received on Monday 30 November at 10:00."""
    parcel = claims.accept_claim(claim, by=bob, at=OPENED)
    carry(parcel, at=OPENED + DAY, to="in_transit")
    drain()
    carry(parcel, at=OPENED + 4 * DAY)
    drain()
    claim.refresh_from_db()
    return claim


def test_a_new_case_waits_for_the_plant_one_business_day(claim: Claim, drain: Callable[[], None]) -> None:
    drain()
    assert claim.status == "awaiting_plant"
    assert claim.due_at == datetime(2026, 11, 28, 0, tzinfo=PARIS)
    assert set(Notification.objects.filter(template__contains="claim").values_list("template", flat=True)) == {
        "claim_opened",
        "plant_claim",
    }
    assert ServiceFact.objects.get(kind="defect").reference == claim.line_id


def test_one_case_per_line_and_only_while_a_guarantee_runs(claim: Claim, delivered_line: OrderLine) -> None:
    with pytest.raises(CannotClaim):
        opened(delivered_line)
    claims.withdraw_claim(claim, by="guest", at=OPENED)
    with pytest.raises(CannotClaim):
        opened(delivered_line, at=datetime(2028, 11, 26, 10, tzinfo=PARIS))
    assert opened(delivered_line, at=datetime(2028, 11, 25, 10, tzinfo=PARIS)).status == "awaiting_plant"


def test_a_plant_is_told_of_a_case_that_was_withdrawn_and_the_customer_who_did_it_is_not(
    claim: Claim, drain: Callable[[], None]
) -> None:
    claims.withdraw_claim(claim, by="guest", at=OPENED)
    drain()
    told = Notification.objects.filter(template__contains="withdrawn").values_list("template", "recipient")
    assert list(told) == [("plant_claim_withdrawn", claim.plant.email)]


def test_a_refund_can_be_wished_for_thirty_days_only(delivered_line: OrderLine) -> None:
    with pytest.raises(CannotClaim) as refusal:
        opened(delivered_line, at=datetime(2026, 12, 26, 0, tzinfo=PARIS), wish="REFUND")
    assert refusal.value.field == "wish"
    assert opened(delivered_line, at=datetime(2026, 12, 25, 23, tzinfo=PARIS), wish="REFUND").wish == "REFUND"


def test_the_first_human_answer_is_timed_in_business_minutes(
    claim: Claim, bob: User, drain: Callable[[], None]
) -> None:
    at = datetime(2026, 11, 27, 9, 30, tzinfo=PARIS)  # 8 hours on Thursday, half an hour on Friday
    claims.answer_claim(claim, text="Which charger do you use?", by=bob, at=at)
    claims.post_message(claim, role="plant", author=bob, text="And since when?", at=at + DAY)
    drain()

    assert Event.objects.get(kind="claim.answered").data == {"role": "plant", "minutes": 510}
    facts = dict(ServiceFact.objects.filter(reference=claim.pk).values_list("kind", "value"))
    assert facts == {"answer": 0, "answer_time": 510}
    assert claim.status == "awaiting_customer"
    assert Notification.objects.filter(template="claim_awaiting_customer").count() == 1


def test_the_clock_stands_still_while_the_customer_is_awaited(claim: Claim, bob: User, alice: User) -> None:
    claims.answer_claim(claim, text="Which charger?", by=bob, at=OPENED + timedelta(hours=1))
    assert claims.watch_claim_deadlines(OPENED + 20 * DAY) == 0
    reply = datetime(2026, 12, 3, 11, tzinfo=PARIS)  # five business days later, to the hour
    claims.post_message(claim, role="customer", author=alice, text="The original.", at=reply)

    claim.refresh_from_db()
    assert (claim.status, claim.paused_at) == ("awaiting_plant", None)
    assert claim.due_at == datetime(2026, 12, 4, 18, tzinfo=PARIS)


def test_support_takes_over_where_the_plant_is_silent(claim: Claim, drain: Callable[[], None], sam: User) -> None:
    assert claims.watch_claim_deadlines(datetime(2026, 11, 27, 23, 59, tzinfo=PARIS)) == 0
    assert list(Claim.objects.filter(WITH_SUPPORT)) == []
    assert claims.watch_claim_deadlines(datetime(2026, 11, 28, 0, tzinfo=PARIS)) == 1
    assert claims.watch_claim_deadlines(datetime(2026, 11, 28, 1, tzinfo=PARIS)) == 0
    drain()

    assert list(Claim.objects.filter(WITH_SUPPORT)) == [claim]
    assert ServiceFact.objects.get(kind="answer").value == 1
    told = Notification.objects.filter(template__contains="escalated").values_list("template", "recipient")
    assert dict(told) == {"claim_escalated": claim.line.order.email, "plant_claim_escalated": claim.plant.email}
    claims.decide_claim(claim, outcome="accept", comment="Send it in.", by=sam, at=OPENED + 4 * DAY)
    assert claim.status == "awaiting_return"


def test_a_repair_comes_back_with_twelve_more_months_of_legal_guarantee(
    at_plant: Claim, bob: User, drain: Callable[[], None]
) -> None:
    assert (at_plant.status, at_plant.due_at) == ("at_plant", datetime(2026, 12, 8, 0, tzinfo=PARIS))
    claims.start_repair(at_plant, by=bob, at=OPENED + 5 * DAY)
    parcel = claims.finish_repair(at_plant, by=bob, at=OPENED + 6 * DAY)
    carry(parcel, at=OPENED + 7 * DAY)
    drain()

    at_plant.refresh_from_db()
    assert (at_plant.status, at_plant.due_at) == ("resolved", None)
    assert str(at_plant.line.guarantee.legal_until_date) == "2029-11-25"
    assert ServiceFact.objects.get(kind="resolution_time").value == 7 * 24


def test_at_ten_business_days_the_refund_is_automatic(
    at_plant: Claim, bob: User, settle_refunds: Callable[[datetime], None]
) -> None:
    claims.start_repair(at_plant, by=bob, at=OPENED + 5 * DAY)
    late = datetime(2026, 12, 15, 0, tzinfo=PARIS)
    assert claims.watch_claim_deadlines(late - timedelta(minutes=1)) == 0
    assert claims.watch_claim_deadlines(late) == 1
    with pytest.raises(ClaimClosed):
        claims.finish_repair(at_plant, by=bob, at=late)
    settle_refunds(late)

    at_plant.refresh_from_db()
    assert (at_plant.status, at_plant.line.status) == ("refunded", "refunded")
    assert balance("plant", str(at_plant.plant_id)) == Money(0, "EUR")
    assert ledger_sum() == {"EUR": 0}


def test_a_replacement_takes_a_device_of_the_offer_and_keeps_the_guarantee(
    at_plant: Claim, bob: User, listing: Listing, drain: Callable[[], None]
) -> None:
    stock = Listing.objects.get(pk=listing.pk).on_hand
    claims.start_replacement(at_plant, by=bob, at=OPENED + 5 * DAY)
    parcel = claims.send_replacement(at_plant, identifier=imei(), by=bob, at=OPENED + 5 * DAY)
    carry(parcel, at=OPENED + 6 * DAY)
    drain()

    at_plant.refresh_from_db()
    assert at_plant.status == "resolved"
    assert Listing.objects.get(pk=listing.pk).on_hand == stock - 1
    assert str(at_plant.line.guarantee.legal_until_date) == "2028-11-25"


def test_without_stock_there_is_no_replacement(at_plant: Claim, bob: User, listing: Listing) -> None:
    Listing.objects.filter(pk=listing.pk).update(on_hand=0)
    with pytest.raises(claims.CannotReplace):
        claims.start_replacement(at_plant, by=bob, at=OPENED + 5 * DAY)
    at_plant.refresh_from_db()
    assert at_plant.status == "at_plant"


@pytest.mark.parametrize(
    ("problem", "comment", "evidence", "field"),
    [
        ("", "No.", "", "problem"),
        ("OTHER", " ", "", "comment"),
        ("OOW_ITEM", "It was dropped.", "", "evidence"),
        ("DAMAGED_PACKAGE", "Crushed.", " ", "evidence"),
    ],
)
def test_a_refusal_needs_reason_words_and_evidence(
    claim: Claim, bob: User, problem: str, comment: str, evidence: str, field: str
) -> None:
    with pytest.raises(CannotRefuse) as refusal:
        claims.refuse_claim(claim, problem=problem, comment=comment, evidence=evidence, by=bob, at=OPENED)
    assert refusal.value.field == field
    assert not claim.messages.exists()


def test_a_refusal_can_be_brought_to_support_which_decides(
    claim: Claim, bob: User, alice: User, sam: User, settle_refunds: Callable[[datetime], None]
) -> None:
    claims.refuse_claim(claim, problem="PROBLEM_NOT_IDENTIFIED", comment="It works.", by=bob, at=OPENED)
    with pytest.raises(CannotDecide):
        claims.decide_claim(claim, outcome="refund", comment="Refunded.", by=sam, at=OPENED)
    claims.ask_arbitration(claim, text="It does not.", by=alice, at=OPENED + DAY)
    assert list(Claim.objects.filter(WITH_SUPPORT)) == [claim]
    claims.decide_claim(claim, outcome="refund", comment="The customer is right.", by=sam, at=OPENED + DAY)
    settle_refunds(OPENED + DAY)

    claim.refresh_from_db()
    assert (claim.status, claim.problem) == ("refunded", "PROBLEM_NOT_IDENTIFIED")
    assert list(claim.messages.values_list("author_role", flat=True)) == ["plant", "customer", "support"]


def test_a_device_at_the_plant_goes_home_when_support_agrees_with_the_plant(
    at_plant: Claim, bob: User, alice: User, sam: User
) -> None:
    claims.refuse_claim(at_plant, problem="OTHER", comment="Water.", by=bob, at=OPENED + 5 * DAY)
    claims.ask_arbitration(at_plant, text="Never!", by=alice, at=OPENED + 6 * DAY)
    claims.decide_claim(at_plant, outcome="reject", comment="There is water.", by=sam, at=OPENED + 6 * DAY)
    at_plant.refresh_from_db()
    assert (at_plant.status, at_plant.return_parcel.purpose) == ("resolved", "claim_return")


def test_a_word_on_a_solved_case_opens_it_again(claim: Claim, bob: User, alice: User) -> None:
    claims.answer_claim(claim, text="Restart it.", by=bob, at=OPENED)
    claims.resolve_claim(claim, by=alice, at=OPENED)
    claims.post_message(claim, role="customer", author=alice, text="Again!", at=OPENED + 4 * DAY)
    claim.refresh_from_db()
    assert (claim.status, claim.due_at) == ("awaiting_plant", datetime(2026, 12, 2, 0, tzinfo=PARIS))


def test_a_case_on_its_way_cannot_be_withdrawn(at_plant: Claim) -> None:
    with pytest.raises(IllegalMove):
        claims.withdraw_claim(at_plant, by="guest", at=OPENED + 5 * DAY)
