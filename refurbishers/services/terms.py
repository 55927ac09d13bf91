"""What the house takes of a plant's sales: agreed ahead, in writing, never for what was sold already."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.market import calendar
from refurbishers.models import CommissionTerm, Refurbisher
from refurbishers.selectors import coming_commission, commission_of

# Regulation (EU) 2019/1150, art. 3(2): a change of terms is told at least 15 days ahead.
NOTICE_DAYS = 15


class CannotAgree(DomainError):
    code = "cannot_agree_commission"
    default_message = gettext_lazy("This commission cannot be agreed.")


def agree_commission(
    plant: Refurbisher, *, rate_bps: int, from_date: date, to_date: date | None = None, by: Actor, at: datetime
) -> CommissionTerm:
    """Take `rate_bps` of what the plant sells from a day on; the term that runs until then ends there.

    Records plant.commission_agreed, and the plant is told. Raises CannotAgree for a day that has begun, for a dearer
    rate in less than 15 days, and where it would meet a term that begins later.
    """
    with transaction.atomic():
        plant = lock(Refurbisher.objects.filter(pk=plant.pk)).get()
        _require_notice(plant, rate_bps, from_date, to_date, calendar().local(at).date())
        running = plant.commission_terms.filter(from_date__lt=from_date)
        for term in lock(running.exclude(to_date__lte=from_date)):
            term.to_date = from_date
            term.save(update_fields=["to_date"])
        _require_free(plant, from_date, to_date)
        agreed = CommissionTerm.objects.create(
            plant=plant, rate_bps=rate_bps, from_date=from_date, to_date=to_date, agreed_at=at
        )
        record("plant.commission_agreed", plant, by=by, at=at, data={"term": agreed.pk, "rate_bps": rate_bps})
    return agreed


def _require_notice(plant: Refurbisher, rate_bps: int, from_date: date, to_date: date | None, today: date) -> None:
    if not 0 <= rate_bps <= 10_000:
        raise CannotAgree(_("A commission is between 0 and 100 per cent."), field="rate")
    if to_date is not None and to_date <= from_date:
        raise CannotAgree(_("The end comes after the beginning."), field="to_date")
    if from_date <= today:
        raise CannotAgree(
            _("Begin tomorrow at the earliest: what was sold today keeps its commission."), field="from_date"
        )
    dearer = rate_bps > commission_of(plant, from_date)
    if dearer and from_date < today + timedelta(days=NOTICE_DAYS):
        day = date_format(today + timedelta(days=NOTICE_DAYS), "DATE_FORMAT")
        raise CannotAgree(
            _("A dearer commission is told 15 days ahead: from %(day)s on.") % {"day": day}, field="from_date"
        )


def _require_free(plant: Refurbisher, from_date: date, to_date: date | None) -> None:
    later = plant.commission_terms.filter(from_date__gte=from_date).order_by("from_date").first()
    if later is not None and (to_date is None or to_date > later.from_date):
        day = date_format(later.from_date, "DATE_FORMAT")
        raise CannotAgree(
            _("Another commission begins on %(day)s: end this one by then, or take that one back.") % {"day": day},
            field="to_date",
        )


def withdraw_commission(plant: Refurbisher, *, by: Actor, at: datetime) -> None:
    """Take back the term that has not begun; what it would have ended goes on in its place. Raises CannotAgree when
    there is none."""
    with transaction.atomic():
        plant = lock(Refurbisher.objects.filter(pk=plant.pk)).get()
        coming = coming_commission(plant, calendar().local(at).date())
        if coming is None:
            raise CannotAgree(_("No commission is agreed for later."))
        record("plant.commission_withdrawn", plant, by=by, at=at, data={"rate_bps": coming.rate_bps})
        coming.delete()
        for ended in lock(plant.commission_terms.filter(to_date=coming.from_date)):
            ended.to_date = coming.to_date
            ended.save(update_fields=["to_date"])
