"""Do orders, the plants' earnings and the ledger tell the same story? See backmarket.payments.reconciliation."""

from django.utils.translation import gettext_lazy as _

from backmarket.payments.reconciliation import Checks

# Every cent that buyers have paid is refunded, has become somebody's, or is held for a line: which one, and how much.
# What went back to the buyer's credit is back, whatever the bank says to the rest.
# What the buyer's bank had given back by a dispute that we won is held again, though its line is refunded.
# A line that is delivered, but whose sale was taken back, is held for its refund; so is what goes back in part.
# What was given up for lost and found again has earned its price: until its refund takes that back, credit is lent.
HELD = """
    SELECT orders_order.id,
        coalesce(sum(line.price_minor + line.shipping_minor - line.parts_minor - (
            SELECT coalesce(sum(refund.credit_minor), 0) FROM payments_refund AS refund WHERE refund.reference = line.id
        )) FILTER (WHERE
            line.paid_at IS NOT NULL AND (
                line.status IN ('paid', 'accepted', 'shipped', 'on_hold', 'cancelled')
                OR line.status = 'refunded'
                    AND EXISTS (SELECT FROM payments_refund AS refund WHERE refund.reference = line.id
                                AND refund.status = 'failed' AND refund.succeeded_at IS NOT NULL)
                OR line.status IN ('delivered', 'closed')
                    AND EXISTS (SELECT FROM orders_earning AS earning
                                WHERE earning.line_id = line.id AND earning.kind = 'refund')
            ) AND NOT EXISTS (SELECT FROM payments_refund AS refund
                              WHERE refund.reference = line.id AND refund.status = 'succeeded')), 0)
        + coalesce(sum((SELECT sum(part.amount_minor - (
                            SELECT coalesce(sum(refund.credit_minor), 0) FROM payments_refund AS refund
                            WHERE refund.reference = part.id)) FROM orders_partrefund AS part
                        WHERE part.line_id = line.id
                            AND NOT EXISTS (SELECT FROM payments_refund AS refund
                                            WHERE refund.reference = part.id AND refund.status = 'succeeded'))), 0)
        - coalesce(sum((
            SELECT sum(refund.credit_minor) FROM payments_refund AS refund
            WHERE refund.reference = line.id AND refund.status NOT IN ('succeeded', 'failed')
        )) FILTER (WHERE
            line.status IN ('delivered', 'closed')
            AND NOT EXISTS (SELECT FROM orders_earning AS earning
                            WHERE earning.line_id = line.id AND earning.kind = 'refund')), 0)
        AS minor
    FROM orders_order JOIN orders_orderline AS line ON line.order_id = orders_order.id
    WHERE orders_order.payment_status = 'captured' GROUP BY orders_order.id
"""
# Money that came too late for an order, or astray, waits for its refund.
LATE = """
    SELECT orders_order.id, coalesce(payment.received_minor, payment.amount_minor) - payment.refunded_minor
        + CASE WHEN payment.credit_at IS NULL THEN 0 ELSE payment.credit_minor - payment.credit_back_minor END AS minor
    FROM orders_order JOIN payments_payment AS payment
        ON payment.purpose = 'order' AND payment.reference = orders_order.id
            AND (payment.status = 'stray' OR payment.status = 'captured' AND orders_order.payment_status <> 'captured')
"""
BUYERS = """
    SELECT about.order_id AS id, sum(entry.amount_minor) AS minor
    FROM payments_ledgerentry AS entry JOIN payments_ledgermovement AS movement ON movement.id = entry.movement_id
        JOIN (SELECT id AS reference, id AS order_id FROM orders_order
              UNION SELECT id, order_id FROM orders_orderline
              UNION SELECT refund.reference, payment.reference
              FROM payments_refund AS refund JOIN payments_payment AS payment ON payment.id = refund.payment_id
              WHERE payment.purpose = 'order') AS about ON about.reference = movement.reference
    WHERE entry.account = 'buyer' GROUP BY 1
"""
# What a device that a plant has bought, or money taken back from it, will be among its earnings: its event still waits.
TO_HEAR = """
    SELECT entry.party AS plant_id, entry.currency, entry.amount_minor
    FROM payments_ledgerentry AS entry JOIN payments_ledgermovement AS movement ON movement.id = entry.movement_id
    WHERE entry.account = 'plant' AND movement.kind IN ('trade', 'reversed')
        AND NOT EXISTS (SELECT FROM orders_earning AS earning
                        WHERE earning.kind IN ('trade', 'received') AND earning.reference = movement.reference)
        AND EXISTS (SELECT FROM events_event AS event
                    WHERE event.subject_type IN ('buyback.trade', 'payments.transferreversal')
                        AND event.subject_id = movement.reference::text
                        AND event.kind IN ('trade.validated', 'reversal.succeeded')
                        AND (event.published_at IS NULL OR EXISTS (
                            SELECT FROM events_eventdelivery AS delivery
                            WHERE delivery.event_id = event.id AND delivery.handled_at IS NULL
                                AND delivery.attempts < 10 AND delivery.handler LIKE 'orders.handlers.%%')))
"""

