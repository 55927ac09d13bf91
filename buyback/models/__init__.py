"""Selling a device: bids, quotes, trades, inspections, counter-offers, and the register of bought goods."""

from buyback.models.inspections import CounterOffer, EvidencePhoto, Inspection
from buyback.models.quotes import Bid, Quote, QuoteBid
from buyback.models.register import RegisterEntry
from buyback.models.trades import Identity, Trade, TradeMessage

__all__ = [
    "Bid",
    "CounterOffer",
    "EvidencePhoto",
    "Identity",
    "Inspection",
    "Quote",
    "QuoteBid",
    "RegisterEntry",
    "Trade",
    "TradeMessage",
]
