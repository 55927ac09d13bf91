"""Do the papers tell the story of the orders and of the ledger? See backmarket.payments.reconciliation.

A paper follows what it is about by an event, or by the clock of `invoice_missing`: one that is missing is a difference
for what happened before `%(heard)s` only.
"""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from backmarket.payments.reconciliation import Checks

# So long after it happened both the event's handler and the hourly clock have come by.
HEARD_AFTER = timedelta(hours=2)

# What is back of a line that had left, in full or in part: with it, what earlier tries brought back to the credit.
BACK = """
    SELECT 'refund:' || refund.id AS key, refund.amount_minor + refund.credit_minor + (
            SELECT coalesce(sum(earlier.credit_minor), 0) FROM payments_refund AS earlier
            WHERE earlier.reference = refund.reference AND earlier.status = 'failed' AND earlier.id <> refund.id
        ) AS minor, refund.currency, refund.succeeded_at
    FROM payments_refund AS refund LEFT JOIN orders_partrefund AS part ON part.id = refund.reference
        JOIN orders_orderline AS line ON line.id = coalesce(part.line_id, refund.reference)
    WHERE refund.succeeded_at IS NOT NULL AND line.shipped_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM payments_refund AS first
                        WHERE first.reference = refund.reference AND first.succeeded_at < refund.succeeded_at)
"""
# The commission, with its VAT, of what a settlement pays, as it was booked: below zero where more was given back.
COMMISSION = """
    SELECT settlement_id, sum(entry.amount_minor) AS minor
    FROM orders_earning AS earning JOIN payments_ledgermovement AS movement
            ON movement.key = CASE earning.kind WHEN 'sale' THEN 'sale:' WHEN 'refund' THEN 'unsale:' ELSE 'part:' END
                || coalesce(earning.reference, earning.line_id)
        JOIN payments_ledgerentry AS entry ON entry.movement_id = movement.id
    WHERE earning.kind IN ('sale', 'refund', 'part') AND settlement_id IS NOT NULL
        AND entry.account IN ('commission', 'commission_vat')
    GROUP BY 1
"""

CHECKS: Checks = {
    "parcels_invoiced": (
        _("A parcel has left, and no invoice says so"),
        """
        SELECT 'order ' || number || ', ' || plant.slug, sum(price_minor + line.shipping_minor), NULL, line.currency
        FROM orders_orderline AS line JOIN orders_order ON orders_order.id = line.order_id
            JOIN refurbishers_refurbisher AS plant ON plant.id = line.plant_id
        WHERE line.shipped_at < %(heard)s AND line.invoice_id IS NULL
        GROUP BY line.consignment_id, number, plant.slug, line.currency ORDER BY number, plant.slug
        """,
    ),
    "invoices": (
        _("An invoice is not the sum of what its devices were sold for"),
        """
        SELECT code || ' of ' || (issuer ->> 'name'), sum(price_minor + shipping_minor), total_minor, invoice.currency
        FROM invoices_invoice AS invoice LEFT JOIN orders_orderline AS line ON line.invoice_id = invoice.id
        WHERE kind = 'invoice'
        GROUP BY invoice.id HAVING total_minor IS DISTINCT FROM sum(price_minor + shipping_minor) ORDER BY 1
        """,
    ),
    "credit_notes": (
        _("What a buyer has back after the invoice has no credit note, or one of another amount"),
        f"""
        SELECT key, back.minor, note.total_minor, coalesce(back.currency, note.currency)
        FROM ({BACK}) AS back FULL JOIN (
            SELECT key, total_minor, currency FROM invoices_invoice WHERE kind = 'credit_note'
        ) AS note USING (key)
        WHERE back.minor IS DISTINCT FROM note.total_minor
            AND (note.total_minor IS NOT NULL OR back.succeeded_at < %(heard)s)
        ORDER BY key
        """,  # noqa: S608 - our own words
    ),
    "commission_invoices": (
        _("The commission in a settlement has no invoice, or one of another amount"),
        f"""
        SELECT 'settlement ' || coalesce(settlement_id, reference), booked.minor, paper.minor,
            coalesce(settlement.currency, paper.currency)
        FROM ({COMMISSION}) AS booked JOIN orders_settlement AS settlement ON settlement.id = settlement_id
            FULL JOIN (
                SELECT reference, currency,
                    sum(CASE kind WHEN 'commission' THEN total_minor ELSE -total_minor END) AS minor
                FROM invoices_invoice WHERE kind IN ('commission', 'commission_credit') GROUP BY 1, 2
            ) AS paper ON paper.reference = settlement_id
        WHERE booked.minor IS DISTINCT FROM paper.minor ORDER BY 1
        """,  # noqa: S608 - our own words
    ),
}
