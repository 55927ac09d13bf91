"""What a plant's people do through their pages has its exact effect, and each role does only its own work."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.events.models import Event
from buyback.models import Bid, Inspection, Trade
from buyback.services.grading import grade_inspection
from catalog.models import Grade, Listing, PriceChange
from orders.models import ClaimMessage
from refurbishers.models import Invitation, Member, Refurbisher, Signature, Specification
from tests.admin.rows import Rows, act, role, rows_of, url
from tests.buyback import steps
from tests.factories import UnitFactory, UserFactory, VariantFactory, imei

ClientOf = Callable[[User], Client]


@pytest.fixture
def own(plant: Refurbisher, bob: User, now: datetime, time_is: None) -> Rows:
    return rows_of(plant, now)


@pytest.fixture
def page(own: Rows, bob: User, client_of: ClientOf) -> Client:
    """The owner's browser."""
    return client_of(bob)


def edited(
    listing: Listing, *, price: str, on_hand: str, shown_price: str = "300.00", shown: str = "5"
) -> dict[str, str]:
    return {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-id": str(listing.pk),
        "form-0-price_minor": price,
        "initial-form-0-price_minor": "300.00",
        "form-0-on_hand": on_hand,
        "initial-form-0-on_hand": "5",
        "_save": "Save",
    }


def test_a_price_typed_in_the_list_goes_through_the_service(own: Rows, page: Client) -> None:
    page.post(url("plant", Listing, "changelist"), edited(own.listing, price="279.90", on_hand="5"))
    own.listing.refresh_from_db()
    assert (own.listing.price_minor, own.listing.on_hand) == (27_990, 5)
    assert PriceChange.objects.filter(listing=own.listing, price_minor=27_990).count() == 1
    changed = Event.objects.filter(kind="listing.changed", subject_id=str(own.listing.pk))
    assert [event.data for event in changed] == [{"price_minor": 27_990}]


def test_a_list_saved_late_does_not_undo_a_sale_meanwhile(own: Rows, page: Client) -> None:
    """The stock was 5 when the page was drawn and is 3 now; only the price was typed."""
    Listing.objects.filter(pk=own.listing.pk).update(on_hand=3)
    page.post(url("plant", Listing, "changelist"), edited(own.listing, price="250.00", on_hand="5"))
    own.listing.refresh_from_db()
    assert (own.listing.price_minor, own.listing.on_hand) == (25_000, 3)


def test_stock_below_what_is_reserved_is_refused_beside_its_field(own: Rows, page: Client) -> None:
    Listing.objects.filter(pk=own.listing.pk).update(reserved=2)
    answer = page.post(url("plant", Listing, "changelist"), edited(own.listing, price="300.00", on_hand="1"))
    assert answer.context["cl"].formset.forms[0].errors == {"on_hand": ["2 are being paid for right now."]}
    own.listing.refresh_from_db()
    assert own.listing.on_hand == 5


def test_a_listing_is_added_as_a_draft_of_the_own_plant(own: Rows, page: Client) -> None:
    variant = VariantFactory()
    fields = {
        "variant": variant.pk, "grade": "good", "price": "199.99", "on_hand": "3", "guarantee_months": "24",
        "shipping_days": "2", "shipping": "0", "vat_scheme": "MARGINAL", "comment": "",
    }  # fmt: skip
    page.post(url("plant", Listing, "add"), fields)
    listing = Listing.objects.get(variant=variant)
    assert (listing.plant, listing.status, listing.price_minor, listing.on_hand) == (own.plant, "draft", 19_999, 3)


def test_a_forbidden_word_is_refused_beside_the_comment_and_the_rest_is_kept(own: Rows, page: Client) -> None:
    fields = {
        "variant": VariantFactory().pk, "grade": "good", "price": "199.99", "on_hand": "3", "guarantee_months": "12",
        "shipping_days": "2", "shipping": "0", "vat_scheme": "MARGINAL", "comment": "Like new!",
    }  # fmt: skip
    answer = page.post(url("plant", Listing, "add"), fields)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["comment"]
    assert 'value="199.99"' in answer.content.decode()


def test_a_bid_is_placed_changed_and_switched_off(own: Rows, page: Client) -> None:
    variant = VariantFactory()
    fields = {"variant": variant.pk, "condition": "FUNCTIONAL_GOOD", "price": "120.00"}
    page.post(url("plant", Bid, "add"), fields)
    bid = Bid.objects.get(variant=variant)
    assert (bid.plant, bid.price_minor, bid.active) == (own.plant, 12_000, True)
    again = page.post(url("plant", Bid, "add"), fields)
    assert list(again.context["form"].errors) == ["variant"]
    page.post(url("plant", Bid, "changelist"), {"action": "switch_off", "_selected_action": [bid.pk]})
    bid.refresh_from_db()
    assert bid.active is False


