"""The register of bought goods (French penal code 321-7 and R321-3): numbered, append-only, hash-chained."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from backmarket.db import lock
from buyback.models import RegisterEntry, Trade
from refurbishers.models import Refurbisher

FIRST = "0" * 64
PAID_BY_TRANSFER = "bank transfer"


def enter_in_register(trade: Trade, at: datetime) -> RegisterEntry:
    """The entry of a bought device, written once. The plant's row is locked, so the chain never forks."""
    with transaction.atomic():
        plant = lock(Refurbisher.objects.filter(pk=trade.plant_id)).get()
        written = RegisterEntry.objects.filter(trade=trade).first()
        return written or _append(plant, trade, at)


def _append(plant: Refurbisher, trade: Trade, at: datetime) -> RegisterEntry:
    last = RegisterEntry.objects.filter(plant=plant).order_by("-number").first()
    entry = RegisterEntry(
        plant=plant,
        number=last.number + 1 if last else 1,
        trade=trade,
        entered_at=at,
        device=str(trade.variant)[:200],
        identifier=trade.identifier,
        price_minor=trade.price_minor,
        currency=trade.currency,
        payment_means=PAID_BY_TRANSFER,
        seller=_seller(trade),
        previous_hash=last.hash if last else FIRST,
    )
    entry.hash = entry_hash(entry)
    entry.save()
    return entry


def _seller(trade: Trade) -> str:
    person = trade.identity
    return _canonical(
        {
            "name": person.full_name,
            "born": person.birth_date,
            "document": person.document_kind,
            "number": person.document_number,
            "address": trade.address.lines,
        }
    )


def entry_hash(entry: RegisterEntry) -> str:
    """SHA-256 over the entry's canonical JSON, the hash of the previous entry included."""
    content = {
        "plant": str(entry.plant_id),
        "number": entry.number,
        "trade": str(entry.trade_id),
        "entered_at": entry.entered_at.astimezone(UTC).isoformat(),
        "device": entry.device,
        "identifier": entry.identifier,
        "price_minor": entry.price_minor,
        "currency": entry.currency,
        "payment_means": entry.payment_means,
        "seller": entry.seller,
        "previous_hash": entry.previous_hash,
    }
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
