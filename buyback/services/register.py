"""The register of bought goods (French penal code 321-7 and R321-3): numbered, append-only, hash-chained."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.events.services import Actor, record
from buyback.models import Identity, RegisterEntry, Trade
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


@dataclass(frozen=True)
class SellerShown:
    """Who sold, as the law asks of the register and no more: when they were born stays sealed."""

    name: str
    address: Sequence[str]
    document: str
    number: str

    @property
    def lines(self) -> list[str]:
        """The name opens the address when it is the same."""
        address = [line for line in self.address if line != self.name]
        return [self.name, ", ".join(address), f"{self.document} {self.number}"]


class Opening(models.TextChoices):
    """Who may ask a plant for its register (French penal code 321-7): nobody else is shown who sold."""

    POLICE = "police", _("police or gendarmerie")
    CUSTOMS = "customs", _("customs")
    TAX = "tax", _("tax authority")
    CONSUMER = "consumer_affairs", _("consumer affairs and fraud control")
    COURT = "court", _("a court")


def open_register(
    plant: Refurbisher, entries: Sequence[RegisterEntry], *, reason: str, reference: str, by: Actor, at: datetime
) -> dict[int, SellerShown]:
    """Who sold, by the entry's key, for an authority that asked; that it was opened is recorded, never what it said.

    `reason` is one of Opening, `reference` the number of the request.
    """
    if any(entry.plant_id != plant.pk for entry in entries):
        raise ValueError("A register is opened by its own plant.")
    numbers = [entry.number for entry in entries]
    data = {"reason": reason, "reference": reference, "entries": len(numbers)}
    if numbers:
        data |= {"first": min(numbers), "last": max(numbers)}
    with transaction.atomic():
        record("register.opened", plant, by=by, at=at, data=data)
        return {entry.pk: _unsealed(entry) for entry in entries}


def _unsealed(entry: RegisterEntry) -> SellerShown:
    sealed = json.loads(entry.seller)
    kind = sealed["document"]
    document = str(Identity.Document(kind).label) if kind in Identity.Document.values else kind
    return SellerShown(sealed["name"], sealed["address"], document, sealed["number"])


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
