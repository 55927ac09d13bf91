"""The desk's screens: wrong input is answered beside its field, and the rest of it is kept."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from backmarket.accounts.models import User
from backmarket.payments.models import Payment
from backmarket.sites import staff_site
from catalog.models import ReferencePrice
from orders.models import Claim, Hold
from orders.services.holds import seen_of
from refurbishers.models import Refurbisher
from reviews.models import Answer, Question, Removal
from reviews.selectors import Voice
from reviews.services.questions import answer_question, ask_question, publish_question
from tests.admin.rows import Rows, rows_of, url
from tests.bad_input.cases import Bad, Form, check
from tests.bad_input.screens import asked, changed, filled_in
from tests.factories import RefurbisherFactory

pytestmark = pytest.mark.django_db

# Django's own forms are answered with 200.
DJANGO = {"status": 200}


@pytest.fixture
def rows(plant: Refurbisher, bob: User, now: datetime) -> Rows:
    return rows_of(plant, now)


@pytest.fixture
def page(olga: User, client_of: Callable[[User], Client]) -> Client:
    """The operator's browser."""
    return client_of(olga)


def step(obj: Any, name: str, good: dict[str, Any], *bad: Bad) -> Form:
    return Form(name, url("desk", obj, "step", name), good, bad)


def moving_a_plant(rows: Rows) -> Form:
    too_soon = Bad("to", "left", "give notice first")
    blank = Bad("reasons", " \n ", "This field is required")
    return step(
        RefurbisherFactory(), "move", {"to": "watch", "reasons": "Clause 4: late three times."}, too_soon, blank
    )


def giving_notice(rows: Rows) -> Form:
    return step(RefurbisherFactory(status="watch"), "notice", {"reasons": "Clause 4: late three times."})


def deciding(rows: Rows) -> Form:
    claim = changed(rows.claim, status=Claim.Status.ARBITRATION)
    return step(claim, "decide", {"outcome": "reject", "comment": "The guarantee does not cover a fall."})


def a_word_of_support(rows: Rows) -> Form:
    return step(rows.claim, "message", {"text": "We are reading it."})


def refunding(rows: Rows) -> Form:
    Payment.objects.create(
        purpose="order", reference=rows.line.order_id, status="captured", amount_minor=30_000, currency="EUR",
        gateway="sandbox", created_at=rows.line.paid_at, captured_at=rows.line.paid_at,
    )  # fmt: skip
    return step(rows.line, "refund", {"reason": "goodwill"})


def removing_a_review(rows: Rows) -> Form:
    return step(rows.review, "remove", {"reason": rows.review.Removal.values[0]})


def a_question(rows: Rows) -> Question:
    """One that the house has published."""
    asker, at = rows.member.user, timezone.now()
    question = ask_question(rows.listing.variant.product, author=asker, text="Is a cable in the box?", by=asker, at=at)
    publish_question(question, by="system:test", at=at)
    return question


def answering(rows: Rows) -> Form:
    return step(a_question(rows), "answer", {"text": "A cable is in every box."})


def taking_off_a_question(rows: Rows) -> Form:
    return step(a_question(rows), "take_off", {"reason": Removal.values[0]})


def taking_off_an_answer(rows: Rows) -> Form:
    house = Voice(Answer.Voice.HOUSE)
    asker, at = rows.member.user, timezone.now()
    said = answer_question(a_question(rows), voice=house, author=asker, text="It is.", by=asker, at=at)
    return step(said, "take_off", {"reason": Removal.values[0]})


def blocking(rows: Rows) -> Form:
    return step(rows.listing, "block", {"reason": "safety"})


def showing_an_identity(rows: Rows) -> Form:
    good = {"why": "fraud", "reference": "Case 7"}
    return replace(step(rows.trade, "show", good), optional=frozenset({"reference"}), done=200)


def agreeing_a_commission(rows: Rows) -> Form:
    day = timezone.localdate() + timedelta(days=40)
    good = {"rate": "12.5", "from_date": str(day), "to_date": ""}
    return replace(step(rows.plant, "commission", good), optional=frozenset({"to_date"}))


