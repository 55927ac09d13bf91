"""What a seller prints or keeps: the slip that lies in the parcel, and the certificate of the erasure."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A4, A5
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from backmarket.shipping.labels import printable
from buyback.models import Trade
from catalog.models import Unit

MARGIN = 16 * mm
BOLD, PLAIN = "Helvetica-Bold", "Helvetica"


def packing_slip(trade: Trade, *, place: int = 1, of: int = 1) -> bytes:
    """One A5 page to lay into the parcel; the plant's scanner opens the sale by its barcode.

    `place` of `of`: which of the devices of one visit this is. It names no person and no price.
    """
    sheet = Sheet(A5, f"{settings.SITE_NAME} {trade}")
    sheet.heading(_("Packing slip"), str(trade))
    sheet.barcode(str(trade))
    sheet.facts(_slip_facts(trade, place, of))
    sheet.heading_2(_("Before you close the parcel"))
    sheet.list(
        [
            _("This slip lies inside, beside the device; the label sticks outside."),
            _("The device is switched off, and signed out of every account."),
            _("SIM card, memory card, case and charger stay with you."),
            _("It is wrapped so that it cannot move: an old box and some paper will do."),
        ]
    )
    return sheet.bytes()


def _slip_facts(trade: Trade, place: int, of: int) -> list[tuple[str, str]]:
    number = _("IMEI") if trade.variant.product.category.identifier == "imei" else _("Serial number")
    facts = [
        (_("Device"), str(trade.variant)),
        (number, trade.identifier),
        (_("To"), trade.plant.name),
        (_("Sold on"), _day(trade.accepted_at)),
    ]
    if of > 1:
        facts.append(
            (_("Collected together"), _("Device %(place)d of %(of)d: one slip each") % {"place": place, "of": of})
        )
    return facts


def erasure_certificate(trade: Trade, unit: Unit) -> bytes:
    """One A4 page that proves the erasure: standard, tool, operator's plant and time. `unit` is erased."""
    sheet = Sheet(A4, f"{settings.SITE_NAME} {trade}")
    sheet.heading(_("Certificate of erasure"), str(trade))
    sheet.text(
        _("All data on the device below was erased before anybody else could use it. %(plant)s stands for it.")
        % {"plant": unit.plant.name}
    )
    sheet.facts(
        [
            (_("Device"), str(unit.variant)),
            (_("IMEI or serial"), unit.identifier),
            (_("Erased"), date_format(localtime(unit.erased_at), "DATETIME_FORMAT")),
            (_("Standard"), unit.erasure_standard),
            (_("Tool"), unit.erasure_tool),
            (_("Done by"), _("a technician of %(plant)s, known to us by name") % {"plant": unit.plant.name}),
        ]
    )
    sheet.text(
        _("This is a record of %(site)s. Each erasure is kept and cannot be changed later.")
        % {"site": settings.SITE_NAME}
    )
    return sheet.bytes()


def _day(at: datetime) -> str:
    return date_format(localtime(at), "DATE_FORMAT")


class Sheet:
    """One page written from the top down."""

    def __init__(self, size: tuple[float, float], title: str) -> None:
        self.width, self.y = size[0], size[1] - MARGIN
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=size, invariant=True)
        self.canvas.setTitle(title)
        self._line(settings.SITE_NAME, BOLD, 11)
        self.canvas.line(MARGIN, self.y, self.width - MARGIN, self.y)
        self.y -= 6 * mm

    def heading(self, title: str, number: str) -> None:
        self._line(title, BOLD, 20, after=3 * mm)
        self._line(number, PLAIN, 13, after=5 * mm)

    def heading_2(self, title: str) -> None:
        self.y -= 4 * mm
        self._line(title, BOLD, 11, after=2 * mm)

    def text(self, words: str, *, indent: float = 0, size: float = 10) -> None:
        room = self.width - 2 * MARGIN - indent
        for line in simpleSplit(printable(words), PLAIN, size, room):
            self._line(line, PLAIN, size, indent=indent)
        self.y -= 2 * mm

    def list(self, items: Iterable[str]) -> None:
        for item in items:
            self.canvas.rect(MARGIN, self.y - 3.2 * mm, 3 * mm, 3 * mm)
            self.text(item, indent=6 * mm)

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        for name, value in pairs:
            self._line(name, PLAIN, 8)
            for line in simpleSplit(printable(value), BOLD, 11, self.width - 2 * MARGIN):
                self._line(line, BOLD, 11)
            self.y -= 2 * mm

    def barcode(self, code: str) -> None:
        """A hand scanner reads bars of this width at arm's length."""
        bars = Code128(code, barWidth=0.5 * mm, barHeight=18 * mm, quiet=False)
        bars.drawOn(self.canvas, MARGIN, self.y - 18 * mm)
        self.y -= 25 * mm

    def bytes(self) -> bytes:
        self.canvas.showPage()
        self.canvas.save()
        return self.buffer.getvalue()

    def _line(self, text: str, font: str, size: float, *, indent: float = 0, after: float = 0) -> None:
        self.y -= size * 1.25
        self.canvas.setFont(font, size)
        self.canvas.drawString(MARGIN + indent, self.y + size * 0.25, printable(text))
        self.y -= after
