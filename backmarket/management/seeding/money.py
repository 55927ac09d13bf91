"""What sales earn and refunds take back, in rows and in the ledger, as the services would have booked them."""

from datetime import datetime, timedelta

from backmarket.management.seeding.base import stable_uuid
from backmarket.management.seeding.history import History
from backmarket.money import Money
from backmarket.payments.models import Payment, Refund
from orders.models import Earning, Guarantee, OrderLine

PROCEEDS_DUE_AFTER = timedelta(days=OrderLine.PROCEEDS_DUE_AFTER_DAYS)


def earn_sale(history: History, line: OrderLine, at: datetime) -> Earning:
    _book(history, line, "sale", 1, at)
    earning = Earning(
        plant=line.plant,
        line=line,
        kind=Earning.Kind.SALE,
        amount_minor=line.proceeds.minor,
        currency=line.currency,
        due_at=at + PROCEEDS_DUE_AFTER,
        created_at=at,
    )
    history.rows.add(earning)
    return earning


def charge_label(history: History, line: OrderLine, share: Money, at: datetime) -> None:
    sides = ("plant", str(line.plant_id), -share.minor), ("shipping", "", share.minor)
    history.books.book(f"label:{line.pk}", line.pk, at, *sides, label=_label(line))
    history.rows.add(
        Earning(
            plant=line.plant,
            line=line,
            kind=Earning.Kind.LABEL,
            amount_minor=-share.minor,
            currency=line.currency,
            due_at=at + PROCEEDS_DUE_AFTER,
            created_at=at,
        )
    )


def refund_line(
    history: History,
    line: OrderLine,
    payment: Payment,
    *,
    reason: str,
    at: datetime,
    delivered: tuple[Earning, Guarantee] | None = None,
) -> None:
    """The whole price goes back. `delivered`: what the delivery had brought, which is taken back as well."""
    if delivered:
        _take_back(history, line, *delivered, at)
    gross = line.gross.minor
    refund = Refund(
        id=stable_uuid("refund", line.pk.int),
        payment=payment,
        reference=line.pk,
        reason=reason,
        status=Refund.Status.SUCCEEDED,
        amount_minor=gross,
        currency=line.currency,
        created_at=at,
        succeeded_at=at,
    )
    refund.gateway_id = f"ref_{refund.pk.hex}"
    payment.refunded_minor += gross
    history.rows.add(refund)
    history.books.book(f"refund:{refund.pk}", line.pk, at, ("buyer", "", -gross), ("gateway", "", gross))
    history.trail.add("refund.succeeded", refund, by="gateway:sandbox", at=at, reference=str(line.pk), reason=reason)
    history.move_line(line, OrderLine.Status.REFUNDED, at, by="system:refunds")
    line.due_at = None


def _take_back(history: History, line: OrderLine, sale: Earning, guarantee: Guarantee, at: datetime) -> None:
    _book(history, line, "unsale", -1, at)
    sale.due_at = min(sale.due_at, at)
    guarantee.status = Guarantee.Status.VOID
    history.rows.add(
        Earning(
            plant=line.plant,
            line=line,
            kind=Earning.Kind.REFUND,
            amount_minor=-line.proceeds.minor,
            currency=line.currency,
            due_at=at,
            created_at=at,
        )
    )


def _book(history: History, line: OrderLine, kind: str, sign: int, at: datetime) -> None:
    history.books.book(
        f"{kind}:{line.pk}",
        line.pk,
        at,
        ("buyer", "", -sign * line.gross.minor),
        ("plant", str(line.plant_id), sign * line.proceeds.minor),
        ("commission", "", sign * line.commission_minor),
        ("commission_vat", "", sign * line.commission_vat_minor),
        label=_label(line),
    )


def _label(line: OrderLine) -> str:
    return f"{line.order.number} · {line.title}"
