"""Tables as people keep them in a spreadsheet, sent as a file: their encodings, separators, cells and amounts. Pure."""

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal

from babel.numbers import get_currency_precision
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError

SEPARATORS = ";,\t"
AMOUNT = re.compile(r"[0-9]+(?:[.,][0-9]+)*", re.ASCII)
SPACES = dict.fromkeys(map(ord, " \t\u00a0\u202f'’€$£"))


class FileRefused(DomainError):
    """The file as a whole cannot be read."""

    code = "file_refused"


def text_of(raw: bytes, most: int) -> str:
    """UTF-8 with or without its mark, what Excel calls Unicode text, and the Windows encoding of Western Europe."""
    if len(raw) > most:
        raise FileRefused(_("This file is larger than %d MB.") % (most // 1_000_000))
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    for name in (encoding, "cp1252"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise FileRefused(_("This is not a text file. Save the sheet as CSV and choose that file."))


def lines_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the line in the file, its cells), by the separator that the first line uses most."""
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    start = 1
    try:
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise FileRefused(_("Line %d cannot be read: a quotation mark is missing.") % (start)) from error


def sheet_of(raw: bytes, *, most_lines: int, most_bytes: int) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The titles of the first line, and the lines below it that hold something. Raises FileRefused."""
    lines = lines_of(text_of(raw, most_bytes))
    _number, header = next(lines, (0, []))
    rows = [(number, cells) for number, cells in lines if any(cell.strip() for cell in cells)]
    if header and not rows:
        raise FileRefused(_("This file has a first line and nothing below it."))
    if len(rows) > most_lines:
        raise FileRefused(_("A file may have %d lines at most: split it.") % most_lines)
    return header, rows


def cell_of(cells: list[str], at: int) -> str:
    """A cell without the apostrophe by which exports keep spreadsheets from running it."""
    return cells[at].strip().removeprefix("'") if at < len(cells) else ""


def amount_of(text: str) -> int | None:
    """Minor units of "120", "1 234,50" or "1,234.50"; None of nothing. Raises ValueError with the reason in words."""
    text = text.translate(SPACES).removesuffix(settings.DEFAULT_CURRENCY)
    if not text:
        return None
    if len(text) > 20 or not AMOUNT.fullmatch(text):
        raise ValueError(gettext("This is not a price. Write it like 120 or 119,90."))
    whole, decimals = _parts(text)
    precision = get_currency_precision(settings.DEFAULT_CURRENCY)
    if len(decimals) > precision:
        raise ValueError(gettext("Give at most %d decimals.") % precision)
    return int(Decimal(f"{whole}.{decimals or '0'}").scaleb(precision))


def _parts(text: str) -> tuple[str, str]:
    """The whole number and its decimals; three digits after the only sign could be either, so they are asked for."""
    last = max(text.rfind("."), text.rfind(","))
    if last < 0:
        return text, ""
    head, tail, mark = text[:last], text[last + 1 :], text[last]
    groups = re.split(r"[.,]", head)
    other = {sign for sign in head if sign in ".,"}
    if not other:
        if len(tail) == 3:
            raise ValueError(gettext("This can be read in two ways. Write it without a thousands separator."))
        return head, tail
    if other == {mark}:  # 1.234.567: only groups
        groups, tail = [*groups, tail], ""
    if len(groups[0]) > 3 or any(len(group) != 3 for group in groups[1:]) or len(other) > 1:
        raise ValueError(gettext("This is not a price. Write it like 120 or 119,90."))
    return "".join(groups), tail
