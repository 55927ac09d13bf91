"""When two requests stand in each other's way: nothing was done, and whoever lost is told so kindly, never a 500."""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

log = structlog.get_logger(__name__)

DEADLOCK, LOCK_TIMEOUT = "40P01", "55P03"
RETRY_AFTER = "5"
# At most so many seconds before the second and the third try.
PAUSES = (0.1, 0.4)


def _code(error: BaseException) -> str:
    return getattr(error.__cause__, "pgcode", "") or "" if isinstance(error, OperationalError) else ""


def is_contention(error: BaseException) -> bool:
    """Did the database give up on a lock? The transaction is undone then, and the same may well succeed later."""
    return _code(error) in (DEADLOCK, LOCK_TIMEOUT)


def retried(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Try a view again, twice, when it lost a deadlock. Who has waited for a lock in vain has waited long enough.

    For views whose writes are one transaction: what was undone is done again, and nothing twice.
    """

    @wraps(view)
    def tried(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        for pause in PAUSES:
            try:
                return view(request, *args, **kwargs)
            except OperationalError as error:
                if _code(error) != DEADLOCK:
                    raise
                time.sleep(random.uniform(0, pause))  # noqa: S311 - only so that two do not meet again
        return view(request, *args, **kwargs)

    return tried


class SayBusy:
    """The page for whoever waited in vain: 409, nothing done, try again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not is_contention(error):
            return None
        log.warning("lock_not_had", path=request.path, code=_code(error))
        response = render(request, "errors/409.html", status=409)
        response["Retry-After"] = RETRY_AFTER
        return response
