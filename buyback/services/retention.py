"""Erasing what nothing asks for any more: the identity and the account of people who sold, or did not sell.

A bought device is kept for five years (police register, DAC7 and accounts ask for it), one that was not bought for 90
days, so that a dispute can still be settled. The sales of people who were asked for a tax number, and the number, stay
until five years after the end of the last year with a sale (dac7.kept_since). The register keeps its own sealed copy:
its chain of hashes needs it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from backmarket.db import lock
from backmarket.events.services import record
from buyback import dac7
from buyback.models import Identity, TaxFile, Trade

JOB = "system:erase_expired"
UNSOLD_DAYS = 90
SOLD_YEARS = 5
SOLD = timedelta(days=SOLD_YEARS * 365 + 2)  # two leap days at most lie between
BATCH = 500
Status = Trade.Status


def ended(at: datetime) -> QuerySet[Trade]:
    """Trades of which nothing personal is needed any more at that instant."""
    unsold, sold = at - timedelta(days=UNSOLD_DAYS), at - SOLD
    reported = Q(seller__tax_file__isnull=False, paid_at__gte=dac7.kept_since(at))
    return Trade.objects.filter(
        Q(status=Status.CANCELLED, cancelled_at__lte=unsold)
        | Q(status=Status.EXPIRED, expired_at__lte=unsold)
        | Q(status=Status.RETURNED, returned_at__lte=unsold)
        | Q(status=Status.PAID, paid_at__lte=sold) & ~reported
    )


def erase_expired(at: datetime) -> int:
    """Erase identities, accounts and tax numbers whose time is over; returns how many rows.

    The erasure of each identity and tax number is recorded.
    """
    done = _erase_tax_files(at)
    while batch := _erase_batch(at):
        done += batch
    return done


def _erase_batch(at: datetime) -> int:
    with transaction.atomic():
        accounts = ended(at).exclude(iban="", holder="").order_by("pk").values_list("pk", flat=True)[:BATCH]
        erased = Trade.objects.filter(pk__in=list(accounts)).update(iban="", holder="", iban_index="")
        return erased + _erase_identities(at)


def _erase_identities(at: datetime) -> int:
    """An identity goes when every trade made with it has ended; one that no trade uses, 90 days after it was given."""
    needed = Trade.objects.filter(identity=OuterRef("pk")).exclude(pk__in=ended(at).values("pk"))
    over = Identity.objects.filter(erased_at=None, created_at__lte=at - timedelta(days=UNSOLD_DAYS))
    found = list(over.exclude(Exists(needed)).order_by("pk")[:BATCH])
    blank = {"full_name": "", "birth_date": "", "document_number": "", "number_index": ""}
    Identity.objects.filter(pk__in=[identity.pk for identity in found]).update(**blank, erased_at=at)
    for identity in found:
        record("identity.erased", identity, by=JOB, at=at)
    return len(found)


@transaction.atomic
def _erase_tax_files(at: datetime) -> int:
    """Whole: who comes near the threshold again is asked again."""
    kept = dac7.kept_since(at)
    selling = Q(status__in=dac7.PROMISED) | Q(status=Status.PAID, paid_at__gte=kept)
    needed = Trade.objects.filter(selling, seller=OuterRef("user"))
    over = TaxFile.objects.filter(asked_at__lt=kept).exclude(given_at__gte=kept).exclude(Exists(needed))
    found = list(lock(over))
    for file in found:
        record("tax_number.erased", file, by=JOB, at=at)
    TaxFile.objects.filter(pk__in=[file.pk for file in found]).delete()
    return len(found)
