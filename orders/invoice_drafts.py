"""What the invoices and credit notes of orders say: rows in, drafts out; nothing is written here."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backmarket.accounts.models import Address
from backmarket.errors import DomainError
from backmarket.invoices.drafts import Draft, Line
from backmarket.invoices.house import house_identity
from backmarket.invoices.models import Invoice, Kind
from backmarket.invoices.selectors import credited_of, papers_about
from backmarket.market import calendar
from backmarket.money import Money
from backmarket.payments.models import LedgerEntry, Refund
from backmarket.payments.selectors import given_back_before
from backmarket.taxes import included_vat, share_of
from backmarket.taxes.rates import in_union
from catalog.models import VatScheme
from orders.models import Consignment, Earning, Order, OrderLine, PartRefund, Settlement
from refurbishers.models import Refurbisher

# What moved the commission, by the kind of earning that the plant was settled for.
MOVEMENTS = {Earning.Kind.SALE: "sale", Earning.Kind.REFUND: "unsale", Earning.Kind.PART: "part"}
COMMISSION = (LedgerEntry.Account.COMMISSION, LedgerEntry.Account.COMMISSION_VAT)


class CannotCredit(DomainError):
    """More than what the invoice of this device has left."""

    code = "cannot_credit"
    default_message = gettext_lazy("This is more than what is left of the invoice of this device.")


# Sales


def sale_draft(consignment: Consignment, lines: Sequence[OrderLine], at: datetime) -> Draft:
    """What a plant sold to a buyer in one parcel; in the order's language."""
    order, plant = consignment.order, consignment.plant
    with translation.override(order.language):
        return Draft(
            kind=Kind.INVOICE,
            key=f"sale:{min(line.pk for line in lines)}",
            party=plant.pk,
            reference=order.pk,
            language=order.language,
            issuer=_plant(plant),
            recipient=_person(order.address),
            lines=[_sold(line, plant.country) for line in lines],
            facts={
                "order": order.number,
                "sent_date": _day(at),
                "paid_date": _day(order.captured_at or order.placed_at),
                **_paid_by(order, lines),
            },
            issued_at=at,
        )


def _paid_by(order: Order, lines: Sequence[OrderLine]) -> dict[str, int]:
    """Which part of these lines the buyer's credit paid, if it paid any. The parts of all lines sum to it."""
    if not order.credit:
        return {}
    bought = list(order.lines.order_by("pk"))
    shares = order.credit.split([line.gross.minor for line in bought])
    here = {line.pk for line in lines}
    credit = sum(share.minor for line, share in zip(bought, shares, strict=True) if line.pk in here)
    return {"credit_minor": credit, "card_minor": sum(line.gross.minor for line in lines) - credit}


def _sold(line: OrderLine, plants_country: str) -> Line:
    taxed = "regular" if line.vat_bps else "export"
    return Line(
        subject=str(line.pk),
        what=f"{line.title}, {line.get_grade_display()}",
        number=line.identifier,
        gross=line.gross,
        vat=included_vat(line.gross, line.vat_bps),
        bps=line.vat_bps,
        country=line.vat_country or plants_country,
        scheme="margin" if line.vat_scheme == VatScheme.MARGINAL else taxed,
        shipping=line.shipping,
        express=line.surcharge,
        guarantee_months=line.guarantee_months,
    )


# Credit notes


def credit_key(refund: Refund) -> str:
    return f"refund:{refund.pk}"


