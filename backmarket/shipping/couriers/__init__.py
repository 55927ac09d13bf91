"""The couriers, by the name that settings.COURIER_GATEWAY and rows carry.

Each is a module with a `Courier` (see base.Courier) and two functions about its webhooks: `read_webhook(body, headers)`
verifies the signature (raises inbox.BadSignature) and returns the event id; `scan_of(body) -> Scan | None` reads it.
"""

from importlib import import_module
from types import ModuleType

from django.conf import settings

from backmarket.errors import GatewayError
from backmarket.shipping.couriers.base import Courier

NAMES = ("sandbox",)


def module(name: str) -> ModuleType:
    if name not in NAMES:
        raise GatewayError(f"There is no courier named {name!r}.")
    return import_module(f"backmarket.shipping.couriers.{name}")


def courier(name: str = "") -> Courier:
    """The courier of that name; the house courier follows the parcels of those that we have no contract with."""
    adapter: Courier = module(name if name in NAMES else settings.COURIER_GATEWAY).Courier()
    return adapter
