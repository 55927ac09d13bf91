"""Accepting a quote, and what its seller may still change: the decision and the bank account."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket import states
from backmarket.accounts.models import Address, User
from backmarket.accounts.services import FIELDS, save_address
from backmarket.crypto import blind_index
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.market import calendar
from backmarket.payments.models import Payout
from backmarket.shipping.models import Pickup
from backmarket.shipping.services import Slot
from buyback.due import due_at
from buyback.identifiers import check_holder, checked_document, checked_iban, checked_identifier
from buyback.models import Identity, Quote, QuoteBid, Trade
from buyback.services.devices import check_with_registry
from buyback.services.parcels import SlotGone, call_off_courier, send_for
from buyback.services.payouts import replace_payout
from refurbishers.models import Refurbisher

ADULT_YEARS = 18
OLDEST_YEARS = 120


MONEY_HAS_LEFT = (Payout.Status.SENT, Payout.Status.PAID)


@dataclass(frozen=True)
class IdentityData:
    """What the police register asks of a seller; `document_kind` is one of Identity.Document."""

    full_name: str
    birth_date: date
    document_kind: str
    document_number: str


class CannotAcceptQuote(DomainError):
    code = "cannot_accept_quote"


class QuoteExpired(CannotAcceptQuote):
    code = "quote_expired"
    default_message = _("This quote has expired. Renew it to see today's prices.")


class QuoteAlreadyAccepted(CannotAcceptQuote):
    code = "quote_already_accepted"
    default_message = _("This quote has already been accepted.")


class BidNotInQuote(CannotAcceptQuote):
    code = "bid_not_in_quote"
    default_message = _("This plant does not buy your device any more. Choose another offer.")


class CannotSellToOwnPlant(CannotAcceptQuote):
    code = "own_plant"
    default_message = _("You work at this plant, so it cannot buy your device. Choose another offer.")


class TooYoung(CannotAcceptQuote):
    code = "too_young"
    default_message = _("You must be 18 or older to sell a device.")


class InvalidBirthDate(CannotAcceptQuote):
    code = "invalid_birth_date"
    default_message = _("Check your date of birth.")


class DeviceInOpenTrade(CannotAcceptQuote):
    code = "device_in_open_trade"
    default_message = _("This device is already being sold. Cancel that sale first, or check the number.")


class CannotChangeIban(DomainError):
    code = "cannot_change_iban"
    default_message = _("The money has already left for the other account, or nothing will be paid any more.")


class CannotCancelTrade(states.IllegalMove):
    code = "cannot_cancel_trade"
    default_message = _("The courier has your device, or the sale is over: it cannot be cancelled any more.")


def accept_quote(
    quote: Quote,
    *,
    plant: Refurbisher,
    seller: User,
    identifier: str,
    identity: IdentityData,
    address: Address,
    holder: str,
    iban: str,
    slot: Slot | None,
    conditions_version: str,
    by: Actor,
    at: datetime,
    visit: Pickup | None = None,
) -> Trade:
    """Sell the quoted device to `plant`, collected at `slot`, by a `visit` booked already, or dropped off without both.

    `address` may be unsaved. Raises CannotAcceptQuote, CannotBuyDevice, CannotBookPickup, InvalidIdentifier,
    InvalidIban, HolderIsNotSeller or InvalidDocument naming its field; nothing is kept then but the registry's answer.
    Two calls make one trade.
    """
    if visit is not None and not Trade.objects.filter(seller=seller, parcel=visit.parcel_id).exists():
        raise SlotGone(field="slot")
    columns = check_acceptance(
        quote, plant=plant, seller=seller, identifier=identifier, identity=identity, holder=holder, iban=iban,
        slot=slot, by=by, at=at,
    )  # fmt: skip
    with _one_open_trade_per_device(), transaction.atomic():
        _take(quote, by=by, at=at)
        trade = Trade.objects.create(
            **columns,
            seller=seller,
            identity=_keep_identity(identity, seller, at),
            address=_keep_address(address, seller),
            conditions_version=conditions_version,
            due_at=due_at(Trade.Status.ACCEPTED, at),
            accepted_at=at,
        )
        send_for(trade, slot, visit=visit, by=by, at=at)
        record("trade.accepted", trade, by=by, at=at, data={"quote": str(quote.pk)})
    return trade


def check_acceptance(
    quote: Quote,
    *,
    plant: Refurbisher,
    seller: User,
    identifier: str,
    identity: IdentityData,
    holder: str,
    iban: str,
    slot: Slot | None,
    by: Actor,
    at: datetime,
) -> dict[str, Any]:
    """The columns of the trade that this would make. Network: outside transactions. Raises as accept_quote() does."""
    bid = _bid_of(quote, plant, seller, at)
    if slot is not None and slot.start <= at:
        raise SlotGone(field="slot")
    _check_person(identity, at)
    account = checked_account(iban, holder, identity.full_name)
    return _terms(quote, bid) | account | _checked_device(quote, identifier, by=by, at=at)


def _checked_device(quote: Quote, identifier: str, *, by: Actor, at: datetime) -> dict[str, str]:
    """The device's column, known to be clean and in no open trade; asks the registry last, as that costs most."""
    number = checked_identifier(quote.variant.product.category.identifier, identifier)
    _refuse_if_open(number)
    check_with_registry(quote, number, by=by, at=at)
    return {"identifier": number}


