"""What the parts share: randomness that repeats, stable ids, device numbers, and rows written in bulk.

History is invented backwards from one instant, the anchor `at`: the same anchor gives the same rows.
"""

import csv
import io
import json
import random
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from backmarket import market
from backmarket.events.models import Event
from backmarket.events.services import Actor, actor_code
from backmarket.payments.models import LedgerEntry, LedgerMovement
from backmarket.payments.services.ledger import LABEL_LENGTH

T = TypeVar("T")

SEED = 20261123
NAMESPACE = uuid.UUID("5ee1d0de-0000-5000-8000-000020261123")
BATCH = 2_000
NULL = r"\N"
# Nobody needs the keys of these rows after they are written.
KEYS_UNUSED = {
    "buyback.bid",
    "buyback.quotebid",
    "catalog.pricechange",
    "events.event",
    "orders.claimmessage",
    "payments.ledgerentry",
    "refurbishers.servicefact",
    "shipping.trackingpoint",
}
# A little more than a year, so that some guarantees of a year have ended.
HISTORY_DAYS = 375
# An IMEI begins with the code of its model; this one is reserved for tests by the bodies that allocate them.
TEST_TYPE_ALLOCATION = "00101700"


def dice(part: str) -> random.Random:
    """A part's own randomness, so that a change in one part moves nothing in another."""
    return random.Random(f"{SEED}:{part}")


def analyze() -> None:
    """Tell the planner what our tables hold now. Of the tables that all databases of a server share it would keep the
    locks until the transaction ends, and another seed would wait for them."""
    with connection.cursor() as cursor:
        tables = map(connection.ops.quote_name, connection.introspection.table_names(cursor))
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def known(value: T | None) -> T:
    """What the row's status promises to be there."""
    if value is None:
        raise ValueError("This row lacks what its status promises.")
    return value


def stable_uuid(kind: str, number: int) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"{kind}:{number}")


def insert(rows: Sequence[models.Model]) -> None:
    """Write rows of one model; the database checks them, nothing else does.

    By COPY, several times quicker, unless the caller needs keys that only the database can give.
    """
    if not rows:
        return
    model = type(rows[0])
    if model._meta.label_lower in KEYS_UNUSED or not isinstance(model._meta.pk, models.AutoField):
        _copy(model, rows)
    else:
        model._base_manager.bulk_create(rows, batch_size=BATCH)


def _copy(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    fields = [field for field in fields if not isinstance(getattr(rows[0], field.attname), DatabaseDefault)]
    columns = ", ".join(connection.ops.quote_name(known(field.column)) for field in fields)
    text = io.StringIO()
    csv.writer(text).writerows([_cell(field, row) for field in fields] for row in rows)
    text.seek(0)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT csv, NULL '{NULL}')", text)


def _cell(field: models.Field[Any, Any], row: models.Model) -> Any:
    value = field.pre_save(row, add=True)
    if value is None and isinstance(field, models.ForeignKey) and field.is_cached(row):
        related = field.get_cached_value(row)  # its key came after it was assigned
        value = related.pk if related else None
    if value is None:
        return NULL
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    return field.get_prep_value(value)


def next_number(sequence: str) -> int:
    """The number that a row will have which is named in other rows before it is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s::regclass)", [sequence])
        return int(cursor.fetchone()[0])


def imei(number: int) -> str:
    """The `number`th IMEI of our test range, with its Luhn check digit."""
    body = f"{TEST_TYPE_ALLOCATION}{number:06d}"
    digits = [int(digit) for digit in body]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2]) + sum(digits[::2])
    return f"{body}{-doubled % 10}"


def device_number(kind: str, number: int) -> str:
    """An IMEI or a serial number, as the category asks."""
    return imei(number) if kind == "imei" else f"BM{SEED % 1000:03d}{number:07d}"


def working_hours(at: datetime) -> datetime:
    """The same instant, or the next one at which people are at work."""
    return market.calendar().add_business_time(at, timedelta(minutes=1))


class Trail:
    """Events of the past, collected and written at once: they are published, so no handler runs for them."""

    def __init__(self) -> None:
        self.events: list[tuple[datetime, Event]] = []

    def add(self, kind: str, subject: models.Model, *, by: Actor, at: datetime, **data: Any) -> None:
        label = subject._meta.label_lower
        event = Event(
            kind=kind, subject_type=label, subject_id=str(subject.pk), actor=actor_code(by), data=data,
            happened_at=at, published_at=at,
        )  # fmt: skip
        self.events.append((at, event))

    def write(self) -> None:
        """In the order in which it happened, as timelines are read by id."""
        insert([event for _at, event in sorted(self.events, key=lambda pair: pair[0])])


class Rows:
    """Rows of any models, collected and written at once; foreign keys are checked when the transaction ends."""

    def __init__(self) -> None:
        self.by_model: dict[type[models.Model], list[models.Model]] = {}

    def add(self, *rows: models.Model) -> None:
        for row in rows:
            self.by_model.setdefault(type(row), []).append(row)

    def write(self) -> None:
        for rows in self.by_model.values():
            insert(rows)


class Books:
    """Ledger movements of the past, collected and written at once."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.movements: list[LedgerMovement] = []
        self.entries: list[LedgerEntry] = []

    def book(self, key: str, reference: uuid.UUID, at: datetime, *sides: tuple[str, str, int], label: str = "") -> None:
        """One movement, "<kind>:<id>", of (account, party, minor units) that sum to zero; zeros are left out."""
        movement = LedgerMovement(
            key=key, kind=key.split(":")[0], reference=reference, label=label[:LABEL_LENGTH], happened_at=at
        )
        self.movements.append(movement)
        self.entries += [
            LedgerEntry(movement=movement, account=account, party=party, amount_minor=minor, currency=self.currency)
            for account, party, minor in sides
            if minor
        ]

    def write(self) -> None:
        insert(self.movements)
        insert(self.entries)


def spread(values: Iterable[tuple[Any, int]]) -> list[Any]:
    """`[("a", 2), ("b", 1)]` → `["a", "a", "b"]`: how many rows get which value."""
    return [value for value, count in values for _ in range(count)]
