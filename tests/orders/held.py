"""What tests of held orders look at: the order, its money, its devices, and what people were told."""

from backmarket.notifications.models import Notification
from backmarket.payments.models import Payment
from backmarket.payments.reconciliation import CHECKS, differences
from catalog.models import Listing
from orders import reconciliation
from orders.models import Hold, Order


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