CHECKS: Checks = {
    "order_totals": (
        _("The lines of an order do not sum to its total"),
        """
        SELECT 'order ' || number, total_minor, sum(line.price_minor + line.shipping_minor), orders_order.currency
        FROM orders_order JOIN orders_orderline AS line ON line.order_id = orders_order.id
        GROUP BY orders_order.id HAVING total_minor <> sum(line.price_minor + line.shipping_minor)
        """,
    ),
    "order_payments": (
        _("An order is paid, and its money is not there, or is another sum"),
        """
        SELECT 'order ' || number, total_minor, payment.amount_minor + payment.credit_minor, orders_order.currency
        FROM orders_order LEFT JOIN payments_payment AS payment
            ON payment.purpose = 'order' AND payment.reference = orders_order.id AND payment.status = 'captured'
        WHERE payment_status = 'captured' AND (total_minor IS DISTINCT FROM payment.amount_minor + payment.credit_minor
            OR orders_order.credit_minor <> payment.credit_minor)
        """,
    ),
    "buyers_money": (
        _("What is held of an order's money is not what its lines still ask for"),
        f"""
        SELECT 'order ' || number, coalesce(held.minor, 0), coalesce(booked.minor, 0), currency
        FROM orders_order LEFT JOIN (SELECT id, sum(minor) AS minor FROM ({HELD} UNION ALL {LATE}) AS each GROUP BY id)
                AS held USING (id)
            LEFT JOIN ({BUYERS}) AS booked USING (id)
        WHERE coalesce(held.minor, 0) <> coalesce(booked.minor, 0) ORDER BY number
        """,  # noqa: S608 - our own words
    ),
    "line_parts": (
        _("A device counts other refunds in part than it has"),
        """
        SELECT 'line ' || line.id, coalesce(sum(part.amount_minor), 0), line.parts_minor, line.currency
        FROM orders_orderline AS line LEFT JOIN orders_partrefund AS part ON part.line_id = line.id
        GROUP BY line.id HAVING line.parts_minor <> coalesce(sum(part.amount_minor), 0)
        """,
    ),
    "surcharges": (
        _("What a parcel cost for express is not what its devices cost for it"),
        """
        SELECT 'order ' || number, consignment.surcharge_minor, coalesce(sum(line.surcharge_minor), 0), line.currency
        FROM orders_consignment AS consignment JOIN orders_order ON orders_order.id = consignment.order_id
            JOIN orders_orderline AS line ON line.consignment_id = consignment.id
        GROUP BY consignment.id, number, line.currency
        HAVING consignment.surcharge_minor <> coalesce(sum(line.surcharge_minor), 0)
        """,
    ),
    "plants_money": (
        _("A plant's account is not what it earned and was not paid"),
        f"""
        SELECT 'plant ' || slug, coalesce(earned.minor, 0) - coalesce(paid.minor, 0), coalesce(booked.minor, 0),
            coalesce(earned.currency, booked.currency)
        FROM refurbishers_refurbisher AS plant
        LEFT JOIN (SELECT plant_id, currency, sum(amount_minor) AS minor FROM (
                       SELECT plant_id::text, currency, amount_minor FROM orders_earning WHERE kind <> 'carried'
                       UNION ALL {TO_HEAR}) AS told
                   GROUP BY 1, 2) AS earned ON earned.plant_id = plant.id::text
        LEFT JOIN (SELECT party, currency, sum(amount_minor) AS minor FROM payments_payout
                   WHERE account = 'plant' AND status IN ('sent', 'paid') GROUP BY 1, 2) AS paid
            ON paid.party = plant.id::text AND paid.currency = earned.currency
        FULL JOIN (SELECT party, currency, sum(amount_minor) AS minor FROM payments_ledgerentry
                   WHERE account = 'plant' GROUP BY 1, 2) AS booked
            ON booked.party = plant.id::text AND booked.currency = coalesce(earned.currency, booked.currency)
        WHERE coalesce(earned.minor, 0) - coalesce(paid.minor, 0) <> coalesce(booked.minor, 0)
        """,  # noqa: S608 - our own words
    ),
    "labels": (
        _("What is kept for the courier of a delivered parcel is not the price of its label"),
        """
        SELECT 'parcel ' || parcel.tracking_number || ' of order ' || orders_order.number, parcel.label_minor,
            coalesce(sum(kept.minor), 0), parcel.label_currency
        FROM orders_consignment AS consignment JOIN orders_order ON orders_order.id = consignment.order_id
            JOIN shipping_parcel AS parcel ON parcel.id = consignment.parcel_id
            JOIN orders_orderline AS line ON line.consignment_id = consignment.id AND line.shipped_at IS NOT NULL
            LEFT JOIN (SELECT movement.reference, sum(entry.amount_minor) AS minor
                       FROM payments_ledgerentry AS entry
                           JOIN payments_ledgermovement AS movement ON movement.id = entry.movement_id
                       WHERE entry.account = 'shipping' GROUP BY 1) AS kept ON kept.reference = line.id
        WHERE parcel.label_currency = consignment.currency
        GROUP BY parcel.id, orders_order.id
        HAVING bool_and(line.delivered_at IS NOT NULL) AND parcel.label_minor <> coalesce(sum(kept.minor), 0)
        """,
    ),
    "settlements": (
        _("A settlement is not the sum of its rows"),
        """
        SELECT 'settlement ' || settlement.id, coalesce(sum(earning.amount_minor), 0), total_minor, settlement.currency
        FROM orders_settlement AS settlement LEFT JOIN orders_earning AS earning
            ON earning.settlement_id = settlement.id AND earning.currency = settlement.currency
        GROUP BY settlement.id HAVING total_minor <> coalesce(sum(earning.amount_minor), 0)
        """,
    ),
    "settlements_paid": (
        _("A settlement is neither paid nor carried over as it should be"),
        """
        SELECT 'settlement ' || settlement.id, total_minor, coalesce(payout.amount_minor, carried.amount_minor),
            settlement.currency
        FROM orders_settlement AS settlement LEFT JOIN payments_payout AS payout ON payout.id = settlement.payout_id
            LEFT JOIN orders_earning AS carried ON carried.carried_from_id = settlement.id
        WHERE total_minor <> coalesce(payout.amount_minor, carried.amount_minor, 0)
        """,
    ),
}  # fmt: skip
