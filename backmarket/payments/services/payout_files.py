"""Files of transfers: made of what is due, read by the people who hand them over, followed by the bank's report."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.models import Event
from backmarket.events.services import record
from backmarket.market import calendar
from backmarket.money import Money, total
from backmarket.payments import sepa
from backmarket.payments.gateways import BY_FILE
from backmarket.payments.gateways.base import Outcome, Transfer
from backmarket.payments.models import Payout, PayoutFile, PayoutFileItem
from backmarket.payments.reasons import PAYEE
from backmarket.payments.services.payouts import note_sent, settle_payout
from backmarket.privacy import Why, record_reading
from backmarket.states import IllegalMove, move

# Banks set limits of their own; what is left over goes into the next file.
MOST_TRANSFERS = 5_000
BANK = f"gateway:{BY_FILE}"


class NothingToSend(DomainError):
    """No payout is due that could go into a file."""

    code = "nothing_to_send"
    default_message = _("No payout is due: there is nothing to put into a file.")


class CannotMakeFile(DomainError):
    """The file would not be what banks read."""

    code = "cannot_make_file"
    default_message = _("The file would not be valid: check the name, IBAN and BIC of our own account in the settings.")


class TooEarly(DomainError):
    """The bank has not had the time to do it."""

    code = "too_early"
    default_message = _("The bank executes this file on a later day.")


class MayBeAtTheBank(DomainError):
    """Somebody downloaded the file, and nobody has made sure that it went no further."""

    code = "may_be_at_the_bank"
    default_message = _("This file was downloaded: first make sure that the bank has not got it.")


class FileErased(DomainError):
    """Its transfers are so old that nobody can dispute them."""

    code = "file_erased"
    default_message = _("What this file said has been erased: its transfers are more than thirteen months old.")


def make_payout_file(*, by: User, at: datetime) -> PayoutFile:
    """Put every due payout that goes by file into one; each is in one live file at most.

    A payout whose account no transfer can reach is refused at once, and its payee asked for another account; one that
    is ours to mend stays ordered, with the reason. Raises NothingToSend, CannotMakeFile.
    """
    _refuse_unreachable(at)
    with transaction.atomic():
        payouts = _take_due(at)
        message_id = f"BM-{calendar().local(at):%Y%m%d-%H%M%S}-{uuid4().hex[:8]}"
        day = sepa.execution_date(calendar().local(at).date())
        made = PayoutFile.objects.create(
            message_id=message_id,
            transfers=len(payouts),
            total_minor=_sum(payouts).minor,
            currency=_sum(payouts).currency,
            execution_date=day,
            content=_content(payouts, message_id, at),
            made_by=by,
            created_at=at,
        )
        PayoutFileItem.objects.bulk_create(PayoutFileItem(file=made, payout=payout) for payout in payouts)
        Payout.objects.filter(pk__in=[payout.pk for payout in payouts]).update(sending_at=at, failure="")
        record("payout_file.made", made, by=by, at=at, data={"transfers": len(payouts)})
        record_reading(made, what=("holder", "iban"), why=Why.TRANSFER, by="system:payout_file", at=at)
    return made


def _refuse_unreachable(at: datetime) -> None:
    """Say of each due payout why it cannot go by file; the payee is asked where only another account helps."""
    for payout in Payout.objects.filter(gateway=BY_FILE, status=Payout.Status.ORDERED, due_at__lte=at, sending_at=None):
        code = sepa.problem(payout)
        if code in PAYEE:
            settle_payout(payout.pk, Transfer("", Outcome.FAILED, code), by=BANK, at=at)
        elif code != payout.failure:
            Payout.objects.filter(pk=payout.pk, status=Payout.Status.ORDERED).update(failure=code)


def _take_due(at: datetime) -> list[Payout]:
    """Locked: whoever makes another file meanwhile waits here, and finds them taken."""
    due = Payout.objects.filter(gateway=BY_FILE, status=Payout.Status.ORDERED, due_at__lte=at, sending_at=None)
    payouts = [payout for payout in lock(due)[:MOST_TRANSFERS] if not sepa.problem(payout)]
    if not payouts:
        raise NothingToSend
    return payouts


def _sum(payouts: Sequence[Payout]) -> Money:
    return total((payout.amount for payout in payouts), payouts[0].currency)


def _content(payouts: Sequence[Payout], message_id: str, at: datetime) -> str:
    local = calendar().local(at)
    try:
        return sepa.transfer_file(
            payouts, message_id=message_id, execution=sepa.execution_date(local.date()), at=local
        ).decode()
    except sepa.InvalidFile as error:
        raise CannotMakeFile from error


def download_payout_file(made: PayoutFile, *, by: User, at: datetime) -> str:
    """The file's text, for a person who may pay: that they read it is recorded, for names and IBANs are in it.

    Raises FileErased, or IllegalMove once it was withdrawn: its payouts may be in another file.
    """
    with transaction.atomic():
        kept = lock(PayoutFile.objects.exclude(status=PayoutFile.Status.WITHDRAWN).filter(pk=made.pk)).first()
        if kept is None:
            raise IllegalMove
        if kept.erased_at is not None:
            raise FileErased
        record("payout_file.downloaded", kept, by=by, at=at)
    return kept.content


def last_download(made: PayoutFile) -> Event | None:
    """By whom and when it left our hands, the last time."""
    return Event.objects.about(made).filter(kind="payout_file.downloaded").last()


def hand_payout_file(made: PayoutFile, *, by: User, at: datetime) -> None:
    """The bank has it: its payouts are sent. Raises IllegalMove once it was handed over or withdrawn."""
    with transaction.atomic():
        move(made, PayoutFile.Status.HANDED, by=by, at=at)
        for payout in lock(_payouts_of(made)):
            if not note_sent(payout, gateway_id=made.message_id, by=by, at=at):
                raise IllegalMove


def withdraw_payout_file(made: PayoutFile, *, by: User, at: datetime, sure: bool = False) -> None:
    """It never went to the bank: its payouts wait for another file. Raises IllegalMove once it was handed over,
    MayBeAtTheBank when it was downloaded, unless a person is `sure` that it went no further."""
    with transaction.atomic():
        lock(PayoutFile.objects.filter(pk=made.pk)).get()  # a download waits, or was recorded before
        if not sure and last_download(made):
            raise MayBeAtTheBank(field="sure")
        move(made, PayoutFile.Status.WITHDRAWN, by=by, at=at)
        waiting = lock(_payouts_of(made).filter(status=Payout.Status.ORDERED))
        Payout.objects.filter(pk__in=[payout.pk for payout in waiting]).update(sending_at=None)
        made.items.update(live=False)


def settle_payout_file(made: PayoutFile, *, by: User, at: datetime) -> int:
    """The bank's statement shows the whole sum: what no report has sent back is on the accounts. Returns how many.

    Raises IllegalMove before it was handed over, TooEarly before its execution date.
    """
    if made.status != PayoutFile.Status.HANDED:
        raise IllegalMove
    if calendar().local(at).date() < made.execution_date:
        raise TooEarly
    with transaction.atomic():
        sent = list(lock(_payouts_of(made).filter(status=Payout.Status.SENT)))
        done = Transfer(made.message_id, Outcome.DONE)
        return sum(settle_payout(payout.pk, done, by=by, at=at) for payout in sent)


def _payouts_of(made: PayoutFile) -> QuerySet[Payout]:
    return Payout.objects.filter(file_items__file=made, file_items__live=True)
