"""A file of listings: one line per listing with its number, its price and its stock. Pure reading."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.tables import FileRefused, amount_of, cell_of, sheet_of

MAX_BYTES = 8_000_000
MAX_LINES = 20_000
# Beyond these an amount is a slip of the fingers.
DEAREST_MINOR, MOST_ON_HAND = 10_000_000, 100_000
TITLES = {"number": _("Number"), "price": _("Price"), "on_hand": _("In stock")}
IN_ENGLISH = {"number": "number", "price": "price", "in stock": "on_hand"}
REASON = "Reason"


class Standing(NamedTuple):
    """What a listing is now."""

    listing: UUID
    price_minor: int
    on_hand: int
    reserved: int
    archived: bool


class Wanted(NamedTuple):
    """What a listing was when it was looked at, and what it becomes; amounts in minor units."""

    listing: UUID
    price_was: int
    price_minor: int
    on_hand_was: int
    on_hand: int


@dataclass
class ListingFile:
    """What a file asks for: listings that change, how many stay, and the lines that cannot be read."""

    rows: list[Wanted] = field(default_factory=list)
    unchanged: int = 0
    lines: int = 0
    header: list[str] = field(default_factory=list)
    broken: list[dict[str, Any]] = field(default_factory=list)


def read_listing_file(raw: bytes, standing: "Mapping[int, Standing]") -> ListingFile:
    """What the file would change. `standing`: number → what the plant's listing is now. Raises FileRefused."""
    header, lines = sheet_of(raw, most_lines=MAX_LINES, most_bytes=MAX_BYTES)
    columns = _columns(header)
    result = ListingFile(lines=len(lines), header=[title.strip()[:80] for title in header])
    times = Counter(cell_of(cells, columns["number"]) for _line, cells in lines)
    for line, cells in lines:
        number = cell_of(cells, columns["number"])
        listing = standing.get(int(number)) if number.isascii() and number.isdecimal() and len(number) < 19 else None
        faults = _faults(number, times[number], listing, len(cells) - len(header))
        wanted = _wanted(listing, cells, columns, faults) if listing and not faults else None
        if faults:
            kept = [cell.strip()[:200] for cell in cells[: len(header)]]
            result.broken.append({"line": line, "cells": kept, "faults": faults})
        elif wanted is None:
            result.unchanged += 1
        else:
            result.rows.append(wanted)
    return result


def _columns(header: list[str]) -> dict[str, int]:
    """Where the number, the price and the stock stand, by their names in English or as the export calls them."""
    names = IN_ENGLISH | {str(title).casefold(): name for name, title in TITLES.items()}
    found: dict[str, int] = {}
    for at, title in enumerate(header):
        name = names.get(title.strip().casefold())
        if name in found:
            raise FileRefused(_("The column “%s” is there twice.") % title.strip())
        if name:
            found[name] = at
    if "number" not in found:
        raise FileRefused(_("The first line must name the columns, and one of them must be Number."))
    if len(found) == 1:
        raise FileRefused(_("No column is Price or In stock. Export your listings to see how the columns are called."))
    return found


def _faults(number: str, times: int, listing: Standing | None, more: int) -> list[dict[str, str]]:
    if more > 0:
        reason = gettext("This line has more cells than the first. A decimal comma needs “;” between the columns.")
    elif more < 0:
        reason = gettext("This line has fewer cells than the first.")
    elif not number:
        reason = gettext("The number is missing.")
    elif listing is None:
        reason = gettext("No listing of yours has this number.")
    elif listing.archived:
        reason = gettext("An archived listing does not change any more.")
    elif times > 1:
        reason = gettext("This listing is there %d times. Keep one line.") % times
    else:
        return []
    return [{"column": str(TITLES["number"]), "value": number[:80], "reason": reason}]


def _wanted(now: Standing, cells: list[str], columns: dict[str, int], faults: list[dict[str, str]]) -> "Wanted | None":
    """What the line asks of the listing, None for nothing; an empty cell asks nothing, a fault is added to `faults`."""
    values = {"price": now.price_minor, "on_hand": now.on_hand}
    for name, read in (("price", _price), ("on_hand", _stock)):
        text = cell_of(cells, columns[name]) if name in columns else ""
        try:
            values[name] = read(text, now) if text else values[name]
        except ValueError as error:
            faults.append({"column": str(TITLES[name]), "value": text[:80], "reason": str(error)})
    if faults or (values["price"], values["on_hand"]) == (now.price_minor, now.on_hand):
        return None
    return Wanted(now.listing, now.price_minor, values["price"], now.on_hand, values["on_hand"])


def _price(text: str, now: Standing) -> int:
    minor = amount_of(text)
    if minor is None:
        return now.price_minor
    if minor <= 0:
        raise ValueError(gettext("Give a price above zero."))
    if minor > DEAREST_MINOR:
        raise ValueError(gettext("This is more than any device costs."))
    return minor


def _stock(text: str, now: Standing) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and int(text) <= MOST_ON_HAND):
        raise ValueError(gettext("Give a whole number from 0 to 100,000."))
    if int(text) < now.reserved and int(text) != now.on_hand:
        raise ValueError(gettext("%d are being paid for right now.") % now.reserved)
    return int(text)
