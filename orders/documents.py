"""A plant's own papers as PDF: the packing slip, its settlements, and the statement of its account."""

import io
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from backmarket.countries import country_name
from backmarket.market import calendar
from backmarket.money import Money
from backmarket.templatetags.ui import money
from backmarket.timetravel import now
from orders.models import Consignment, OrderLine
from orders.selectors import Statement, row_sums
from orders.statements import AccountStatement, settlement_facts
from refurbishers.models import Refurbisher

MARGIN, LINE = 20 * mm, 5.2 * mm
MARGINS = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 18 * mm)
STATEMENT_STYLE = TableStyle(
    [
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 9),
        ("FONTSIZE", (0, 1), (-1, -1), 9),
        ("ALIGN", (3, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, colors.lightgrey),
    ]
)
MADE_OF_STYLE = TableStyle(
    [
        ("FONTSIZE", (0, 0), (-1, -1), 8),
        ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
        ("FONT", (0, -1), (-1, -1), "Helvetica-Bold", 8),
    ],
    parent=STATEMENT_STYLE,
)


def packing_pdf(consignment: Consignment) -> bytes:
    """What goes into the parcel, and to whom: no prices, for a parcel may be a present."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=True)
    canvas.setTitle(f"{settings.SITE_NAME} {consignment.order.number}")
    sheet = _Sheet(canvas)
    sheet.write(_("Packing slip"), size=20)
    sheet.write(_("Order %(number)s") % {"number": consignment.order.number})
    if consignment.is_express and consignment.promised_date:
        day = date_format(consignment.promised_date, "DATE_FORMAT")
        sheet.write(_("Express: at the door by %(day)s") % {"day": day}, bold=True)
    sent = consignment.parcel.created_at if consignment.parcel else now()
    sheet.write(date_format(calendar().local(sent), "DATE_FORMAT"))
    sheet.block(_("From"), _sender(consignment.plant))
    sheet.block(_("To"), consignment.destination.lines)
    for line in consignment.lines.exclude(status__in=[OrderLine.Status.CANCELLED, OrderLine.Status.REFUNDED]):
        sheet.row(f"[  ]  {line.title}, {line.get_grade_display()}", line.identifier)
    sheet.block(_("To send something back"), simpleSplit(_how_to_return(), "Helvetica", 10, A4[0] - 2 * MARGIN))
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _sender(plant: Refurbisher) -> list[str]:
    return [plant.name, plant.legal_name, plant.line1, f"{plant.postcode} {plant.city}", country_name(plant.country)]


def _how_to_return() -> str:
    text = _(
        "You may give a device back within %(days)s days of its delivery, without a reason. Open your order on"
        " %(site)s, in your account or by the link in our e-mails, and choose “Withdraw from contract”: you get a"
        " prepaid label there. Please send nothing back without it."
    )
    return text % {"days": OrderLine.WITHDRAW_WITHIN_DAYS, "site": settings.SITE_URL}


def settlement_pdf(made: Statement, account: AccountStatement) -> bytes:
    """A settlement: to whom it is paid and of what it is made, row by row, then the plant's account behind it."""
    styles = getSampleStyleSheet()
    facts = [_text(f"{name}: {value}", styles["BodyText"]) for name, value in settlement_facts(made)]
    story = [*facts, Spacer(1, 6 * mm), _made_of(made), Spacer(1, 8 * mm)]
    return _paper(str(made.settlement), account, [*story, _text(_("Account"), styles["Heading2"]), *_account(account)])


def statement_pdf(statement: AccountStatement, title: str) -> bytes:
    """A plant's account over a period: every line, with the balance after it."""
    return _paper(title, statement, _account(statement))


def _paper(title: str, statement: AccountStatement, story: Iterable[Flowable]) -> bytes:
    buffer, styles, plant = io.BytesIO(), getSampleStyleSheet(), statement.plant
    paper = SimpleDocTemplate(buffer, pagesize=A4, title=f"{settings.SITE_NAME} {title}", invariant=1, **MARGINS)
    head = [_text(title, styles["Title"]), _text(f"{plant.legal_name} · {plant.vat_number}", styles["BodyText"])]
    paper.build([*head, *story])
    return buffer.getvalue()


