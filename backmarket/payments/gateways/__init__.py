"""The payment providers, by the name that settings.PAYMENT_GATEWAY, settings.PAYOUT_GATEWAY and every row carry.

Each is a module with a `Gateway` (see base.PaymentGateway) and two functions about its webhooks:
`read_webhook(body, headers) -> str` verifies the signature (raises inbox.BadSignature) and returns the provider's
event id; `subject_of(body) -> tuple[kind, id] | None` says which "payment" or "refund" of ours it is about, or which
"payout", "dispute", "account" or "transfer", or the "refunds" of which payment, by the provider's id of it.
"""

from importlib import import_module
from types import ModuleType

from django.utils.module_loading import import_string

from backmarket.errors import GatewayError
from backmarket.payments.gateways.base import ConnectGateway, DisputeGateway, PaymentGateway, PayoutGateway

NAMES = ("sandbox", "stripe")
PAYOUTS = {
    "sandbox": "backmarket.payments.gateways.sandbox.Gateway",
    "stripe": "backmarket.payments.gateways.stripe_payouts.Payouts",
    "sandbox_connect": "backmarket.payments.gateways.sandbox_connect.Connect",
    "stripe_connect": "backmarket.payments.gateways.stripe_connect.Connect",
}
DISPUTES = {
    "sandbox": "backmarket.payments.gateways.sandbox_disputes.Disputes",
    "stripe": "backmarket.payments.gateways.stripe_disputes.Disputes",
}
# Who keeps the payees' own accounts, by the name of who takes the payments.
CONNECT = {"sandbox": "sandbox_connect", "stripe": "stripe_connect"}
# Nobody is called: people make a file of what is due, hand it to the bank, and read what it answers.
BY_FILE = "sepa"


def module(name: str) -> ModuleType:
    if name not in NAMES:
        raise GatewayError(f"There is no payment gateway named {name!r}.")
    return import_module(f"backmarket.payments.gateways.{name}")


def gateway(name: str) -> PaymentGateway:
    adapter: PaymentGateway = module(name).Gateway()
    return adapter


def payout_gateway(name: str) -> PayoutGateway:
    if name not in PAYOUTS:
        raise GatewayError(f"There is no payout gateway named {name!r}.")
    adapter: PayoutGateway = import_string(PAYOUTS[name])()
    return adapter


def dispute_gateway(name: str) -> DisputeGateway:
    if name not in DISPUTES:
        raise GatewayError(f"There are no disputes at {name!r}.")
    adapter: DisputeGateway = import_string(DISPUTES[name])()
    return adapter


def connect_gateway(name: str) -> ConnectGateway:
    if name not in CONNECT.values():
        raise GatewayError(f"There are no accounts at {name!r}.")
    adapter: ConnectGateway = import_string(PAYOUTS[name])()
    return adapter
