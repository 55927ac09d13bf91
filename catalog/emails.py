"""E-mails to shoppers who have no account, or wait for a device."""

from datetime import datetime
from uuid import uuid4

from django.conf import settings

from backmarket.notifications.services import send
from catalog.alert_links import alert_url, stop_url
from catalog.gift_links import guest_url
from catalog.models import Alert, Buyable, GiftItem


def send_gift_link(item: GiftItem, *, to: str, language: str | None, at: datetime) -> None:
    """The link by which a guest gives `item`. Its list is joined."""
    context = {"item": item, "gift_list": item.gift_list, "url": guest_url(item)}
    language = language or settings.LANGUAGE_CODE
    send("gift_link", to=to, context=context, key=f"gift-link:{uuid4()}", language=language, at=at)


def send_alert_link(alert: Alert, *, at: datetime) -> None:
    """The link by which a guest confirms an alert."""
    context = {"alert": alert, "url": alert_url(alert)}
    key = f"alert-link:{alert.pk}"
    send("alert_confirm", to=alert.email, context=context, key=key, language=settings.LANGUAGE_CODE, at=at)


def send_alert(alert: Alert, buyable: Buyable, *, event: int, at: datetime) -> None:
    """The news that this alert waited for; the event that brought it is part of the key."""
    stop = stop_url(alert)
    send(
        "alert",
        to=alert.user.email if alert.user else alert.email,
        context={
            "alert": alert, "buyable": buyable, "url": f"{settings.SITE_URL}{buyable.url}", "stop_url": stop,
        },
        key=f"alert:{alert.pk}:{event}",
        language=alert.user.language if alert.user else settings.LANGUAGE_CODE,
        at=at,
        unsubscribe_url=stop,
    )  # fmt: skip
