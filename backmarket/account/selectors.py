"""What one person has open here, and what they should do next."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from backmarket.accounts.models import Address, User
from backmarket.payments.models import Payout
from backmarket.payments.selectors import credit_of
from buyback.models import Trade
from buyback.next_steps import own_step, tax_step
from buyback.selectors import listed_pickup, trades_of, waiting_trades
from orders.models import Claim, Order, OrderLine
from orders.pages.held import is_open, state_of
from orders.pages.parts import state_words
from orders.selectors import claims_of, orders_of
from reviews.selectors import lines_to_rate, trades_to_rate

SHOWN = 3
LineStatus = OrderLine.Status
OPEN_LINES = (LineStatus.ON_HOLD, LineStatus.PAID, LineStatus.ACCEPTED, LineStatus.SHIPPED)
CUSTOMER_OWES = (Claim.Status.AWAITING_CUSTOMER, Claim.Status.AWAITING_RETURN, Claim.Status.DISPUTED)


@dataclass(frozen=True)
class Next:
    """One thing that waits for this person."""

    title: str
    text: str
    url: str
    label: str
    deadline: datetime | None = None
    icon: str = "clock"


@dataclass(frozen=True)
class Overview:
    """The home of a person: the newest of each, orders with their states in words, and how many of each are open."""

    nexts: list[Next]
    orders: list[tuple[Order, str]]
    trades: list[Trade]
    claims: list[Claim]
    open_orders: int
    open_trades: int
    open_claims: int


def open_orders(user: User) -> QuerySet[Order]:
    """Orders with a device that is paid for and not yet delivered."""
    return orders_of(user).filter(lines__status__in=OPEN_LINES).distinct()


def open_trades(user: User) -> QuerySet[Trade]:
    return trades_of(user).filter(status__in=Trade.OPEN)


def returned_payments(user: User) -> QuerySet[Trade]:
    """Sales whose money came back, which nobody could pay to a closed account."""
    return trades_of(user).filter(payout__status=Payout.Status.BOUNCED)


def has_credit(user: User) -> bool:
    """Also what has left for the bank, which may send it back."""
    leaving = Payout.objects.filter(account="credit", party=str(user.pk), status__in=["ordered", "sent"])
    return bool(credit_of(user)) or leaving.exists()


def open_claims(user: User) -> QuerySet[Claim]:
    closed = (Claim.Status.RESOLVED, Claim.Status.REFUNDED, Claim.Status.WITHDRAWN)
    return claims_of(user).exclude(status__in=closed)


def overview(user: User) -> Overview:
    trades, claims = list(open_trades(user)), list(open_claims(user))
    return Overview(
        nexts=[*_sales(user), *map(_answer_claim, _owed(claims)), *_ratings(user)],
        orders=[(order, _state(order)) for order in orders_of(user)[:SHOWN]],
        trades=list(trades_of(user)[:SHOWN]),
        claims=list(claims_of(user)[:SHOWN]),
        open_orders=open_orders(user).count(),
        open_trades=len(trades),
        open_claims=len(claims),
    )


def _state(order: Order) -> str:
    """How far the first device of a paid order is; of any other order what the list of orders says."""
    if order.payment_status != Order.PaymentStatus.CAPTURED or is_open(order):
        return state_of(order)
    return state_words(LineStatus, order.lines.all()[0].status)


def _sales(user: User) -> list[Next]:
    """What the person's sales wait for, one by one, and what they have to tell about all of them."""
    waiting = [_answer_offer(trade) if trade.status == Trade.Status.COUNTERED else _mend_sale(trade)
               for trade in waiting_trades(user)]  # fmt: skip
    tax = tax_step(user.pk)
    return [*waiting, *([Next(str(tax.title), str(tax.text), tax.url, str(tax.label), tax.deadline)] if tax else [])]


def _mend_sale(trade: Trade) -> Next:
    """Suspended, not collected, or the money came back."""
    step, page = own_step(trade, listed_pickup(trade)), reverse("trade", args=[trade.pk])
    url = f"{page}{step.url}" if step.url.startswith("#") else step.url
    text = _("Your sale of %(device)s.") % {"device": trade.variant.product}
    return Next(str(step.title), text, url, str(step.label), step.deadline, step.icon)


def _owed(claims: list[Claim]) -> list[Claim]:
    return [claim for claim in claims if claim.status in CUSTOMER_OWES]


def _answer_offer(trade: Trade) -> Next:
    title = _("%(plant)s offers another price for your %(device)s")
    return Next(
        title=title % {"plant": trade.plant.name, "device": trade.variant.product},
        text=_("Accept it, or have the device sent back free of charge."),
        url=reverse("trade", args=[trade.pk]),
        label=_("Look at the offer"),
        deadline=trade.due_at,
    )


def _answer_claim(claim: Claim) -> Next:
    return Next(
        title=_("Your claim on the %(device)s waits for you") % {"device": claim.line.title},
        text=claim.status_for_customer.capitalize() + ".",
        url=reverse("claim", args=[claim.pk]),
        label=_("Open the claim"),
        deadline=claim.running_due_at,
        icon="chat",
    )


def _ratings(user: User) -> list[Next]:
    """One invitation at a time: the newest device that was not rated yet."""
    if line := lines_to_rate(user.pk).select_related("plant").first():
        url, device, plant = reverse("rate-line", args=[line.pk]), line.title, line.plant.name
    elif trade := trades_to_rate(user.pk).select_related("plant", "variant__product").first():
        url, device, plant = reverse("rate-trade", args=[trade.pk]), str(trade.variant.product), trade.plant.name
    else:
        return []
    title = _("How is the %(device)s?") % {"device": device}
    text = _("Your stars help the next person, and %(plant)s.") % {"plant": plant}
    return [Next(title=title, text=text, url=url, label=_("Rate it"), icon="star")]


def addresses_of(user: User) -> QuerySet[Address]:
    return user.addresses.order_by("-created_at", "-pk")
