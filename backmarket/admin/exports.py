"""CSV that a spreadsheet opens without running anything, streamed."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.http import StreamingHttpResponse
from django.utils.encoding import force_str

from backmarket.market import calendar
from backmarket.money import Money

# A cell that starts with one of these is a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    def write(self, value: str) -> str:
        return value


def safe_cell(value: Any) -> Any:
    """Numbers stay numbers, instants are the market's time to the second, as the papers have it; a text that a
    spreadsheet would run gets an apostrophe before it."""
    if isinstance(value, Money):
        return Decimal(value.minor).scaleb(-get_currency_precision(value.currency))
    if value is None or isinstance(value, int | Decimal):
        return value
    if isinstance(value, datetime):
        return f"{calendar().local(value):%Y-%m-%d %H:%M:%S}"
    text = force_str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_response(name: str, headers: Sequence[Any], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """`<name>.csv` as a download, one row at a time."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow([safe_cell(header) for header in headers])
        for row in rows:
            yield writer.writerow([safe_cell(cell) for cell in row])

    headers_out = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers_out)
