"""What a payment provider does for us, whoever it is."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from django.core.files.base import File

from backmarket.money import Money

if TYPE_CHECKING:
    from backmarket.payments.models import ConnectAccount, Dispute, Payment, Payout, Refund, TransferReversal


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
    # What it keeps of what it has taken; None until it says so.
    fee: Money | None = None


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


@dataclass(frozen=True)
class DisputeReport:
    """The provider's word on a dispute. `payment` is the provider's id of what is disputed, `state` one of
    Dispute.Status; `taken` has left us for it so far, with `fee`; `returned` came back so far, with `fee_returned`.
    Both may grow in parts and never get less: whoever shows less has answered earlier.

    An inquiry takes no money: the payment may still be refunded, which ends it.
    """

    gateway_id: str
    payment: str
    state: str
    amount: Money
    reason: str
    due_at: datetime | None
    taken: Money
    fee: Money
    returned: Money
    fee_returned: Money
    inquiry: bool = False


LARGEST_FILE = 5_000_000


class DisputeGateway(Protocol):
    """The same promises, for money that a buyer's bank takes back."""

    def dispute(self, gateway_id: str, *, at: datetime) -> DisputeReport:
        """What became of a dispute."""

    def upload(self, paper: File[bytes], *, key: str) -> str:
        """Hand over a PDF of at most LARGEST_FILE bytes for an answer, once under a key; returns the provider's id."""

    def answer(self, dispute: "Dispute", evidence: dict[str, str], *, at: datetime) -> DisputeReport:
        """Hand in our side of it, for good: evidence is in the provider's fields, texts of at most 20,000 characters,
        files by the provider's ids of them. A dispute that is over, or answered, answers what is true."""


@dataclass(frozen=True)
class AccountReport:
    """The provider's word on a payee's account with it; `missing` are its codes of what it still asks for."""

    details_submitted: bool
    payouts_enabled: bool
    transfers_enabled: bool
    missing: tuple[str, ...] = ()
    disabled_reason: str = ""


@dataclass(frozen=True)
class KnownReversal:
    """A reversal that the provider knows. `ours` is our row's id where we ordered it, else empty."""

    gateway_id: str
    amount: Money
    ours: str


class ConnectGateway(Protocol):
    """The same promises, for the payees' own accounts with the provider; paying them is PayoutGateway's."""

    def open(self, account: "ConnectAccount") -> str:
        """Open the account, or find it again; returns the provider's id of it."""

    def link(self, account: "ConnectAccount", *, return_url: str, refresh_url: str) -> str:
        """The address at which its holder says who they are: good once, for minutes, and for nobody else's eyes."""

    def status(self, account: "ConnectAccount") -> AccountReport:
        """What the holder has said, and what the account may do."""

    def reverse(self, reversal: "TransferReversal") -> str:
        """Take back (a part of) a transfer; returns the provider's id of that."""

    def reversals(self, payout: "Payout") -> list[KnownReversal]:
        """Every reversal of a transfer, also those made at the provider without us."""
