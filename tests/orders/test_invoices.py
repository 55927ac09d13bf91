"""What buyers and plants are invoiced, given back and shown: for each parcel, each refund and each settlement."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.invoices.models import Invoice, Paper
from backmarket.invoices.papers import invoice_pdf
from backmarket.invoices.services import issue_invoice
from backmarket.money import Money
from backmarket.payments.models import Refund
from backmarket.payments.selectors import balance
from catalog.models import Listing
from orders.handlers import credit_refund as on_refund
from orders.handlers import invoice_parcel as on_shipped
from orders.invoice_drafts import CannotCredit, credit_draft
from orders.models import Order, OrderLine, Settlement
from orders.services.invoicing import invoice_commission, invoice_missing
from orders.services.refunds import refund_line
from orders.services.settlement import settle_plants
from refurbishers.models import Refurbisher
from tests.factories import AddressFactory, ListingFactory, RefurbisherFactory
from tests.orders.test_settlement import SETTLED
from tests.pdf import text_of

pytestmark = pytest.mark.django_db
Place, Pay, Deliver = Callable[..., Order], Callable[..., Order], Callable[..., None]


@pytest.fixture(autouse=True)
def _private_files(tmp_path: object, settings: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def regular(plant: Refurbisher) -> Listing:
    """300.00 €, VAT shown, 4.90 € shipping."""
    return ListingFactory(plant=plant, price_minor=30000, shipping_minor=490, vat_scheme="REGULAR")


@pytest.fixture
def sell(place: Place, pay: Pay, deliver: Deliver, alice: User) -> Callable[..., Order]:
    """Sold and delivered to a person in a country."""

    def sold(*wanted: tuple[Listing, int], country: str = "FR", **more: Any) -> Order:
        order = pay(place(*wanted, address=AddressFactory(user=alice, country=country), **more))
        deliver(order)
        return order

    return sold


def invoice_of(order: Order) -> Invoice:
    return Invoice.objects.get(reference=order.pk, kind="invoice")


def notes_of(order: Order) -> list[Invoice]:
    return list(Invoice.objects.filter(reference=order.pk, kind="credit_note").order_by("number"))


def said(invoice: Invoice) -> str:
    return " ".join(text_of(invoice_pdf(invoice)).split())


# Frozen at sale


@pytest.mark.parametrize(
    ("scheme", "seller", "buyer", "vat", "commission"),
    [
        ("REGULAR", "FR", "FR", ("FR", 2000), (2000, 600)),
        ("REGULAR", "FR", "FI", ("FI", 2550), (2000, 600)),
        ("REGULAR", "DE", "FR", ("FR", 2000), (0, 0)),
        ("MARGINAL", "FR", "FI", ("FR", 0), (2000, 600)),
        ("MARGINAL", "DE", "FI", ("DE", 0), (0, 0)),
    ],
)
def test_a_line_keeps_whose_tax_is_in_its_price_and_on_its_commission(
    place: Place, scheme: str, seller: str, buyer: str, vat: tuple[str, int], commission: tuple[int, int]
) -> None:
    listing = ListingFactory(plant=RefurbisherFactory(country=seller), price_minor=30000, vat_scheme=scheme)
    line = place((listing, 1), address=AddressFactory(country=buyer)).lines.get()
    assert (line.vat_country, line.vat_bps) == vat
    assert (line.commission_vat_bps, line.commission_vat_minor) == commission


def test_the_database_refuses_a_margin_that_shows_tax(delivered_line: OrderLine) -> None:
    with pytest.raises(IntegrityError, match="line_margin_shows_no_vat"), transaction.atomic():
        OrderLine.objects.update(vat_bps=2000)


# Invoices


def test_nothing_is_invoiced_before_it_leaves(place: Place, pay: Pay, regular: Listing) -> None:
    pay(place((regular, 1)))
    assert not Invoice.objects.exists()


def test_a_parcel_is_invoiced_by_its_plant_when_it_leaves(
    sell: Callable[..., Order], regular: Listing, other_listing: Listing, plant: Refurbisher, now: datetime
) -> None:
    order = sell((regular, 2), (other_listing, 1))
    mine, other = Invoice.objects.order_by("total_minor").reverse()
    assert (mine.code, mine.party, mine.issued_at) == ("INV-2026-000001", plant.pk, now + timedelta(days=1))
    assert (other.code, other.party) == ("INV-2026-000001", other_listing.plant_id)
    assert mine.total + other.total == order.total
    # 300.00 + 2.45 twice, 20 % included: 50.41 each.
    assert (mine.total.minor, mine.vat.minor, mine.net.minor) == (60_490, 10_082, 50_408)
    assert [line["gross_minor"] for line in mine.lines] == [30_245, 30_245]
    assert (other.vat.minor, other.lines[0]["scheme"]) == (0, "margin")
    assert {line.invoice_id for line in order.lines.filter(plant=plant)} == {mine.pk}
    assert mine.recipient_facts["name"] == order.address.name
    assert mine.facts == {
        "order": order.number, "sent_date": "2026-11-24", "paid_date": "2026-11-23",
    }  # fmt: skip


def test_finland_pays_25_5_percent_and_the_margin_shows_nothing(
    sell: Callable[..., Order], regular: Listing, listing: Listing
) -> None:
    invoice = invoice_of(sell((regular, 1), (listing, 1), country="FI"))
    taxed, margin = sorted(invoice.lines, key=lambda line: -line["bps"])
    assert (taxed["country"], taxed["bps"], taxed["gross_minor"], taxed["vat_minor"]) == ("FI", 2550, 30_245, 6_145)
    assert (margin["country"], margin["bps"], margin["vat_minor"]) == ("FR", 0, 0)
    words = said(invoice)
    for part in (
        "Finland, 25.5%",
        "€61.45",
        "one-stop shop",
        "Margin scheme – Second-hand goods",
        "Total, paid: €604.90",
    ):
        assert part in words, part


def test_hearing_of_it_again_invoices_nothing_twice(sell: Callable[..., Order], regular: Listing) -> None:
    sell((regular, 2))
    for event in Event.objects.filter(kind="line.shipped"):
        on_shipped(event)
    assert Invoice.objects.count() == 1


def test_what_left_unheard_is_invoiced_by_the_clock(
    sell: Callable[..., Order], regular: Listing, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backmarket.wiring import WIRING

    monkeypatch.setitem(WIRING, "line.shipped", [])
    order = sell((regular, 1))
    assert not Invoice.objects.exists()
    assert (invoice_missing(now), invoice_missing(now)) == (1, 0)
    assert order.lines.get().invoice == invoice_of(order)


def test_an_invoice_is_in_the_language_of_its_order(place: Place, pay: Pay, deliver: Deliver, listing: Listing) -> None:
    order = pay(place((listing, 1), language="fr"))
    deliver(order)
    invoice = invoice_of(order)
    words = said(invoice)
    assert invoice.language == "fr"
    assert "Régime particulier – Biens d'occasion" in words
    assert "Margin scheme" not in words
    assert "304,90 €" in words


# Credit notes


def test_a_refund_is_credited_once(
    sell: Callable[..., Order], regular: Listing, settle_refunds: Callable[[datetime], None], now: datetime
) -> None:
    order = sell((regular, 2))
    line, kept = order.lines.all()
    refund_line(line, reason="goodwill", by="system:test", at=now + timedelta(days=3))
    assert notes_of(order) == []
    settle_refunds(now + timedelta(days=4))
    on_refund(Event.objects.get(kind="refund.succeeded"))

    (note,) = notes_of(order)
    assert (note.code, note.corrects, note.party) == ("CN-2026-000001", invoice_of(order), line.plant_id)
    assert (note.total, note.vat) == (line.gross, Money(5_041, "EUR"))
    assert [entry["subject"] for entry in note.lines] == [str(line.pk)]
    assert str(kept.pk) not in str(note.lines)
    assert "Corrects the invoice INV-2026-000001" in said(note)


def test_what_was_refunded_before_it_left_was_never_invoiced(
    place: Place, pay: Pay, regular: Listing, settle_refunds: Callable[[datetime], None], now: datetime
) -> None:
    line = pay(place((regular, 1))).lines.get()
    refund_line(line, reason="defect_found", by="system:test", at=now)
    settle_refunds(now)
    assert Refund.objects.get().status == "succeeded"
    assert not Invoice.objects.exists()


def test_a_refund_that_is_heard_of_first_finds_its_invoice(
    sell: Callable[..., Order],
    regular: Listing,
    settle_refunds: Callable[[datetime], None],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from backmarket.wiring import WIRING

    monkeypatch.setitem(WIRING, "line.shipped", [])
    order = sell((regular, 1))
    refund_line(order.lines.get(), reason="goodwill", by="system:test", at=now + timedelta(days=3))
    settle_refunds(now + timedelta(days=4))
    assert notes_of(order)[0].corrects == invoice_of(order)


def part_of(line: OrderLine, minor: int) -> Refund:
    """A refund of a part of a line."""
    return Refund(pk=uuid4(), reference=line.pk, amount_minor=minor, currency=line.currency)


@rules(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.integers(1, 12_000), min_size=1, max_size=6))
def test_parts_given_back_never_sum_to_more_than_the_invoice_and_end_with_all_its_tax(
    sell: Callable[..., Order], regular: Listing, now: datetime, parts: list[int]
) -> None:
    with transaction.atomic():
        order = sell((regular, 1))
        line, invoice = order.lines.get(), invoice_of(order)
        left = line.gross.minor
        for part in [*parts, line.gross.minor]:
            part = min(part, left)
            if part:
                issue_invoice(credit_draft(invoice, part_of(line, part), line, now), by="system:test")
            left -= part
        notes = notes_of(order)
        assert sum(note.total_minor for note in notes) == invoice.total_minor
        assert sum(note.vat_minor for note in notes) == invoice.vat_minor
        assert all(note.vat_minor >= 0 for note in notes)
        with pytest.raises(CannotCredit):
            credit_draft(invoice, part_of(line, 1), line, now)
        transaction.set_rollback(True)


# Commissions


def test_a_settlement_is_invoiced_its_commission(delivered_line: OrderLine) -> None:
    settle_plants(SETTLED)
    settlement = Settlement.objects.get()
    paper = Invoice.objects.get(reference=settlement.pk)
    assert (paper.code, paper.kind, paper.party) == ("COM-2026-000001", "commission", delivered_line.plant_id)
    assert (paper.net.minor, paper.vat.minor, paper.total.minor) == (3_000, 600, 3_600)
    assert balance("commission") + balance("commission_vat") == paper.total
    words = said(paper)
    for part in (
        "Commission invoice COM-2026-000001", "Back Market SAS", "Atelier Neuf SAS", "France, 20%", settlement.number,
        f"Commission: {delivered_line.order.number}", "Total, deducted from the settlement: €36.00",
    ):  # fmt: skip
        assert part in words, part
    assert invoice_commission(settlement, at=SETTLED)
    assert Invoice.objects.filter(reference=settlement.pk).count() == 1


def test_a_plant_abroad_owes_the_tax_itself(sell: Callable[..., Order]) -> None:
    plant = RefurbisherFactory(country="DE", vat_number="DE000000001")
    sell((ListingFactory(plant=plant, price_minor=30000), 1))
    settle_plants(SETTLED)
    paper = Invoice.objects.get(kind="commission")
    assert (paper.total.minor, paper.vat.minor) == (3_000, 0)
    assert "Reverse charge / Autoliquidation" in said(paper)
    assert "VAT no. DE000000001" in said(paper)


def test_commission_given_back_is_credited_in_the_settlement_that_takes_it(
    delivered_line: OrderLine, settle_refunds: Callable[[datetime], None]
) -> None:
    settle_plants(SETTLED)
    refund_line(delivered_line, reason="goodwill", by="system:test", at=SETTLED + timedelta(days=1))
    settle_refunds(SETTLED + timedelta(days=1))
    settle_plants(SETTLED + timedelta(days=10))
    credit = Invoice.objects.get(kind="commission_credit")
    assert (credit.code, credit.total.minor, credit.vat.minor) == ("COMCN-2026-000001", 3_600, 600)
    assert "Commission given back" in said(credit)
    assert balance("commission") == Money(0, "EUR")


def test_a_sale_taken_back_before_it_is_settled_leaves_a_paper_of_nothing(
    delivered_line: OrderLine, settle_refunds: Callable[[datetime], None]
) -> None:
    refund_line(delivered_line, reason="goodwill", by="system:test", at=SETTLED - timedelta(days=2))
    settle_refunds(SETTLED - timedelta(days=2))
    settle_plants(SETTLED)
    paper = Invoice.objects.get(kind="commission")
    assert (paper.total.minor, [line["gross_minor"] for line in paper.lines]) == (0, [3_600, -3_600])


# Pages


@pytest.fixture
def order(sell: Callable[..., Order], regular: Listing) -> Order:
    return sell((regular, 1))


def test_the_buyer_finds_the_papers_on_the_order_page(
    order: Order,
    alice: User,
    client_of: Callable[[User], Client],
    settle_refunds: Callable[[datetime], None],
    now: datetime,
) -> None:
    client, invoice = client_of(alice), invoice_of(order)
    page = client.get(reverse("order", args=[order.pk])).content.decode()
    assert (reverse("paper", args=[invoice.pk]) in page, "comes when your parcel leaves" in page) == (True, False)
    paper = client.get(reverse("paper", args=[invoice.pk]))
    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert paper["Content-Disposition"] == 'inline; filename="INV-2026-000001.pdf"'

    refund_line(order.lines.get(), reason="goodwill", by="system:test", at=now + timedelta(days=3))
    settle_refunds(now + timedelta(days=4))
    page = client.get(reverse("order", args=[order.pk])).content.decode()
    assert "Credit note CN-2026-000001" in page


def test_before_the_parcel_leaves_the_page_says_when_the_invoice_comes(
    place: Place, pay: Pay, regular: Listing, alice: User, client_of: Callable[[User], Client]
) -> None:
    order = pay(place((regular, 1)))
    page = client_of(alice).get(reverse("order", args=[order.pk])).content.decode()
    assert "The invoice comes when your parcel leaves." in page
    assert "INV-" not in page


def test_a_guest_reads_it_once_the_order_is_open_to_them(
    place: Place, pay: Pay, deliver: Deliver, regular: Listing, client: Client
) -> None:
    order = pay(place((regular, 1), buyer=None))
    deliver(order)
    url = reverse("paper", args=[invoice_of(order).pk])
    assert client.get(url).status_code == 404
    session = client.session
    session["guest_orders"] = [str(order.pk)]
    session.save()
    assert client.get(url).status_code == 200


def test_a_damaged_paper_is_refused_in_words(order: Order, alice: User, client_of: Callable[[User], Client]) -> None:
    client, invoice = client_of(alice), invoice_of(order)
    url = reverse("paper", args=[invoice.pk])
    client.get(url)
    with open(Paper.objects.get(invoice=invoice).file.path, "ab") as file:  # noqa: PTH123
        file.write(b" ")
    answer = client.get(url, follow=True)
    assert answer.redirect_chain == [(reverse("order", args=[order.pk]), 302)]
    assert "our copy of it is damaged" in answer.content.decode()
    api = client.get(reverse("api-paper", args=[invoice.pk]))
    assert (api.status_code, api.json()["code"]) == (409, "paper_changed")


def test_programs_list_and_download_the_papers(
    order: Order, alice: User, mallory: User, client_of: Callable[[User], Client]
) -> None:
    client, invoice = client_of(alice), invoice_of(order)
    listed = client.get(reverse("api-order-papers", args=[order.pk])).json()
    assert listed == [
        {
            "id": str(invoice.pk), "kind": "invoice", "number": "INV-2026-000001", "corrects": None,
            "total_minor": 30_490, "vat_minor": 5_082, "currency": "EUR",
            "issued_at": "2026-11-24T10:00:00+01:00",
            "pdf": f"http://testserver{reverse('api-paper', args=[invoice.pk])}",
        }
    ]  # fmt: skip
    assert client.get(listed[0]["pdf"]).content[:5] == b"%PDF-"
    stranger = client_of(mallory)
    assert stranger.get(reverse("api-order-papers", args=[order.pk])).status_code == 404
    assert stranger.get(listed[0]["pdf"]).status_code == 404


def test_the_plant_sees_its_own_papers_and_nobody_elses(
    order: Order, bob: User, rival: User, client_of: Callable[[User], Client]
) -> None:
    settle_plants(SETTLED)
    sale, commission = invoice_of(order), Invoice.objects.get(kind="commission")
    client, stranger = client_of(bob), client_of(rival)
    pages = [reverse("plant:invoices_invoice_change", args=[paper.pk]) for paper in (sale, commission)]
    consignment = reverse("plant:orders_consignment_change", args=[order.consignments.get().pk])
    settlement = reverse("plant:orders_settlement_change", args=[Settlement.objects.get().pk])
    assert pages[0] in client.get(consignment).content.decode()
    assert pages[1] in client.get(settlement).content.decode()
    for page in pages:
        assert client.get(page).status_code == 200
        assert stranger.get(page).status_code == 404
    pdf = reverse("plant:invoices_invoice_step", args=[commission.pk, "pdf"])
    assert client.post(pdf).content[:5] == b"%PDF-"
    assert stranger.post(pdf).status_code == 404
    assert "INV-2026-000001" not in stranger.get(reverse("plant:invoices_invoice_changelist")).content.decode()
    csv = client.get(reverse("plant:invoices_invoice_changelist") + "export/").getvalue().decode()
    assert ("INV-2026-000001" in csv, "COM-2026-000001" in csv, "Alice" in csv) == (True, True, False)


def test_after_sales_see_the_buyers_papers_and_not_the_commission(
    order: Order, bob: User, client_of: Callable[[User], Client]
) -> None:
    settle_plants(SETTLED)
    bob.membership.role = "after_sales"
    bob.membership.save()
    client = client_of(bob)
    answers = [
        client.get(reverse("plant:invoices_invoice_change", args=[paper.pk])).status_code
        for paper in (invoice_of(order), Invoice.objects.get(kind="commission"))
    ]
    assert answers == [200, 404]


def test_a_persons_download_names_their_papers_and_closing_keeps_them(order: Order, alice: User, now: datetime) -> None:
    from backmarket.account.export import data_of
    from backmarket.account.services import close_account

    (mine,) = data_of(alice, at=now)["orders"]
    (paper,) = mine["papers"]
    assert (paper["code"], paper["recipient"]["name"]) == ("INV-2026-000001", "Alice Martin")
    assert paper["pdf"].endswith(reverse("paper", args=[invoice_of(order).pk]))
    close_account(alice, by=alice, at=now + timedelta(days=60))
    assert invoice_of(order).recipient_facts["name"] == "Alice Martin"


def test_the_order_page_costs_the_same_with_one_paper_and_with_many(
    order: Order, alice: User, client_of: Callable[[User], Client], now: datetime
) -> None:
    from django.test.utils import CaptureQueriesContext

    client, url = client_of(alice), reverse("order", args=[order.pk])

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    cost()
    alone = cost()
    for minor in (1, 2, 3):
        draft = credit_draft(invoice_of(order), part_of(order.lines.get(), minor), order.lines.get(), now)
        issue_invoice(draft, by="system:test")
    assert cost() == alone
