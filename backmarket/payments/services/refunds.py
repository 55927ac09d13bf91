"""Refunds: the row and its claim on the payment first, the provider afterwards."""

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError, GatewayError
from backmarket.events.services import Actor, record
from backmarket.jobs import each
from backmarket.money import Money
from backmarket.payments.gateways import gateway
from backmarket.payments.gateways.base import KnownRefund, Outcome, Transfer
from backmarket.payments.models import Dispute, LedgerEntry, Payment, Refund
from backmarket.payments.selectors import BY_BANK, by_dispute, given_back_before, is_unanswered, unanswered
from backmarket.payments.services.credit import give_credit_back
from backmarket.payments.services.ledger import book
from backmarket.states import move
from backmarket.taxes import share_of

log = structlog.get_logger(__name__)
# The reason of a refund that somebody made at the provider, without us.
PROVIDER = "provider"
# The reason of a refund that the buyer's bank has made, by a dispute that we lost.
DISPUTED = "disputed"
# Why that is none any more, and the reason of ours in its place: the dispute was won after all.
WON_AFTER_ALL = "dispute_won"


class CannotRefund(DomainError):
    """More than what was captured, minus what was and is being refunded."""

    code = "cannot_refund"
    default_message = _("This is more than what can still be refunded of this payment.")


def request_refund(payment: Payment, *, reference: UUID, amount: Money, reason: str, by: Actor, at: datetime) -> Refund:
    """Claim `amount` of a captured payment and write the refund; the provider is called after the commit.

    Of what was paid partly by credit, that part goes back to the credit at once, and only the rest by the provider.
    Asking again for the same reference and amount returns the refund there is. Raises CannotRefund.
    """
    with transaction.atomic():
        payment = lock(Payment.objects.filter(pk=payment.pk)).get()
        known = Refund.objects.filter(reference=reference).exclude(status=Refund.Status.FAILED).first()
        if known is not None:
            if known.payment_id == payment.pk and known.total + given_back_before(known) == amount:
                return known
            raise CannotRefund(_("This has been refunded already, with another amount."))
        card, credit = _split(payment, reference, amount)
        _require_undisputed(payment, card)
        refund = _create(payment, reference, card, reason, by=by, at=at, credit=credit)
        if card:
            transaction.on_commit(partial(_send_soon, refund), robust=True)
    return refund


def credit_in_refund(payment: Payment, amount: Money) -> Money:
    """What of a refund of so much, asked for now, would go back to the buyer's credit."""
    return _split(payment, payment.pk, amount)[1]


def _split(payment: Payment, reference: UUID, amount: Money) -> tuple[Money, Money]:
    """What of it goes by the provider, and what to the buyer's credit: in the proportion in which both have paid.

    Rounded for all that has been given back so far, so that the parts of a payment sum to it. What the provider
    refused is asked of it again as it was: its part of the credit is back already.
    """
    refused = Refund.objects.filter(reference=reference, payment=payment, status=Refund.Status.FAILED)
    if refused.exists():
        done = sum(credit for credit in refused.values_list("credit_minor", flat=True))
        return amount - Money(done, amount.currency), Money(0, amount.currency)
    back = payment.refunded_minor + payment.reserved_refund_minor + payment.credit_back_minor
    due = share_of(payment.credit, back + amount.minor, payment.total.minor).minor - payment.credit_back_minor
    credit = min(max(due, amount.minor - payment.card_left.minor, 0), amount.minor, payment.credit_left.minor)
    return amount - Money(credit, amount.currency), Money(credit, amount.currency)


def _create(
    payment: Payment,
    reference: UUID,
    amount: Money,
    reason: str,
    *,
    by: Actor,
    at: datetime,
    gateway_id: str = "",
    credit: Money | None = None,
) -> Refund:
    """The row, and its claim on a locked payment; `credit` goes back on top, and is back when this returns."""
    back = credit or Money(0, amount.currency)
    _reserve(payment, amount, back)
    refund = Refund.objects.create(
        payment=payment, reference=reference, reason=reason, amount_minor=amount.minor, currency=amount.currency,
        credit_minor=back.minor, gateway_id=gateway_id, created_at=at,
    )  # fmt: skip
    record("refund.requested", refund, by=by, at=at, data=_subject(refund))
    if back:
        give_credit_back(refund, at=at)
    if not amount:
        move(refund, Refund.Status.SUCCEEDED, by=by, at=at, data=_subject(refund))
    return refund


