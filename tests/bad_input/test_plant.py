"""The plants' screens: wrong input is answered beside its field, and the rest of it is kept."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from backmarket.accounts.models import User
from backmarket.payments.models import Payment
from backmarket.sites import plant_site
from buyback.models import Bid
from catalog.models import Listing
from orders.models import Claim, OrderLine
from orders.services.cancelling import ask_to_cancel
from orders.services.guarantees import start_guarantee
from refurbishers.models import Invitation, Member, Refurbisher
from reviews.services.questions import ask_question, publish_question
from tests.admin.rows import Rows, rows_of, url
from tests.bad_input.cases import Bad, Form, check
from tests.bad_input.screens import asked, changed, filled_in
from tests.buyback import steps
from tests.factories import UnitFactory, UserFactory, VariantFactory, imei

pytestmark = pytest.mark.django_db

COURIER = {"courier": "dhl", "tracking_number": "JD0146"}
HALF_A_COURIER = Bad("tracking_number", "", "Give both the courier and its tracking number")
TERMS = {
    "price": "199.99", "on_hand": "3", "guarantee_months": "12", "shipping_days": "2", "shipping": "4.90",
    "vat_scheme": "MARGINAL", "comment": "With a case.",
}  # fmt: skip
WRONG_TERMS = (
    Bad("price", "0", "greater than or equal to"),
    Bad("price", "1.999", "no more than 2 decimal places"),
    Bad("guarantee_months", "11", "greater than or equal to 12"),
    Bad("shipping_days", "0", "greater than or equal to 1"),
    Bad("comment", "Like new!", "“like new”"),
)


@pytest.fixture
def own(plant: Refurbisher, bob: User, now: datetime) -> Rows:
    return rows_of(plant, now)


@pytest.fixture
def page(own: Rows, bob: User, client_of: Callable[[User], Client]) -> Client:
    """The owner's browser."""
    return client_of(bob)


def step(obj: Any, name: str, good: dict[str, Any], *bad: Bad, **more: Any) -> Form:
    return Form(name, url("plant", obj, "step", name), good, bad, **more)


def adding_a_listing(own: Rows) -> Form:
    good = {"variant": str(VariantFactory().pk), "grade": "good", **TERMS}
    other = Bad("variant", str(own.listing.variant_id), "already", {"grade": own.listing.grade})
    return Form("add", url("plant", Listing, "add"), good, (*WRONG_TERMS, other), optional=frozenset({"comment"}))


def adding_a_bid(own: Rows) -> Form:
    good = {"variant": str(VariantFactory().pk), "condition": "FUNCTIONAL_GOOD", "price": "120.00"}
    known = Bid.objects.filter(plant=own.plant).first()
    assert known
    again = Bad("variant", str(known.variant_id), "", {"condition": known.condition})
    return Form("bid", url("plant", Bid, "add"), good, (again, Bad("price", "0", "greater than")))


def inviting(own: Rows) -> Form:
    good = {"email": "tariq@example.com", "role": "technician"}
    works_here = Bad("email", own.member.user.email, "")
    return Form("invite", url("plant", Invitation, "add"), good, (works_here,))


def changing_a_role(own: Rows) -> Form:
    member = Member.objects.create(plant=own.plant, user=UserFactory(), role="technician")
    return step(member, "role", {"role": "manager"})


def changing_terms(own: Rows) -> Form:
    changed(own.listing, reserved=2)
    held = Bad("on_hand", "1", "being paid for")
    return step(own.listing, "change", TERMS, *WRONG_TERMS, held, optional=frozenset({"comment"}))


def erasing(own: Rows) -> Form:
    good = {"standard": "NIST SP 800-88 Purge", "tool": "Blancco 7.4", "operator": str(own.member.user_id)}
    stranger = Bad("operator", str(UserFactory().pk), "Select a valid choice")
    return step(own.unit, "erase", good, stranger)


def repairing(own: Rows) -> Form:
    return step(own.unit, "repair", {"parts": "Battery\nScreen"}, Bad("parts", "\n \n", ""))


