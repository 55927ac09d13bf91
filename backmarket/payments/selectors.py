"""What the ledger says: a balance is a sum, never a column."""

from django.db.models import Sum

from backmarket.money import Money
from backmarket.payments.models import LedgerEntry


def balance(account: str, party: str | None = "", currency: str = "EUR") -> Money:
    """What the party's account stands at; `party` None sums over all parties."""
    entries = LedgerEntry.objects.filter(account=account, currency=currency)
    if party is not None:
        entries = entries.filter(party=party)
    return Money(entries.aggregate(total=Sum("amount_minor"))["total"] or 0, currency)


def ledger_sum() -> dict[str, int]:
    """The sum of all entries by currency, in minor units: always zero."""
    sums = LedgerEntry.objects.values_list("currency").annotate(total=Sum("amount_minor")).order_by("currency")
    return {currency: int(total) for currency, total in sums}
