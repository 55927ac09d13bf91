"""Do trades, payouts and the ledger tell the same story? See backmarket.payments.reconciliation."""

from django.utils.translation import gettext_lazy as _

from backmarket.payments.reconciliation import Checks, against_ledger

CHECKS: Checks = {
    "trades": (
        _("A device that was bought is booked otherwise"),
        against_ledger(
            "SELECT 'trade:' || id, price_minor, currency FROM buyback_trade WHERE status IN ('validated', 'paid')",
            kind="trade",
            account="entry.account = 'consumer'",
        ),
    ),
    "kept_as_credit": (
        _("A sale that is kept as credit is booked otherwise"),
        """
        SELECT 'trade ' || trade.number, CASE WHEN credited_at IS NULL THEN 0 ELSE price_minor END,
            coalesce(sum(entry.amount_minor), 0), trade.currency
        FROM buyback_trade AS trade
            LEFT JOIN payments_ledgermovement AS movement
                ON movement.reference = trade.id AND movement.kind IN ('credit_left', 'credit_undone')
            LEFT JOIN payments_ledgerentry AS entry ON entry.movement_id = movement.id AND entry.account = 'credit'
        GROUP BY trade.id
        HAVING CASE WHEN credited_at IS NULL THEN 0 ELSE price_minor END <> coalesce(sum(entry.amount_minor), 0)
        """,
    ),
    "sellers_money": (
        _("A seller's account is not what was bought and not paid"),
        """
        SELECT 'person ' || party, sum(owed), sum(booked), currency FROM (
            SELECT seller_id::text AS party, currency, price_minor AS owed, 0 AS booked FROM buyback_trade
                WHERE status IN ('validated', 'paid') AND credited_at IS NULL
            UNION ALL SELECT party, currency, -amount_minor, 0 FROM payments_payout
                WHERE account = 'consumer' AND status IN ('sent', 'paid')
            UNION ALL SELECT party, currency, 0, amount_minor FROM payments_ledgerentry WHERE account = 'consumer'
        ) AS told GROUP BY party, currency HAVING sum(owed) <> sum(booked)
        """,
    ),
}
