"""Plants: who they are, what they signed, what they did, and where they stand on the ladder."""

from refurbishers.models.facts import Measurement, ServiceFact
from refurbishers.models.plants import Member, Refurbisher, StatementOfReasons
from refurbishers.models.specifications import Clause, Signature, Specification

__all__ = [
    "Clause",
    "Measurement",
    "Member",
    "Refurbisher",
    "ServiceFact",
    "Signature",
    "Specification",
    "StatementOfReasons",
]
