"""What a delivered line earns its plant, what a refund takes back, what a bought device costs, what a plant pays."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from backmarket.money import Money
from backmarket.payments.models import LedgerMovement
from backmarket.payments.services import book
from backmarket.shipping.selectors import is_house_couriers
from backmarket.taxes import share_of
from orders.models import Earning, OrderLine, PartRefund

PROCEEDS_DUE_AFTER = timedelta(days=OrderLine.PROCEEDS_DUE_AFTER_DAYS)
# The buyers' money is one pot: what a payment brought in, its lines and refunds take out.
BUYERS = ""
# The two movements of a sale that the courier lost, and of one that it brought back to its plant after all.
LOST, FOUND = "lost_sale", "found_sale"


def earn_sale(line: OrderLine, *, at: datetime) -> None:
    """The buyer's money becomes the plant's proceeds and the house's commission; due 14 days after delivery.

    The shipping paid belongs to whoever pays the courier. What our courier's label costs above that is the plant's.
    """
    _book_sale(line, at)
    ours = _travelled_with_us(line)
    if not ours:
        _move_shipping("carried", line, at, ("shipping", "", -line.shipping), _plant(line, line.shipping))
    _earn(line, line.proceeds if ours else line.proceeds + line.shipping, at)
    if surplus := _label_surplus(line):
        _move_shipping("label", line, at, _plant(line, -surplus), ("shipping", "", surplus))
        facts = {"plant_id": line.plant_id, "amount_minor": -surplus.minor, "currency": line.currency}
        facts |= {"due_at": at + PROCEEDS_DUE_AFTER, "created_at": at}
        Earning.objects.get_or_create(line=line, kind=Earning.Kind.LABEL, defaults=facts)


def compensate_sale(line: OrderLine, *, at: datetime) -> None:
    """The courier lost what the buyer is paid back for: the house, whose parcel was insured, pays the plant's proceeds.

    Due as a delivery's would be, so that what is found until then needs no money back. Only once.
    """
    _book_compensation(line, LOST, 1, at)
    _earn(line, line.proceeds, at)


def is_compensated(line: OrderLine) -> bool:
    """Has the house paid the plant for it, and not taken that back?"""
    keys = LedgerMovement.objects.filter(key__in=[f"{LOST}:{line.pk}", f"{FOUND}:{line.pk}"])
    return set(keys.values_list("kind", flat=True)) == {LOST}


def take_back_compensation(line: OrderLine, *, at: datetime) -> None:
    """The plant has its device again; nothing when it was never paid for it."""
    if is_compensated(line):
        _book_compensation(line, FOUND, -1, at)
        _unearn(line, line.proceeds, at)


def _earn(line: OrderLine, amount: Money, at: datetime) -> None:
    Earning.objects.get_or_create(
        line=line,
        kind=Earning.Kind.SALE,
        defaults={
            "plant_id": line.plant_id,
            "amount_minor": amount.minor,
            "currency": line.currency,
            "due_at": at + PROCEEDS_DUE_AFTER,
            "created_at": at,
        },
    )


def reverse_sale(line: OrderLine, *, at: datetime) -> None:
    """Take back what is left of the sale, due at once; only once. A sale not settled yet falls due with it: the two
    cancel out. What the house had borne of it in part comes back to the house. Shipping comes from where it is, and
    what the plant gave back in part counts for its proceeds first."""
    parts = list(PartRefund.objects.filter(line=line))
    borne = [part.amount_minor for part in parts if part.borne_by == PartRefund.Bearer.HOUSE]
    whole = _less(line.proceeds + line.shipping, (part.plant_minor for part in parts))
    kept = min(line.shipping, whole) if _keeps_shipping(line) else Money(0, line.currency)
    entries = [
        ("buyer", BUYERS, line.rest),
        ("compensation", "", Money(sum(borne), line.currency)),
        ("shipping", "", -kept),
        _plant(line, kept - whole),
        ("commission", "", -_less(_commission(line), (part.commission_minor for part in parts))),
        ("commission_vat", "", -_less(_commission_vat(line), (part.commission_vat_minor for part in parts))),
    ]
    book(f"unsale:{line.pk}", kind="unsale", reference=line.pk, entries=entries, at=at, label=_label(line))
    _unearn(line, whole - kept, at)


def shares_of_part(part: PartRefund) -> tuple[int, int, int]:
    """What of a new refund in part is the plant's, of the commission and of its VAT, in minor units.

    Each is what is due for all that the plant has borne so far, less what it had before, so that the roundings never
    add up to more than there was.
    """
    if part.borne_by == PartRefund.Bearer.HOUSE:
        return 0, 0, 0
    line, before = part.line, PartRefund.objects.filter(line=part.line, borne_by=PartRefund.Bearer.PLANT)
    rows = before.values_list("amount_minor", "commission_minor", "commission_vat_minor")
    amount, commission, vat = (sum(each) for each in zip((0, 0, 0), *rows, strict=True))
    borne = amount + part.amount_minor
    both = share_of(_commission(line) + _commission_vat(line), borne, line.gross.minor).minor - commission - vat
    mine = share_of(_commission(line), borne, line.gross.minor).minor - commission
    return part.amount_minor - both, mine, both - mine


def bear_part(part: PartRefund, *, at: datetime) -> None:
    """Whoever bears it pays it into the buyers' money, from which it is refunded. The plant's share is due with the
    sale where that is not due yet."""
    line = part.line
    entries = [
        ("buyer", BUYERS, part.amount),
        ("plant", str(line.plant_id), -Money(part.plant_minor, part.currency)),
        ("commission", "", -Money(part.commission_minor, part.currency)),
        ("commission_vat", "", -Money(part.commission_vat_minor, part.currency)),
    ]
    if part.borne_by == PartRefund.Bearer.HOUSE:
        entries[1:] = [("compensation", "", -part.amount)]
    book(f"part:{part.pk}", kind="part", reference=line.pk, entries=entries, at=at, label=_label(line))
    if part.borne_by == PartRefund.Bearer.PLANT:
        sale = Earning.objects.filter(line=line, kind=Earning.Kind.SALE, settlement=None, due_at__gt=at).first()
        facts = {"plant_id": line.plant_id, "line": line, "amount_minor": -part.plant_minor, "currency": part.currency}
        facts |= {"due_at": sale.due_at if sale else at, "created_at": at}
        Earning.objects.get_or_create(kind=Earning.Kind.PART, reference=part.pk, defaults=facts)


def _unearn(line: OrderLine, amount: Money, at: datetime) -> None:
    """What is left of the sale; all of it that is not settled yet falls due at once."""
    Earning.objects.filter(line=line, settlement=None, due_at__gt=at).update(due_at=at)
    Earning.objects.get_or_create(
        line=line,
        kind=Earning.Kind.REFUND,
        defaults={
            "plant_id": line.plant_id,
            "amount_minor": -amount.minor,
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


def _book_sale(line: OrderLine, at: datetime) -> None:
    entries = [
        ("buyer", BUYERS, -line.price),
        _plant(line, line.proceeds),
        ("commission", "", _commission(line)),
        ("commission_vat", "", _commission_vat(line)),
    ]
    book(f"sale:{line.pk}", kind="sale", reference=line.pk, entries=entries, at=at, label=_label(line))
    _move_shipping("shipping", line, at, ("buyer", BUYERS, -line.shipping), ("shipping", "", line.shipping))


def _move_shipping(kind: str, line: OrderLine, at: datetime, *entries: tuple[str, str, Money]) -> None:
    if any(amount for _account, _party, amount in entries):
        book(f"{kind}:{line.pk}", kind=kind, reference=line.pk, entries=entries, at=at, label=_label(line))


def _travelled_with_us(line: OrderLine) -> bool:
    parcel = line.consignment.parcel
    return parcel is not None and is_house_couriers(parcel)


def _keeps_shipping(line: OrderLine) -> bool:
    """Is the shipping of a sale still with the house? The books say it: a parcel may change."""
    keys = LedgerMovement.objects.filter(key__in=[f"shipping:{line.pk}", f"carried:{line.pk}"])
    return set(keys.values_list("kind", flat=True)) == {"shipping"}


def _label_surplus(line: OrderLine) -> Money:
    """This line's share of what the label cost above the shipping paid for all that was in the parcel."""
    parcel = line.consignment.parcel
    price = parcel.label_price if parcel else None
    if price is None or price.currency != line.currency:
        return Money(0, line.currency)
    inside = list(line.consignment.lines.exclude(shipped_at=None).order_by("pk"))
    surplus = max(0, price.minor - sum(each.shipping_minor for each in inside))
    shares = Money(surplus, line.currency).split([1] * len(inside))
    return dict(zip((each.pk for each in inside), shares, strict=True))[line.pk]


def _plant(line: OrderLine, amount: Money) -> tuple[str, str, Money]:
    return "plant", str(line.plant_id), amount


def _book_compensation(line: OrderLine, kind: str, sign: int, at: datetime) -> None:
    amount = line.proceeds * sign
    entries = [("compensation", "", -amount), _plant(line, amount)]
    book(f"{kind}:{line.pk}", kind=kind, reference=line.pk, entries=entries, at=at, label=_label(line))


def _commission(line: OrderLine) -> Money:
    return Money(line.commission_minor, line.currency)


def _commission_vat(line: OrderLine) -> Money:
    return Money(line.commission_vat_minor, line.currency)


def _less(amount: Money, parts: Iterable[int]) -> Money:
    return amount - Money(sum(parts), amount.currency)


def _label(line: OrderLine) -> str:
    return f"{line.order.number} · {line.title}"