def test_a_line_is_accepted_and_shipped_with_its_imei(own: Rows, page: Client) -> None:
    assert act(page, own.line, "accept").status_code == 302
    own.line.refresh_from_db()
    assert own.line.status == "accepted"
    number, consignment = imei(), own.line.consignment
    wrong = act(page, consignment, "ship", **{str(own.line.pk): "123", "courier": "", "tracking_number": ""})
    assert list(wrong.context["form"].errors) == [str(own.line.pk)]
    done = act(page, consignment, "ship", **{str(own.line.pk): number, "courier": "dhl", "tracking_number": "JD0146"})
    assert done.status_code == 302
    own.line.refresh_from_db()
    consignment.refresh_from_db()
    assert (own.line.status, own.line.identifier) == ("shipped", number)
    assert (consignment.parcel.courier, consignment.parcel.tracking_number) == ("dhl", "JD0146")
    assert act(page, consignment, "label").status_code == 302  # DHL makes its own
    assert act(page, consignment, "packing")["Content-Type"] == "application/pdf"


def test_a_claim_is_answered_accepted_and_refused_in_words(own: Rows, page: Client) -> None:
    act(page, own.claim, "message", text="We look at it today.")
    assert ClaimMessage.objects.get(claim=own.claim).author_role == "plant"
    refused = act(page, own.claim, "refuse", problem="OOW_ITEM", comment="Too old.", evidence="")
    assert list(refused.context["form"].errors) == ["evidence"]
    act(page, own.claim, "accept")
    own.claim.refresh_from_db()
    assert own.claim.status == "awaiting_return"
    assert own.claim.parcel


def test_a_device_is_inspected_graded_and_countered_with_proof(own: Rows, page: Client, now: datetime) -> None:
    trade = own.trade
    missing = act(page, trade, "inspect", note="")
    assert missing.status_code == 422
    assert "screen_marks" in missing.context["form"].errors
    act(page, trade, "inspect", **steps.sheet(screen_marks="cracked"), note="Crack at the lower left.")
    inspection = Inspection.objects.get(trade=trade)
    assert grade_inspection(inspection.pk, now) or inspection.graded_at
    reasons = page.get(url("plant", trade, "step", "counter")).context["form"]["reasons"].initial
    assert reasons == ["esthetics:screen"]
    offer = {"price": "180.00", "reasons": reasons, "comment": "Cracked glass.", "photos": steps.photo()}
    act(page, trade, "counter", **offer)
    trade = Trade.objects.get(pk=trade.pk)
    assert (trade.status, trade.counter_offer.price_minor, trade.photos.count()) == ("countered", 18_000, 1)
    assert trade.counter_offer.reasons == [{"reason": "esthetics", "question": "screen"}]


def test_a_unit_is_erased_tested_and_listed(own: Rows, bob: User, page: Client) -> None:
    unit = UnitFactory(plant=own.plant, variant=own.listing.variant)
    act(page, unit, "erase", standard="NIST SP 800-88 Purge", tool="Blancco 7.4", operator=bob.pk)
    act(page, unit, "repair", parts="Battery\n\nScreen\n")
    act(page, unit, "test", grade=own.listing.grade, battery_percent="91")
    act(page, unit, "list", listing=own.listing.pk)
    unit.refresh_from_db()
    own.listing.refresh_from_db()
    assert (unit.status, unit.listing, unit.parts_changed) == ("ready", own.listing, ["Battery", "Screen"])
    assert (unit.erasure_standard, unit.erasure_tool, unit.erased_by) == ("NIST SP 800-88 Purge", "Blancco 7.4", bob)
    assert own.listing.on_hand == 6


def test_a_unit_without_a_listing_leads_to_a_new_one(own: Rows, bob: User, page: Client) -> None:
    unit = UnitFactory(plant=own.plant, variant=own.listing.variant)
    other = next(grade for grade in Grade.values if grade != own.listing.grade)
    act(page, unit, "erase", standard="NIST SP 800-88 Purge", tool="Blancco 7.4", operator=bob.pk)
    act(page, unit, "test", grade=other, battery_percent="91")
    shown = page.get(url("plant", unit, "step", "list")).content.decode()
    link = f"{url('plant', Listing, 'add')}?variant={unit.variant_id}&amp;grade={other}&amp;on_hand=0"
    assert link in shown
    form = page.get(link.replace("&amp;", "&")).context["form"]
    assert [str(form[name].value()) for name in ("variant", "grade", "on_hand")] == [str(unit.variant_id), other, "0"]
    terms = {"price": "300", "guarantee_months": 12, "shipping_days": 2, "shipping": "0", "vat_scheme": "MARGINAL"}
    page.post(url("plant", Listing, "add"), {"variant": unit.variant_id, "grade": other, "on_hand": 0, **terms})
    made = Listing.objects.get(grade=other)
    assert "You have none of this device" not in page.get(url("plant", unit, "step", "list")).content.decode()
    act(page, unit, "list", listing=made.pk)
    made.refresh_from_db()
    assert made.on_hand == 1


