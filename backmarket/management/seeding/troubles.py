"""What goes wrong and waits for somebody at the desk: refusals of couriers and banks, and a parcel that vanished."""

from datetime import datetime, timedelta

from backmarket.accounts.models import Address, User
from backmarket.management import demo_logins as cast
from backmarket.management.seeding.base import known
from backmarket.management.seeding.waiting import Code, Stage
from backmarket.payments.gateways.base import Outcome, Transfer
from backmarket.payments.models import Payout
from backmarket.payments.services.payouts import note_sent, settle_payout
from backmarket.shipping.couriers.base import Scan
from backmarket.shipping.couriers.sandbox import NO_LABEL, NO_VISIT
from backmarket.shipping.models import SandboxShipment
from backmarket.shipping.services import book_with_courier, record_scan
from buyback.models import Bid
from buyback.services.payouts import PURPOSE, order_trade_payout

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST_DEVICE = 920_000
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
    return "two refusals of the courier, a parcel to look for, two payouts that came back"


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


def _comes_back(payout: Payout, failure: str, at: datetime) -> None:
    """Sent, and returned by the bank: the account is closed, or the law wants somebody to look first."""
    note_sent(payout, gateway_id=f"out_{payout.pk.hex}", by="gateway:sandbox", at=at - 40 * MINUTE)
    returned = Transfer(payout.gateway_id, Outcome.FAILED, failure)
    settle_payout(payout.pk, returned, by="gateway:sandbox", at=at - 20 * MINUTE)
