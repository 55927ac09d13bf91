"""A file of bids: one line per device, one column per condition, as people keep it in a spreadsheet. Pure reading."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.tables import FileRefused, amount_of, cell_of, sheet_of
from buyback.models import BidRow
from buyback.services.bids import price_fault
from catalog.models import Condition

MAX_BYTES = 2_000_000
MAX_LINES = 5_000
SKU, DEVICE, REASON = "SKU", "Device", "Reason"


@dataclass
class BidFile:
    """What a file asks for: cells that change, how many stay, and the lines that cannot be read."""

    cells: list[BidRow] = field(default_factory=list)
    unchanged: int = 0
    lines: int = 0
    header: list[str] = field(default_factory=list)
    broken: list[dict[str, Any]] = field(default_factory=list)


def price_of(text: str) -> int | None:
    """Minor units of what was typed; None of nothing. Raises ValueError with the reason in words."""
    minor = amount_of(text)
    if minor is not None and (reason := price_fault(minor)):
        raise ValueError(reason)
    return minor


def read_bid_file(raw: bytes, variants: Mapping[str, int], bids: Mapping[tuple[int, str], tuple[int, bool]]) -> BidFile:
    """What the file would change. `variants`: SKU in capitals → id, of the plant's categories; `bids`: what stands.

    Raises FileRefused when it is no such file.
    """
    header, rows = sheet_of(raw, most_lines=MAX_LINES, most_bytes=MAX_BYTES)
    return _read(rows, header, _columns(header), variants, bids)


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
        places[cell_of(cells, columns[SKU]).upper()].append(number)
    for number, cells in rows:
        sku = cell_of(cells, columns[SKU]).upper()
        faults = _device_faults(sku, places[sku], variants, len(cells) - len(header))
        prices = _prices(cells, columns, faults)
        if faults:
            kept = [cell.strip()[:200] for cell in cells[: len(header)]]
            result.broken.append({"line": number, "cells": kept, "faults": faults})
        else:
            _compare(result, variants[sku], prices, bids)
    return result


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
        text = cell_of(cells, columns[condition])
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