def _made_of(made: Statement) -> Table:
    style = ParagraphStyle("row", getSampleStyleSheet()["BodyText"], fontSize=8, leading=10)
    rows: list[list[Any]] = [[_("Date"), _("What"), _("Gross"), _("Commission"), _("VAT"), _("Label"), _("Amount")]]
    for row in made.rows:
        day = date_format(calendar().local(row.at), "SHORT_DATE_FORMAT")
        words = f"{row.title} · {row.detail}" if row.detail else row.title
        rows.append([day, _text(words, style, row.url()), *(_amount(each) for each in row_sums(row))])
    rows.append(["", _("Total"), *(_printable(money(each)) for each in made.sums)])
    table = Table(rows, colWidths=[20 * mm, 46 * mm, 24 * mm, 22 * mm, 20 * mm, 18 * mm, 24 * mm], repeatRows=1)
    table.setStyle(MADE_OF_STYLE)
    return table


def _amount(amount: Money) -> str:
    return _printable(money(amount)) if amount else ""


def _account(statement: AccountStatement) -> list[Flowable]:
    style = getSampleStyleSheet()["BodyText"]
    rows = [[_("Date"), _("What"), _("About"), _("Amount"), _("Balance")]]
    rows.append(["", _text(_("Opening balance"), style), "", "", _printable(money(statement.opening))])
    for line in statement.lines:
        day = date_format(calendar().local(line.at), "SHORT_DATE_FORMAT")
        cells = [_text(str(line.what), style), _text(line.about, style, line.url())]
        rows.append([day, *cells, _printable(money(line.amount)), _printable(money(line.balance))])
    rows.append(["", _text(_("Closing balance"), style), "", "", _printable(money(statement.closing))])
    table = Table(rows, colWidths=[22 * mm, 45 * mm, 57 * mm, 24 * mm, 26 * mm], repeatRows=1)
    table.setStyle(STATEMENT_STYLE)
    return [_text(_period(statement), style), Spacer(1, 6 * mm), table]


def _period(statement: AccountStatement) -> str:
    """From the instant at which the statement before it ended."""
    local, form = calendar().local, "DATETIME_FORMAT"
    ends = date_format(local(statement.end), form)
    if statement.start is None:
        return _("Until %(end)s") % {"end": ends}
    return _("From %(start)s until %(end)s") % {"start": date_format(local(statement.start), form), "end": ends}


def _text(text: str, style: ParagraphStyle, url: str = "") -> Paragraph:
    words = escape(_printable(text))
    linked = f'<a href="{settings.SITE_URL}{escape(url)}"><u>{words}</u></a>'
    return Paragraph(linked if url and words else words, style)


class _Sheet:
    """A page written from top to bottom."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.y = canvas, A4[1] - MARGIN

    def write(self, text: str, *, size: int = 10, bold: bool = False) -> None:
        self.canvas.setFont("Helvetica-Bold" if bold or size > 12 else "Helvetica", size)
        self.canvas.drawString(MARGIN, self.y, _printable(text))
        self.y -= max(LINE, size * 1.5)

    def block(self, title: str, lines: Iterable[str]) -> None:
        self.y -= LINE
        self.write(title, bold=True)
        for line in lines:
            self.write(line)
        self.y -= LINE

    def row(self, left: str, right: str, *, bold: bool = False) -> None:
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", 10)
        self.canvas.drawString(MARGIN, self.y, _printable(left)[:90])
        self.canvas.drawRightString(A4[0] - MARGIN, self.y, _printable(right))
        self.y -= LINE * 1.3


def _printable(text: str) -> str:
    """The text in the letters that the standard PDF fonts have."""
    kept = text.replace("\u202f", " ").replace("\xa0", " ")
    try:
        kept.encode("cp1252")
    except UnicodeEncodeError:
        kept = unicodedata.normalize("NFKD", kept).encode("cp1252", "ignore").decode("cp1252")
    return kept
