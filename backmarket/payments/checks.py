"""What a deployment with Stripe must not be without."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

NEEDED = ("STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET")


@register(Tags.security, deploy=True)
def stripe_is_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without the one no buyer can type a card, without the other nobody is told that they have paid."""
    if not settings.STRIPE_SECRET_KEY:
        return []
    missing = [name for name in NEEDED if not getattr(settings, name)]
    return [Error(f"STRIPE_SECRET_KEY is set and {name} is not.", id="payments.E001") for name in missing]
