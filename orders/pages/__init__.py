"""What the order page and the claim page show: what happened, what comes next, and what the buyer may do."""

from orders.pages.claims import claim_page
from orders.pages.device import device_page
from orders.pages.orders import order_page

__all__ = ["claim_page", "device_page", "order_page"]
