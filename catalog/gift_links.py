"""The link by which a guest gives: it names the item, the list's link it came by, and a key of its own."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.conf import settings
from django.core import signing
from django.urls import reverse

from catalog.models import GiftItem

# A year: whoever promised in January for Christmas can still take it back.
MAX_AGE_SECONDS = 366 * 24 * 3600
SALT = "catalog.gift"


@dataclass(frozen=True)
class GuestLink:
    """What a link says. Only `key` is kept, and only once the guest has promised."""

    item: UUID
    token: UUID
    key: UUID


def guest_url(item: GiftItem) -> str:
    """A new address to put in an e-mail: it promises `item`, and takes the promise back."""
    signed = signing.dumps([str(item.pk), str(item.gift_list.token), str(uuid4())], salt=SALT)
    return settings.SITE_URL + reverse("gift-guest", args=[signed])


def read_guest_link(signed: str) -> GuestLink | None:
    """None when it is forged or older than a year."""
    try:
        return GuestLink(*(UUID(part) for part in signing.loads(signed, salt=SALT, max_age=MAX_AGE_SECONDS)))
    except (signing.BadSignature, ValueError, TypeError):
        return None
