"""What goes wrong and waits for somebody: refusals of couriers and banks, a parcel that vanished, and two devices that
should be back with their sellers."""

from datetime import datetime, timedelta

from backmarket.accounts.models import Address, User
from backmarket.management import demo_logins as cast
from backmarket.management.seeding.base import known
from backmarket.management.seeding.waiting import COURIER, Code, Stage
from backmarket.payments.gateways.base import Outcome, Transfer
from backmarket.payments.models import Payout
from backmarket.payments.services.payouts import note_sent, settle_payout
from backmarket.shipping.couriers.base import Scan
from backmarket.shipping.couriers.sandbox import NO_LABEL, NO_VISIT
from backmarket.shipping.models import SandboxShipment
from backmarket.shipping.services import book_with_courier, record_scan
from buyback.models import Bid, Trade
from buyback.services.inspections import answer_counter_offer
from buyback.services.parcels import keep_undelivered
from buyback.services.payouts import PURPOSE, order_trade_payout

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST_DEVICE, FIRST_RETURN = 920_000, 930_000
CLOSED_ACCOUNT, BY_LAW = "AC04", "RR04"


def load(at: datetime) -> str:
    stage = Stage(at, "troubles", FIRST_DEVICE)
    bids = stage.bids()
    for ending in (NO_LABEL, NO_VISIT):
        _refused_by_courier(stage, next(bids), ending)
    _vanished(stage, next(bids))
    nora = User.objects.get(email=cast.NORA)
    hers = stage.inspected(stage.received(nora, next(bids), 5 * DAY), worse=False)
    stage.keep(hers)
    order_trade_payout(hers, by="system:order_payouts", at=at - 50 * MINUTE)
    _comes_back(known(hers.payout), CLOSED_ACCOUNT, at)
    others = Payout.objects.filter(status=Payout.Status.ORDERED, purpose=PURPOSE, gateway="sandbox")
    carol = User.objects.get(email=cast.CAROL)
    _comes_back(others.exclude(party=str(carol.pk)).latest("created_at", "pk"), BY_LAW, at)
    _goes_back(at, nora)
    return "two refusals of the courier, a parcel to look for, two payouts and a device that came back, one kept"


def _refused_by_courier(stage: Stage, bid: Bid, ending: str) -> None:
    seller = next(who for who in stage.others if stage.home(who).country == "FR")
    home = stage.home(seller)
    there = Address(name=home.name, line1=home.line1, postcode=f"69{ending}", city="Lyon", country="FR")
    stage.at_door(seller, bid, 4 * HOUR, address=there)


def _vanished(stage: Stage, bid: Bid) -> None:
    """Dropped off, as the seller says; never scanned; and now the courier calls it lost."""
    trade = stage.agreed(next(stage.others), bid, 9 * DAY)
    parcel = known(trade.parcel)
    book_with_courier(parcel.pk, at=trade.accepted_at)
    parcel.refresh_from_db()
    SandboxShipment.objects.filter(pk=parcel.tracking_number).update(script=[], next_at=None)
    record_scan("sandbox", Scan(f"troubles-{parcel.pk}", parcel.tracking_number, Code.LOST, "", stage.at - HOUR))


def _goes_back(at: datetime, nora: User) -> None:
    """Two offers were refused a week ago. One device came back to the plant, for nobody was in; one is still there."""
    past = Stage(at - 8 * DAY, "returns", FIRST_RETURN)
    bids = past.bids()
    _refused(past, next(past.others), next(bids))
    hers = _refused(past, nora, next(bids))
    parcel = known(hers.return_parcel)
    for day, code in enumerate((Code.IN_TRANSIT, Code.RETURNING, Code.DELIVERED), 1):
        said = Scan(f"troubles-{parcel.pk}-{code}", parcel.tracking_number, code, "", past.at + day * DAY)
        record_scan("sandbox", said)
    keep_undelivered(hers, by=COURIER, at=past.at + 3 * DAY)


def _refused(past: Stage, seller: User, bid: Bid) -> Trade:
    """Its label is made, and nobody has handed it to the courier."""
    trade = past.counter(past.inspected(past.received(seller, bid, 5 * DAY), worse=True))
    answer_counter_offer(trade, accept=False, by=seller, at=past.at)
    parcel = known(trade.return_parcel)
    book_with_courier(parcel.pk, at=past.at)
    parcel.refresh_from_db()
    SandboxShipment.objects.filter(pk=parcel.tracking_number).update(script=[], next_at=None)
    return trade


def _comes_back(payout: Payout, failure: str, at: datetime) -> None:
    """Sent, and returned by the bank: the account is closed, or the law wants somebody to look first."""
    note_sent(payout, gateway_id=f"out_{payout.pk.hex}", by="gateway:sandbox", at=at - 40 * MINUTE)
    returned = Transfer(payout.gateway_id, Outcome.FAILED, failure)
    settle_payout(payout.pk, returned, by="gateway:sandbox", at=at - 20 * MINUTE)