def credit_draft(invoice: Invoice, refund: Refund, line: OrderLine, at: datetime) -> Draft:
    """What a refund, in full or in part, gives back of one line of an invoice. Raises CannotCredit above what the line
    has left.

    The VAT is what is due for all that was given back so far, less what earlier notes had: given back in whole, nothing
    of it is left.
    """
    subject = str(line.pk)
    sold = next(line for line in invoice.lines if line["subject"] == subject)
    what = sold["what"]
    if refund.reason == PartRefund.Reason.EXPRESS:
        with translation.override(invoice.language):
            what = _("Express delivery that came late: %(device)s") % {"device": what}
    gross, vat = Money(sold["gross_minor"], invoice.currency), Money(sold["vat_minor"], invoice.currency)
    before, vat_before = credited_of(invoice, subject)
    credit = refund.credit + given_back_before(refund)
    given = refund.amount + credit
    back = before + given
    if back > gross:
        raise CannotCredit
    whole = given == gross
    return Draft(
        kind=Kind.CREDIT_NOTE,
        key=credit_key(refund),
        party=invoice.party,
        reference=invoice.reference,
        language=invoice.language,
        issuer=invoice.issuer,
        recipient=invoice.recipient_facts,
        lines=[
            Line(
                subject=subject,
                what=what,
                number=sold["number"],
                gross=given,
                vat=share_of(vat, back.minor, gross.minor) - vat_before,
                bps=sold["bps"],
                country=sold["country"],
                scheme=sold["scheme"],
                shipping=Money(sold.get("shipping_minor", 0), invoice.currency) if whole else None,
                express=Money(sold.get("express_minor", 0), invoice.currency) if whole else None,
            )
        ],
        facts={
            "order": invoice.facts["order"],
            "corrected": invoice.code,
            "corrected_date": _day(invoice.issued_at),
            **({"credit_minor": credit.minor, "card_minor": refund.amount.minor} if credit else {}),
        },
        corrects=invoice,
        issued_at=at,
    )


# Commissions


def commission_lines(settlements: Iterable[Settlement]) -> dict[UUID, list[Line]]:
    """Settlement → the commission of every sale in it, and what was given back of it, as the ledger has them.

    A sale that the courier lost has none: the house paid the plant for it, and earned nothing.
    """
    earnings = Earning.objects.filter(settlement__in=settlements, kind__in=list(MOVEMENTS))
    rows = list(earnings.select_related("line__order", "plant"))
    found: dict[UUID, list[Line]] = {settlement.pk: [] for settlement in settlements}
    booked = commissions_of(rows)
    with translation.override(settings.LANGUAGE_CODE):
        for row in rows:
            if row.pk in booked and row.settlement_id is not None:
                found[row.settlement_id].append(_commission(row, *booked[row.pk]))
    return found


def commissions_of(earnings: Iterable[Earning]) -> dict[int, tuple[Money, Money]]:
    """Earning → the commission, and its VAT, that its movement brought the house; what brought none is left out."""
    keys = {_movement(row): row.pk for row in earnings if row.kind in MOVEMENTS}
    return {keys[key]: both for key, both in _booked(keys).items()}


def _movement(earning: Earning) -> str:
    """The key of what moved the commission: of a line, or of one of its refunds in part."""
    return f"{MOVEMENTS[Earning.Kind(earning.kind)]}:{earning.reference or earning.line_id}"


def _booked(keys: Iterable[str]) -> dict[str, tuple[Money, Money]]:
    """Movement → the commission, and its VAT, that it brought the house; what brought none is left out."""
    found: dict[str, dict[str, Money]] = {}
    entries = LedgerEntry.objects.filter(movement__key__in=list(keys), account__in=COMMISSION)
    for key, account, minor, currency in entries.values_list("movement__key", "account", "amount_minor", "currency"):
        found.setdefault(key, {})[account] = Money(minor, currency)
    return {key: _both(sides) for key, sides in found.items()}


def _both(sides: dict[str, Money]) -> tuple[Money, Money]:
    nothing = Money(0, next(iter(sides.values())).currency)
    commission, vat = (sides.get(account, nothing) for account in COMMISSION)
    return commission, vat


def _commission(earning: Earning, commission: Money, vat: Money) -> Line:
    line, plant = earning.line, earning.plant
    assert line is not None  # noqa: S101 - a constraint: sales and refunds have one
    about = f"{line.order.number} · {line.title}"
    what = _("Commission: %(about)s") if commission.minor >= 0 else _("Commission given back: %(about)s")
    return Line(
        subject=str(line.pk),
        what=what % {"about": about},
        number="",
        gross=commission + vat,
        vat=vat,
        bps=line.commission_vat_bps,
        country=settings.MARKET_COUNTRY if line.commission_vat_bps else plant.country,
        scheme=_scheme_of_commission(line.commission_vat_bps, plant),
    )


