"""The links of alerts: one opens an alert (confirm, end), one ends all that a recipient waits for.

The second names its recipient sealed, because a guest's alert is gone once it fired and its e-mail's link still has to
work; nobody reads an address in it.
"""

from uuid import UUID

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core import signing
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.crypto import decrypt, encrypt
from catalog.models import Alert

SALT = "catalog.alert"
MAX_AGE_SECONDS = 100 * 24 * 3600


def alert_url(alert: Alert) -> str:
    """A guest's way to one alert."""
    return settings.SITE_URL + reverse("alert-open", args=[signing.dumps(str(alert.pk), salt=SALT)])


def alert_of_link(signed: str) -> UUID | None:
    """None when the link is forged or too old."""
    try:
        return UUID(signing.loads(signed, salt=SALT, max_age=MAX_AGE_SECONDS))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def stop_url(alert: Alert) -> str:
    """One press ends every alert of this recipient (RFC 8058)."""
    whose = f"user:{alert.user_id}" if alert.user_id else f"mail:{alert.email}"
    return settings.SITE_URL + reverse("alert-stop", args=[encrypt(whose)])


def recipient_of_link(sealed: str) -> tuple[User | None, str] | None:
    """The person, or else the mailbox, that a link was sealed for; None when it is forged."""
    try:
        kind, _colon, whom = decrypt(sealed).partition(":")
    except InvalidToken:
        return None
    if kind == "mail":
        return None, whom
    user = User.objects.filter(pk=whom).first() if kind == "user" else None
    return (user, "") if user else None
