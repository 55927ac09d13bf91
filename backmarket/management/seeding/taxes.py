"""People near what the tax authority must be told: asked, reminded, with a number and without one."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from backmarket.accounts.models import User
from backmarket.management import demo_logins as cast
from backmarket.management.seeding.people import SHOPPERS, at_home, consumers
from backmarket.management.seeding.regulars import ASKED_BEFORE, REPORTED, SILENT
from backmarket.management.seeding.waiting import Stage
from buyback.models import TaxFile
from buyback.services.tax import ask_if_near_threshold, give_tax_number, watch_tax_numbers

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST_DEVICE = 910_000
NUMBER = "3023217600053"  # the example of the French tax office


def load(at: datetime) -> str:
    people = consumers()
    asked_at = at - ASKED_BEFORE
    if ask_if_near_threshold(people[REPORTED], at=asked_at):
        give_tax_number(people[REPORTED], country="FR", number=NUMBER, by=people[REPORTED], at=asked_at + 3 * DAY)
    ask_if_near_threshold(people[SILENT], at=asked_at)
    for days in TaxFile.REMIND_AFTER_DAYS:
        watch_tax_numbers(asked_at + days * DAY)
    return f"{_sells_until_asked(at)} sales of one person until the tax number is asked"


def _sells_until_asked(at: datetime) -> int:
    """Nora sells one phone after the other; with the last one her year comes near the threshold."""
    stage, nora = Stage(at, "taxes", FIRST_DEVICE), _nora(at)
    bids = [bid for bid in stage.bids() if bid.price_minor <= 40_000]
    for number, bid in enumerate(bids, 1):
        if number % 2:
            stage.received(nora, bid, 4 * DAY)
        else:
            stage.sent(nora, bid, 2 * DAY)
        if ask_if_near_threshold(nora, at=at - 2 * HOUR):
            return number
    return len(bids)


def _nora(at: datetime) -> User:
    user = User.objects.create(
        email=cast.NORA, full_name="Nora Lefèvre", password=make_password(cast.PASSWORD),
        date_joined=at - timedelta(days=400),
    )  # fmt: skip
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    at_home(user, len(SHOPPERS))
    return user
