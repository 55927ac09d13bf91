"""The demo data: what an empty installation is filled with, once, and that it keeps every rule of the house."""

import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.conf import LazySettings
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, models
from django.db.models import Avg, Count, F, Max, Sum
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.invoices.models import Invoice, Series
from backmarket.management.commands.seed import LOADED, PARTS
from backmarket.management.demo_logins import ALICE, CAROL, FINANCE, LOGINS, NORA, OWNER, PASSWORD
from backmarket.management.seeding.regulars import ASKED_BEFORE
from backmarket.money import Money
from backmarket.payments.models import (
    CreditAccount,
    Dispute,
    LedgerEntry,
    LedgerMovement,
    Payment,
    Payout,
    PayoutFile,
    Refund,
)
from backmarket.payments.selectors import available_credit, credit_of
from backmarket.shipping.models import Parcel, Pickup
from backmarket.shipping.selectors import may_be_asked_again
from backmarket.templatetags.ui import money
from buyback import dac7
from buyback.bid_table import recent_changes
from buyback.models import Bid, CounterOffer, Inspection, RegisterEntry, TaxFile, Trade
from buyback.services.register import FIRST, entry_hash
from catalog.grading import grade_sheet
from catalog.models import (
    Alert,
    Buyable,
    Category,
    GiftPromise,
    GradingSpecification,
    Listing,
    Product,
    QuestionSet,
    ReferencePrice,
    Unit,
    Variant,
)
from catalog.selectors.collections import shelves as public_shelves
from orders.models import Claim, Earning, Guarantee, Order, OrderLine, Settlement
from refurbishers.models import Clause, Member, Refurbisher, Signature, StatementOfReasons
from reviews.models import Review

pytestmark = pytest.mark.django_db
BELOW_ACTIVE = ("watch", "restricted", "suspended")


def test_base_loads_catalogue_and_plants_and_no_history() -> None:
    call_command("seed", base=True, verbosity=0)
    counted = [model.objects.count() for model in (Category, Product, Variant, QuestionSet, GradingSpecification)]
    assert counted == [12, 216, 1112, 12, 12]
    assert ReferencePrice.objects.values("variant").distinct().count() == 1112
    assert Refurbisher.objects.count() == Member.objects.filter(role="owner").count() == 30
    assert Clause.objects.filter(kind="measure").count() == 12
    assert Signature.objects.count() == 29
    assert not Listing.objects.exists()
    assert authenticate(username=OWNER, password=PASSWORD) is not None


def test_it_refuses_where_sandboxes_are_not_allowed(settings: LazySettings) -> None:
    settings.ALLOW_SANDBOX = False
    with pytest.raises(CommandError):
        call_command("seed", verbosity=0)
    assert not Refurbisher.objects.exists()


@pytest.fixture
def at(now: datetime) -> Iterator[datetime]:
    timetravel.travel_to(now)
    yield now
    timetravel.come_back()


def test_the_whole_demo_once(at: datetime) -> None:
    """One test, because the year takes a while to write: each claim about it has its own function below."""
    call_command("seed", verbosity=0)
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the ledger's own trigger included
    for claim in (
        _it_is_as_large_as_promised,
        _every_status_has_somebody_in_it,
        _prices_average_half_of_new,
        _the_ledger_sums_to_zero_and_agrees_with_the_rows,
        _every_parcel_refund_and_settlement_has_its_paper,
        _the_register_is_an_unbroken_chain,
        _grades_are_what_the_specification_gives,
        _nobody_is_late_at_the_start,
        _every_login_works_and_has_something_to_do,
        _collections_lists_and_alerts_hold_what_can_be_bought,
        _the_tax_office_has_somebody_in_every_pile,
        _something_goes_wrong_for_everyone_who_mends_it,
        _some_left_their_money_with_us,
        _some_devices_nobody_buys_and_every_working_one_somebody,
    ):
        claim()
    _a_second_run_changes_nothing()


def _it_is_as_large_as_promised() -> None:
    assert Listing.objects.filter(status="online").count() >= 6000
    assert Order.objects.count() >= 3000
    assert Trade.objects.count() >= 800
    assert Review.objects.count() >= 2000
    assert Claim.objects.count() >= 150
    assert Bid.objects.count() > 10_000
    assert Buyable.objects.in_stock().count() > 2500


def _every_status_has_somebody_in_it() -> None:
    assert _statuses(Trade) == set(Trade.Status.values)
    assert _statuses(Claim) == set(Claim.Status.values)
    assert _statuses(OrderLine) == set(OrderLine.Status.values)
    assert _statuses(Guarantee) == set(Guarantee.Status.values)
    assert _statuses(Unit) == set(Unit.Status.values)
    assert not Unit.objects.filter(status="recycled", erased_at=None).exists()
    _every_step_down_has_its_reasons()
    plants = dict(Refurbisher.objects.order_by().values_list("status").annotate(Count("pk")))
    assert plants == {"active": 24, "watch": 2, "restricted": 1, "trial": 1, "suspended": 1, "audit": 1}


