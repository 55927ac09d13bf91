"""Orders that somebody looks at before a plant hears of them: foreseen, opened, released, refused, or lapsed.

The bank has authorised the money, and takes none until the order is released. Where it has taken it all the same (the
card's country is often told only then), the plant still hears nothing, and a refusal gives it back.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from backmarket.accounts.models import Address
from backmarket.db import Change, lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor
from backmarket.market import calendar
from backmarket.payments.models import Payment
from backmarket.payments.services import cancel_payment, capture_payment
from backmarket.states import move, move_all
from catalog.services.stock import OutOfStock, extend_reservation, release_stock, reserve_stock
from orders.fraud import Facts, Hit, judge
from orders.models import Consignment, FraudRule, Hold, Order, OrderLine
from orders.selectors import paid_before, rules_and_orders_lately
from orders.services.cart import take_out
from orders.services.promises import date_promises
from orders.services.refunds import refund_line
from orders.services.waiting import PURPOSE, REPLACED

JOB = "system:holds"
# Banks keep an authorisation for seven days.
HELD_FOR = timedelta(days=6)
# The bank takes the money within seconds of the release, or within hours when it is not well.
TAKEN_WITHIN = timedelta(days=1)
REFUSED, LAPSED = "hold_refused", "hold_lapsed"
# A finding of no rule: where it goes has changed since it was judged.
MOVED: Hit = {"rule": None, "kind": "moved", "words": gettext_noop("Look at the new address: does the name fit it?")}
Status, Line = Hold.Status, OrderLine.Status


class CannotDecide(DomainError):
    """The hold is not open (any more): somebody has decided otherwise, or its time is over."""

    code = "cannot_decide"
    default_message = _("This has been decided already, or its time is over: the bank has let the money go.")


class HoldChanged(CannotDecide):
    """What was decided on is not what there is: another address, or another finding."""

    code = "hold_changed"
    default_message = _("This order has changed since you looked: where it goes, or what was found. Decide anew.")


def seen_of(hold: Hold) -> str:
    """A fingerprint of what a decision rests on: where each parcel goes, and what was found. Not a secret."""
    parcels = hold.order.consignments.order_by("pk").values_list("pk", "address")
    facts = [hold.order.address_id, [[str(pk), address] for pk, address in parcels], hold.hits]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def foresee_hold(order: Order, *, at: datetime) -> bool:
    """Judge an order that has just been written: one that meets a rule will be held once its money is there."""
    hits = _judged(order, at)
    if hits:
        Hold.objects.create(order=order, hits=hits, created_at=at)
    return bool(hits)


def _judged(order: Order, at: datetime, card: str = "", to: Address | None = None) -> list[Hit]:
    home = to or order.address
    rules, placed = rules_and_orders_lately(order, at, home)
    facts = Facts(
        total=order.total,
        is_first=any(order.total.minor >= rule.amount_minor for rule in rules if rule.amount_minor)
        and not paid_before(order),
        placed=placed,
        at=at,
        country=home.country,
        market=settings.MARKET_COUNTRY,
        card=card,
    )
    return judge(rules, facts)


def hold_authorised(order: Order, payment: Payment, *, at: datetime) -> None:
    """The money of a locked order is authorised, and is taken by hand: keep its devices, and wait for people.

    Where the devices went elsewhere meanwhile the money is released again, and the order fails.
    """
    until = at + HELD_FOR
    lines = list(lock(order.lines.filter(status=Line.PENDING)))
    try:
        with transaction.atomic():
            _keep_stock(order, lines, until=until, at=at)
    except OutOfStock:
        cancel_payment(payment, by=JOB, at=at)
        return
    _open(order, payment, at)
    for line in lines:
        move(line, Line.ON_HOLD, by=JOB, at=at, due_at=None)
    if order.cart_id:  # the buyer may go on shopping
        take_out(order.cart_id, Counter(line.listing_id for line in lines))
        Order.objects.filter(pk=order.pk).update(cart=None)


def hold_captured(order: Order, payment: Payment, *, at: datetime) -> bool:
    """The money of a locked order has come: must it be looked at first, for where the card is from, or because nobody
    has decided yet? Opens the hold then."""
    # A hold is written with its order, or under its lock by whoever captures it: it is in what was read with the order.
    hold = lock(Hold.objects.filter(order=order)).get() if hasattr(order, "hold") else None
    if hold is None and not _of_card(order, payment, at):
        return False
    if hold is None or hold.status == Status.FORESEEN:
        hold = _open(order, payment, at)
    return hold.status == Status.OPEN


def _open(order: Order, payment: Payment, at: datetime) -> Hold:
    """Open the hold of a locked order, with what the card has told besides."""
    hold, _is_new = Hold.objects.get_or_create(order=order, defaults={"created_at": at})
    hits = hold.hits + _of_card(order, payment, at)
    move(hold, Status.OPEN, by=JOB, at=at, hits=hits, expires_at=at + HELD_FOR, data={"order": str(order.pk)})
    return hold


def _of_card(order: Order, payment: Payment, at: datetime) -> list[Hit]:
    """What only the card tells; nothing where the provider does not say its country."""
    if not payment.card_country:
        return []
    return [hit for hit in _judged(order, at, payment.card_country) if hit["kind"] == FraudRule.Kind.COUNTRY]


def _keep_stock(order: Order, lines: Sequence[OrderLine], *, until: datetime, at: datetime) -> None:
    """Nobody else buys them until then; afterwards anybody may, whether or not a job has run. Raises OutOfStock."""
    demand = Counter(line.listing_id for line in lines)
    if extend_reservation(order.pk, expires_at=until, at=at) < len(demand):
        reserve_stock(holder=order.pk, demand=demand, expires_at=until, at=at)


def hand_over(order: Order, lines: Sequence[OrderLine], *, by: Actor, at: datetime) -> None:
    """To the plants: their clock starts now."""
    ship_by = calendar().ship_by(at, OrderLine.SHIP_WITHIN_BUSINESS_DAYS)
    parcels = Change(Consignment, {"order": order.pk}, {"ship_by": ship_by})
    move_all(lines, Line.PAID, by=by, at=at, besides=parcels, due_at=ship_by)
    if any(line.surcharge_minor for line in lines):
        date_promises(order, at=at)


def release_hold(hold: Hold, *, by: Actor, at: datetime, seen: str | None = None) -> None:
    """Have the bank take the money; the plants hear of the order once it has. Repeating it changes nothing.

    `seen` is what a person had before them (seen_of). Raises HoldChanged when it is not so any more, CannotDecide when
    another has refused it or the time is over, CannotCapture when the bank has let it go.
    """
    with transaction.atomic():
        order, known = _locked(hold)
        if known.status == Status.RELEASED:
            return
        _require_open(known, at, seen)
        move(hold, Status.RELEASED, by=by, at=at, data={"order": str(order.pk)})
        lines = list(lock(order.lines.filter(status=Line.ON_HOLD)))
        if order.payment_status == Order.PaymentStatus.CAPTURED:
            hand_over(order, lines, by=by, at=at)
        else:
            extend_reservation(order.pk, expires_at=at + TAKEN_WITHIN, at=at)
            capture_payment(_authorised(order), by=by, at=at)


def refuse_hold(hold: Hold, *, reason: str, note: str = "", by: Actor, at: datetime, seen: str | None = None) -> None:
    """Nothing is charged, or all goes back; the devices are free. Repeating it changes nothing.

    `reason` is one of Hold.Reason, kept with the note for the desk; `seen` as for a release. Raises CannotDecide
    without a reason, or without words where it is another, when somebody has released it, or the time is over.
    """
    if reason not in Hold.Reason.values or (reason == Hold.Reason.OTHER and not note.strip()):
        raise CannotDecide(_("Say why, for whoever looks at it later."), field="note")
    with transaction.atomic():
        order, known = _locked(hold)
        if known.status == Status.REFUSED:
            return
        _require_open(known, at, seen)
        facts = {"reason": reason, "note": note.strip()}
        move(hold, Status.REFUSED, by=by, at=at, data={"order": str(order.pk), "reason": reason}, **facts)
        _undo(order, REFUSED, by=by, at=at)


def call_off_held(order: Order, *, by: Actor, at: datetime) -> bool:
    """Its buyer does not want it any more, so that nobody has to decide: nothing is charged, or all goes back, and its
    plants never hear of it. False when it is not held, or somebody has decided."""
    with transaction.atomic():
        order = lock(Order.objects.filter(pk=order.pk)).get()
        hold = lock(Hold.objects.filter(order=order, status=Status.OPEN)).first()
        if hold is None:
            return False
        move(hold, Status.LAPSED, by=by, at=at, data={"order": str(order.pk), "reason": REPLACED})
        _undo(order, REPLACED, by=by, at=at)
    return True


def judge_again(order: Order, hold: Hold | None, *, to: Address, at: datetime) -> bool:
    """A parcel is to go elsewhere: whoever looks at the order hears of it, with what the rules find there and did not
    find before. `hold` is locked. False where nobody looks at it, and somebody would have to.
    """
    before = {hit["rule"] for hit in _judged(order, at)}
    found = [hit for hit in _judged(order, at, to=to) if hit["rule"] not in before]
    if hold is None or hold.status != Status.OPEN:
        return not found
    known = {hit["rule"] for hit in hold.hits}
    hold.hits = [*hold.hits, *(hit for hit in [MOVED, *found] if hit["rule"] not in known)]
    hold.save(update_fields=["hits"])
    return True


def lapse_hold(order: Order, *, at: datetime) -> bool:
    """Nobody decided in time: as if it were refused. False when it is too early, or decided."""
    with transaction.atomic():
        order, hold = _locked(order.hold)
        if hold.status != Status.OPEN or hold.expires_at is None or at < hold.expires_at:
            return False
        _lapse(order, hold, at)
    return True


def lapse_unpaid(order: Order, *, at: datetime) -> bool:
    """The bank has let the money of a locked order go, before somebody decided or while it was to be taken; False for
    an order that was not held."""
    hold = lock(Hold.objects.filter(order=order, status__in=[Status.OPEN, Status.RELEASED])).first()
    if hold is None:
        return False
    _lapse(order, hold, at)
    return True


def _lapse(order: Order, hold: Hold, at: datetime) -> None:
    move(hold, Status.LAPSED, by=JOB, at=at, data={"order": str(order.pk)})
    _undo(order, LAPSED, by=JOB, at=at)


def _undo(order: Order, reason: str, *, by: Actor, at: datetime) -> None:
    """Give a locked order up: what was taken goes back line by line, what was not is released."""
    lines = list(lock(order.lines.filter(status=Line.ON_HOLD)))
    if order.payment_status == Order.PaymentStatus.CAPTURED:
        for line in lines:
            refund_line(line, reason=reason, by=by, at=at)
        return
    for payment in Payment.objects.filter(purpose=PURPOSE, reference=order.pk, status=Payment.Status.AUTHORISED):
        cancel_payment(payment, by=by, at=at)
    move(order, Order.PaymentStatus.CANCELLED, by=by, at=at)
    release_stock(order.pk, at=at)
    for line in lines:
        move(line, Line.CANCELLED, by=by, at=at, cancel_reason=reason, due_at=None)


def _locked(hold: Hold) -> tuple[Order, Hold]:
    """The order first, as everybody locks it who follows its payment."""
    order = lock(Order.objects.filter(pk=hold.order_id)).get()
    return order, lock(Hold.objects.filter(pk=hold.pk)).get()


def _require_open(hold: Hold, at: datetime, seen: str | None) -> None:
    if hold.status != Status.OPEN or hold.expires_at is None or at >= hold.expires_at:
        raise CannotDecide
    if seen is not None and seen != seen_of(hold):
        raise HoldChanged


def _authorised(order: Order) -> Payment:
    """The latest payment; what has become of it meanwhile `capture_payment` says."""
    return Payment.objects.filter(purpose=PURPOSE, reference=order.pk).latest("created_at")
