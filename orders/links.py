"""The links that open an order: its page for a person with an account, a signed and dated one for a guest."""

from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse

from orders.models import Order

MAX_AGE_SECONDS = 90 * 24 * 3600
_signer = TimestampSigner(salt="orders.guest")


def guest_token(order: Order) -> str:
    """Half of a guest's key: the other half is the postcode of the order's address."""
    return _signer.sign(str(order.pk))


def order_of_token(token: str) -> UUID | None:
    """The order that a link was made for; None when it is forged or older than 90 days."""
    try:
        return UUID(_signer.unsign(token, max_age=MAX_AGE_SECONDS))
    except (BadSignature, ValueError):
        return None


def order_url(order: Order) -> str:
    """The absolute address to put in an e-mail."""
    if order.buyer_id is None:
        return settings.SITE_URL + reverse("guest-order-open", args=[guest_token(order)])
    return settings.SITE_URL + reverse("order", args=[order.pk])
