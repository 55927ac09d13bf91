"""Words between a seller and a plant about one trade."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.errors import DomainError
from backmarket.events.services import record
from buyback.models import Trade, TradeMessage


class CannotWrite(DomainError):
    code = "cannot_write"
    default_message = _("Write a few words first.")


def write_message(trade: Trade, *, author: User, from_plant: bool, text: str, at: datetime) -> TradeMessage:
    """Keep the message and tell the other side. Raises CannotWrite when it is empty."""
    if not text.strip():
        raise CannotWrite(field="text")
    with transaction.atomic():
        message = TradeMessage.objects.create(
            trade=trade, author=author, from_plant=from_plant, text=text.strip(), created_at=at
        )
        record("trade.message", trade, by=author, at=at, data={"message": message.pk, "from_plant": from_plant})
    return message