def _every_step_down_has_its_reasons() -> None:
    """Each plant below "active" has been told why, and the measures of the night moved nobody besides."""
    last = StatementOfReasons.objects.order_by("plant", "-created_at").distinct("plant")
    told = dict(last.values_list("plant", "to_status"))
    assert told == dict(Refurbisher.objects.filter(status__in=BELOW_ACTIVE).values_list("pk", "status"))
    assert StatementOfReasons.objects.count() == 5


def _collections_lists_and_alerts_hold_what_can_be_bought() -> None:
    shelves = {shelf.collection.slug: shelf for shelf in public_shelves(timetravel.now())}
    assert {slug: len(shelf.picks) for slug, shelf in shelves.items()} == {
        "christmas-list-2026": 16, "first-phone": 7, "back-to-work": 8
    }  # fmt: skip
    assert shelves["christmas-list-2026"].in_stock >= 14
    assert GiftPromise.objects.get().item.gift_list.owner.email == ALICE
    assert Alert.objects.filter(user__email=ALICE, fired_at=None).count() == 2


def _statuses(model: type[models.Model]) -> set[str]:
    return set(model._default_manager.order_by().values_list("status", flat=True).distinct())


def _prices_average_half_of_new() -> None:
    shown = Listing.objects.filter(variant__reference_prices__isnull=False)
    paid = shown.aggregate(part=Avg(1.0 * F("price_minor") / F("variant__reference_prices__price_minor")))["part"]
    assert 0.45 <= 1 - paid <= 0.55


def _the_ledger_sums_to_zero_and_agrees_with_the_rows() -> None:
    call_command("reconcile", days=400)
    assert LedgerEntry.objects.aggregate(sum=Sum("amount_minor"))["sum"] == 0
    movements = LedgerEntry.objects.values("movement").annotate(sum=Sum("amount_minor"))
    assert not movements.exclude(sum=0).exists()
    captured = Payment.objects.filter(status="captured").aggregate(sum=Sum(F("amount_minor") - F("refunded_minor")))
    disputed = Dispute.objects.aggregate(sum=Sum(F("taken_minor") - F("returned_minor")))["sum"]
    assert _balance("gateway") + _balance("gateway_fee") == disputed - captured["sum"]
    sent = Payout.objects.filter(status__in=["sent", "paid"]).aggregate(sum=Sum("amount_minor"))
    assert _balance("bank") == sent["sum"]
    assert not Settlement.objects.annotate(sum=Sum("earnings__amount_minor")).exclude(sum=F("total_minor")).exists()
    earned = Earning.objects.exclude(kind="carried").aggregate(sum=Sum("amount_minor"))["sum"]
    bought = Trade.objects.filter(unit__isnull=False).aggregate(sum=Sum("price_minor"))["sum"]
    assert Earning.objects.filter(kind="trade").aggregate(sum=Sum("amount_minor"))["sum"] == -bought
    paid_out = Payout.objects.filter(purpose="settlement").aggregate(sum=Sum("amount_minor"))["sum"]
    assert _balance("plant") == earned - paid_out
    assert not LedgerMovement.objects.filter(kind__in=["sale", "unsale", "trade", "payout"], label="").exists()


def _balance(account: str) -> int:
    return LedgerEntry.objects.filter(account=account).aggregate(sum=Sum("amount_minor"))["sum"]


def _every_parcel_refund_and_settlement_has_its_paper() -> None:
    assert not OrderLine.objects.to_invoice().exists()
    numbers = Series.objects.annotate(papers=Count("invoices"), highest=Max("invoices__number"))
    assert [series for series in numbers if not series.papers == series.highest == series.last_number] == []
    invoiced = OrderLine.objects.exclude(invoice=None)
    sold = invoiced.aggregate(minor=Sum(F("price_minor") + F("shipping_minor")))["minor"]
    assert _papers("invoice") == sold > 0
    refunded = Refund.objects.filter(status="succeeded", reference__in=invoiced.values("pk"))
    assert _papers("credit_note") == refunded.aggregate(minor=Sum("amount_minor"))["minor"] > 0
    earned = F("line__commission_minor") + F("line__commission_vat_minor")
    settled = (
        Earning.objects.exclude(settlement=None).values("kind").annotate(minor=Sum(earned)).values_list("kind", "minor")
    )
    by_kind = dict(settled.order_by("kind"))
    assert _papers("commission") - _papers("commission_credit") == by_kind["sale"] - by_kind["refund"]


