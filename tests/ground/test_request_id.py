"""One id from the request to the last task that it led to."""

from typing import Any

import structlog

from backmarket.celery import app

QUEUE = "traced"


@app.task(name="tests.ids")
def ids() -> dict[str, Any]:
    return structlog.contextvars.get_contextvars()


def queued() -> dict[str, Any]:
    """The headers of the one message that waits."""
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue(QUEUE).get(timeout=5)
        message.ack()
    return dict(message.headers)


def test_a_task_takes_the_id_of_the_request_that_queues_it_along() -> None:
    with structlog.contextvars.bound_contextvars(request_id="abc12345"):
        ids.apply_async(queue=QUEUE)
    assert queued()["request_id"] == "abc12345"
    ids.apply_async(queue=QUEUE)
    assert "request_id" not in queued()


def test_its_lines_carry_both_ids_and_the_next_task_none() -> None:
    assert ids.apply(task_id="t1", headers={"request_id": "abc12345"}).get() == {
        "task_id": "t1",
        "request_id": "abc12345",
    }
    assert ids.apply(task_id="t2").get() == {"task_id": "t2"}
    assert structlog.contextvars.get_contextvars() == {}
