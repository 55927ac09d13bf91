"""Money, the bank's files and the ledger at the desk."""

from backmarket.payments.admin import bank, money

__all__ = ["bank", "money"]
