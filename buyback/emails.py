"""What the e-mails about a trade are told."""

from typing import Any

from backmarket.notifications.services import send
from django.conf import settings
from django.urls import reverse

from backmarket.events.models import Event
from buyback.guides import HOW_TO_MEND
from buyback.models import CounterOffer, Trade


def send_trade_email(trade: Trade, event: Event, *, template: str, to: str = "") -> None:
    """Write the e-mail `template` about `trade` to its seller, or to `to`; once per event."""
    send(
        template,
        to=to or trade.seller.email,
        context=_context(trade, event),
        key=f"{template}:{event.pk}",
        language=trade.seller.language,
        at=event.happened_at,
    )


def _context(trade: Trade, event: Event) -> dict[str, Any]:
    return {
        "trade": trade,
        "name": trade.seller.get_short_name(),
        "device": str(trade.variant),
        "plant": trade.plant,
        "price": trade.price,
        "quoted": trade.quoted,
        "lowered": trade.price < trade.quoted,
        "offer": CounterOffer.objects.filter(trade=trade).first(),
        "mend": HOW_TO_MEND.get(trade.suspension, ""),
        "data": event.data,
        "pickup": trade.parcel.pickups.first() if trade.parcel else None,
        "url": settings.SITE_URL + reverse("trade", args=[trade.pk]),
        "iban_url": settings.SITE_URL + reverse("trade-iban", args=[trade.pk]),
        "rebook_url": settings.SITE_URL + reverse("trade-rebook", args=[trade.pk]),
    }
