"""What every page needs to know."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Values are lazy where they cost a query: pages that do not print them pay nothing."""
    from django.utils.functional import SimpleLazyObject

    from catalog.selectors.shelves import navigation
    from orders.selectors import cart_count

    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "support_email": settings.SUPPORT_EMAIL,
        "demo": settings.ALLOW_SANDBOX,
        "nav_categories": SimpleLazyObject(navigation),
        "cart_count": SimpleLazyObject(lambda: cart_count(request)),
    }
