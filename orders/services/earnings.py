"""What a delivered line earns its plant, what a refund takes back, what a bought device costs, what a plant pays."""

from datetime import datetime, timedelta
from uuid import UUID

from backmarket.money import Money
from backmarket.payments.models import LedgerMovement
from backmarket.payments.services import book
from orders.models import Earning, OrderLine

PROCEEDS_DUE_AFTER = timedelta(days=OrderLine.PROCEEDS_DUE_AFTER_DAYS)
# The buyers' money is one pot: what a payment brought in, its lines and refunds take out.
BUYERS = ""
# The two movements of a sale that the courier lost, and of one that it brought back to its plant after all.
LOST, FOUND = "lost_sale", "found_sale"


def earn_sale(line: OrderLine, *, at: datetime) -> None:
    """The buyer's money becomes the plant's proceeds and the house's commission; due 14 days after delivery."""
    _book(line, "sale", 1, at)
    _earn(line, at)


def compensate_sale(line: OrderLine, *, at: datetime) -> None:
    """The courier lost what the buyer is paid back for: the house, whose parcel was insured, pays the plant's proceeds.

    Due as a delivery's would be, so that what is found until then needs no money back. Only once.
    """
    _book_compensation(line, LOST, 1, at)
    _earn(line, at)


def is_compensated(line: OrderLine) -> bool:
    """Has the house paid the plant for it, and not taken that back?"""
    keys = LedgerMovement.objects.filter(key__in=[f"{LOST}:{line.pk}", f"{FOUND}:{line.pk}"])
    return set(keys.values_list("kind", flat=True)) == {LOST}


def take_back_compensation(line: OrderLine, *, at: datetime) -> None:
    """The plant has its device again; nothing when it was never paid for it."""
    if is_compensated(line):
        _book_compensation(line, FOUND, -1, at)
        _unearn(line, at)


def _earn(line: OrderLine, at: datetime) -> None:
    Earning.objects.get_or_create(
        line=line,
        kind=Earning.Kind.SALE,
        defaults={
            "plant_id": line.plant_id,
            "amount_minor": line.proceeds.minor,
            "currency": line.currency,
            "due_at": at + PROCEEDS_DUE_AFTER,
            "created_at": at,
        },
    )


def reverse_sale(line: OrderLine, *, at: datetime) -> None:
    """Take the sale back, due at once; only once. A sale not settled yet falls due with it: the two cancel out."""
    _book(line, "unsale", -1, at)
    _unearn(line, at)


def _unearn(line: OrderLine, at: datetime) -> None:
    Earning.objects.filter(line=line, kind=Earning.Kind.SALE, settlement=None, due_at__gt=at).update(due_at=at)
    Earning.objects.get_or_create(
        line=line,
        kind=Earning.Kind.REFUND,
        defaults={
            "plant_id": line.plant_id,
            "amount_minor": -line.proceeds.minor,
            "currency": line.currency,
            "due_at": at,
            "created_at": at,
        },
    )


def owe_for_device(*, plant_id: UUID, trade_id: UUID, amount: Money, label: str, at: datetime) -> Earning:
    """A plant has bought a device from a person: `amount`, negative as the ledger has it, is due at once. Only once."""
    facts = {"plant_id": plant_id, "amount_minor": amount.minor, "currency": amount.currency, "label": label}
    earning, _is_new = Earning.objects.get_or_create(
        kind=Earning.Kind.TRADE, reference=trade_id, defaults=facts | {"due_at": at, "created_at": at}
    )
    return earning


def _book(line: OrderLine, kind: str, sign: int, at: datetime) -> None:
    entries = [
        ("buyer", BUYERS, -line.gross),
        ("plant", str(line.plant_id), line.proceeds),
        ("commission", "", Money(line.commission_minor, line.currency)),
        ("commission_vat", "", Money(line.commission_vat_minor, line.currency)),
    ]
    signed = [(account, party, amount * sign) for account, party, amount in entries]
    book(f"{kind}:{line.pk}", kind=kind, reference=line.pk, entries=signed, at=at, label=_label(line))


def _book_compensation(line: OrderLine, kind: str, sign: int, at: datetime) -> None:
    amount = line.proceeds * sign
    entries = [("compensation", "", -amount), ("plant", str(line.plant_id), amount)]
    book(f"{kind}:{line.pk}", kind=kind, reference=line.pk, entries=entries, at=at, label=_label(line))


def _label(line: OrderLine) -> str:
    return f"{line.order.number} · {line.title}"
