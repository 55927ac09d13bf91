"""The payment providers, by the name that settings.PAYMENT_GATEWAY and every row carry.

Each is a module with a `Gateway` (see base.PaymentGateway) and two functions about its webhooks:
`read_webhook(body, headers) -> str` verifies the signature (raises inbox.BadSignature) and returns the provider's
event id; `subject_of(body) -> tuple[kind, id] | None` says which "payment" or "refund" of ours it is about.
"""

from importlib import import_module
from types import ModuleType

from backmarket.errors import GatewayError
from backmarket.payments.gateways.base import PaymentGateway

NAMES = ("sandbox", "stripe")


def module(name: str) -> ModuleType:
    if name not in NAMES:
        raise GatewayError(f"There is no payment gateway named {name!r}.")
    return import_module(f"backmarket.payments.gateways.{name}")


def gateway(name: str) -> PaymentGateway:
    adapter: PaymentGateway = module(name).Gateway()
    return adapter
