"""A file of bids: one line per device, one column per condition, as people keep it in a spreadsheet. Pure reading."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from buyback.models import BidRow
from buyback.services.bids import price_fault
from catalog.models import Condition

MAX_BYTES = 2_000_000
MAX_LINES = 5_000
SEPARATORS = ";,\t"
SKU, DEVICE, REASON = "SKU", "Device", "Reason"
MONEY = re.compile(r"[0-9]+(?:[.,][0-9]+)*", re.ASCII)
SPACES = dict.fromkeys(map(ord, " \t\u00a0\u202f'’€$£"))


class FileRefused(DomainError):
    """The file as a whole cannot be read."""

    code = "file_refused"


@dataclass
class BidFile:
    """What a file asks for: cells that change, how many stay, and the lines that cannot be read."""

    cells: list[BidRow] = field(default_factory=list)
    unchanged: int = 0
    lines: int = 0
    header: list[str] = field(default_factory=list)
    broken: list[dict[str, Any]] = field(default_factory=list)


def price_of(text: str) -> int | None:
    """Minor units of "120", "1 234,50" or "1,234.50"; None of nothing. Raises ValueError with the reason in words."""
    text = text.translate(SPACES).removesuffix(settings.DEFAULT_CURRENCY)
    if not text:
        return None
    if len(text) > 20 or not MONEY.fullmatch(text):
        raise ValueError(gettext("This is not a price. Write it like 120 or 119,90."))
    whole, decimals = _parts(text)
    precision = get_currency_precision(settings.DEFAULT_CURRENCY)
    if len(decimals) > precision:
        raise ValueError(gettext("Give at most %d decimals.") % precision)
    minor = int(Decimal(f"{whole}.{decimals or '0'}").scaleb(precision))
    if reason := price_fault(minor):
        raise ValueError(reason)
    return minor


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


def read_bid_file(raw: bytes, variants: Mapping[str, int], bids: Mapping[tuple[int, str], tuple[int, bool]]) -> BidFile:
    """What the file would change. `variants`: SKU in capitals → id, of the plant's categories; `bids`: what stands.

    Raises FileRefused when it is no such file.
    """
    lines = _lines(_text(raw))
    _number, header = next(lines, (0, []))
    columns = _columns(header)
    rows = [(number, cells) for number, cells in lines if any(cell.strip() for cell in cells)]
    if not rows:
        raise FileRefused(_("This file has a first line and nothing below it."))
    if len(rows) > MAX_LINES:
        raise FileRefused(_("A file may have %d lines at most: split it.") % MAX_LINES)
    return _read(rows, header, columns, variants, bids)


def _text(raw: bytes) -> str:
    """UTF-8 with or without its mark, what Excel calls Unicode text, and the Windows encoding of Western Europe."""
    if len(raw) > MAX_BYTES:
        raise FileRefused(_("This file is larger than 2 MB."))
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


def _lines(text: str) -> Any:
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


def _columns(header: list[str]) -> dict[str, int]:
    """Where the SKU and each condition stand, by code or by the words of the table."""
    names = {SKU.casefold(): SKU}
    for condition in Condition:
        names |= {condition.value.casefold(): condition.value, str(condition.label).casefold(): condition.value}
    found: dict[str, int] = {}
    for at, title in enumerate(header):
        name = names.get(title.strip().casefold())
        if name in found:
            raise FileRefused(_("The column “%s” is there twice.") % title.strip())
        if name:
            found[name] = at
    if SKU not in found:
        raise FileRefused(_("The first line must name the columns, and one of them must be SKU."))
    if len(found) == 1:
        raise FileRefused(_("No column is a condition. Export your bids to see how the columns are called."))
    return found


def _read(rows: Any, header: Any, columns: Any, variants: Any, bids: Any) -> BidFile:
    result = BidFile(lines=len(rows), header=[title.strip()[:80] for title in header])
    places = defaultdict(list)
    for number, cells in rows:
        places[_cell(cells, columns[SKU]).upper()].append(number)
    for number, cells in rows:
        sku = _cell(cells, columns[SKU]).upper()
        faults = _device_faults(sku, places[sku], variants, len(cells) - len(header))
        prices = _prices(cells, columns, faults)
        if faults:
            kept = [cell.strip()[:200] for cell in cells[: len(header)]]
            result.broken.append({"line": number, "cells": kept, "faults": faults})
        else:
            _compare(result, variants[sku], prices, bids)
    return result


def _cell(cells: list[str], at: int) -> str:
    """A cell without the apostrophe by which exports keep spreadsheets from running it."""
    return cells[at].strip().removeprefix("'") if at < len(cells) else ""


def _device_faults(sku: str, lines: list[int], variants: Any, more: int) -> list[dict[str, str]]:
    if more > 0:
        reason = gettext("This line has more cells than the first. A decimal comma needs “;” between the columns.")
    elif more < 0:
        reason = gettext("This line has fewer cells than the first: an empty cell would withdraw a bid.")
    elif not sku:
        reason = gettext("The SKU is missing.")
    elif sku not in variants:
        reason = gettext("No device of your categories has this SKU.")
    elif len(lines) > 1:
        reason = gettext("This device is on the lines %s. Keep one.") % ", ".join(map(str, lines[:10]))
    else:
        return []
    return [{"column": SKU, "value": sku[:80], "reason": reason}]


def _prices(cells: list[str], columns: dict[str, int], faults: list[dict[str, str]]) -> dict[str, int | None]:
    """Condition → price, of the columns that the file has; what cannot be read is added to `faults`."""
    prices: dict[str, int | None] = {}
    for condition in Condition:
        if condition not in columns:
            continue
        text = _cell(cells, columns[condition])
        try:
            prices[condition.value] = price_of(text)
        except ValueError as error:
            faults.append({"column": str(condition.label), "value": text[:80], "reason": str(error)})
    return prices


def _compare(result: BidFile, variant: int, prices: dict[str, int | None], bids: Any) -> None:
    for condition, price in prices.items():
        was, active = bids.get((variant, condition), (None, True))
        if was == price:
            result.unchanged += was is not None
        else:
            result.cells.append(BidRow(variant, condition, was, price, active))
