"""Money, the bank's files and the ledger at the desk."""

from backmarket.payments.admin import approvals, bank, money, reconciliations

__all__ = ["approvals", "bank", "money", "reconciliations"]