def noting_the_test(own: Rows) -> Form:
    too_much = Bad("battery_percent", "101", "less than or equal to 100")
    good = {"grade": "good", "battery_percent": "91"}
    return step(own.unit, "test", good, too_much, optional=frozenset({"battery_percent"}))


def listing_a_unit(own: Rows, at: datetime) -> Form:
    unit = UnitFactory(plant=own.plant, variant=own.listing.variant, grade=own.listing.grade)
    record = {"erasure_standard": "IEEE 2883-2022", "erasure_tool": "Reset", "erased_by": own.member.user}
    changed(unit, erased_at=at, tested_at=at, **record)
    return step(unit, "list", {"listing": str(own.listing.pk)})


def shipping(own: Rows) -> Form:
    line = str(own.line.pk)
    bad = (
        Bad(line, "123", "This is not an IMEI"),
        Bad(line, "😀", "This is not an IMEI"),
        Bad("courier", "post", "Select a valid choice"),
        HALF_A_COURIER,
        Bad("tracking_number", "😀", ""),
    )
    return step(own.line.consignment, "ship", {line: imei(), **COURIER}, *bad, optional=frozenset(COURIER))


def offering_express(own: Rows) -> Form:
    return step(
        own.plant,
        "express",
        {"surcharge": "5.90"},
        Bad("surcharge", "15.01", "15.00"),
        Bad("surcharge", "0", ""),
        Bad("surcharge", "1.999", "no more than 2 decimal places"),
        optional=frozenset({"surcharge"}),
    )


def refusing_a_line(own: Rows) -> Form:
    Payment.objects.create(
        purpose="order", reference=own.line.order_id, status="captured", amount_minor=30_000, currency="EUR",
        gateway="sandbox", created_at=own.line.paid_at, captured_at=own.line.paid_at,
    )  # fmt: skip
    return step(own.line, "refuse", {"reason": "out_of_stock"})


def keeping_a_sale(own: Rows, at: datetime) -> Form:
    line = changed(own.line, status=OrderLine.Status.ACCEPTED)
    ask_to_cancel(line, by="guest", at=at)
    long = Bad("answer", "x" * 501, "at most 500 characters")
    return step(line, "keep", {"answer": "The courier has it in an hour."}, long)


def answering_a_claim(own: Rows) -> Form:
    return step(own.claim, "answer", {"text": "Did you try another charger?"})


def a_word_in_a_claim(own: Rows) -> Form:
    return step(own.claim, "message", {"text": "We look at it today."})


def refusing_a_claim(own: Rows) -> Form:
    good = {"problem": "OOW_ITEM", "comment": "Too old.", "evidence": "invoice.pdf"}
    needs = Bad("evidence", "", "This reason needs evidence")
    return step(own.claim, "refuse", good, needs, optional=frozenset({"evidence"}))


def sending_back(own: Rows) -> Form:
    claim = changed(own.claim, status=Claim.Status.REPAIRING)
    start_guarantee(claim.line, at=claim.opened_at)
    return step(claim, "finish", COURIER, HALF_A_COURIER, optional=frozenset(COURIER))


def sending_another(own: Rows, at: datetime) -> Form:
    claim = changed(own.claim, status=Claim.Status.REPLACING)
    device = str(claim.line_id)
    wrong = Bad(device, "123", "This is not an IMEI")
    good = {device: imei(), **COURIER}
    return step(claim, "send", good, wrong, HALF_A_COURIER, optional=frozenset(COURIER))


def inspecting(own: Rows) -> Form:
    good = {**{name: str(value) for name, value in steps.sheet().items()}, "note": "Fine."}
    return step(own.trade, "inspect", good, optional=frozenset({"note"}))


