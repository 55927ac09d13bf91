from celery import shared_task

from backmarket import timetravel
from backmarket.notifications import services


@shared_task
def send_mail() -> None:
    services.send_pending_mail(timetravel.now())
