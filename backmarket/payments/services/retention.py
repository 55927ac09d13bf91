"""Erasing the names and accounts of transfers once nobody can dispute them: in payouts, files and the bank's reports;
and what we told a buyer's bank of its customer.

Thirteen months: for so long a bank may still be asked about a transfer (directive 2015/2366, art. 71). The ledger says
what was paid for ever, without names; whose account it was, the sale or the plant itself keeps by its own rules.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from backmarket.payments.models import BankReport, Dispute, Payout, PayoutFile

DISPUTED_UNTIL = timedelta(days=397)  # thirteen months at their longest
BATCH = 500
Status = Payout.Status


def forget_transfers(at: datetime) -> int:
    """Erase what names people in transfers that are over; what is on its way keeps all of it. Returns how many rows."""
    before = at - DISPUTED_UNTIL
    return _forget_accounts(before) + _forget_files(before, at) + _forget_reports(before, at) + _forget_answers(before)


def _forget_accounts(before: datetime) -> int:
    over = _over(before).exclude(iban="", holder="").order_by("pk")
    done = 0
    while batch := list(over.values_list("pk", flat=True)[:BATCH]):
        done += _over(before).filter(pk__in=batch).update(iban="", holder="")
    return done


def _over(before: datetime) -> QuerySet[Payout]:
    return Payout.objects.filter(
        Q(status=Status.PAID, paid_at__lte=before)
        | Q(status=Status.BOUNCED, bounced_at__lte=before)
        | Q(status=Status.CANCELLED, cancelled_at__lte=before)
    )


def _forget_files(before: datetime, at: datetime) -> int:
    travelling = Payout.objects.filter(file_items__file=OuterRef("pk"), status=Status.SENT)
    left = Q(status=PayoutFile.Status.HANDED, handed_at__lte=before) & ~Exists(travelling)
    withdrawn = Q(status=PayoutFile.Status.WITHDRAWN, withdrawn_at__lte=before)
    return PayoutFile.objects.filter(left | withdrawn, erased_at=None).update(content="", erased_at=at)


def _forget_reports(before: datetime, at: datetime) -> int:
    """With the file that they answer, and no sooner; applied or not, for there is nothing left to move."""
    old = BankReport.objects.filter(erased_at=None, created_at__lte=before, file__erased_at__isnull=False)
    return old.update(content="", erased_at=at)


def _forget_answers(before: datetime) -> int:
    """Of disputes that ended so long ago that no side can appeal any more."""
    ended = Q(won_at__lte=before) | Q(lost_at__lte=before) | Q(closed_at__lte=before)
    over = Dispute.objects.exclude(status__in=Dispute.OPEN).exclude(evidence="")
    return over.filter(ended).update(evidence="")
