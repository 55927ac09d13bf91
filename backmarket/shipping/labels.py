"""Parcel labels: one A6 page with a Code 128 barcode, readable at arm's length."""

import io
import unicodedata

from django.conf import settings
from django.utils.translation import gettext, gettext_lazy
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A6
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from backmarket import market
from backmarket.errors import DomainError
from backmarket.shipping.models import Parcel
from backmarket.shipping.selectors import is_house_couriers
from backmarket.templatetags.ui import money

MARGIN = 6 * mm
# Letters that decompose into nothing the standard PDF fonts have.
PLAIN = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ț": "t", "ș": "s", "ħ": "h"})


class LabelNotReady(DomainError):
    """The courier has not answered yet."""

    code = "label_not_ready"
    default_message = gettext_lazy("The courier is preparing this label: try again in a minute.")


def label_pdf(parcel: Parcel) -> bytes:
    """The label as PDF, the same bytes each time: the courier's, kept when it was booked, or one that we draw.

    No network. Raises LabelNotReady before the courier has given its number or its label, and for a parcel of the
    sender's own courier, which makes its label itself: nobody insured it with ours.
    """
    if not is_house_couriers(parcel):
        raise LabelNotReady(gettext_lazy("The label of this parcel is its courier's own."))
    if parcel.label:
        with parcel.label.open("rb") as kept:
            return bytes(kept.read())
    if not parcel.tracking_number or parcel.gateway_id:
        raise LabelNotReady
    return drawn_label(parcel)


def drawn_label(parcel: Parcel) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A6, invariant=True)
    canvas.setTitle(f"{settings.SITE_NAME} {parcel.tracking_number}")
    _draw(canvas, parcel)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _draw(canvas: Canvas, parcel: Parcel) -> None:
    width, height = A6
    canvas.setFont("Helvetica-Bold", 13)
    canvas.drawString(MARGIN, height - 11 * mm, printable(settings.SITE_NAME))
    canvas.setFont("Helvetica", 8)
    service = [parcel.get_service_display()] if parcel.service != Parcel.Service.STANDARD else []
    canvas.drawRightString(width - MARGIN, height - 11 * mm, printable(" ".join([*service, parcel.courier]).upper()))
    canvas.line(MARGIN, height - 14 * mm, width - MARGIN, height - 14 * mm)
    _address(canvas, gettext("From"), parcel.sender.lines, height - 19 * mm, 8)
    canvas.line(MARGIN, height - 44 * mm, width - MARGIN, height - 44 * mm)
    _address(canvas, gettext("To"), parcel.recipient.lines, height - 51 * mm, 12)
    canvas.line(MARGIN, height - 89 * mm, width - MARGIN, height - 89 * mm)
    _barcode(canvas, parcel.tracking_number, 29 * mm)
    canvas.setFont("Helvetica", 7.5)
    if parcel.mark:
        order = gettext("Return of order %(number)s") % {"number": parcel.mark}
        canvas.drawString(MARGIN, 5 * mm, printable(order))
    canvas.drawString(MARGIN, 9 * mm, printable(gettext("Insured for %(amount)s") % {"amount": money(parcel.insured)}))
    canvas.drawRightString(width - MARGIN, 9 * mm, f"{market.calendar().local(parcel.created_at):%Y-%m-%d}")


def _address(canvas: Canvas, title: str, lines: list[str], top: float, size: float) -> None:
    canvas.setFont("Helvetica-Bold", 7)
    canvas.drawString(MARGIN, top, printable(title).upper())
    for number, line in enumerate(lines, start=1):
        text = printable(line)
        fitting = size
        while canvas.stringWidth(text, "Helvetica", fitting) > A6[0] - 2 * MARGIN and fitting > 5:
            fitting -= 0.5
        canvas.setFont("Helvetica", fitting)
        canvas.drawString(MARGIN, top - number * size * 1.3, text)


def _barcode(canvas: Canvas, number: str, bottom: float) -> None:
    """As wide as the page allows: scanners want wide bars."""
    room = A6[0] - 2 * MARGIN
    narrow = Code128(number, barWidth=1, barHeight=18 * mm, quiet=False)
    code = Code128(number, barWidth=min(room / narrow.width, 0.5 * mm), barHeight=18 * mm, quiet=False)
    code.drawOn(canvas, (A6[0] - code.width) / 2, bottom - 8 * mm)
    canvas.setFont("Courier-Bold", 11)
    canvas.drawCentredString(A6[0] / 2, bottom - 13 * mm, number)


def printable(text: str) -> str:
    """What the standard fonts can print: other Latin letters lose their marks, anything else becomes "?"."""
    letters = []
    for letter in text.translate(PLAIN):
        try:
            letters.append(letter.encode("cp1252").decode("cp1252"))
        except UnicodeEncodeError:
            letters.append(unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "?")
    return "".join(letters)
