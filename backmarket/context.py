"""What every page needs to know."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from backmarket import pagecache
from backmarket.csrf import token_of


def visitor(request: HttpRequest) -> tuple[bool, int]:
    """Whether somebody is signed in, and how many devices the cart holds; a refusal may come before either is known."""
    from orders.selectors import cart_count

    if not hasattr(request, "session"):
        return False, 0
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated, cart_count(request)


def visitor_of(session: Mapping[str, Any]) -> tuple[bool, int] | None:
    """The same of what a session holds; None where the session has to be looked at, or ended."""
    from orders.visitors import of_session

    return of_session(session)


def site(request: HttpRequest) -> dict[str, Any]:
    """Values are lazy where they cost a query: pages that do not print them pay nothing."""
    from django.utils.functional import SimpleLazyObject

    from catalog.selectors.shelves import navigation

    # A page that is kept for everyone gets each visitor's token later.
    is_kept = getattr(request, "keeps_page", False)
    return {
        "csrf_token": pagecache.TOKEN if is_kept else SimpleLazyObject(lambda: token_of(request)),
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "support_email": settings.SUPPORT_EMAIL,
        "demo": settings.ALLOW_SANDBOX,
        "nav_categories": SimpleLazyObject(navigation),
    }
