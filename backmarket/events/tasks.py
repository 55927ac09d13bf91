from celery import shared_task

from backmarket import timetravel
from backmarket.events import inbox, services


@shared_task
def publish() -> None:
    services.publish_woken()


@shared_task
def deliver(delivery_id: int) -> None:
    services.deliver(delivery_id)


@shared_task
def handle_webhook(webhook_id: int) -> None:
    inbox.handle_webhook(webhook_id, at=timetravel.now())