def test_a_rating_is_answered_once(own: Rows, page: Client) -> None:
    act(page, own.review, "reply", text="Thank you.")
    act(page, own.review, "reply", text="Thanks again.")
    own.review.refresh_from_db()
    assert own.review.reply == "Thank you."


def test_a_colleague_is_invited_and_no_account_is_made(own: Rows, page: Client) -> None:
    people = User.objects.count()
    page.post(url("plant", Invitation, "add"), {"email": "Tariq@example.com", "role": "technician"})
    invited = Invitation.objects.get(email="tariq@example.com")
    assert (invited.plant, invited.role, User.objects.count()) == (own.plant, "technician", people)
    act(page, invited, "again")
    assert Event.objects.filter(kind="plant.member_invited", data__invitation=invited.pk).count() == 2
    act(page, invited, "withdraw")
    assert not Invitation.objects.filter(pk=invited.pk).exists()


def test_who_works_here_already_is_not_invited(own: Rows, bob: User, page: Client) -> None:
    again = page.post(url("plant", Invitation, "add"), {"email": bob.email.upper(), "role": "technician"})
    assert list(again.context["form"].errors) == ["email"]


def test_colleagues_are_removed_and_one_owner_stays(own: Rows, bob: User, page: Client) -> None:
    member = Member.objects.create(plant=own.plant, user=UserFactory(), role="technician")
    act(page, member, "remove")
    assert not Member.objects.filter(pk=member.pk).exists()
    act(page, bob.membership, "remove")
    assert Member.objects.filter(user=bob).exists()


def test_the_published_specification_is_signed_once(own: Rows, bob: User, page: Client, now: datetime) -> None:
    specification = Specification.objects.create(version="2026.9", title="T", published_at=now)
    sign = reverse("plant:sign_specification", args=[specification.pk])
    assert "Sign version 2026.9" in page.get(reverse("plant:refurbishers_clause_changelist")).content.decode()
    page.post(sign)
    page.post(sign)
    assert Signature.objects.get(plant=own.plant).signed_by == bob


def test_a_step_out_of_time_is_refused_in_words_and_changes_nothing(own: Rows, page: Client) -> None:
    act(page, own.line, "accept")
    events = Event.objects.count()
    answer = page.post(url("plant", own.line, "step", "accept"), follow=True)
    assert "This cannot be done any more" in answer.content.decode()
    assert Event.objects.count() == events


WORK = {
    "technician": {"catalog.unit", "buyback.trade", "orders.withdrawal"},
    "after_sales": {"orders.claim", "reviews.question", "reviews.review", "orders.withdrawal"},
    "manager": {
        "catalog.listing", "catalog.unit", "buyback.trade", "buyback.bid", "orders.claim", "orders.orderline",
        "orders.consignment", "orders.withdrawal", "reviews.question", "reviews.review", "orders.settlement",
        "buyback.registerentry", "refurbishers.refurbisher", "refurbishers.clause",
    },
}  # fmt: skip


@pytest.mark.parametrize("who", list(WORK))
def test_each_role_acts_on_its_own_work_alone(own: Rows, client_of: ClientOf, who: str) -> None:
    from django.test import RequestFactory

    from backmarket.sites import plant_site

    request = RequestFactory().get("/plant/")
    request.user = role(own.plant, who)
    acts = {
        model._meta.label_lower for model, screen in plant_site._registry.items() if screen.has_act_permission(request)
    }
    assert acts == WORK[who]


def test_a_technician_cannot_answer_a_claim_nor_after_sales_pay_for_a_trade(own: Rows, client_of: ClientOf) -> None:
    technician, after_sales = client_of(role(own.plant, "technician")), client_of(role(own.plant, "after_sales"))
    assert act(technician, own.claim, "accept").status_code == 403
    assert act(technician, own.listing, "pause").status_code == 403
    assert act(after_sales, own.trade, "suspend", reason="locked").status_code == 403
    assert technician.get(url("plant", type(own.settlement), "changelist")).status_code == 403
    assert technician.get(url("plant", Member, "changelist")).status_code == 403
    own.claim.refresh_from_db()
    own.trade.refresh_from_db()
    assert (own.claim.status, own.trade.status) == ("awaiting_plant", "received")


def test_a_role_that_only_reads_cannot_edit_a_list(own: Rows, client_of: ClientOf) -> None:
    technician = client_of(role(own.plant, "technician"))
    technician.post(url("plant", Listing, "changelist"), edited(own.listing, price="1.00", on_hand="5"))
    technician.post(
        url("plant", Listing, "changelist"), {"action": "archive", "_selected_action": [str(own.listing.pk)]}
    )
    own.listing.refresh_from_db()
    assert (own.listing.price_minor, own.listing.status) == (30_000, "online")
