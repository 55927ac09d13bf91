"""Reversals: money taken back from a payee's account after a transfer, the row first, the provider afterwards."""

from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor, record
from backmarket.jobs import each
from backmarket.money import Money
from backmarket.payments.gateways import CONNECT, connect_gateway
from backmarket.payments.gateways.base import KnownReversal
from backmarket.payments.models import LedgerEntry, Payout, TransferReversal
from backmarket.payments.services.ledger import book
from backmarket.states import move

log = structlog.get_logger(__name__)
Status = TransferReversal.Status
# The note of a reversal that somebody made at the provider, without us.
PROVIDER = "provider"


class CannotReverse(DomainError):
    code = "cannot_reverse"
    default_message = _("This is more than what is left of the transfer.")


def is_reversible(payout: Payout) -> bool:
    """A transfer to the payee's own account with the provider, of which something is left."""
    sent = payout.status in (Payout.Status.SENT, Payout.Status.PAID)
    return sent and payout.gateway in CONNECT.values() and payout.reversed_minor < payout.amount_minor


def request_reversal(payout: Payout, *, amount: Money, note: str, by: Actor, at: datetime) -> TransferReversal:
    """Write that (a part of) a transfer is taken back; the provider is called after the commit. Raises CannotReverse,
    also while another reversal of the transfer is on its way."""
    with transaction.atomic():
        fresh = lock(Payout.objects.filter(pk=payout.pk)).get()
        if not is_reversible(fresh) or amount.minor <= 0 or amount.currency != fresh.currency:
            raise CannotReverse
        if fresh.reversals.filter(status=Status.PENDING).exists():
            raise CannotReverse(_("Another part of this transfer is just being taken back."))
        if amount.minor > fresh.amount_minor - fresh.reversed_minor:
            raise CannotReverse(field="amount")
        reversal = TransferReversal.objects.create(
            payout=fresh, amount_minor=amount.minor, currency=amount.currency, note=note[:200], created_at=at
        )
        record("reversal.requested", reversal, by=by, at=at, data=_subject(reversal))
        transaction.on_commit(partial(_send_soon, reversal), robust=True)
    return reversal


def _send_soon(reversal: TransferReversal) -> None:
    from backmarket.payments.tasks import send_reversal as task

    task.delay(str(reversal.pk))


def send_reversal(reversal_id: UUID, *, at: datetime) -> bool:
    """Have the provider take it back, or learn that it has. Network: outside transactions.

    A refusal for good (the payee's balance is too small) moves it to failed; anything passing raises GatewayError.
    """
    reversal = TransferReversal.objects.select_related("payout").get(pk=reversal_id)
    if reversal.status != Status.PENDING:
        return False
    try:
        gateway_id = connect_gateway(reversal.payout.gateway).reverse(reversal)
    except GatewayError as error:
        if error.retry:
            raise
        return _fail(reversal_id, str(error), at=at)
    with transaction.atomic():
        payout = lock(Payout.objects.filter(pk=reversal.payout_id)).get()
        reversal = lock(TransferReversal.objects.filter(pk=reversal_id)).get()
        if reversal.status != Status.PENDING:
            return False
        _succeed(payout, reversal, gateway_id, at=at)
    return True


def _fail(reversal_id: UUID, failure: str, *, at: datetime) -> bool:
    with transaction.atomic():
        reversal = lock(TransferReversal.objects.select_related("payout").filter(pk=reversal_id)).get()
        if reversal.status != Status.PENDING:
            return False
        by = f"gateway:{reversal.payout.gateway}"
        move(reversal, Status.FAILED, by=by, at=at, data=_subject(reversal), failure=failure[:200])
    return True


def _succeed(payout: Payout, reversal: TransferReversal, gateway_id: str, *, at: datetime) -> None:
    """Both rows are locked, the payout first. The provider holds the money for us again, and we owe it to the payee
    as we would a transfer of theirs."""
    Payout.objects.filter(pk=payout.pk).update(reversed_minor=F("reversed_minor") + reversal.amount_minor)
    by = f"gateway:{payout.gateway}"
    move(reversal, Status.SUCCEEDED, by=by, at=at, data=_subject(reversal), gateway_id=gateway_id)
    book(
        f"reversed:{reversal.pk}",
        kind="reversed",
        reference=reversal.pk,
        entries=[
            (LedgerEntry.Account.GATEWAY, "", -reversal.amount),
            (payout.account, payout.party, reversal.amount),
        ],
        at=at,
        label=payout.label,
    )


def record_reversals(payout: Payout, *, at: datetime) -> bool:
    """Write down what the provider has taken back of a transfer, each once, also what somebody did there without us;
    True when all of it is known. Network: outside transactions."""
    known = connect_gateway(payout.gateway).reversals(payout)
    recorded = [_record(payout, found, at=at) for found in known]
    return all(recorded)


def _record(payout: Payout, found: KnownReversal, *, at: datetime) -> bool:
    try:
        with transaction.atomic():
            return _written(lock(Payout.objects.filter(pk=payout.pk)).get(), found, at=at)
    except IntegrityError:  # more than was sent, as we have it
        log.error("provider_reversal_too_much", payout=str(payout.pk), reversal=found.gateway_id)
        return False


def _written(payout: Payout, found: KnownReversal, *, at: datetime) -> bool:
    """The payout is locked. Of what we had taken for refused the provider knows better: it is written anew."""
    rows = list(lock(TransferReversal.objects.filter(payout=payout).exclude(status=Status.FAILED)))
    if any(row.gateway_id == found.gateway_id for row in rows):
        return True
    mine = next((row for row in rows if str(row.pk) == found.ours), None)
    if mine is None:
        if any(row.status == Status.PENDING for row in rows):
            return False  # the one of ours ends first
        mine = TransferReversal.objects.create(
            payout=payout, amount_minor=found.amount.minor, currency=found.amount.currency, note=PROVIDER,
            created_at=at,
        )  # fmt: skip
    if mine.status == Status.PENDING:
        _succeed(payout, mine, found.gateway_id, at=at)
    return True


def send_reversals(at: datetime) -> int:
    """Every pending reversal once more; returns how many ended."""
    pending = TransferReversal.objects.filter(status=Status.PENDING).order_by("created_at", "pk")
    return each("send_reversals", pending.values_list("pk", flat=True), partial(_try, at))


def _try(at: datetime, reversal_id: UUID) -> bool:
    """The provider may well answer the next time."""
    try:
        return send_reversal(reversal_id, at=at)
    except GatewayError:
        log.warning("reversal_not_sent", reversal=str(reversal_id))
        return False


def _subject(reversal: TransferReversal) -> dict[str, str]:
    payout = reversal.payout
    return {"purpose": payout.purpose, "reference": str(payout.reference), "party": payout.party}
