"""What a seller gives to sell a device, as one thing: kept sealed between two pages, and shown masked. No writes."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from backmarket.accounts.models import Address
from backmarket.shipping.models import Pickup
from backmarket.shipping.services import Slot
from buyback.identifiers import BankAccount, bank_account, masked_number
from buyback.models import Identity, Trade
from buyback.services.trades import IdentityData
from refurbishers.models import Refurbisher


@dataclass(frozen=True)
class KnownSeller:
    """Who sells and who is paid; the properties are what may be shown of it."""

    identity: IdentityData
    holder: str
    iban: str

    @property
    def document(self) -> str:
        return str(Identity.Document(self.identity.document_kind).label)

    @property
    def document_number(self) -> str:
        return masked_number(self.identity.document_number)

    @property
    def birth_year(self) -> int:
        return self.identity.birth_date.year

    @property
    def account(self) -> BankAccount:
        return bank_account(self.iban)


@dataclass(frozen=True)
class Details:
    """All that a seller gives; without `slot` and `visit` the parcel is dropped off. `address` has no person yet."""

    plant: Refurbisher
    identifier: str
    seller: KnownSeller
    address: Address
    slot: Slot | None = None
    visit: Pickup | None = None


ADDRESS = ("name", "line1", "line2", "postcode", "city", "country", "phone")


def sealed(details: Details) -> str:
    """The text that an encrypted column keeps; `unsealed` reads it."""
    person, slot = details.seller.identity, details.slot
    facts: dict[str, Any] = {
        "plant": str(details.plant.pk),
        "identifier": details.identifier,
        "full_name": person.full_name,
        "birth_date": person.birth_date.isoformat(),
        "document_kind": person.document_kind,
        "document_number": person.document_number,
        "holder": details.seller.holder,
        "iban": details.seller.iban,
        "address": {name: str(getattr(details.address, name) or "") for name in ADDRESS},
        "slot": [slot.start.isoformat(), slot.end.isoformat()] if slot else None,
        "visit": str(details.visit.pk) if details.visit else None,
    }
    return json.dumps(facts)


def unsealed(text: str) -> Details:
    facts = json.loads(text)
    slot = [datetime.fromisoformat(instant) for instant in facts["slot"] or ()]
    return Details(
        plant=Refurbisher.objects.get(pk=facts["plant"]),
        identifier=facts["identifier"],
        seller=KnownSeller(
            IdentityData(
                facts["full_name"],
                date.fromisoformat(facts["birth_date"]),
                facts["document_kind"],
                facts["document_number"],
            ),
            facts["holder"],
            facts["iban"],
        ),
        address=Address(**facts["address"]),
        slot=Slot(*slot) if slot else None,
        visit=Pickup.objects.filter(pk=facts["visit"]).first() if facts["visit"] else None,
    )


def seller_of(trade: Trade) -> KnownSeller:
    """Who sold before: offered again, so that a second device needs only its number."""
    person = trade.identity
    identity = IdentityData(
        person.full_name, date.fromisoformat(person.birth_date), person.document_kind, person.document_number
    )
    return KnownSeller(identity, trade.holder, trade.iban)