def refusing_a_held_order(rows: Rows) -> Form:
    at = timezone.now()
    held = {"status": "open", "created_at": at, "open_at": at, "expires_at": at + timedelta(days=6)}
    hold = Hold.objects.create(order=rows.line.order, **held)
    unsaid = Bad("note", " ", "Say why", also={"reason": "other"})
    form = step(hold, "refuse", {"reason": "card", "note": "Odd."}, unsaid)
    return replace(form, optional=frozenset({"note"}), fixed={"seen": seen_of(hold)})


FORMS = (
    moving_a_plant, giving_notice, agreeing_a_commission, deciding, a_word_of_support, refunding, removing_a_review,
    blocking, showing_an_identity, answering, taking_off_a_question, taking_off_an_answer,
    refusing_a_held_order,
)  # fmt: skip
# The forms of money are filled in wrongly in tests/admin/test_desk_bank.py, test_desk_steps.py and test_second_eyes.py,
# those of disputes and transfers in tests/orders/test_disputes.py and tests/refurbishers/test_payout_account.py.
MONEY = {
    ("payments_approval_step", "decline"),
    # See tests/orders/test_goodwill.py.
    ("orders_orderline_step", "refund-part"),
    # Nothing to fill in; see also tests/orders/test_hold_changed.py.
    ("orders_hold_step", "release"),
    ("payments_reconciliation_add", ""),
    ("payments_bankreport_add", ""),
    ("payments_dispute_step", "answer"),
    ("payments_dispute_step", "bear"),
    ("payments_payoutfile_add", ""),
    ("payments_payout_step", "return"),
    ("payments_payout_step", "reverse"),
    ("payments_payoutfile_step", "again"),
    ("payments_payoutfile_step", "withdraw"),
    ("orders_settlement_step", "receive"),
    ("payments_refund_step", "transfer"),
}


@pytest.mark.parametrize("filled", FORMS, ids=lambda filled: filled.__name__)
def test_a_step(rows: Rows, page: Client, filled: Callable[[Rows], Form]) -> None:
    check(filled(rows), page)


def test_no_form_of_the_site_is_missing(rows: Rows) -> None:
    assert filled_in([make(rows) for make in FORMS]) | MONEY == asked(staff_site)


def test_a_new_person(page: Client, alice: User) -> None:
    good = {
        "email": "new@example.com",
        "full_name": "New Person",
        "password1": "a long sentence",
        "password2": "a long sentence",
    }
    bad = (
        Bad("email", "ALICE@example.com", "an account with this e-mail already"),
        Bad("password2", "another one", "match"),
    )
    form = Form(
        "user",
        url("desk", User, "add"),
        good,
        bad,
        optional=frozenset({"full_name"}),
        fixed={"usable_password": "true"},
        **DJANGO,
    )
    check(form, page)


def test_a_plants_legal_identity_and_account(page: Client) -> None:
    plant = RefurbisherFactory()
    names = (
        "name", "slug", "legal_name", "registration_number", "vat_number", "line1", "postcode", "city", "country",
        "email", "phone", "support_hours", "technicians", "founded_year",
    )  # fmt: skip
    good = {name: str(getattr(plant, name)) for name in names} | {
        "new_iban": "FR1420041010050500013M02606",
        "story": "We mend.",
    }
    form = Form(
        "plant",
        url("desk", plant, "change"),
        good,
        (Bad("new_iban", "FR00", "This is not an IBAN"), Bad("new_iban", "😀", "This is not an IBAN")),
        optional=frozenset({"new_iban", "story", "phone", "support_hours", "vat_number"}),
        fixed={"members-TOTAL_FORMS": "0", "members-INITIAL_FORMS": "0"},
        **DJANGO,
    )
    check(form, page)


def test_the_price_of_a_new_device(rows: Rows, page: Client) -> None:
    good = {
        "variant": str(rows.listing.variant_id), "price_minor": "809.00", "currency": "EUR",
        "source": "Apple France", "source_date": "2020-10-23",
    }  # fmt: skip
    check(Form("reference", url("desk", ReferencePrice, "add"), good, **DJANGO), page)
