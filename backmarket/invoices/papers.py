"""The paper of an invoice: drawn from what the invoice says and from nothing else, the same bytes each time."""

import io
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from backmarket.countries import country_name
from backmarket.invoices.mentions import mentions
from backmarket.invoices.models import Invoice, Kind
from backmarket.market import calendar
from backmarket.money import Money
from backmarket.shipping.labels import printable
from backmarket.templatetags.ui import money, percent

MARGINS = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 18 * mm)
# What a frame of reportlab leaves between its own padding.
WIDTH = A4[0] - 36 * mm - 12
SMALL, TEXT = 8.5, 9.5
# Viewers without Helvetica take a wider face: long sentences end well before the margin.
SLACK = 30 * mm
ROWS = TableStyle(
    [
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", SMALL),
        ("FONTSIZE", (0, 1), (-1, -1), TEXT),
        ("ALIGN", (-2, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, colors.lightgrey),
    ]
)
RATES = TableStyle([("ALIGN", (1, 0), (-1, -1), "RIGHT")], parent=ROWS)
SIDES = TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, 0), 0)])


def invoice_pdf(invoice: Invoice) -> bytes:
    """One paper in the language of who receives it."""
    return invoices_pdf([invoice])


def invoices_pdf(invoices: Sequence[Invoice]) -> bytes:
    """Several papers behind one another, each on pages of its own: to be read, for the archive has each by itself."""
    buffer, story = io.BytesIO(), list[Flowable]()
    with translation.override(invoices[0].language):
        title = " ".join([invoices[0].issuer["name"], *(invoice.code for invoice in invoices)])
        paper = SimpleDocTemplate(buffer, pagesize=A4, title=printable(title), invariant=1, **MARGINS)
        for invoice in invoices:
            with translation.override(invoice.language):
                story += [*([PageBreak()] if story else []), *_story(invoice)]
        paper.build(story, onFirstPage=_foot, onLaterPages=_foot)
    return buffer.getvalue()


def _story(invoice: Invoice) -> Iterator[Flowable]:
    kind = capfirst(invoice.get_kind_display())
    yield _text(_("%(kind)s %(number)s") % {"kind": kind, "number": invoice.code}, size=17, bold=True)
    yield Spacer(1, 3 * mm)
    for fact in _facts(invoice):
        yield _text(fact)
    yield Spacer(1, 5 * mm)
    yield Table([[_side(_("Seller"), _issuer(invoice)), _side(_customer(invoice), _recipient(invoice))]],
                colWidths=[WIDTH / 2] * 2, style=SIDES)  # fmt: skip
    yield Spacer(1, 5 * mm)
    yield _lines(invoice)
    yield Spacer(1, 3 * mm)
    yield from _totals(invoice)
    yield Spacer(1, 5 * mm)
    for mention in mentions(invoice):
        yield _text(mention, size=SMALL)


def _facts(invoice: Invoice) -> Iterator[str]:
    facts = invoice.facts
    yield _("Issued on %(day)s") % {"day": _day(f"{calendar().local(invoice.issued_at):%Y-%m-%d}")}
    if "corrected" in facts:
        yield _corrects(facts["corrected"], facts["corrected_date"])
    for each in facts.get("corrects", ()):
        yield _corrects(each["number"], each["date"])
    if "order" in facts:
        yield _("Order %(number)s") % {"number": facts["order"]}
    if "sent_date" in facts:
        yield _("Sent on %(day)s") % {"day": _day(facts["sent_date"])}
    if "paid_date" in facts:
        yield _("Paid on %(day)s") % {"day": _day(facts["paid_date"])}
    if "credit_minor" in facts:
        by = {name: Money(facts[f"{name}_minor"], invoice.currency) for name in ("credit", "card")}
        words = {name: money(amount) for name, amount in by.items()}
        yield (_back(words) if invoice.corrects_id else _("By credit: %(credit)s, by card: %(card)s") % words)
    if "settlement" in facts:
        of = {"number": facts["settlement"], "day": _day(facts["settlement_date"])}
        if invoice.kind == Kind.COMMISSION_CREDIT:
            yield _("Settlement %(number)s of %(day)s, with which it was given back") % of
        else:
            yield _("Settlement %(number)s of %(day)s, from which it was deducted") % of


def _corrects(number: str, day: str) -> str:
    return _("Corrects the invoice %(number)s of %(day)s") % {"number": number, "day": _day(day)}


def _back(words: dict[str, str]) -> str:
    return _("Given back as credit: %(credit)s, to the means of payment: %(card)s") % words


