"""The Content-Security-Policy of a page that asks for nothing of its own: always the same, so put in words once."""

from functools import cache

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Begins what csp.decorators leave on the response of their view.
OWN = "_csp_"
EXCLUDED = tuple(settings.CONTENT_SECURITY_POLICY["EXCLUDE_URL_PREFIXES"])


class ContentSecurityPolicy(CSPMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if settings.DEBUG or getattr(request, "_csp_nonce", None) or OWN in " ".join(vars(response)):
            return super().process_response(request, response)
        if HEADER not in response and not request.path_info.startswith(EXCLUDED):
            response[HEADER] = _policy()
        return response


@cache
def _policy() -> str:
    return build_policy()