def _reserve(payment: Payment, amount: Money, credit: Money) -> None:
    if amount.currency != payment.currency or amount.minor < 0 or (amount + credit).minor <= 0:
        raise CannotRefund
    if credit > payment.credit_left:
        raise CannotRefund
    enough = (
        Payment.objects.filter(
            pk=payment.pk,
            status__in=Payment.TAKEN,
        )
        .alias(
            taken=Coalesce("received_minor", "amount_minor"),
            claimed=F("refunded_minor") + F("reserved_refund_minor"),
        )
        .filter(taken__gte=F("claimed") + amount.minor)
    )
    claim = {
        "reserved_refund_minor": F("reserved_refund_minor") + amount.minor,
        "credit_back_minor": F("credit_back_minor") + credit.minor,
    }
    if not enough.update(**claim):
        raise CannotRefund


def retry_refund(refund: Refund, *, by: Actor, at: datetime) -> Refund:
    """Ask the provider once more for what it refused: a new row for the same thing, the old one stays as it ended.

    Raises CannotRefund unless it failed, or when the money is on its way by another row.
    """
    _require_unanswered(refund)
    whole = refund.total + given_back_before(refund)
    return request_refund(refund.payment, reference=refund.reference, amount=whole, reason=refund.reason, by=by, at=at)


def record_refund_transfer(refund: Refund, *, bank_reference: str, by: Actor, at: datetime) -> Refund:
    """The buyer's card is closed, say: our bank has paid them by transfer what the provider refused. A new row.

    `bank_reference` names the transfer on our bank's statement, once for ever. Raises CannotRefund.
    """
    key = BY_BANK + " ".join(bank_reference.split()).upper()
    with transaction.atomic():
        payment = lock(Payment.objects.filter(pk=refund.payment_id)).get()
        _require_unanswered(refund)
        _require_undisputed(payment, refund.amount)
        if Refund.objects.filter(gateway_id=key).exists():
            raise CannotRefund(_("A transfer with this reference has been recorded already."), field="bank_reference")
        paid = _create(payment, refund.reference, refund.amount, refund.reason, by=by, at=at)
        _succeed(paid, key, LedgerEntry.Account.BANK, by=by, at=at)
    return paid


def record_disputed_refund(dispute: Dispute, *, reference: UUID, amount: Money, by: Actor, at: datetime) -> Refund:
    """The buyer's bank has given back what we held for this: a refund that is done, out of what the dispute took.

    Raises CannotRefund above what is left of a lost dispute.
    """
    with transaction.atomic():
        payment = lock(Payment.objects.filter(pk=dispute.payment_id)).get()
        fresh = lock(Dispute.objects.filter(pk=dispute.pk)).get()
        if fresh.status != Dispute.Status.LOST or fresh.borne_by:
            raise CannotRefund
        # The bank gave back the card's part: the credit's goes back as ever.
        card, credit = _split(payment, reference, amount)
        if not card or card > fresh.lost:
            raise CannotRefund
        refund = _create(payment, reference, card, DISPUTED, by=by, at=at, credit=credit)
        Dispute.objects.filter(pk=dispute.pk).update(covered_minor=F("covered_minor") + card.minor)
        _succeed(refund, f"{by_dispute(dispute)}{refund.pk}", LedgerEntry.Account.DISPUTE, by=by, at=at)
    return refund


def cover_refused_refunds(dispute: Dispute, *, by: Actor, at: datetime) -> None:
    """What the provider refused to send back (because the buyer had disputed it, say) is with the buyer by now, as far
    as the lost dispute took it."""
    for refund in dispute.payment.refunds.filter(unanswered()).order_by("created_at", "pk"):
        whole = refund.total + given_back_before(refund)
        with suppress(CannotRefund):
            record_disputed_refund(dispute, reference=refund.reference, amount=whole, by=by, at=at)