def _papers(kind: str) -> int:
    found: int | None = Invoice.objects.filter(kind=kind).aggregate(minor=Sum("total_minor"))["minor"]
    return found or 0


def _the_register_is_an_unbroken_chain() -> None:
    last: dict[object, tuple[int, str]] = {}
    for entry in RegisterEntry.objects.order_by("plant_id", "number"):
        number, previous = last.get(entry.plant_id, (0, FIRST))
        assert (entry.number, entry.previous_hash, entry.hash) == (number + 1, previous, entry_hash(entry))
        last[entry.plant_id] = entry.number, entry.hash
    assert RegisterEntry.objects.count() == Trade.objects.filter(unit__isnull=False).count()


def _grades_are_what_the_specification_gives() -> None:
    for inspection in Inspection.objects.select_related("specification", "trade__quote__question_set")[:60]:
        quote = inspection.trade.quote
        verdict = grade_sheet(
            inspection.specification.checks, inspection.sheet, quote.question_set.questions, quote.answers
        )
        assert inspection.verdict == verdict.as_json()
    offers = CounterOffer.objects.select_related("trade__quote")
    assert all(reason["question"] in offer.trade.quote.answers for offer in offers for reason in offer.reasons)


def _nobody_is_late_at_the_start() -> None:
    """Else the first minute of the demo would cancel, pay and refund by itself."""
    at = timetravel.now()
    assert not OrderLine.objects.overdue(at).exists()
    # One is late on purpose, at the desk: its plant never sent it back, and no clock acts on that.
    assert [trade.status for trade in Trade.objects.overdue(at)] == ["returning"]
    assert not Claim.objects.overdue(at).exists()
    assert (
        not Parcel.objects.filter(status="created", booked_at=None, refusal="", created_at__lt=at)
        .exclude(purpose__in=["withdrawal"])
        .exists()
    )


def _every_login_works_and_has_something_to_do() -> None:
    assert len(LOGINS) == 10
    for _role, email, password, _waiting in LOGINS:
        user = User.objects.get(email=email)
        assert user.check_password(password)
        assert user.emailaddress_set.get().verified
    plant = User.objects.get(email=OWNER).membership.plant
    lines = OrderLine.objects.filter(plant=plant)
    assert lines.filter(status="paid").count() >= 2
    assert lines.filter(status="accepted").count() >= 2
    assert Trade.objects.filter(plant=plant, status="received").count() >= 2
    assert Trade.objects.filter(plant=plant, status="inspected", inspection__graded_at__isnull=False).exists()
    assert Claim.objects.filter(plant=plant, status="awaiting_plant", escalated_at=None).exists()
    assert Trade.objects.filter(seller__email=CAROL, status="countered").exists()
    assert OrderLine.objects.filter(order__buyer__email=ALICE, status="delivered", review=None).exists()
    assert OrderLine.objects.filter(order__buyer__email=ALICE, status="shipped").exists()
    assert Claim.objects.filter(line__order__buyer__email=ALICE, status="awaiting_customer").exists()
    assert Claim.objects.exclude(escalated_at=None).exists()
    assert Payout.objects.filter(status="ordered", gateway="sandbox").exists()
    assert Payout.objects.filter(status="ordered", gateway="sepa", due_at__lte=timetravel.now()).count() == 4
    assert PayoutFile.objects.get().status == "handed"
    staff = User.objects.filter(is_staff=True).values_list("groups__name", flat=True)
    assert set(staff) == {"support", "quality", "finance", "operator"}


def _the_tax_office_has_somebody_in_every_pile() -> None:
    at = timetravel.now()
    nora = User.objects.get(email=NORA)
    assert TaxFile.objects.filter(given_at__isnull=False).count() == 1
    assert TaxFile.objects.get(user=nora).given_at is None
    assert [file.reminders for file in dac7.withheld(at)] == [2]
    assert Trade.objects.filter(seller=dac7.withheld(at).get().user, status="validated", payout=None).exists()
    assert dac7.near_threshold(nora, dac7.year_of(at))
    assert not dac7.sold_in(nora, dac7.year_of(at)).reportable
    reported = dac7.reportable(dac7.year_of(at - ASKED_BEFORE))
    assert [TaxFile.objects.get(user=person).number != "" for person in reported] == [True]


