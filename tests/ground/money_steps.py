"""Steps that tests of money share: a payment as a buyer would make it."""

from datetime import datetime
from uuid import UUID, uuid4

from backmarket.money import Money
from backmarket.payments import services
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import Payment, SandboxIntent
from backmarket.payments.selectors import balance

CARD = "4242 4242 4242 4242"
RETURN = "/checkout/back/"


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def at_provider() -> Money:
    """The ledger's word on the provider, as if it took no fees."""
    return balance("gateway") + balance("gateway_fee")


def opened(at: datetime, minor: int = 10_000, reference: UUID | None = None) -> tuple[Payment, SandboxIntent]:
    """A payment whose bank page is open."""
    payment = services.request_payment(
        purpose="order", reference=reference or uuid4(), amount=eur(minor), by="guest", at=at
    )
    services.open_payment(payment, return_url=RETURN, at=at)
    return payment, SandboxIntent.objects.get(pk=payment.gateway_id)


def captured(at: datetime, minor: int = 10_000) -> Payment:
    """A payment that was paid and settled."""
    payment, intent = opened(at, minor)
    sandbox.pay(intent, CARD)
    return services.settle_payment(payment.pk, at=at)
