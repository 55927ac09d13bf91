"""Compare the ledger, the provider and the rows of orders, plants and trades: `manage.py reconcile`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backmarket import timetravel
from backmarket.money import Money
from backmarket.payments import reconciliation as payments
from backmarket.payments.reconciliation import Difference, differences, gateway_differences
from backmarket.templatetags.ui import money
from buyback import reconciliation as buyback
from orders import reconciliation as orders

DAYS = 35


class Command(BaseCommand):
    help = "Lists every difference between ledger, provider and orders, and mends none. Exit code 1 when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS, help="ask the provider about payments of so many days")
        parser.add_argument("--without-gateway", action="store_true", help="do not ask the provider at all")

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for difference in self.differences(None if options["without_gateway"] else options["days"]):
            found += 1
            self.stdout.write(line(difference))
        if found:
            raise CommandError(f"{found} differences.", returncode=1)
        self.stdout.write("No difference.")

    def differences(self, days: int | None) -> Iterator[Difference]:
        yield from differences({**payments.CHECKS, **orders.CHECKS, **buyback.CHECKS})
        if days is not None:
            yield from gateway_differences(timetravel.now() - timedelta(days=days))


def line(difference: Difference) -> str:
    expected, found = (_words(minor, difference.currency) for minor in (difference.expected, difference.found))
    return f"{difference.check}: {difference.about}: {difference.what}: expected {expected}, found {found}"


def _words(minor: int | None, currency: str) -> str:
    return "nothing" if minor is None else money(Money(minor, currency))
