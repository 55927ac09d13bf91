"""Money that moves, what the bank is given and answers, and the ledger."""

from backmarket.payments.models.approvals import Approval
from backmarket.payments.models.bank import BankReport, PayoutFile, PayoutFileItem
from backmarket.payments.models.connect import ConnectAccount, TransferReversal
from backmarket.payments.models.disputes import Dispute
from backmarket.payments.models.incoming import Payment, Refund
from backmarket.payments.models.money import LedgerEntry, LedgerMovement, Payout, SandboxIntent
from backmarket.payments.models.reconciliations import Reconciliation

__all__ = [
    "Approval",
    "BankReport",
    "ConnectAccount",
    "Dispute",
    "LedgerEntry",
    "LedgerMovement",
    "Payment",
    "Payout",
    "PayoutFile",
    "PayoutFileItem",
    "Reconciliation",
    "Refund",
    "SandboxIntent",
    "TransferReversal",
]
