"""Plants: who they are, what they signed, what they did, and where they stand on the ladder."""

from refurbishers.models.facts import Measurement, ServiceFact
from refurbishers.models.plants import Invitation, Member, Refurbisher, StatementOfReasons
from refurbishers.models.specifications import Clause, Signature, Specification
from refurbishers.models.terms import CommissionTerm

__all__ = [
    "Clause",
    "CommissionTerm",
    "Invitation",
    "Measurement",
    "Member",
    "Refurbisher",
    "ServiceFact",
    "Signature",
    "Specification",
    "StatementOfReasons",
]
