"""Every movement of money."""

from backmarket.payments.services.bank_reports import (
    CannotApply,
    apply_bank_report,
    keep_bank_report,
    preview_report,
)
from backmarket.payments.services.ledger import UnbalancedMovement, book
from backmarket.payments.services.payments import (
    CannotPay,
    cancel_payment,
    open_payment,
    request_payment,
    settle_payment,
    settle_pending_payments,
)
from backmarket.payments.services.payout_files import (
    CannotMakeFile,
    MayBeAtTheBank,
    NothingToSend,
    TooEarly,
    download_payout_file,
    hand_payout_file,
    last_download,
    make_payout_file,
    settle_payout_file,
    withdraw_payout_file,
)
from backmarket.payments.services.payouts import (
    CannotCancelPayout,
    CannotPayOut,
    cancel_payout,
    follow_payout,
    may_pay_again,
    order_payout,
    return_payout,
    send_due_payouts,
    settle_payout,
)
from backmarket.payments.services.refunds import (
    CannotRefund,
    request_refund,
    retry_refund,
    send_refund,
    send_refunds,
)
from backmarket.payments.services.retention import forget_transfers

__all__ = [
    "CannotApply",
    "CannotCancelPayout",
    "CannotMakeFile",
    "CannotPay",
    "CannotPayOut",
    "CannotRefund",
    "MayBeAtTheBank",
    "NothingToSend",
    "TooEarly",
    "UnbalancedMovement",
    "apply_bank_report",
    "book",
    "cancel_payment",
    "cancel_payout",
    "download_payout_file",
    "follow_payout",
    "forget_transfers",
    "hand_payout_file",
    "keep_bank_report",
    "last_download",
    "make_payout_file",
    "may_pay_again",
    "open_payment",
    "order_payout",
    "preview_report",
    "request_payment",
    "request_refund",
    "retry_refund",
    "return_payout",
    "send_due_payouts",
    "send_refund",
    "send_refunds",
    "settle_payment",
    "settle_payout",
    "settle_payout_file",
    "settle_pending_payments",
    "withdraw_payout_file",
]
