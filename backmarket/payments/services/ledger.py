"""The ledger: every movement of money, booked once, summing to zero."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from backmarket.money import Money
from backmarket.payments.models import LedgerMovement

LABEL_LENGTH = 160
# The movement with its entries. Who comes second waits for the first one's commit, and writes nothing.
BOOK = """
    WITH movement AS (
        INSERT INTO payments_ledgermovement (key, kind, reference, label, happened_at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (key) DO NOTHING RETURNING id
    ), entries AS (
        INSERT INTO payments_ledgerentry (movement_id, account, party, amount_minor, currency)
        SELECT movement.id, entry.* FROM movement, unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS entry
    )
    SELECT id FROM movement
"""


class UnbalancedMovement(DomainError):
    """The entries do not sum to zero in each currency."""

    code = "unbalanced_movement"
    default_message = _("The entries of a movement must sum to zero.")


def book(
    key: str, *, kind: str, reference: UUID, entries: Sequence[tuple[str, str, Money]], at: datetime, label: str = ""
) -> LedgerMovement:
    """Write one movement of (account, party, amount) entries; entries of nothing are left out. `label` is what people
    call the thing that moved the money.

    Booked under the same key before: returns that movement and writes nothing.
    """
    sums: Counter[str] = Counter()
    for _account, _party, amount in entries:
        sums[amount.currency] += amount.minor
    if any(sums.values()):
        raise UnbalancedMovement
    rows = [(account, party, amount.minor, amount.currency) for account, party, amount in entries if amount]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    with connection.cursor() as cursor:
        cursor.execute(BOOK, [key, kind, reference, label[:LABEL_LENGTH], at, *columns])
        new = cursor.fetchone()
    if new is None:  # booked by somebody else, perhaps in this very moment: they have committed
        return LedgerMovement.objects.get(key=key)
    return LedgerMovement(
        pk=new[0], key=key, kind=kind, reference=reference, label=label[:LABEL_LENGTH], happened_at=at
    )
