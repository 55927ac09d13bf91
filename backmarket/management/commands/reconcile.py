"""Compare the ledger, the provider, the rows of orders, plants and trades, and the papers: `manage.py reconcile`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backmarket import timetravel
from backmarket.money import Money
from backmarket.payments.reconciliation import Difference
from backmarket.reconciling import DAYS, differences
from backmarket.templatetags.ui import money


class Command(BaseCommand):
    help = (
        "Lists every difference between ledger, provider, orders and papers, and mends none."
        " Exit code 1 when there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS, help="ask the provider about payments of so many days")
        parser.add_argument("--without-gateway", action="store_true", help="do not ask the provider at all")
        parser.add_argument("--every-paper", action="store_true", help="read the whole archive, not a part of it")

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        days = None if options["without_gateway"] else options["days"]
        for difference in differences(timetravel.now(), days=days, every_paper=options["every_paper"]):
            found += 1
            self.stdout.write(line(difference))
        if found:
            raise CommandError(f"{found} differences.", returncode=1)
        self.stdout.write("No difference.")


def line(difference: Difference) -> str:
    expected, found = (_words(minor, difference.currency) for minor in (difference.expected, difference.found))
    return f"{difference.check}: {difference.about}: {difference.what}: expected {expected}, found {found}"


def _words(minor: int | None, currency: str) -> str:
    return "nothing" if minor is None else money(Money(minor, currency))
