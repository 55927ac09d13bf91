"""Structured logs: one event per line, with the request's or task's id, and no personal data.

JSON for machines, aligned text for people at work. The route is logged instead of the path and the query
instead of nothing: both can carry names, tokens and addresses.
"""

import logging
import logging.config
import re
import sys
import time
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b")
DIGITS = re.compile(r"(?<![\w-])\+?\d(?:[ .]?\d){8,}(?![\w-])")  # telephone, card and IMEI numbers
PROBES = ("livez", "readyz")  # asked every few seconds by machines
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

log = structlog.get_logger(__name__)


def without_personal_data(text: str) -> str:
    """The text with e-mail addresses, bank accounts and long numbers struck out."""
    for pattern, word in ((EMAIL, "<email>"), (IBAN, "<iban>"), (DIGITS, "<number>")):
        text = pattern.sub(word, text)
    return text


def _strike_out(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and key not in ("timestamp", "request_id", "task_id"):
            event[key] = without_personal_data(value)
    return event


def configure(*, json: bool, level: str = "INFO") -> None:
    """Send structlog and the standard library through one chain to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(["status_code"]),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    closing: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if json:
        closing += [structlog.processors.format_exc_info, _strike_out, structlog.processors.JSONRenderer()]
    else:
        closing += [_strike_out, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": closing,
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level.upper()},
            "loggers": {
                "django.request": {"level": "ERROR"},  # refusals are in the request's own line
                "django.server": {"level": "ERROR"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
            },
        }
    )


class RequestIdMiddleware:
    """Give each request an id (the caller's, if well formed), log its end, and answer with the id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        started = time.perf_counter()
        # Not bound_contextvars, which reads every variable of every library first.
        before = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
            route = request.resolver_match.route if request.resolver_match else None
            (log.debug if route in PROBES else log.info)(
                "request",
                method=request.method,
                route=route,
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000),
            )
        finally:
            structlog.contextvars.reset_contextvars(**before)
        response["X-Request-ID"] = request_id
        return response
