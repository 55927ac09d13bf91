"""What tests of held orders look at: the order, its money, its devices, and what people were told."""

from typing import Any

from django.test import Client

from backmarket.notifications.models import Notification
from backmarket.payments.models import Payment
from backmarket.payments.reconciliation import CHECKS, differences
from catalog.models import Listing
from orders import reconciliation
from orders.models import Hold, Order
from tests.admin.rows import act, url


def mails() -> list[str]:
    return sorted(Notification.objects.values_list("template", flat=True))


def stock(listing: Listing) -> tuple[int, int]:
    listing.refresh_from_db()
    return listing.on_hand, listing.reserved


def end_of(order: Order) -> tuple[str, set[str], str, str]:
    """The order, its lines, its payment, its hold."""
    order.refresh_from_db()
    lines = set(order.lines.values_list("status", flat=True))
    payment = Payment.objects.filter(reference=order.pk).latest("created_at")
    return order.payment_status, lines, payment.status, Hold.objects.get(order=order).status


def no_difference() -> bool:
    return list(differences({**CHECKS, **reconciliation.CHECKS})) == []


def decide(desk: Client, hold: Hold, step: str, **data: Any) -> Any:
    """Open the page of the decision and send what it shows, as a person does; decided already, it is sent blindly."""
    page = desk.get(url("desk", hold, "step", step))
    seen = page.context["form"]["seen"].value() if page.status_code == 200 else ""
    return act(desk, hold, step, "desk", seen=seen, **data)
