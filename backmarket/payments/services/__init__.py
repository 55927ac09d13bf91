"""Every movement of money."""

from backmarket.payments.services.ledger import UnbalancedMovement, book
from backmarket.payments.services.payments import (
    CannotPay,
    cancel_payment,
    open_payment,
    request_payment,
    settle_payment,
    settle_pending_payments,
)
from backmarket.payments.services.payouts import (
    CannotCancelPayout,
    CannotPayOut,
    cancel_payout,
    order_payout,
    send_due_payouts,
)
from backmarket.payments.services.refunds import CannotRefund, request_refund, send_refund, send_refunds

__all__ = [
    "CannotCancelPayout",
    "CannotPay",
    "CannotPayOut",
    "CannotRefund",
    "UnbalancedMovement",
    "book",
    "cancel_payment",
    "cancel_payout",
    "open_payment",
    "order_payout",
    "request_payment",
    "request_refund",
    "send_due_payouts",
    "send_refund",
    "send_refunds",
    "settle_payment",
    "settle_pending_payments",
]
