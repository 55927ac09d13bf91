"""Money for devices that their sellers left with us: used for a part of an order, and paid out, or about to be."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from backmarket.accounts.models import User
from backmarket.management.seeding.base import stable_uuid
from backmarket.management.seeding.people import consumers
from backmarket.management.seeding.waiting import Stage
from backmarket.money import Money
from backmarket.payments.gateways.base import Outcome, Transfer
from backmarket.payments.models import Payout
from backmarket.payments.selectors import credit_of
from backmarket.payments.services.payouts import note_sent, settle_payout
from buyback.models import Bid
from buyback.services.credit import keep_as_credit, pay_out_credit

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST_DEVICE, FIRST_ORDER = 940_000, 950_000
# Of the consumers: one who has spent much of it, one who wants the rest on the bank account.
SPENDER, LEAVER = 700, 701
BANK = "gateway:sandbox"


def load(at: datetime) -> str:
    past, shop = Stage(at - 16 * DAY, "credit", FIRST_DEVICE), Stage(at, "credit_spent", FIRST_ORDER)
    spender, leaver = (consumers()[index] for index in (SPENDER, LEAVER))
    people, bids = (past.carol, spender, leaver), past.bids()
    for seller in people:
        _left(past, seller, bids)
    for buyer, divisor in ((past.carol, 3), (spender, 2)):
        shop.bought(buyer, at - 9 * DAY, delivered=True, credit_minor=credit_of(buyer).minor // divisor)
    payout = _paid_out(past.carol, Money(5_000, "EUR"), at - 5 * DAY)
    note_sent(payout, gateway_id=f"out_{payout.pk.hex}", by=BANK, at=at - 5 * DAY + HOUR)
    settle_payout(payout.pk, Transfer(f"out_{payout.pk.hex}", Outcome.DONE), by=BANK, at=at - 4 * DAY)
    _paid_out(leaver, credit_of(leaver), at - HOUR / 6)
    return f"the credit of {len(people)} people, two orders paid with some of it, two payouts"


def _left(past: Stage, seller: User, bids: Iterator[Bid]) -> None:
    """Bought as described, and kept as credit at once; the device is ready to be sold again."""
    trade = past.inspected(past.received(seller, next(bids), 5 * DAY), worse=False)
    past.reborn(trade)
    keep_as_credit(trade, by=seller, at=past.at)


def _paid_out(person: User, amount: Money, at: datetime) -> Payout:
    """Ordered to the account of the person's latest sale."""
    key = stable_uuid("credit", person.pk)
    return pay_out_credit(person, amount=amount, holder="", iban="", key=key, by=person, at=at)
