"""Public pages, kept whole for as long as what they show is unchanged.

A page names the subject that it shows ("category:phones", "product:apple-iphone-13"). Each subject has a version in the
cache, which `touch` replaces once a change of it is committed; a kept page is served only while the version that it was
rendered under still stands. So a change is seen at the next request. If a version is lost, or a process dies between
commit and `touch`, a page is rendered anew, or is old for LIFETIME seconds at most; carts and orders read prices from
the database, never from here. What changes thousands of pages again and again touches them `softly`: one visitor has
the new page rendered, and whoever asks meanwhile gets the one before, as if they had come a moment sooner.

What is about one visitor is not kept: the header's tools and the messages are put in at each request, and so is the
token of a form. A view says of a page that an invented address has made that it is `not_kept`: these fill nothing.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from math import ceil
from typing import Any, NamedTuple, TypeVar, cast
from uuid import uuid4

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language

from backmarket.markup import worded

R = TypeVar("R")
LIFETIME = 120
# The part of a product page that a choice changes; htmx names it as the target of its request.
CHOICE = "choice"
EVERYTHING = "site"
# Seconds for which a page that somebody else is rendering is waited for, and between two looks whether it is there.
PATIENCE, GLANCE = 1.0, 0.005
# Stand for what is put in at each request. No text of a page can hold them: angle brackets are escaped in it, and
# nobody can guess the third.
TOOLS, MESSAGES = "<!--tools-->", "<!--messages-->"
TOKEN = salted_hmac("backmarket.pagecache", "token").hexdigest()
# Nobody signed in, nothing in the cart.
STRANGER = (False, 0)


class Version(NamedTuple):
    """The mark of a subject as it is, random, and the one that was softly replaced by it, if it was."""

    now: str
    before: str | None


NO_VERSION = Version("", None)


@dataclass(frozen=True)
class Kept:
    """A page: the marks of its subjects when it was rendered, its type, and its body with the marks in it."""

    versions: tuple[str, ...]
    content_type: str
    body: str


def touch(*subjects: str, softly: bool = False) -> None:
    """Let no page that shows one of these subjects be served again, from the commit of this transaction on.

    Softly: but to those who come while somebody renders it.
    """
    if settings.PAGE_CACHE and subjects:
        transaction.on_commit(lambda: _make_old(subjects, softly), robust=True)


def _make_old(subjects: Iterable[str], softly: bool) -> None:
    keys = [_version_key(subject) for subject in subjects]
    before = cache.get_many(keys) if softly else {}
    fresh = {key: Version(uuid4().hex, before.get(key, NO_VERSION).now if softly else None) for key in keys}
    cache.set_many(fresh, timeout=None)


def kept_page(
    subject: str = "", *, lifetime: int = LIFETIME
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Keep the pages of a view that shows `subject`, named with the view's arguments ("category:{slug}")."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def serve(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not settings.PAGE_CACHE:
                return view(request, *args, **kwargs)
            subjects = (EVERYTHING, *([subject.format(**kwargs)] if subject else []))
            with _turn(request, subjects) as kept:
                if isinstance(kept, Kept):
                    return _personal(request, kept)
                request.keeps_page = True  # type: ignore[attr-defined]
                response = view(request, *args, **kwargs)
                page = Kept(kept, response.headers["Content-Type"], response.content.decode())
                if response.status_code == 200 and getattr(response, "keep", True):
                    cache.set(_page_key(request), page, timeout=lifetime)
            return _personal(request, page, status=response.status_code)

        return serve

    return decorate


def kept_part(name: str, build: Callable[[], R]) -> R:
    """A value that every page shows alike, kept until the desk changes what exists."""
    if not settings.PAGE_CACHE:
        return build()
    key, version = f"part:{name}", _version_key(EVERYTHING)
    found = cache.get_many([key, version])
    now, kept = found.get(version, NO_VERSION).now, found.get(key)
    if kept and kept[0] == now:
        return cast(R, kept[1])
    value = build()
    cache.set(key, (now, value), timeout=LIFETIME)
    return value


def not_kept(response: HttpResponse) -> HttpResponse:
    """The response, to be rendered anew for everyone who asks for it."""
    response.keep = False  # type: ignore[attr-defined]
    return response


def _version_key(subject: str) -> str:
    return f"version:{subject}"


def _page_key(request: HttpRequest) -> str:
    is_part = request.headers.get("HX-Target") == CHOICE
    what = (request.path, request.META.get("QUERY_STRING", ""), request.headers.get("HX-Request", ""), is_part)
    return "page:" + hashlib.sha256(repr((*what, get_language())).encode()).hexdigest()


@contextmanager
def _turn(request: HttpRequest, subjects: tuple[str, ...]) -> Iterator["Kept | tuple[str, ...]"]:
    """The page, or the versions to render it under.

    Of all who miss the same page at once, one renders it and the others wait for it, at most PATIENCE seconds: else a
    change that makes many pages old would have each of them rendered by everybody who asks for it. What is only softly
    old they get at once.
    """
    kept, old = _kept(request, subjects)
    if isinstance(kept, Kept):
        yield kept
        return
    rendering = f"rendering:{_page_key(request)}"
    if cache.add(rendering, True, timeout=ceil(PATIENCE)):
        try:
            yield kept
        finally:
            cache.delete(rendering)
        return
    if old is not None:
        yield old
        return
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not isinstance(kept, Kept):
        time.sleep(GLANCE)
        is_going_on = cache.get(rendering)
        kept, _old = _kept(request, subjects)
        if not is_going_on:
            break
    yield kept


def _kept(request: HttpRequest, subjects: tuple[str, ...]) -> "tuple[Kept | tuple[str, ...], Kept | None]":
    """The page if it may be served, else the versions to render it under, and the page that is softly old."""
    key, names = _page_key(request), [_version_key(subject) for subject in subjects]
    found = cache.get_many([key, *names])
    versions = [found.get(name, NO_VERSION) for name in names]
    now, page = tuple(version.now for version in versions), found.get(key)
    if not isinstance(page, Kept):
        return now, None
    if page.versions == now:
        return page, None
    is_close = all(mark in version for mark, version in zip(page.versions, versions, strict=True))
    return now, page if is_close else None


def _personal(request: HttpRequest, page: Kept, status: int = 200) -> HttpResponse:
    """The page for this visitor. Who brings no cookie is nobody yet: that costs no session, no user and no query."""
    body = page.body
    stranger = settings.SESSION_COOKIE_NAME not in request.COOKIES
    if TOOLS in body:
        body = body.replace(TOOLS, tools(*STRANGER) if stranger else tools_of(request), 1)
    if MESSAGES in body:
        body = body.replace(MESSAGES, _messages(request), 1)
    if TOKEN in body:
        body = body.replace(TOKEN, get_token(request))
    response = HttpResponse(body, content_type=page.content_type, status=status)
    patch_vary_headers(response, ["Cookie"])
    patch_cache_control(response, private=True, no_cache=True)
    return response


def tools_of(request: HttpRequest) -> str:
    """What the header knows of this visitor."""
    from backmarket.context import visitor

    return tools(*visitor(request))


@worded
def tools(signed_in: bool, cart_count: int) -> str:
    return render_to_string("components/_tools.html", {"signed_in": signed_in, "cart_count": cart_count})


def _messages(request: HttpRequest) -> str:
    if not {settings.SESSION_COOKIE_NAME, "messages"} & request.COOKIES.keys() or not get_messages(request):
        return ""
    return render_to_string("components/_messages.html", request=request)
