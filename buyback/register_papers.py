"""The register of bought goods on paper: every entry with its link in the chain, and whether the chain holds."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from backmarket.market import calendar
from backmarket.money import Money
from backmarket.shipping.labels import printable
from backmarket.templatetags.ui import money
from buyback.models import RegisterEntry
from buyback.selectors import RegisterCheck
from buyback.services.register import SellerShown
from refurbishers.models import Refurbisher

MARGIN, LINE, GAP = 18 * mm, 4.4 * mm, 2.6 * mm
TOP, BOTTOM = A4[1] - 40 * mm, 22 * mm
COLUMNS = (MARGIN, MARGIN + 16 * mm, MARGIN + 50 * mm)


@dataclass(frozen=True)
class Period:
    """Whole days of the market, both ends included; None is open."""

    since: date | None
    until: date | None

    @property
    def words(self) -> str:
        since = date_format(self.since, "DATE_FORMAT") if self.since else _("the first entry")
        until = date_format(self.until, "DATE_FORMAT") if self.until else _("the last entry")
        return _("From %(since)s to %(until)s") % {"since": since, "until": until}


@dataclass(frozen=True)
class Words:
    """One line of an entry: what it says, where it begins, and how small it is."""

    text: str
    column: int = 2
    size: float = 9
    font: str = "Helvetica"


def register_pdf(
    plant: Refurbisher,
    entries: Iterable[RegisterEntry],
    *,
    period: Period,
    check: RegisterCheck,
    at: datetime,
    sellers: dict[int, SellerShown] | None = None,
) -> bytes:
    """Every entry in its order; with `sellers` (entry's key → who sold) for an authority."""
    blocks = [_entry(entry, (sellers or {}).get(entry.pk)) for entry in entries]
    blocks.append(_closing(len(blocks), check, at))
    pages = _paginate(blocks)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.setTitle(f"{settings.SITE_NAME} · {plant.name}")
    for number, page in enumerate(pages, 1):
        _head(canvas, plant, period, opened=sellers is not None)
        _draw(canvas, page)
        canvas.setFont("Helvetica", 8)
        canvas.drawCentredString(
            A4[0] / 2, 12 * mm, _("Page %(page)d of %(pages)d") % {"page": number, "pages": len(pages)}
        )
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _entry(entry: RegisterEntry, seller: SellerShown | None) -> list[list[Words]]:
    """Lines of words that stay together on one page."""
    entered = date_format(calendar().local(entry.entered_at), "SHORT_DATETIME_FORMAT")
    price = money(Money(entry.price_minor, entry.currency))
    bold = "Helvetica-Bold"
    paid = _("%(identifier)s · %(price)s by %(means)s · trade %(trade)s") % {
        "identifier": entry.identifier, "price": price, "means": _(entry.payment_means), "trade": entry.trade,
    }  # fmt: skip
    lines = [
        [Words(str(entry.number), 0, 9, bold), Words(entered, 1), Words(entry.device, 2, 9, bold)],
        [Words(paid)],
    ]
    if seller:
        lines += [[Words(line)] for line in seller.lines]
    chain = [f"{_('after')} {entry.previous_hash}", f"{_('entry')} {entry.hash}"]
    return lines + [[Words(line, size=6.5, font="Courier")] for line in chain]


def _closing(count: int, check: RegisterCheck, at: datetime) -> list[list[Words]]:
    when = date_format(calendar().local(at), "SHORT_DATETIME_FORMAT")
    shown = _("%(count)d entries on these pages, printed on %(when)s.") % {"count": count, "when": when}
    if check.broken_at is None:
        verdict = _("The chain of all %(entries)d entries of the register was computed again: it holds.")
        said = verdict % {"entries": check.entries}
    else:
        said = _("The chain breaks at entry %(number)d: %(reason)s") % {
            "number": check.broken_at, "reason": check.reason,
        }  # fmt: skip
    return [[Words("", 0)], [Words(shown, 0)], [Words(said, 0, 9, "Helvetica-Bold")]]


def _paginate(blocks: Sequence[list[list[Words]]]) -> list[list[list[list[Words]]]]:
    """Entries on pages; none is torn apart."""
    pages: list[list[list[list[Words]]]] = [[]]
    room = TOP - BOTTOM
    for block in blocks:
        height = len(block) * LINE + GAP
        if height > room and pages[-1]:
            pages.append([])
            room = TOP - BOTTOM
        pages[-1].append(block)
        room -= height
    return pages


def _head(canvas: Canvas, plant: Refurbisher, period: Period, *, opened: bool) -> None:
    top = A4[1] - 16 * mm
    canvas.setFont("Helvetica-Bold", 13)
    canvas.drawString(MARGIN, top, printable(_("Register of bought goods")))
    canvas.setFont("Helvetica", 9)
    legal = f"{plant.legal_name} · {plant.registration_number} · {plant.line1}, {plant.postcode} {plant.city}"
    canvas.drawString(MARGIN, top - 6 * mm, printable(legal))
    canvas.drawString(MARGIN, top - 11 * mm, printable(period.words))
    if opened:
        canvas.setFont("Helvetica-Bold", 9)
        canvas.drawRightString(A4[0] - MARGIN, top, printable(_("With the sellers' identity: for the authority only")))
    canvas.line(MARGIN, top - 15 * mm, A4[0] - MARGIN, top - 15 * mm)


def _draw(canvas: Canvas, blocks: Sequence[list[list[Words]]]) -> None:
    y = TOP
    for block in blocks:
        for line in block:
            for words in line:
                _write(canvas, words, y)
            y -= LINE
        y -= GAP


def _write(canvas: Canvas, words: Words, y: float) -> None:
    """Smaller when it would leave the page: nothing of a register is cut off."""
    text, size, left = printable(words.text), words.size, COLUMNS[words.column]
    right = COLUMNS[2] - 2 * mm if words.column == 1 else A4[0] - MARGIN
    while canvas.stringWidth(text, words.font, size) > right - left and size > 4:
        size -= 0.25
    canvas.setFont(words.font, size)
    canvas.drawString(left, y, text)
