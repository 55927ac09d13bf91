"""The invoice of a disputed order goes to the buyer's bank as a file: once, and no answer waits for it in vain."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import stripe
from django.test import Client

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.errors import GatewayError
from backmarket.invoices.models import Invoice
from backmarket.invoices.papers import invoices_pdf
from backmarket.invoices.services import read_paper
from backmarket.payments.gateways.stripe import client
from backmarket.payments.models import Dispute, SandboxIntent
from backmarket.payments.services import (
    follow_disputes,
    record_dispute,
    submit_answer,
)
from catalog.models import Listing
from orders.models import Order, OrderLine
from orders.services.disputes import answer_for_order, evidence_of
from tests.factories import ListingFactory
from tests.ground.stripe_server import StripeServer
from tests.orders.at_stripe import pay_at
from tests.orders.test_disputes import disputed, url
from tests.pdf import text_of

pytestmark = pytest.mark.django_db
Place = Callable[..., Order]
UPLOAD, ANSWER = "POST /v1/files", "POST /v1/disputes"


@pytest.fixture
def opened(
    bank: StripeServer, place: Place, deliver: Callable[..., None], drain: Callable[[], None], now: datetime,
    listing: Listing, other_listing: Listing,
) -> Callable[..., Dispute]:  # fmt: skip
    """A delivered and disputed order: one device, or one of each plant."""
    third = ListingFactory(price_minor=12_000)

    def at_stripe(*, plants: int = 1) -> Dispute:
        order = place(*[(each, 1) for each in (third, other_listing, listing)[-plants:]])
        payment = pay_at(bank, order, at=now)
        drain()
        deliver(order)
        record_dispute("stripe", bank.dispute(payment.gateway_id)["id"], at=now)
        return Dispute.objects.get()

    return at_stripe


def answered(dispute: Dispute, by: User, at: datetime) -> None:
    answer_for_order(dispute, note="Delivered.", by=by, at=at)


def sent(bank: StripeServer) -> list[bytes]:
    return [file["_content"] for file in bank.files.values()]


def test_the_invoice_arrives_byte_by_byte_and_its_number_is_in_the_answer(
    bank: StripeServer, opened: Callable[..., Dispute], now: datetime, fiona: User
) -> None:
    dispute, invoice = opened(), Invoice.objects.get()
    answered(dispute, fiona, now)
    assert submit_answer(dispute.pk, at=now)
    assert sent(bank) == [read_paper(invoice, at=now)]
    file = bank.files["file_1"]
    assert (file["purpose"], file["type"], file["filename"]) == ("dispute_evidence", "pdf", f"{invoice.code}.pdf")
    told = bank.disputes[dispute.gateway_id]
    assert (told["status"], told["evidence"]["receipt"]) == ("under_review", "file_1")
    assert invoice.code in told["evidence"]["uncategorized_text"]
    dispute.refresh_from_db()
    assert json.loads(dispute.evidence) == told["evidence"]


@pytest.mark.parametrize("plants", [2, 3])
def test_the_invoices_of_all_plants_are_one_file(
    bank: StripeServer, opened: Callable[..., Dispute], now: datetime, fiona: User, client_of: Callable[[User], Client],
    plants: int,
) -> None:  # fmt: skip
    """There are fewer fields than plants. The largest comes first, each says what its own paper says, and the same
    file is drawn each time."""
    dispute = opened(plants=plants)
    invoices = list(Invoice.objects.order_by("-total_minor", "number"))
    shown = client_of(fiona).get(url(dispute)).content.decode()
    assert ", ".join(f"{invoice.code}.pdf" for invoice in invoices) in shown
    answered(dispute, fiona, now)
    broken = bank.fault(ANSWER, status=503)
    with pytest.raises(GatewayError):
        submit_answer(dispute.pk, at=now)
    broken.times = 0
    assert submit_answer(dispute.pk, at=now)
    (file,) = bank.files.values()
    assert (file["filename"], file["type"]) == (f"{invoices[0].code}-{plants}.pdf", "pdf")
    assert file["_content"] == invoices_pdf(invoices)
    words, place = text_of(file["_content"]), -1
    for invoice in invoices:
        own = [line for line in text_of(read_paper(invoice, at=now)).splitlines() if "· page" not in line]
        found = words.find("\n".join(own))
        assert found > place
        place = found
    evidence = bank.disputes[dispute.gateway_id]["evidence"]
    assert (evidence["receipt"], "uncategorized_file" in evidence, len(invoices)) == ("file_1", False, plants)


def test_an_answer_that_was_kept_with_two_fields_is_handed_in_with_both(
    bank: StripeServer, opened: Callable[..., Dispute], now: datetime, fiona: User
) -> None:
    """So they were written before all papers were one file."""
    dispute = opened(plants=2)
    answered(dispute, fiona, now)
    large, small = Invoice.objects.order_by("-total_minor")
    dispute.refresh_from_db()
    kept = json.loads(dispute.evidence) | {
        "receipt": f"invoice:{large.pk}", "uncategorized_file": f"invoice:{small.pk}",
    }  # fmt: skip
    Dispute.objects.update(evidence=json.dumps(kept))
    assert submit_answer(dispute.pk, at=now)
    assert sent(bank) == [read_paper(large, at=now), read_paper(small, at=now)]


@pytest.mark.parametrize(("call", "status"), [(ANSWER, 503), (UPLOAD, 503), (UPLOAD, 409)])
def test_what_is_tried_again_is_uploaded_once(
    bank: StripeServer, opened: Callable[..., Dispute], now: datetime, fiona: User, call: str, status: int
) -> None:
    """Stripe has forgotten our keys meanwhile: we have kept the file's id."""
    dispute = opened()
    answered(dispute, fiona, now)
    broken = bank.fault(call, status=status)
    for _time in range(2):
        with pytest.raises(GatewayError) as error:
            submit_answer(dispute.pk, at=now)
        assert error.value.retry
    broken.times = 0
    bank.kept.clear()
    assert follow_disputes(now) == 1
    dispute.refresh_from_db()
    assert (dispute.status, len(sent(bank))) == ("under_review", 1)
    assert bank.disputes[dispute.gateway_id]["evidence"]["receipt"] == "file_1"


