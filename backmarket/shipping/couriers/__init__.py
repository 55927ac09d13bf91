"""The couriers, by the name that settings.COURIER_GATEWAY and rows carry. Each is a module with a `Courier`."""

from importlib import import_module

from django.conf import settings

from backmarket.errors import GatewayError
from backmarket.shipping.couriers.base import Courier

NAMES = ("sandbox", "easypost")


def follower(name: str) -> str:
    """Who follows that courier's parcels: itself, or the house courier where we have no contract with it."""
    return name if name in NAMES else settings.COURIER_GATEWAY


def courier(name: str = "") -> Courier:
    return known_courier(follower(name))


def known_courier(name: str) -> Courier:
    """The courier of exactly that name; raises GatewayError for one that we do not work with."""
    if name not in NAMES:
        raise GatewayError(f"There is no courier named {name!r}.")
    adapter: Courier = import_module(f"backmarket.shipping.couriers.{name}").Courier()
    return adapter
