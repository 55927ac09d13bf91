"""What an invoice will say, before it has its number."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from backmarket.invoices.models import HOUSE, Invoice, Kind
from backmarket.market import calendar
from backmarket.money import Money

SeriesKey = tuple[str, str, int]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that is invoiced or credited. `gross` includes `vat` and `shipping`, which includes `express`; `bps` is
    the rate shown.

    `scheme` says why: regular, margin, export, reverse (charge) or outside (the Union). `subject` is an order line.
    """

    subject: str
    what: str
    number: str
    gross: Money
    vat: Money
    bps: int
    country: str
    scheme: str
    shipping: Money | None = None
    express: Money | None = None
    guarantee_months: int | None = None

    @property
    def facts(self) -> dict[str, Any]:
        more = {"shipping_minor": self.shipping.minor} if self.shipping else {}
        if self.express:
            more["express_minor"] = self.express.minor
        if self.guarantee_months:
            more["guarantee_months"] = self.guarantee_months
        return {
            "subject": self.subject, "what": self.what, "number": self.number, "gross_minor": self.gross.minor,
            "vat_minor": self.vat.minor, "bps": self.bps, "country": self.country, "scheme": self.scheme, **more,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Draft:
    """`key` names the cause once for ever; `issuer` and `recipient` are snapshots (see shapes.py)."""

    kind: Kind
    key: str
    party: UUID
    reference: UUID
    language: str
    issuer: dict[str, Any]
    recipient: dict[str, Any]
    lines: list[Line]
    issued_at: datetime
    facts: dict[str, Any] = field(default_factory=dict)
    corrects: Invoice | None = None

    @property
    def series(self) -> SeriesKey:
        """The legal entity, the kind, and the year of the market."""
        issuer = HOUSE if self.kind in Invoice.HOUSES else str(self.party)
        return issuer, str(self.kind), calendar().local(self.issued_at).year
