"""Do the books, the rows and the provider tell the same story? Each difference is one line; none is mended here.

A check is a statement that returns (about, expected, found, currency) for what differs, amounts in minor units, NULL
where one side knows nothing of it. It names instants like `%(heard)s`. The apps above have checks of their own of
the same shape; `manage.py reconcile` and the night's job ask all of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backmarket.errors import GatewayError
from backmarket.payments.gateways import gateway
from backmarket.payments.models import Payment

Checks = Mapping[str, tuple[str | Promise, str]]

# What a kind of movement did to one account, by the movement's key.
BOOKED = """
    (SELECT {key} AS key, entry.currency, sum(entry.amount_minor) AS minor
     FROM payments_ledgermovement AS movement JOIN payments_ledgerentry AS entry ON entry.movement_id = movement.id
     WHERE movement.kind = '{kind}' AND {account} GROUP BY 1, 2) AS booked
"""
# The same for what moves in parts: together they are what "<kind>:<reference>" should be.
ALL_PARTS = "movement.kind || ':' || movement.reference"


def against_ledger(rows: str, *, kind: str, account: str, sign: int = 1, key: str = "movement.key") -> str:
    """The statement of a check: `rows` selects (key, minor, currency) of all that should be booked under this kind."""
    booked = BOOKED.format(kind=kind, account=account, key=key)
    return f"""
        SELECT key, owed.minor, {sign} * booked.minor, coalesce(owed.currency, booked.currency)
        FROM ({rows}) AS owed (key, minor, currency) FULL JOIN {booked} USING (key)
        WHERE owed.minor IS DISTINCT FROM {sign} * booked.minor ORDER BY key
    """  # noqa: S608 - our own words


LEFT_US = "status IN ('sent', 'paid') OR status = 'bounced' AND sent_at IS NOT NULL"
NOT_BANK = "entry.account NOT IN ('bank', 'gateway')"
CHECKS: Checks = {
    "ledger_zero": (
        _("The ledger does not sum to zero"),
        """
        SELECT currency, 0, sum(amount_minor), currency FROM payments_ledgerentry
        GROUP BY currency HAVING sum(amount_minor) <> 0
        """,
    ),
    "captures": (
        _("A captured payment is booked otherwise"),
        against_ledger(
            "SELECT 'capture:' || id, coalesce(received_minor, amount_minor)"
            " + CASE WHEN credit_at IS NULL THEN 0 ELSE credit_minor END, currency"
            " FROM payments_payment WHERE status IN ('captured', 'stray')",
            kind="capture",
            account="entry.account = 'buyer'",
        ),
    ),
    "fees": (
        _("A fee of the provider is booked otherwise"),
        against_ledger(
            "SELECT 'fee:' || id, fee_minor, currency FROM payments_payment WHERE fee_minor > 0",
            kind="fee",
            account="entry.account = 'gateway_fee'",
            sign=-1,
        ),
    ),
    "disputes": (
        _("A dispute is booked otherwise"),
        against_ledger(
            "SELECT 'dispute:' || id, taken_minor + fee_minor, currency FROM payments_dispute WHERE taken_minor > 0",
            kind="dispute",
            account="entry.account = 'gateway'",
            key=ALL_PARTS,
        ),
    ),
    "disputes_back": (
        _("What a dispute gave back is booked otherwise"),
        against_ledger(
            "SELECT 'dispute-back:' || id, returned_minor + fee_returned_minor, currency"
            " FROM payments_dispute WHERE returned_minor > 0",
            kind="dispute-back",
            account="entry.account = 'gateway'",
            sign=-1,
            key=ALL_PARTS,
        ),
    ),
    "disputes_borne": (
        _("What somebody bears of a dispute is booked otherwise"),
        against_ledger(
            "SELECT 'dispute-borne:' || id, borne_minor, currency FROM payments_dispute WHERE borne_minor > 0",
            kind="dispute-borne",
            account="entry.account = 'dispute'",
        ),
    ),
    "disputes_unborne": (
        _("More of a lost dispute is gone than somebody bears"),
        """
        SELECT 'dispute ' || gateway_id, taken_minor - returned_minor - covered_minor, borne_minor - regained_minor,
            currency
        FROM payments_dispute WHERE status = 'lost' AND borne_minor > 0
            AND taken_minor - returned_minor - covered_minor > borne_minor - regained_minor
        """,
    ),
    "disputes_regained": (
        _("What came back to those who bore a dispute is booked otherwise"),
        against_ledger(
            "SELECT 'dispute-regained:' || id, regained_minor, currency FROM payments_dispute WHERE regained_minor > 0",
            kind="dispute-regained",
            account="entry.account = 'dispute'",
            sign=-1,
            key=ALL_PARTS,
        ),
    ),
    "refunds": (
        _("A refund is booked otherwise"),
        against_ledger(
            "SELECT 'refund:' || id, amount_minor, currency FROM payments_refund"
            " WHERE succeeded_at IS NOT NULL AND amount_minor > 0",
            kind="refund",
            account="entry.account = 'buyer'",
            sign=-1,
        ),
    ),
    "refunds_back": (
        _("A refund that a dispute had made, and was taken from its buyer again, is booked otherwise"),
        against_ledger(
            "SELECT 'refund-back:' || id, amount_minor, currency FROM payments_refund"
            " WHERE status = 'failed' AND succeeded_at IS NOT NULL",
            kind="refund-back",
            account="entry.account = 'buyer'",
        ),
    ),
    "refunded": (
        _("A payment counts other refunds than it has"),
        """
        SELECT 'payment ' || payment.id,
            coalesce(sum(refund.amount_minor) FILTER (WHERE refund.status = 'succeeded'), 0),
            payment.refunded_minor, payment.currency
        FROM payments_payment AS payment LEFT JOIN payments_refund AS refund ON refund.payment_id = payment.id
        GROUP BY payment.id
        HAVING payment.refunded_minor
            <> coalesce(sum(refund.amount_minor) FILTER (WHERE refund.status = 'succeeded'), 0)
        """,
    ),
    "reserved": (
        _("A payment holds back something else than its pending refunds"),
        """
        SELECT 'payment ' || payment.id,
            coalesce(sum(refund.amount_minor) FILTER (WHERE refund.status = 'pending'), 0),
            payment.reserved_refund_minor, payment.currency
        FROM payments_payment AS payment LEFT JOIN payments_refund AS refund ON refund.payment_id = payment.id
        GROUP BY payment.id
        HAVING payment.reserved_refund_minor
            <> coalesce(sum(refund.amount_minor) FILTER (WHERE refund.status = 'pending'), 0)
        """,
    ),
    "credit_back": (
        _("What went back to somebody's credit is booked otherwise"),
        against_ledger(
            "SELECT 'credit_back:' || id, credit_minor, currency FROM payments_refund WHERE credit_minor > 0",
            kind="credit_back",
            account="entry.account = 'credit'",
        ),
    ),
    "credit_given_back": (
        _("A payment counts other credit given back than its refunds have"),
        """
        SELECT 'payment ' || payment.id, coalesce(sum(refund.credit_minor), 0), payment.credit_back_minor,
            payment.currency
        FROM payments_payment AS payment LEFT JOIN payments_refund AS refund ON refund.payment_id = payment.id
        GROUP BY payment.id HAVING payment.credit_back_minor <> coalesce(sum(refund.credit_minor), 0)
        """,
    ),
    "credit": (
        _("A person's credit is not what was left, less what was used and paid out"),
        """
        SELECT 'person ' || party, sum(owed), sum(booked), currency FROM (
            SELECT party, entry.currency, -amount_minor AS owed, 0 AS booked
                FROM payments_ledgerentry AS entry JOIN payments_ledgermovement AS movement
                    ON movement.id = entry.movement_id
                WHERE account = 'consumer' AND kind IN ('credit_left', 'credit_undone')
            UNION ALL SELECT credit_of_id::text, currency, credit_back_minor - credit_minor, 0
                FROM payments_payment WHERE credit_at IS NOT NULL
            UNION ALL SELECT party, currency, -amount_minor, 0 FROM payments_payout
                WHERE account = 'credit' AND status IN ('sent', 'paid')
            UNION ALL SELECT party, currency, 0, amount_minor FROM payments_ledgerentry WHERE account = 'credit'
        ) AS told GROUP BY party, currency HAVING sum(owed) <> sum(booked)
        """,
    ),
    "payouts": (
        _("A payout is booked otherwise"),
        against_ledger(
            f"SELECT 'payout:' || id, amount_minor, currency FROM payments_payout WHERE {LEFT_US}",  # noqa: S608
            kind="payout",
            account=NOT_BANK,
            sign=-1,
        ),
    ),
    "transfers": (
        _("A transfer to a payee's own account left our bank, or one to a bank left the provider"),
        """
        SELECT movement.key, payout.amount_minor, 0, payout.currency
        FROM payments_payout AS payout JOIN payments_ledgermovement AS movement ON movement.key = 'payout:' || payout.id
            JOIN payments_ledgerentry AS entry ON entry.movement_id = movement.id
        WHERE entry.account = CASE WHEN payout.destination = '' THEN 'gateway' ELSE 'bank' END
        """,
    ),
    "reversals": (
        _("A reversal of a transfer is booked otherwise"),
        against_ledger(
            "SELECT 'reversed:' || id, amount_minor, currency FROM payments_transferreversal"
            " WHERE status = 'succeeded'",
            kind="reversed",
            account=NOT_BANK,
        ),
    ),
    "reversed": (
        _("A transfer counts other reversals than it has"),
        """
        SELECT 'payout ' || payout.id, coalesce(sum(reversal.amount_minor), 0), reversed_minor, payout.currency
        FROM payments_payout AS payout LEFT JOIN payments_transferreversal AS reversal
            ON reversal.payout_id = payout.id AND reversal.status = 'succeeded'
        GROUP BY payout.id HAVING reversed_minor <> coalesce(sum(reversal.amount_minor), 0)
        """,
    ),
    "bounced": (
        _("A payout that came back is booked otherwise"),
        against_ledger(
            "SELECT 'payout-bounced:' || id, amount_minor, currency FROM payments_payout"
            " WHERE status = 'bounced' AND sent_at IS NOT NULL",
            kind="payout-bounced",
            account=NOT_BANK,
        ),
    ),
}


@dataclass(frozen=True)
class Difference:
    """`expected` and `found` in minor units, None where one side knows nothing of it."""

    check: str
    what: str | Promise
    about: str
    expected: int | None
    found: int | None
    currency: str


def differences(checks: Checks, **instants: datetime) -> Iterator[Difference]:
    """What these checks find, one statement each; `instants` are those that the statements name."""
    for code, (what, statement) in checks.items():
        with connection.cursor() as cursor:
            cursor.execute(statement, instants or None)
            for about, expected, found, currency in cursor.fetchall():
                yield Difference(code, what, about, _whole(expected), _whole(found), currency)


def _whole(minor: int | None) -> int | None:
    """A sum is a numeric for PostgreSQL."""
    return None if minor is None else int(minor)


def gateway_differences(since: datetime) -> Iterator[Difference]:
    """Payments opened since then whose provider says something else than our row. Network: one call for each."""
    opened = Payment.objects.filter(created_at__gte=since).exclude(gateway_id="").order_by("created_at", "pk")
    for payment in opened.iterator():
        about = f"payment {payment.pk}"
        what: str | Promise
        ours = payment.received.minor
        try:
            report = gateway(payment.gateway).status(payment)
        except GatewayError as error:
            what = _("The provider does not answer: %(reason)s") % {"reason": error}
            yield Difference("gateway_silent", what, about, ours, None, payment.currency)
            continue
        theirs = report.amount.minor if report.state == "captured" else 0
        if ours != theirs or (ours and report.amount.currency != payment.currency):
            what = _("The provider has captured another amount")
            yield Difference("gateway_captured", what, about, ours, theirs, payment.currency)