def test_an_upload_of_which_we_heard_nothing_is_not_made_again(
    bank: StripeServer, opened: Callable[..., Dispute], now: datetime, fiona: User
) -> None:
    """The key is the same, and so is the file."""
    dispute = opened()
    answered(dispute, fiona, now)
    dispute.refresh_from_db()
    bank.fault(UPLOAD, status=0, after=True)
    broken = bank.fault(ANSWER, status=409)
    with pytest.raises(GatewayError):
        submit_answer(dispute.pk, at=now)
    Dispute.objects.update(evidence=dispute.evidence)  # the worker died before it could write
    broken.times = 0
    assert submit_answer(dispute.pk, at=now)
    assert len(sent(bank)) == 1
    assert bank.disputes[dispute.gateway_id]["evidence"]["receipt"] == "file_1"


def test_a_failure_that_stripe_keeps_under_the_key_does_not_cost_the_day(
    bank: StripeServer, opened: Callable[..., Dispute], now: datetime, fiona: User
) -> None:
    dispute = opened()
    answered(dispute, fiona, now)
    bank.fault(UPLOAD, status=500, times=1)
    assert submit_answer(dispute.pk, at=now)
    assert bank.disputes[dispute.gateway_id]["evidence"]["receipt"] == "file_1"


@pytest.mark.parametrize("why", ["refused", "damaged"])
def test_the_answer_goes_without_a_paper_that_cannot_be_handed_over(
    bank: StripeServer, opened: Callable[..., Dispute], now: datetime, fiona: User, why: str
) -> None:
    """It names it in words, and the bank hears nobody twice."""
    dispute, invoice = opened(), Invoice.objects.get()
    answered(dispute, fiona, now)
    if why == "refused":
        bank.fault(UPLOAD, status=400)
    else:
        read_paper(invoice, at=now)
        Path(invoice.paper.file.path).write_bytes(b"%PDF another")
    assert submit_answer(dispute.pk, at=now)
    told = bank.disputes[dispute.gateway_id]
    assert (told["status"], "receipt" in told["evidence"], sent(bank)) == ("under_review", False, [])
    assert invoice.code in told["evidence"]["uncategorized_text"]


def test_stripe_takes_no_words_for_a_file(
    bank: StripeServer, opened: Callable[..., Dispute], now: datetime, fiona: User
) -> None:
    """What was written with the buyer is told in words: its own field asks for a file."""
    dispute = opened()
    assert "customer_communication" not in evidence_of(dispute)
    with pytest.raises(stripe.InvalidRequestError, match="No such file upload"):
        client().v1.disputes.update(dispute.gateway_id, {"evidence": {"customer_communication": "Buyer: hello"}})


def test_the_desk_shows_which_paper_goes_and_the_sandbox_keeps_it(
    delivered_line: OrderLine, now: datetime, fiona: User, client_of: Callable[[User], Client]
) -> None:
    timetravel.travel_to(now)
    dispute, desk = disputed(delivered_line.order, timetravel.now()), client_of(fiona)
    paper = f"{Invoice.objects.get().code}.pdf"
    assert paper in desk.get(url(dispute)).content.decode()
    assert desk.post(url(dispute, "answer"), {"note": "Delivered."}).status_code == 302
    for _time in range(2):
        submit_answer(dispute.pk, at=timetravel.now())
    kept = SandboxIntent.objects.get(kind="file")
    assert kept.facts["name"] == paper
    assert kept.pk in desk.get(url(dispute)).content.decode()
