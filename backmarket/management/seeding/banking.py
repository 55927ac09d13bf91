"""Work for finance: a file of transfers that the bank has and answers, and payouts that wait for the next one."""

from datetime import datetime, timedelta

from backmarket.accounts.models import User
from backmarket.management import demo_logins as cast
from backmarket.payments.gateways import BY_FILE
from backmarket.payments.gateways.sandbox import EXAMPLE_BOUNCING_IBAN
from backmarket.payments.models import Payout
from backmarket.payments.services import download_payout_file, hand_payout_file, make_payout_file
from buyback.models import Trade

HOUR = timedelta(hours=1)
WITH_THE_BANK, WAITING = 5, 4


def load(at: datetime) -> str:
    """Some of the payouts that are ordered go by file; the account of one of them is closed."""
    finance = User.objects.get(email=cast.FINANCE)
    carol = User.objects.get(email=cast.CAROL)
    ordered = Payout.objects.filter(status=Payout.Status.ORDERED, purpose="trade").exclude(party=str(carol.pk))
    keys = list(ordered.order_by("created_at", "pk").values_list("pk", flat=True)[: WITH_THE_BANK + WAITING])
    _by_file(keys[:WITH_THE_BANK], at - 3 * HOUR)
    _account_is_closed(Payout.objects.get(pk=keys[0]))
    made = make_payout_file(by=finance, at=at - 3 * HOUR)
    download_payout_file(made, by=finance, at=at - 2 * HOUR)
    hand_payout_file(made, by=finance, at=at - HOUR)
    _by_file(keys[WITH_THE_BANK:], at)
    return f"a file of {made.transfers} transfers with the bank, {len(keys) - made.transfers} payouts for the next one"


def _by_file(keys: list[object], due_at: datetime) -> None:
    Payout.objects.filter(pk__in=keys).update(gateway=BY_FILE, due_at=due_at)


def _account_is_closed(payout: Payout) -> None:
    """Of the sale, too: its page shows the account to which the money goes."""
    Payout.objects.filter(pk=payout.pk).update(iban=EXAMPLE_BOUNCING_IBAN, iban_last4=EXAMPLE_BOUNCING_IBAN[-4:])
    trade = Trade.objects.get(pk=payout.reference)
    trade.iban, trade.iban_last4 = EXAMPLE_BOUNCING_IBAN, EXAMPLE_BOUNCING_IBAN[-4:]
    trade.save(update_fields=["iban", "iban_last4", "iban_index"])
