"""The Celery application: tasks of all apps, the beat's schedule from jobs.py."""

import os

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backmarket.settings")

# Steps below the web server in the machine's order: where they share processors, a person who waits comes first.
NICENESS = 10

app = Celery("backmarket", task_cls="backmarket.request_id:TracedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "backmarket",
        "backmarket.events",
        "backmarket.payments",
        "backmarket.shipping",
        "backmarket.notifications",
        "catalog",
        "buyback",
        "orders",
        "reviews",
    ]
)


@worker_process_init.connect
def give_way(**kwargs: object) -> None:
    os.nice(NICENESS)


@app.on_after_finalize.connect
def schedule_jobs(sender: Celery, **kwargs: object) -> None:
    from backmarket.jobs import beat_schedule

    sender.conf.beat_schedule = beat_schedule()
