"""Orders that are paid at the server which stands in for Stripe."""

from datetime import datetime

from backmarket.payments.models import Payment
from backmarket.payments.services import open_payment, settle_payment
from orders.models import Order
from tests.ground.stripe_server import StripeServer


def pay_at(bank: StripeServer, order: Order, *, at: datetime) -> Payment:
    """Its buyer pays by card; what follows from that waits to be drained."""
    payment = Payment.objects.get(reference=order.pk)
    open_payment(payment, return_url="", at=at)
    payment.refresh_from_db()
    bank.confirm(payment.gateway_id)
    settle_payment(payment.pk, at=at)
    return payment