def checked_account(iban: str, holder: str, full_name: str) -> dict[str, str]:
    """The account's columns; raises InvalidIban or HolderIsNotSeller."""
    account = checked_iban(iban)
    check_holder(holder, full_name)
    return {"iban": account, "holder": holder, "iban_last4": account[-4:], "iban_index": blind_index(account, "iban")}


def _terms(quote: Quote, bid: QuoteBid) -> dict[str, Any]:
    return {
        "quote": quote,
        "plant": bid.plant,
        "variant": quote.variant,
        "condition": quote.condition,
        "quoted_minor": bid.price_minor,
        "price_minor": bid.price_minor,
        "currency": bid.currency,
    }


def _keep_identity(identity: IdentityData, seller: User, at: datetime) -> Identity:
    return Identity.objects.create(
        user=seller,
        full_name=identity.full_name,
        birth_date=identity.birth_date.isoformat(),
        document_kind=identity.document_kind,
        document_number=checked_document(identity.document_number),
        created_at=at,
    )


def _keep_address(address: Address, seller: User) -> Address:
    return address if address.pk else save_address(seller, {name: getattr(address, name) for name in FIELDS})


def _bid_of(quote: Quote, plant: Refurbisher, seller: User, at: datetime) -> QuoteBid:
    if quote.status == Quote.Status.ACCEPTED:
        raise QuoteAlreadyAccepted
    if quote.status == Quote.Status.EXPIRED or quote.expires_at <= at:
        raise QuoteExpired
    bid = quote.bids.filter(plant=plant, plant__status__in=Refurbisher.TRADING).first()
    if bid is None:
        raise BidNotInQuote(field="plant")
    if plant.members.filter(user=seller).exists():
        raise CannotSellToOwnPlant(field="plant")
    return bid


def _check_person(identity: IdentityData, at: datetime) -> None:
    """Somebody who is old enough to sell, with a document that can be written into the register."""
    today, born = calendar().local(at).date(), identity.birth_date
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if born > today or age > OLDEST_YEARS:
        raise InvalidBirthDate(field="birth_date")
    if age < ADULT_YEARS:
        raise TooYoung(field="birth_date")
    checked_document(identity.document_number)


def _refuse_if_open(identifier: str) -> None:
    if Trade.objects.open().filter(identifier=identifier).exists():
        raise DeviceInOpenTrade(field="identifier")


def _take(quote: Quote, *, by: Actor, at: datetime) -> None:
    """Compare and swap: of two acceptances, one gets the quote."""
    try:
        states.move(quote, Quote.Status.ACCEPTED, by=by, at=at)
    except states.IllegalMove as error:
        raise QuoteAlreadyAccepted from error


@contextmanager
def _one_open_trade_per_device() -> Iterator[None]:
    """Two acceptances of one device in the same instant: the database refuses the second, we say so kindly."""
    try:
        yield
    except IntegrityError as error:
        if "trade_one_open_per_device" not in str(error):
            raise
        raise DeviceInOpenTrade(field="identifier") from error


def cancel_trade(trade: Trade, *, by: Actor, at: datetime) -> None:
    """The seller changes their mind before the courier has the device. Raises CannotCancelTrade afterwards."""
    with _refused_once_collected(), transaction.atomic():
        states.move(trade, Trade.Status.CANCELLED, by=by, at=at, due_at=None)
        call_off_courier(trade, by=by, at=at)


@contextmanager
def _refused_once_collected() -> Iterator[None]:
    try:
        yield
    except states.IllegalMove as error:
        raise CannotCancelTrade from error


def change_iban(trade: Trade, *, iban: str, holder: str, by: Actor, at: datetime) -> None:
    """Pay to another account: a payout not yet sent is cancelled and ordered anew, one that bounced is ordered again.

    Raises InvalidIban, HolderIsNotSeller, or CannotChangeIban once the money has left or nothing will be paid.
    """
    account = checked_account(iban, holder, trade.identity.full_name)
    with transaction.atomic():
        # No join: what another transaction has ordered while this one waited for the lock must be seen.
        locked = lock(Trade.objects.filter(pk=trade.pk)).get()
        if not may_change_iban(locked):
            raise CannotChangeIban(field="iban")
        for name, value in account.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(account))
        replace_payout(locked, by=by, at=at)
        record("trade.iban_changed", locked, by=by, at=at)
    trade.refresh_from_db()


def may_change_iban(trade: Trade) -> bool:
    """What came back from the bank needs another account, even days after it had arrived."""
    if trade.payout and trade.payout.status == Payout.Status.BOUNCED:
        return True
    return trade.status in Trade.OPEN and not (trade.payout and trade.payout.status in MONEY_HAS_LEFT)