def countering(own: Rows, at: datetime) -> Form:
    trade = steps.graded(own.plant, UserFactory(), at, screen_marks="cracked")
    return step(
        trade,
        "counter",
        {"price": "180.00", "reasons": ["esthetics:screen"], "comment": "Cracked glass."},
        Bad("price", "250.00", "less than the quoted price"),
        Bad("comment", "x" * 201, "at most 200 characters"),
        Bad("reasons", ["esthetics:nothing"], "Select a valid choice"),
        fresh={"photos": steps.photo},
    )


def suspending(own: Rows) -> Form:
    return step(own.trade, "suspend", {"reason": "locked"})


def a_word_to_the_seller(own: Rows) -> Form:
    return step(own.trade, "message", {"text": "Please sign out of your account."})


def replying(own: Rows) -> Form:
    return step(own.review, "reply", {"text": "Thank you."})


def answering_a_question(own: Rows) -> Form:
    asker, at = UserFactory(), timezone.now()
    question = ask_question(own.listing.variant.product, author=asker, text="Is a cable in the box?", by=asker, at=at)
    publish_question(question, by="system:test", at=at)
    return step(question, "answer", {"text": "A cable is in every box."})


FORMS = (
    adding_a_listing, adding_a_bid, inviting, changing_a_role, changing_terms, erasing, repairing, noting_the_test,
    shipping, refusing_a_line, answering_a_claim, a_word_in_a_claim, refusing_a_claim, sending_back, inspecting,
    suspending, a_word_to_the_seller, replying, answering_a_question, offering_express,
)  # fmt: skip
LATER = (listing_a_unit, sending_another, countering, keeping_a_sale)


@pytest.mark.parametrize("filled", FORMS, ids=lambda filled: filled.__name__)
def test_a_step(own: Rows, page: Client, filled: Callable[[Rows], Form]) -> None:
    check(filled(own), page)


@pytest.mark.parametrize("filled", LATER, ids=lambda filled: filled.__name__)
def test_a_step_further_on(own: Rows, page: Client, now: datetime, filled: Callable[[Rows, datetime], Form]) -> None:
    check(filled(own, now), page)


def test_no_form_of_the_site_is_missing(own: Rows, now: datetime) -> None:
    made = [*(make(own) for make in FORMS), *(make(own, now) for make in LATER)]
    assert filled_in(made) == asked(plant_site)


def listed(obj: Listing | Bid, **shown: str) -> dict[str, str]:
    """What a list of one row sends besides what is typed: which row it is, and what stood there."""
    return {
        "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(obj.pk), "_save": "Save",
        **{f"initial-form-0-{name}": value for name, value in shown.items()},
    }  # fmt: skip


def test_a_listing_in_its_list(own: Rows, page: Client) -> None:
    changed(own.listing, reserved=2)
    form = Form(
        "list",
        url("plant", Listing, "changelist"),
        {"form-0-price_minor": "279.90", "form-0-on_hand": "6"},
        (Bad("form-0-on_hand", "1", "2 are being paid for"), Bad("form-0-price_minor", "0", "greater than")),
        fixed=listed(own.listing, price_minor="300.00", on_hand="5"),
        status=200,
    )
    check(form, page)


def test_a_bid_in_its_list(own: Rows, page: Client) -> None:
    Bid.objects.exclude(pk=Bid.objects.filter(plant=own.plant)[:1].get().pk).delete()
    form = Form(
        "list",
        url("plant", Bid, "changelist"),
        {"form-0-price_minor": "150.00"},
        (Bad("form-0-price_minor", "0", "greater than"),),
        fixed=listed(Bid.objects.get(), price_minor="250.00", active="on"),
        status=200,
    )
    check(form, page)


def test_the_plants_own_profile(own: Rows, page: Client) -> None:
    good = {
        "email": "hello@atelier-neuf.example", "phone": "+33412345678", "support_hours": "Mon–Fri 9:00–18:00",
        "technicians": "12", "story": "We mend.",
    }  # fmt: skip
    optional = frozenset({"story", "phone", "support_hours"})
    check(Form("plant", url("plant", own.plant, "change"), good, optional=optional, status=200), page)
