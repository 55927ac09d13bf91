"""What a payment provider does for us, whoever it is."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from backmarket.money import Money

if TYPE_CHECKING:
    from backmarket.payments.models import Payment, Payout, Refund


@dataclass(frozen=True)
class Checkout:
    """Where the buyer pays: the provider's id of it and its address (absolute, or a path on this site).

    Without an address it is paid on a page of ours, in the provider's own fields, which need `key` and `secret`:
    the secret is for the buyer's page alone, never for an address, a log or a table; it is empty once there is nothing
    (more) to type. `failure` is why the last card was refused, a code.
    """

    gateway_id: str
    url: str = ""
    key: str = ""
    secret: str = field(default="", repr=False)
    failure: str = ""


class State(StrEnum):
    """What became of a payment, in the words of Payment.Status."""

    PENDING = "pending"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Report:
    """The provider's word on a payment. `amount` is what it has authorised or taken, else what is to pay;
    `failure` is why it failed, or why the last card was refused: a code; `country` is where the card was issued, two
    letters, where the provider tells."""

    state: State
    amount: Money
    failure: str = ""
    country: str = ""


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


@dataclass(frozen=True)
class KnownRefund:
    """A refund that the provider knows. `ours` is our row's id where we ordered it, else empty."""

    transfer: Transfer
    amount: Money
    ours: str


class PaymentGateway(Protocol):
    """Repeating a call changes nothing and answers what is true then. What makes something new carries our row's id
    as idempotency key.

    All raise GatewayError; `retry` says whether the same call may work later. None is called inside a transaction.
    """

    def checkout(self, payment: "Payment", *, return_url: str) -> Checkout:
        """Open the payment, or find it again: authorise only where its `capture` is manual."""

    def status(self, payment: "Payment") -> Report:
        """What became of a payment that was opened."""

    def capture(self, payment: "Payment") -> Report:
        """Take what is authorised, and say what is true now."""

    def cancel(self, payment: "Payment") -> Report:
        """Close what is open, release what is authorised, and say what is true now. Money taken stays taken."""

    def refund(self, refund: "Refund") -> Transfer:
        """Send money back to the means it came from, or say how that is going."""

    def refunds(self, payment: "Payment") -> list[KnownRefund]:
        """Every refund of a payment, also those made at the provider without us."""


class PayoutGateway(Protocol):
    """The same promises, for money to other people's bank accounts."""

    def payout(self, payout: "Payout") -> str:
        """Order a transfer to a bank account; returns the provider's id of it."""

    def payout_status(self, payout: "Payout", *, at: datetime) -> Transfer:
        """What became of a transfer that was sent; `failure` is the reason's code (see reasons.py)."""