def owe_disputed_refunds(dispute: Dispute, *, by: Actor, at: datetime) -> list[Refund]:
    """A dispute that had paid refunds was won after all: the buyer's bank has the money from its customer again, so we
    give it back, to the means they paid with. Returns those refunds, each once.

    Where another dispute forbids it they stay as failed, for people to look at. Nothing while a part is still out.
    """
    with transaction.atomic():
        payment = lock(Payment.objects.filter(pk=dispute.payment_id)).get()
        fresh = lock(Dispute.objects.filter(pk=dispute.pk)).get()
        if fresh.status != Dispute.Status.WON or fresh.returned_minor < fresh.taken_minor:
            return []
        done = Refund.objects.filter(payment=payment, status=Refund.Status.SUCCEEDED)
        found = list(lock(done.filter(gateway_id__startswith=by_dispute(dispute))))
        return [_owe_again(fresh, refund, by=by, at=at) for refund in found]


def _owe_again(dispute: Dispute, refund: Refund, *, by: Actor, at: datetime) -> Refund:
    """All of its rows are locked."""
    minor, whole = refund.amount_minor, refund.total + given_back_before(refund)
    Payment.objects.filter(pk=refund.payment_id).update(refunded_minor=F("refunded_minor") - minor)
    Dispute.objects.filter(pk=dispute.pk).update(covered_minor=F("covered_minor") - minor)
    move(refund, Refund.Status.FAILED, by=by, at=at, data=_subject(refund), failure=WON_AFTER_ALL)
    sides = [(LedgerEntry.Account.BUYER, "", refund.amount), (LedgerEntry.Account.DISPUTE, "", -refund.amount)]
    book(f"refund-back:{refund.pk}", kind="refund-back", reference=refund.reference, entries=sides, at=at)
    with suppress(CannotRefund):
        payment = Payment.objects.get(pk=refund.payment_id)
        return request_refund(payment, reference=refund.reference, amount=whole, reason=WON_AFTER_ALL, by=by, at=at)
    return refund


def _require_unanswered(refund: Refund) -> None:
    if not is_unanswered(refund):
        raise CannotRefund(_("Only a refund that failed is paid again, and only once."))


def _require_undisputed(payment: Payment, amount: Money) -> None:
    """What the buyer's bank has taken back, or may keep, does not go back a second time; providers refuse it, too."""
    disputes = list(payment.disputes.filter(inquiry=False).exclude(status__in=["won", "closed"]))
    if any(dispute.status in dispute.OPEN for dispute in disputes):
        raise CannotRefund(
            _("The buyer has disputed this payment with their bank: nothing can be refunded until that is decided.")
        )
    if disputes and amount.minor > payment.card_left.minor - sum(dispute.lost.minor for dispute in disputes):
        raise CannotRefund(_("The buyer's bank has given this money back already: the dispute was lost."))


def _send_soon(refund: Refund) -> None:
    from backmarket.payments.tasks import send_refund as task

    task.delay(str(refund.pk))


def send_refund(refund_id: UUID, *, at: datetime) -> Refund:
    """Have the provider pay a pending refund, or learn what became of it. Network: outside transactions.

    A refusal for good moves it to failed and frees its claim; anything passing raises GatewayError and changes nothing.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status != Refund.Status.PENDING:
        return refund
    try:
        transfer = gateway(refund.payment.gateway).refund(refund)
    except GatewayError as error:
        if error.retry:
            raise
        transfer = Transfer(refund.gateway_id, Outcome.FAILED, str(error))
    with transaction.atomic():
        payment = lock(Payment.objects.filter(pk=refund.payment_id)).get()
        refund = lock(Refund.objects.filter(pk=refund_id)).get()
        if refund.status == Refund.Status.PENDING:
            _finish(payment, refund, transfer, at=at)
    return refund


def _finish(payment: Payment, refund: Refund, transfer: Transfer, *, at: datetime) -> None:
    """Write the provider's answer; both rows are locked, the payment first."""
    by, data, minor = f"gateway:{payment.gateway}", _subject(refund), refund.amount_minor
    mine = Payment.objects.filter(pk=payment.pk)
    if transfer.outcome == Outcome.PENDING:
        refund.gateway_id = transfer.gateway_id
        refund.save(update_fields=["gateway_id"])
    elif transfer.outcome == Outcome.FAILED:
        log.error("refund_failed", refund=str(refund.pk))
        mine.update(reserved_refund_minor=F("reserved_refund_minor") - minor)
        facts = {"failure": transfer.failure[:200], "gateway_id": transfer.gateway_id}
        move(refund, Refund.Status.FAILED, by=by, at=at, data=data, **facts)
        # Perhaps somebody has refunded it there, so that nothing is left.
        transaction.on_commit(partial(_look_soon, payment), robust=True)
    else:
        _succeed(refund, transfer.gateway_id, LedgerEntry.Account.GATEWAY, by=by, at=at)


