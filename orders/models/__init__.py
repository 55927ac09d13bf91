"""Buying a device: carts, orders, lines, guarantees, withdrawals, claims and the plants' settlements."""

from orders.models.aftercare import Guarantee, Withdrawal
from orders.models.carts import Cart, CartItem
from orders.models.changes import CancelRequest
from orders.models.claims import Claim, ClaimMessage
from orders.models.goodwill import PartRefund
from orders.models.holds import FraudRule, Hold
from orders.models.orders import Consignment, Order, OrderLine
from orders.models.settlements import Earning, Settlement

__all__ = [
    "CancelRequest",
    "Cart",
    "CartItem",
    "Claim",
    "ClaimMessage",
    "Consignment",
    "Earning",
    "FraudRule",
    "Guarantee",
    "Hold",
    "Order",
    "OrderLine",
    "PartRefund",
    "Settlement",
    "Withdrawal",
]
