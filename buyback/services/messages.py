"""Words and pictures between a seller and a plant about one trade."""

from collections.abc import Sequence
from datetime import datetime

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.errors import DomainError
from backmarket.events.services import record
from buyback.models import MessagePhoto, Trade, TradeMessage
from buyback.services.evidence import cleaned

MAX_PHOTOS = 6


class CannotWrite(DomainError):
    code = "cannot_write"
    default_message = _("Write a few words first.")


def write_message(
    trade: Trade, *, author: User, from_plant: bool, text: str, at: datetime, photos: Sequence[File] = ()
) -> TradeMessage:
    """Keep the message with its pictures and tell the other side.

    Raises CannotWrite on `text` when it is empty, on `photos` when there are more than six, and InvalidPhoto.
    """
    if not text.strip():
        raise CannotWrite(field="text")
    if len(photos) > MAX_PHOTOS:
        raise CannotWrite(_("A message holds at most six photos."), field="photos")
    images = cleaned(photos)
    with transaction.atomic():
        message = TradeMessage.objects.create(
            trade=trade, author=author, from_plant=from_plant, text=text.strip(), created_at=at
        )
        for position, image in enumerate(images):
            MessagePhoto.objects.create(message=message, image=image, position=position)
        record("trade.message", trade, by=author, at=at, data={"message": message.pk, "from_plant": from_plant})
    return message
