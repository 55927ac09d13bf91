"""What is paid by credit alone: nobody is asked, and what the buyer has confirmed is paid. See base.PaymentGateway.

No setting names it, and it has no webhooks: a payment of nothing but credit is its own (see request_payment).
"""

from backmarket.money import Money
from backmarket.payments.gateways.base import Checkout, KnownRefund, Outcome, Report, State, Transfer
from backmarket.payments.models import Payment, Refund


class Gateway:
    def checkout(self, payment: Payment, *, return_url: str) -> Checkout:
        return Checkout(f"credit_{payment.pk.hex}", return_url)

    def status(self, payment: Payment) -> Report:
        by_hand = payment.capture == Payment.Capture.MANUAL
        return self._report(payment, State.AUTHORISED if by_hand else State.CAPTURED)

    def capture(self, payment: Payment) -> Report:
        return self._report(payment, State.CAPTURED)

    def cancel(self, payment: Payment) -> Report:
        return self._report(payment, State.CANCELLED)

    def refund(self, refund: Refund) -> Transfer:
        return Transfer("", Outcome.DONE)

    def refunds(self, payment: Payment) -> list[KnownRefund]:
        return []

    @staticmethod
    def _report(payment: Payment, state: State) -> Report:
        return Report(state, Money(0, payment.currency))
