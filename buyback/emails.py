"""What the e-mails about a trade are told."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from backmarket.events.models import Event
from backmarket.notifications.services import send
from backmarket.shipping.selectors import latest_pickup
from buyback.due import CLOCKED, due_at, last_minute
from buyback.guides import HOW_TO_MEND
from buyback.models import CounterOffer, Trade
from catalog.impact import avoided


def send_trade_email(trade: Trade, event: Event, *, template: str, to: str = "", key: str = "") -> None:
    """Write the e-mail `template` about `trade` to its seller, or to `to`; once per event, or per `key`."""
    send(
        template,
        to=to or trade.seller.email,
        context=_context(trade, event),
        key=key or f"{template}:{event.pk}",
        language=settings.LANGUAGE_CODE if to else trade.seller.language,
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
        "due": last_minute(_due(trade, event)),
        "pickup": latest_pickup(trade.parcel) if trade.parcel else None,
        "url": settings.SITE_URL + reverse("trade", args=[trade.pk]),
        "again_url": settings.SITE_URL + reverse("sell-questions", args=[trade.variant.sku]),
        "avoided": avoided(trade.variant.product.category.impact),
        "certificate_url": settings.SITE_URL + reverse("trade-certificate", args=[trade.pk]),
        "label_url": settings.SITE_URL + reverse("trade-label", args=[trade.pk]),
        "plant_url": f"{settings.SITE_URL}/plant/",
        "address_url": settings.SITE_URL + reverse("trade-address", args=[trade.pk]),
        "iban_url": settings.SITE_URL + reverse("trade-iban", args=[trade.pk]),
        "rebook_url": settings.SITE_URL + reverse("trade-rebook", args=[trade.pk]),
    }


def _due(trade: Trade, event: Event) -> datetime | None:
    """The deadline that began with the event, whatever has happened since; else the trade's own."""
    status = event.kind.removeprefix("trade.")
    return due_at(status, event.happened_at) if status in CLOCKED else trade.due_at
