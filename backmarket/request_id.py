"""The id of the request that started something travels with the tasks it queues, and theirs, into every log line."""

from typing import Any

import structlog
from celery import Task

HEADER = "request_id"


class TracedTask(Task):
    """A task whose lines carry its own id, and the id of the request (if any) that led to it."""

    abstract = True

    def apply_async(self, *args: Any, headers: dict[str, Any] | None = None, **options: Any) -> Any:
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        known = {HEADER: request_id} if request_id else {}
        # Nobody reads what its arguments look like, which Celery would write into the message beside them.
        shown = {"argsrepr": "", "kwargsrepr": "", **options}
        return super().apply_async(*args, headers={**known, **(headers or {})}, **shown)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Not the parent's: that one would take the task for one called by hand, which is never tried again."""
        ids = {"task_id": self.request.id, "request_id": (self.request.headers or {}).get(HEADER)}
        with structlog.contextvars.bound_contextvars(**{name: value for name, value in ids.items() if value}):
            return self.run(*args, **kwargs)
