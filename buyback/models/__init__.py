"""Selling a device: bids, quotes, trades, inspections, counter-offers, and the register of bought goods."""

from buyback.models.acceptances import AcceptanceDraft, RegistryCheck
from buyback.models.bids import BidChange, BidRow
from buyback.models.inspections import CounterOffer, DiagnosticsReport, EvidencePhoto, Inspection, SheetDraft
from buyback.models.quotes import Bid, Quote, QuoteBid
from buyback.models.register import RegisterEntry
from buyback.models.tax import TaxFile
from buyback.models.trades import Identity, MessagePhoto, Reminder, Trade, TradeMessage

__all__ = [
    "AcceptanceDraft",
    "Bid",
    "BidChange",
    "BidRow",
    "CounterOffer",
    "DiagnosticsReport",
    "EvidencePhoto",
    "Identity",
    "Inspection",
    "MessagePhoto",
    "Quote",
    "QuoteBid",
    "RegisterEntry",
    "RegistryCheck",
    "Reminder",
    "SheetDraft",
    "TaxFile",
    "Trade",
    "TradeMessage",
]
