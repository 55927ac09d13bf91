"""What a payment provider does for us, whoever it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from backmarket.money import Money

if TYPE_CHECKING:
    from backmarket.payments.models import Payment, Payout, Refund


@dataclass(frozen=True)
class Checkout:
    """Where the buyer pays: the provider's id of it and its address (absolute, or a path on this site)."""

    gateway_id: str
    url: str


class State(StrEnum):
    """What became of a payment, in the words of Payment.Status."""

    PENDING = "pending"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Report:
    """The provider's word on a payment; `failure` is its reason, a code."""

    state: State
    amount: Money
    failure: str = ""


class Outcome(StrEnum):
    """What became of money on its way to somebody."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Transfer:
    gateway_id: str
    outcome: Outcome
    failure: str = ""


class PaymentGateway(Protocol):
    """Every call carries our row's id as idempotency key: repeating it changes nothing and answers the same.

    All raise GatewayError; `retry` says whether the same call may work later. None is called inside a transaction.
    """

    def checkout(self, payment: "Payment", *, return_url: str) -> Checkout:
        """Open the page on which the buyer pays."""

    def status(self, payment: "Payment") -> Report:
        """What became of a payment that was opened."""

    def cancel(self, payment: "Payment") -> None:
        """Make sure that it costs the buyer nothing: an open page is closed, money already taken goes back."""

    def refund(self, refund: "Refund") -> Transfer:
        """Send money back to the means it came from, or say how that is going."""


class PayoutGateway(Protocol):
    """The same promises, for money to other people's bank accounts."""

    def payout(self, payout: "Payout") -> str:
        """Order a transfer to a bank account; returns the provider's id of it."""

    def payout_status(self, payout: "Payout", *, at: datetime) -> Transfer:
        """What became of a transfer that was sent; `failure` is the reason's code (see reasons.py)."""
