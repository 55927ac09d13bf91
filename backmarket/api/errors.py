"""One error shape for the whole API: problem details (RFC 9457) with a stable code and errors by field."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from backmarket.contention import RETRY_AFTER, is_contention
from backmarket.errors import DomainError

CODES = {400: "invalid", 401: "not_authenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
         406: "not_acceptable", 409: "conflict", 415: "unsupported_media_type", 429: "throttled"}  # fmt: skip


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of DRF: `{type, title, status, code, detail, errors: {field: [sentence]}}`."""
    if isinstance(error, DomainError):
        refused = {each.field: [str(each)] for each in (error, *error.also) if each.field}
        return _answer(status.HTTP_409_CONFLICT, error.code, str(error), refused)
    if is_contention(error):
        busy = _("Somebody else was changing the same thing. Nothing was done: send the same again.")
        answer = _answer(status.HTTP_409_CONFLICT, "busy", busy, {})
        answer.headers["Retry-After"] = RETRY_AFTER
        return answer
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        fields: Any = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
        return _answer(response.status_code, "invalid", _("Some values are missing or wrong."), fields)
    # Http404 carries words for programmers, or none.
    missing = isinstance(error, Http404)
    detail = _("There is nothing at this address.") if missing else str(getattr(error, "detail", error))
    answer = _answer(response.status_code, CODES.get(response.status_code, "error"), detail, {})
    for name in ("WWW-Authenticate", "Retry-After"):
        if name in response.headers:
            answer.headers[name] = response.headers[name]
    return answer


class UnknownPath(APIView):
    """Every address below /api/ that no endpoint has: the same problem, whatever the method.

    An endpoint's address without its last slash leads there, as on every page; what would write is told instead.
    """

    permission_classes = [AllowAny]
    schema = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in ("GET", "HEAD") and _lacks_slash(request):
            return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if _lacks_slash(request):
            raise NotFound(_("Addresses end with a slash: nothing was done. Write %(path)s/.") % {"path": request.path})
        raise NotFound(_("There is nothing at this address."))


def _lacks_slash(request: HttpRequest | Request) -> bool:
    path = request.path_info
    return not path.endswith("/") and resolve(f"{path}/").url_name != resolve(path).url_name


def _answer(code: int, name: str, detail: str, fields: Any) -> Response:
    body = {
        "type": f"/api/docs/#{name}",
        "title": name.replace("_", " "),
        "status": code,
        "code": name,
        "detail": detail,
        "errors": fields,
    }
    return Response(body, status=code, content_type="application/problem+json")