def _issuer(invoice: Invoice) -> list[str]:
    issuer = invoice.issuer
    vat = [_("VAT no. %(no)s") % {"no": issuer["vat_number"]}] if issuer["vat_number"] else []
    address = [*issuer["lines"], country_name(issuer["country"])]
    return [issuer["name"], *address, issuer["registration"], *vat]


def _customer(invoice: Invoice) -> str:
    return _("Buyer") if invoice.kind in Invoice.BUYERS else _("Customer")


def _recipient(invoice: Invoice) -> list[str]:
    facts = invoice.recipient_facts
    vat = [_("VAT no. %(no)s") % {"no": facts["vat_number"]}] if facts["vat_number"] else []
    return [facts["name"], *facts["lines"], country_name(facts["country"]), *vat]


def _lines(invoice: Invoice) -> Table:
    """Each line with its number, its rate and its amount, VAT included; what was sent for all stands once."""
    rows: list[list[Any]] = [[_("What"), _("Number"), _("VAT"), _("Amount")]]
    for line in invoice.lines:
        amount = line["gross_minor"] - line.get("shipping_minor", 0)
        rows.append([_text(line["what"]), _text(line["number"]), rate_shown(line), _money(invoice, amount)])
    shipping = sum(line.get("shipping_minor", 0) for line in invoice.lines)
    express = sum(line.get("express_minor", 0) for line in invoice.lines)
    for what, minor in ((_("Shipping"), shipping - express), (_("Express delivery"), express)):
        if minor:
            rows.append([_text(what), "", "", _money(invoice, minor)])
    return Table(rows, colWidths=[WIDTH - 82 * mm, 40 * mm, 18 * mm, 24 * mm], repeatRows=1, style=ROWS)


def rate_shown(line: dict[str, Any]) -> str:
    """The rate of a line as the reader writes it; the margin scheme shows none."""
    if line["scheme"] == "margin":
        return "–"
    return printable(percent(line["bps"], 1 if line["bps"] % 100 else 0))


def _totals(invoice: Invoice) -> Iterator[Flowable]:
    """The VAT by rate where it is shown, and what is to pay or is given back."""
    rates = sorted({(line["country"], line["bps"]) for line in invoice.lines if line["bps"]})
    rows = [[_("VAT"), _("Without VAT"), _("VAT"), _("With VAT")]]
    for country, bps in rates:
        of = [line for line in invoice.lines if (line["country"], line["bps"]) == (country, bps)]
        gross, vat = sum(line["gross_minor"] for line in of), sum(line["vat_minor"] for line in of)
        rate = f"{country_name(country)}, {percent(bps, 1 if bps % 100 else 0)}"
        rows.append([printable(rate), *(_money(invoice, minor) for minor in (gross - vat, vat, gross))])
    if rates:
        widths = [WIDTH - 90 * mm, 30 * mm, 30 * mm, 30 * mm]
        yield KeepTogether(Table(rows, colWidths=widths, style=RATES))
        yield Spacer(1, 3 * mm)
    yield _text(f"{_total_words(invoice)}: {money(invoice.total)}", size=13, bold=True)


def _total_words(invoice: Invoice) -> str:
    words = {
        Kind.INVOICE: _("Total, paid"),
        Kind.CREDIT_NOTE: _("Total given back"),
        Kind.COMMISSION: _("Total, deducted from the settlement"),
        Kind.COMMISSION_CREDIT: _("Total given back with the settlement"),
    }
    return words[Kind(invoice.kind)]


def _side(title: str, lines: list[str]) -> list[Paragraph]:
    return [_text(title, bold=True), *(_text(line) for line in lines if line)]


def _text(text: str, *, size: float = TEXT, bold: bool = False) -> Paragraph:
    style = ParagraphStyle(
        "text", getSampleStyleSheet()["BodyText"], fontSize=size, leading=size * 1.35, spaceBefore=0, spaceAfter=0,
        fontName="Helvetica-Bold" if bold else "Helvetica", rightIndent=SLACK if size == SMALL else 0,
    )  # fmt: skip
    return Paragraph(escape(printable(_plain(text))), style)


def _money(invoice: Invoice, minor: int) -> str:
    return printable(_plain(money(Money(minor, invoice.currency))))


def _plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def _day(day: str) -> str:
    return date_format(date.fromisoformat(day), "DATE_FORMAT")


def _foot(canvas: Canvas, paper: Any) -> None:
    canvas.setFont("Helvetica", 7.5)
    words = _("%(site)s · page %(page)d") % {"site": settings.SITE_NAME, "page": paper.page}
    canvas.drawCentredString(A4[0] / 2, 10 * mm, printable(words))
