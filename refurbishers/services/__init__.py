"""Every write on plants. The two that the apps above push numbers through are named here."""

from refurbishers.services.facts import record_service_fact, withdraw_service_fact
from refurbishers.services.ratings import set_rating

__all__ = ["record_service_fact", "set_rating", "withdraw_service_fact"]