def _succeed(refund: Refund, gateway_id: str, account: str, *, by: Actor, at: datetime) -> None:
    """The money has left `account`, where it lay for the buyer."""
    minor = refund.amount_minor
    Payment.objects.filter(pk=refund.payment_id).update(
        reserved_refund_minor=F("reserved_refund_minor") - minor, refunded_minor=F("refunded_minor") + minor
    )
    move(refund, Refund.Status.SUCCEEDED, by=by, at=at, data=_subject(refund), gateway_id=gateway_id)
    book(
        f"refund:{refund.pk}",
        kind="refund",
        reference=refund.reference,
        entries=[
            (LedgerEntry.Account.BUYER, "", -refund.amount),
            (account, "", refund.amount),
        ],
        at=at,
    )


def record_provider_refunds(payment: Payment, *, at: datetime) -> bool:
    """Write down the refunds that were made at the provider without us, each once, and what became of them; False
    while one claims more than what is left: a refund of ours is just on its way. Network: outside transactions."""
    known = gateway(payment.gateway).refunds(payment)
    recorded = [_record(payment, found, at=at) for found in known]
    return all(recorded)


def _record(payment: Payment, found: KnownRefund, *, at: datetime) -> bool:
    """Our own are left to `send_refund`, which has written them first."""
    mine = Refund.objects.filter(payment=payment, pk__in=_ids(found.ours))
    if mine.exclude(status=Refund.Status.FAILED).exists():
        return True
    by, transfer = f"gateway:{payment.gateway}", found.transfer
    try:
        with transaction.atomic():
            payment = lock(Payment.objects.filter(pk=payment.pk)).get()
            refund = lock(Refund.objects.filter(gateway_id=transfer.gateway_id)).first()
            if refund is None and transfer.outcome == Outcome.FAILED:
                return True
            if refund is None:
                reference = uuid5(payment.pk, transfer.gateway_id)
                facts: dict[str, Any] = {"by": by, "at": at, "gateway_id": transfer.gateway_id}
                refund = _create(payment, reference, found.amount, PROVIDER, **facts)
            if refund.status == Refund.Status.PENDING:
                _finish(payment, refund, transfer, at=at)
    except CannotRefund:
        log.error("provider_refund_too_much", payment=str(payment.pk), refund=transfer.gateway_id)
        return False
    return True


def _ids(text: str) -> list[UUID]:
    try:
        return [UUID(text)]
    except ValueError:
        return []


def _look_soon(payment: Payment) -> None:
    from backmarket.payments.tasks import record_provider_refunds as task

    task.delay(str(payment.pk))


def _subject(refund: Refund) -> dict[str, str]:
    return {
        "purpose": refund.payment.purpose,
        "payment": str(refund.payment_id),
        "reference": str(refund.reference),
        "reason": refund.reason,
    }


def send_refunds(at: datetime) -> int:
    """Every pending refund once more: the provider knows those it had already by their id. Returns how many ended."""
    pending = Refund.objects.filter(status=Refund.Status.PENDING).order_by("created_at", "pk")
    return each("send_refunds", pending.values_list("pk", flat=True), partial(_try_to_send, at))


def _try_to_send(at: datetime, refund_id: UUID) -> bool:
    """The provider may well answer the next time."""
    try:
        return send_refund(refund_id, at=at).status != Refund.Status.PENDING
    except GatewayError:
        log.warning("refund_not_sent", refund=str(refund_id))
        return False