def _scheme_of_commission(bps: int, plant: Refurbisher) -> str:
    if bps:
        return "regular"
    return "reverse" if in_union(plant.country) else "outside"


def commission_drafts(settlement: Settlement, lines: Sequence[Line], at: datetime) -> list[Draft]:
    """An invoice for what a settlement earned the house, and a credit note for what it gives back of earlier ones,
    which names their papers (2006/112, art. 219). What is given back of its own sales is set off on the invoice."""
    earned = {line.subject for line in lines if line.gross.minor >= 0}
    back = [line for line in lines if line.subject not in earned]
    charged = _charged_on(settlement, back)
    credited = [replace(_naming(line, charged.get(line.subject)), gross=-line.gross, vat=-line.vat) for line in back]
    drafts = [
        (Kind.COMMISSION, "settlement", [line for line in lines if line.subject in earned], {}),
        (Kind.COMMISSION_CREDIT, "settlement-back", credited, _corrects(charged.values())),
    ]
    return [_paper(settlement, kind, key, of, facts, at) for kind, key, of, facts in drafts if of]


def _paper(
    settlement: Settlement, kind: Kind, key: str, lines: list[Line], facts: dict[str, Any], at: datetime
) -> Draft:
    plant = settlement.plant
    return Draft(
        kind=kind,
        key=f"{key}:{settlement.pk}",
        party=plant.pk,
        reference=settlement.pk,
        language=settings.LANGUAGE_CODE,
        issuer=house_identity(),
        recipient={
            "name": plant.legal_name,
            "lines": _street(plant),
            "country": plant.country,
            "vat_number": plant.vat_number,
        },
        lines=lines,
        facts={"settlement": settlement.number, "settlement_date": settlement.settled_date.isoformat()} | facts,
        issued_at=at,
    )


def _charged_on(settlement: Settlement, lines: Iterable[Line]) -> dict[str, Invoice]:
    """Order line → the invoice of the earlier settlement that had its commission."""
    sales = Earning.objects.filter(line__in=[line.subject for line in lines], kind=Earning.Kind.SALE)
    earlier = sales.exclude(settlement=None).exclude(settlement=settlement).values_list("line", "settlement")
    settled = {str(line): by for line, by in earlier}
    papers = {paper.reference: paper for paper in papers_about(*settled.values()).filter(kind=Kind.COMMISSION)}
    return {line: papers[by] for line, by in settled.items() if by in papers}


def _naming(line: Line, paper: Invoice | None) -> Line:
    return replace(line, what=f"{line.what} ({paper.code})") if paper else line


def _corrects(papers: Iterable[Invoice]) -> dict[str, Any]:
    named = sorted({(paper.issued_at, paper.code) for paper in papers})
    found = [{"number": code, "date": _day(issued_at)} for issued_at, code in named]
    return {"corrects": found} if found else {}


# Both sides


def _plant(plant: Refurbisher) -> dict[str, Any]:
    """A plant as the seller; the house writes the paper for it."""
    return {
        "name": plant.legal_name,
        "lines": _street(plant),
        "country": plant.country,
        "registration": plant.registration_number,
        "vat_number": plant.vat_number,
        "on_behalf": settings.HOUSE_NAME,
    }


def _street(plant: Refurbisher) -> list[str]:
    return [plant.line1, f"{plant.postcode} {plant.city}"]


def _person(address: Address) -> dict[str, Any]:
    lines = [part for part in (address.line1, address.line2, f"{address.postcode} {address.city}") if part.strip()]
    return {"name": address.name, "lines": lines, "country": address.country, "vat_number": ""}


def _day(at: datetime) -> str:
    return calendar().local(at).date().isoformat()
