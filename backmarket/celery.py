"""The Celery application: tasks of all apps, the beat's schedule from jobs.py."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backmarket.settings")

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


@app.on_after_finalize.connect
def schedule_jobs(sender: Celery, **kwargs: object) -> None:
    from backmarket.jobs import beat_schedule

    sender.conf.beat_schedule = beat_schedule()
