"""What a delivered line earns its plant, what a refund takes back, what a bought device costs, what a plant pays."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Sum

from backmarket.money import Money
from backmarket.payments.models import LedgerMovement
from backmarket.payments.services import book
from backmarket.taxes import share_of
from orders.models import Earning, OrderLine, PartRefund

PROCEEDS_DUE_AFTER = timedelta(days=OrderLine.PROCEEDS_DUE_AFTER_DAYS)
# The buyers' money is one pot: what a payment brought in, its lines and refunds take out.
BUYERS = ""
# The two movements of a sale that the courier lost, and of one that it brought back to its plant after all.
LOST, FOUND = "lost_sale", "found_sale"


def earn_sale(line: OrderLine, *, at: datetime) -> None:
    """The buyer's money becomes the plant's proceeds and the house's commission; due 14 days after delivery."""
    _book_sale(line, at)
    _earn(line, line.proceeds, at)
    if line.parts_minor:  # given back while it was on its way
        for part in PartRefund.objects.filter(line=line):
            bear_part(part, at=at)


def charge_label(line: OrderLine, *, at: datetime) -> None:
    """A delivered device bears its share of what our courier asked for the parcel's label: the plant has the shipping
    that its customer paid, and the price of the label is kept for the courier. Only once; a refund gives none back."""
    share = _label_share(line)
    if not share:
        return
    entries = [("plant", str(line.plant_id), -share), ("shipping", "", share)]
    book(f"label:{line.pk}", kind="label", reference=line.pk, entries=entries, at=at, label=_label(line))
    facts = {"plant_id": line.plant_id, "amount_minor": -share.minor, "currency": line.currency}
    facts |= {"due_at": at + PROCEEDS_DUE_AFTER, "created_at": at}
    Earning.objects.get_or_create(line=line, kind=Earning.Kind.LABEL, defaults=facts)


def _label_share(line: OrderLine) -> Money:
    """Nothing where the plant's own courier carried it, or ours asks in a currency for which no rate was agreed."""
    parcel = line.consignment.parcel
    price = parcel.label_price if parcel else None
    if price is None or price.currency != line.currency:
        return Money(0, line.currency)
    inside = list(line.consignment.lines.exclude(shipped_at=None).order_by("pk").values_list("pk", flat=True))
    return dict(zip(inside, price.split([1] * len(inside)), strict=True))[line.pk]


def compensate_sale(line: OrderLine, *, at: datetime) -> None:
    """The courier lost what the buyer is paid back for: the house, whose parcel was insured, pays the plant's proceeds,
    but not for express that did not arrive.

    Due as a delivery's would be, so that what is found until then needs no money back. Only once.
    """
    _book_compensation(line, LOST, 1, at)
    _earn(line, _compensation(line), at)


def is_compensated(line: OrderLine) -> bool:
    """Has the house paid the plant for it, and not taken that back?"""
    keys = LedgerMovement.objects.filter(key__in=[f"{LOST}:{line.pk}", f"{FOUND}:{line.pk}"])
    return set(keys.values_list("kind", flat=True)) == {LOST}


def take_back_compensation(line: OrderLine, *, at: datetime) -> None:
    """The plant has its device again; nothing when it was never paid for it."""
    if is_compensated(line):
        _book_compensation(line, FOUND, -1, at)
        _unearn(line, _compensation(line), at)


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
    cancel out. What the house had borne of it in part comes back to the house."""
    parts = list(PartRefund.objects.filter(line=line))
    borne = [part.amount_minor for part in parts if part.borne_by == PartRefund.Bearer.HOUSE]
    plants = _less(line.proceeds, (part.plant_minor for part in parts))
    entries = [
        ("buyer", BUYERS, line.rest),
        ("compensation", "", Money(sum(borne), line.currency)),
        ("plant", str(line.plant_id), -plants),
        ("commission", "", -_less(_commission(line), (part.commission_minor for part in parts))),
        ("commission_vat", "", -_less(_commission_vat(line), (part.commission_vat_minor for part in parts))),
    ]
    book(f"unsale:{line.pk}", kind="unsale", reference=line.pk, entries=entries, at=at, label=_label(line))
    _unearn(line, plants, at)


def shares_of_part(part: PartRefund) -> tuple[int, int, int]:
    """What of a new refund in part is the plant's, of the commission and of its VAT, in minor units.

    Each is what is due for all that the plant has borne so far, less what it had before, so that the roundings never
    add up to more than there was. A surcharge for express that went back is in neither: it brought no commission.
    """
    if part.borne_by == PartRefund.Bearer.HOUSE:
        return 0, 0, 0
    line, before = part.line, PartRefund.objects.filter(line=part.line, borne_by=PartRefund.Bearer.PLANT)
    express = before.filter(reason=PartRefund.Reason.EXPRESS).aggregate(minor=Sum("amount_minor"))["minor"] or 0
    rows = before.exclude(reason=PartRefund.Reason.EXPRESS)
    sums = rows.values_list("amount_minor", "commission_minor", "commission_vat_minor")
    amount, commission, vat = (sum(each) for each in zip((0, 0, 0), *sums, strict=True))
    borne, whole = amount + part.amount_minor, line.gross.minor - express
    both = share_of(_commission(line) + _commission_vat(line), borne, whole).minor - commission - vat
    mine = share_of(_commission(line), borne, whole).minor - commission
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
    is_express = part.reason == PartRefund.Reason.EXPRESS
    kind = "express_back" if is_express else "part"
    book(f"part:{part.pk}", kind=kind, reference=line.pk, entries=entries, at=at, label=_label(line))
    if part.borne_by == PartRefund.Bearer.PLANT:
        sale = Earning.objects.filter(line=line, kind=Earning.Kind.SALE, settlement=None, due_at__gt=at).first()
        facts = {"plant_id": line.plant_id, "line": line, "amount_minor": -part.plant_minor, "currency": part.currency}
        facts |= {"due_at": sale.due_at if sale else at, "created_at": at}
        facts |= {"label": part.reason} if is_express else {}
        Earning.objects.get_or_create(kind=Earning.Kind.PART, reference=part.pk, defaults=facts)


def _unearn(line: OrderLine, amount: Money, at: datetime) -> None:
    """`amount` is what is left of the sale; all of it that is not settled yet falls due at once."""
    earned = Earning.objects.filter(line=line, kind__in=[Earning.Kind.SALE, Earning.Kind.PART])
    earned.filter(settlement=None, due_at__gt=at).update(due_at=at)
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
        ("buyer", BUYERS, -line.gross),
        ("plant", str(line.plant_id), line.proceeds),
        ("commission", "", _commission(line)),
        ("commission_vat", "", _commission_vat(line)),
    ]
    book(f"sale:{line.pk}", kind="sale", reference=line.pk, entries=entries, at=at, label=_label(line))


def _book_compensation(line: OrderLine, kind: str, sign: int, at: datetime) -> None:
    amount = _compensation(line) * sign
    entries = [("compensation", "", -amount), ("plant", str(line.plant_id), amount)]
    book(f"{kind}:{line.pk}", kind=kind, reference=line.pk, entries=entries, at=at, label=_label(line))


def _compensation(line: OrderLine) -> Money:
    return line.proceeds - line.surcharge


def _commission(line: OrderLine) -> Money:
    return Money(line.commission_minor, line.currency)


def _commission_vat(line: OrderLine) -> Money:
    return Money(line.commission_vat_minor, line.currency)


def _less(amount: Money, parts: Iterable[int]) -> Money:
    return amount - Money(sum(parts), amount.currency)


def _label(line: OrderLine) -> str:
    return f"{line.order.number} · {line.title}"
