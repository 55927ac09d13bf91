"""The policy that is put in words once is the one that django-csp would write."""

from collections.abc import Callable
from typing import Any

import pytest
from csp.decorators import csp_exempt, csp_replace, csp_update
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from backmarket.policy import ContentSecurityPolicy

HEADER = "Content-Security-Policy"
View = Callable[[HttpRequest], HttpResponse]


def plain(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def with_nonce(request: HttpRequest) -> HttpResponse:
    request._csp_nonce = "given"  # type: ignore[attr-defined]
    return HttpResponse()


def with_its_own(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={HEADER: "default-src 'self'"})


@pytest.mark.parametrize("path", ["/", "/cart/", "/desk/", "/plant/orders/", "/api/docs/"])
@pytest.mark.parametrize(
    "view",
    [
        plain, with_nonce, with_its_own, csp_exempt()(plain), csp_update({"img-src": ["https://a.example"]})(plain),
        csp_replace({"script-src": ["https://b.example"]})(plain),
    ],
)  # fmt: skip
def test_each_page_has_the_policy_that_the_library_writes(view: View, path: str) -> None:
    ours, theirs = (sent(middleware, view, path) for middleware in (ContentSecurityPolicy, CSPMiddleware))
    assert ours == theirs
    assert (HEADER in ours) == (view in (with_its_own,) or (path in ("/", "/cart/") and not exempt(view)))


def sent(middleware: Any, view: View, path: str) -> dict[str, str]:
    return dict(middleware(view)(RequestFactory().get(path)).headers)


def exempt(view: View) -> bool:
    return bool(getattr(view(RequestFactory().get("/")), "_csp_exempt", False))


def test_one_pages_own_policy_does_not_stay_for_the_next() -> None:
    own = csp_update({"img-src": ["https://a.example"]})(plain)
    policies = [sent(ContentSecurityPolicy, view, "/")[HEADER] for view in (plain, own, plain)]
    assert ["a.example" in policy for policy in policies] == [False, True, False]
