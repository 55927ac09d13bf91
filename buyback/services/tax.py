"""Asking sellers for their tax number in time, reminding them, keeping it sealed, and telling finance once a year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.events.services import Actor, record
from backmarket.jobs import each
from backmarket.notifications.services import send
from backmarket.privacy import Why, record_reading
from buyback import dac7
from buyback.models import Identity, TaxFile, Trade
from buyback.tax_numbers import checked_tax_number

JOB = "system:watch_tax_numbers"


def ask_if_near_threshold(user: User, *, at: datetime) -> bool:
    """Ask for the tax number once, before the year's sales pass the threshold; True when that was now."""
    if not dac7.near_threshold(user, dac7.year_of(at)):
        return False
    with transaction.atomic():
        file, asked = TaxFile.objects.get_or_create(user=user, defaults={"asked_at": at})
        if asked:
            record("tax_number.asked", file, by="system:dac7", at=at)
            _email("tax_number_asked", file, key=f"tax-asked:{file.pk}", at=at)
    return asked


def give_tax_number(user: User, *, country: str, number: str, by: Actor, at: datetime) -> TaxFile:
    """Keep the number, encrypted; a later one replaces it. Raises UnknownCountry or InvalidTaxNumber."""
    checked = checked_tax_number(country, number)
    with transaction.atomic():
        file, _made = TaxFile.objects.get_or_create(user=user, defaults={"asked_at": at})
        file = lock(TaxFile.objects.filter(pk=file.pk)).get()
        file.country, file.number, file.number_ending, file.given_at = country, checked, checked[-3:], at
        file.save(update_fields=["country", "number", "number_ending", "given_at"])
        record("tax_number.given", file, by=by, at=at, data={"country": country})
    return file


def watch_tax_numbers(at: datetime) -> int:
    """Remind those who were asked and have not answered, twice; returns how many reminders left."""
    open_files = TaxFile.objects.filter(given_at=None, reminders__lt=len(TaxFile.REMIND_AFTER_DAYS))
    return each("watch_tax_numbers", open_files.values_list("pk", flat=True), partial(_remind, at=at))


def _remind(pk: int, at: datetime) -> bool:
    with transaction.atomic():
        file = lock(TaxFile.objects.filter(pk=pk, given_at=None)).first()
        if file is None or file.reminders >= len(TaxFile.REMIND_AFTER_DAYS):
            return False
        first = timedelta(days=TaxFile.REMIND_AFTER_DAYS[0])
        since = file.reminded_at or file.asked_at
        if at < since + first:
            return False
        file.reminders, file.reminded_at = file.reminders + 1, at
        file.save(update_fields=["reminders", "reminded_at"])
        record("tax_number.reminded", file, by=JOB, at=at, data={"reminder": file.reminders})
        _email("tax_number_reminder", file, key=f"tax-reminder:{file.pk}:{file.reminders}", at=at)
    return True


def _email(template: str, file: TaxFile, *, key: str, at: datetime) -> None:
    year = dac7.year_of(at)
    context = {
        "name": file.user.get_short_name(),
        "year": year,
        "url": settings.SITE_URL + reverse("tax-number"),
        "due": file.asked_at + timedelta(days=TaxFile.WITHHOLD_AFTER_DAYS),
    }
    send(template, to=file.user.email, context=context, key=key, language=file.user.language, at=at)


@dataclass(frozen=True)
class ReportedSeller:
    """One person of the yearly report, unmasked."""

    name: str
    birth_date: str
    address: str
    tax_country: str
    tax_number: str
    holder: str
    iban: str
    year: dac7.Sold
    quarters: dict[int, dac7.Sold]


def report_year(year: int, *, by: Actor, at: datetime) -> list[ReportedSeller]:
    """Everybody whom the tax authority must be told of for `year`; that each was read is recorded."""
    with transaction.atomic():
        people = list(dac7.reportable(year))
        by_quarter = dac7.quarters(people, year)
        what = ("full_name", "birth_date", "address", "tax_number", "holder", "iban")
        for person in people:
            record_reading(person, what=what, why=Why.TAX, by=by, at=at, reference=f"DAC7-{year}")
        return [_reported(person, year, by_quarter.get(person.pk, {})) for person in people]


def _reported(person: User, year: int, by_quarter: dict[int, dac7.Sold]) -> ReportedSeller:
    identity = Identity.objects.filter(user=person, erased_at=None).order_by("-created_at", "-pk").first()
    latest = Trade.objects.filter(seller=person, status=Trade.Status.PAID).select_related("address")
    trade = latest.order_by("-paid_at").first()
    file = TaxFile.objects.filter(user=person).first()
    return ReportedSeller(
        name=identity.full_name if identity else person.full_name,
        birth_date=identity.birth_date if identity else "",
        address=", ".join(trade.address.lines) if trade else "",
        tax_country=file.country if file else "",
        tax_number=file.number if file else "",
        holder=trade.holder if trade else "",
        iban=trade.iban if trade else "",
        year=dac7.sold_in(person, year),
        quarters=by_quarter,
    )


SEALED: Sequence[str] = ("holder", "iban", "full_name", "birth_date", "document_kind", "document_number")


@dataclass(frozen=True)
class SellerData:
    """What the desk is shown of a trade's seller after saying why."""

    holder: str
    iban: str
    full_name: str
    birth_date: str
    document: str
    document_number: str


def show_seller_data(trade: Trade, *, why: str, reference: str, by: Actor, at: datetime) -> SellerData:
    """Bank account and identity of a trade's seller, for staff; that they were read is recorded.

    Raises ReferenceIsPersonal.
    """
    with transaction.atomic():
        record_reading(trade, what=SEALED, why=why, reference=reference, by=by, at=at)
        fresh = Trade.objects.select_related("identity").get(pk=trade.pk)
    person = fresh.identity
    return SellerData(
        fresh.holder, fresh.iban, person.full_name, person.birth_date, str(person), person.document_number
    )
