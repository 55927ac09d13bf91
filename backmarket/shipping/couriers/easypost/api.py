"""How EasyPost is asked: its client, what its refusals mean, and the files it points to."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from easypost.easypost_client import EasyPostClient
from easypost.errors.api.api_error import ApiError
from easypost.errors.api.not_found_error import NotFoundError
from requests.adapters import HTTPAdapter

from backmarket.errors import GatewayError

MAX_LABEL = 5 * 1024 * 1024
# Refusals that mean "not now". Those of our own account (401, 402, 403) pass once it is put in order: nobody who waits
# at the door is told "no" because of a bill.
PASSING_CODES = {
    "ADDRESS.VERIFY.UNAVAILABLE", "BATCH.STATE.CREATING", "REFUND.NO_RESPONSE", "SHIPMENT.POSTAGE.NO_RESPONSE",
    "SHIPMENT.POSTAGE.TIMED_OUT", "SHIPMENT.PURCHASE.IN_PROGRESS",
}  # fmt: skip
PASSING_STATUS = {401, 402, 403, 408, 409, 425, 429}
Answer = dict[str, Any]


def client() -> EasyPostClient:
    """EASYPOST_API_BASE points it to a stand-in."""
    base = {"api_base": settings.EASYPOST_API_BASE} if settings.EASYPOST_API_BASE else {}
    seconds = settings.EASYPOST_TIMEOUT  # the library's type is narrower than what it does with it
    api = EasyPostClient(settings.EASYPOST_API_KEY, timeout=seconds, **base)  # type: ignore[arg-type]
    # By itself it waits for each answer up to four times; here whoever asks comes again later.
    for prefix in list(api._requests_session.adapters):
        api._requests_session.mount(prefix, HTTPAdapter())
    return api


def ask(call: Callable[[], Any]) -> Answer:
    """The answer, or a GatewayError with EasyPost's code: its sentences may hold people's addresses."""
    try:
        answer: Answer = call().to_dict()
    except ApiError as error:
        status = error.http_status or 0
        passing = not status or status >= 500 or status in PASSING_STATUS or error.code in PASSING_CODES
        raise GatewayError(error.code or type(error).__name__, retry=passing) from error
    return answer


def find(call: Callable[[], Any]) -> Answer | None:
    """The answer, or None for what EasyPost does not know."""
    try:
        return ask(call)
    except GatewayError as error:
        if isinstance(error.__cause__, NotFoundError):
            return None
        raise


def download(url: str) -> bytes:
    """A PDF from where EasyPost says that it lies; without our key."""
    if urlsplit(url).scheme != "https" and not (settings.EASYPOST_API_BASE and url.startswith("http://127.0.0.1:")):
        raise GatewayError("LABEL.URL.INVALID")
    try:
        with requests.get(url, timeout=settings.EASYPOST_TIMEOUT, stream=True) as answer:
            answer.raise_for_status()
            pdf: bytes = answer.raw.read(MAX_LABEL + 1, decode_content=True)
    except requests.RequestException as error:
        raise GatewayError("LABEL.DOWNLOAD.FAILURE", retry=True) from error
    if len(pdf) > MAX_LABEL or not pdf.startswith(b"%PDF-"):
        raise GatewayError("LABEL.FORMAT.INVALID")
    return pdf
