from celery import shared_task

from backmarket.events import services


@shared_task
def publish() -> None:
    services.publish_pending()


@shared_task
def deliver(delivery_id: int) -> None:
    services.deliver(delivery_id)