def _something_goes_wrong_for_everyone_who_mends_it() -> None:
    at = timetravel.now()
    assert Parcel.objects.exclude(refusal="").count() == 1
    assert [may_be_asked_again(row, at) for row in Pickup.objects.filter(refusal="NO_VISIT_THERE")] == [True]
    assert Trade.objects.missing(at).count() == 1
    assert Trade.objects.unsent(at).count() == 1
    assert Trade.objects.filter(seller__email=NORA, status="undelivered", due_at__gt=at).count() == 1
    assert set(Payout.objects.filter(status="bounced").values_list("failure", flat=True)) == {"AC04", "RR04"}
    assert Trade.objects.filter(seller__email=NORA, payout__status="bounced", status="validated").exists()
    plant = User.objects.get(email=OWNER).membership.plant
    assert [change.status for change in recent_changes(plant)] == ["applied", "taken_back", "applied"]


def _some_left_their_money_with_us() -> None:
    at = timetravel.now()
    left = LedgerEntry.objects.filter(account="credit", movement__kind="credit_left")
    owners = {str(pk) for pk in CreditAccount.objects.values_list("pk", flat=True)}
    assert (left.count(), {entry.party for entry in left}) == (3, owners)
    spent = Order.objects.filter(credit_minor__gt=0, payment_status="captured")
    assert [0 < order.credit_minor < order.total_minor for order in spent] == [True, True]
    assert {line.status for line in OrderLine.objects.filter(order__in=spent)} == {"delivered"}
    payouts = Payout.objects.filter(account="credit").order_by("created_at")
    carol, leaver = User.objects.get(email=CAROL), User.objects.get(pk=payouts[1].party)
    assert list(payouts.values_list("status", "amount_minor")) == [
        ("paid", 5_000),
        ("ordered", credit_of(leaver).minor),
    ]
    assert available_credit(carol, "EUR", at) == credit_of(carol) > Money(10_000, "EUR")
    assert available_credit(leaver, "EUR", at) == Money(0, "EUR")
    _carol_reads_it_and_finance_too(carol, spent.get(buyer=carol))


def _carol_reads_it_and_finance_too(carol: User, order: Order) -> None:
    visitor = Client()
    visitor.force_login(carol)
    page = visitor.get(reverse("account-credit")).content.decode()
    assert [words in page for words in ("Left of sale", f"Used for order {order.number}", "Paid out to your")] == [
        True
    ] * 3
    assert "credit" in visitor.get(reverse("order", args=[order.pk])).content.decode()
    visitor.force_login(User.objects.get(email=FINANCE))
    payment = Payment.objects.get(reference=order.pk)
    shown = visitor.get(reverse("desk:payments_payment_change", args=[payment.pk])).content.decode()
    assert ("by credit" in shown.lower(), money(order.credit) in shown) == (True, True)


def _some_devices_nobody_buys_and_every_working_one_somebody() -> None:
    """The two that /sandbox/ names, in every variant."""
    broken = Bid.objects.filter(condition__startswith="NOT_FUNCTIONAL").values("variant")
    assert Bid.objects.filter(condition="FUNCTIONAL_USED", variant__product__slug="apple-iphone-7").exists()
    assert not Variant.objects.filter(product__slug="amazon-kindle-paperwhite-2018", pk__in=broken).exists()
    cracked = Bid.objects.filter(condition="NOT_FUNCTIONAL_CRACKED", variant__product__slug="apple-iphone-7")
    assert not cracked.exists()
    assert Bid.objects.filter(condition="NOT_FUNCTIONAL_CRACKED").values("variant").distinct().count() > 500
    _a_visitor_meets_the_page_without_bids()


def _a_visitor_meets_the_page_without_bids() -> None:
    visitor = Client()
    sku = Variant.objects.filter(product__slug="amazon-kindle-paperwhite-2018").earliest("sku").sku
    page = visitor.get(reverse("sell-questions", args=[sku]), follow=True)
    for _question in range(12):
        if "No plant buys it today" in page.content.decode():
            break
        form = page.context["form"]
        choices = [code for code, _text in form.fields["answer"].choices]
        answer = "no" if {"yes", "no"} == set(choices) and "turn on" in page.content.decode() else choices[-1]
        page = visitor.post(page.request["PATH_INFO"], {"answer": answer}, follow=True)
    text = page.content.decode()
    assert [words in text for words in ("No plant buys it today", "Repair Café", "Recycle it")] == [True] * 3


def _a_second_run_changes_nothing() -> None:
    assert Event.objects.filter(kind=LOADED).count() == len(PARTS)
    before = _sizes()
    started = time.monotonic()
    call_command("seed", verbosity=0)
    assert time.monotonic() - started < 1
    assert _sizes() == before


def _sizes() -> list[int]:
    sized = (Event, Listing, Order, OrderLine, Trade, Claim, Review, LedgerEntry, Parcel, User)
    return [model._default_manager.count() for model in sized]
