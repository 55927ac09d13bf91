"""Public pages, kept whole for as long as what they show is unchanged.

A page names the subject that it shows ("category:phones", "product:apple-iphone-13"). Each subject has a version in the
cache, which `touch` replaces once a change of it is committed; a kept page is served only while the version that it was
rendered under still stands. So a change is seen at the next request. If a version is lost, or a process dies between
commit and `touch`, a page is rendered anew, or is old for LIFETIME seconds at most; carts and orders read prices from
the database, never from here. What changes thousands of pages again and again touches them `softly`: one visitor has
the new page rendered, and whoever asks meanwhile gets the one before, as if they had come a moment sooner. So it is
with a page whose time is over.

What is about one visitor is not kept: the header's tools and the messages are put in at each request, and so is the
token of a form. A view says of a page that an invented address has made that it is `not_kept`: these fill nothing.

What lies in Redis is read by whatever code runs beside this: who changes Kept or Version gives the keys other names.

Redis keeps the pages for all processes. Each process has those that it served last at hand and asks Redis for the
versions alone; `KeptAnswers` gives a stranger the whole answer before anything is asked about them.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, wraps
from math import ceil
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast
from uuid import uuid4

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language

from backmarket.compared import COOKIE as COMPARED
from backmarket.compared import compared
from backmarket.csrf import token_of
from backmarket.markup import worded
from backmarket.nearby import Nearby
from backmarket.templatetags.pieces import alerts

P = ParamSpec("P")
R = TypeVar("R")
Answer = TypeVar("Answer", bound=HttpResponseBase)
LIFETIME = 120
# Seconds for which a page whose time is over is still served while somebody renders it anew.
GRACE = 20
# The parts of a product page that a choice changes, and of a list that narrowing changes; htmx names such a part as the
# target of its request.
CHOICE, FOUND = "choice", "found"
EVERYTHING = "site"
NEVER = "max-age=0, no-cache, no-store, must-revalidate, private"
# Seconds for which a page that somebody else is rendering is waited for, and between two looks whether it is there.
PATIENCE, GLANCE = 1.0, 0.005
# Stand for what is put in at each request. No text of a page can hold them: angle brackets are escaped in it, and
# nobody can guess the third.
TOOLS, MESSAGES = "<!--tools-->", "<!--messages-->"
TOKEN = salted_hmac("backmarket.pagecache", "token").hexdigest()
# Nobody signed in, nothing in the cart.
STRANGER = (False, 0)
# Characters of pages that a process has at hand: some 150 pages.
AT_HAND = 12 * 2**20


class Version(NamedTuple):
    """The mark of a subject as it is, random, and the one that was softly replaced by it, if it was."""

    now: str
    before: str | None


NO_VERSION = Version("", None)


@dataclass(frozen=True)
class Kept:
    """A page: what it shows, under which versions, how long it may be kept, and its body with the marks in it."""

    subjects: tuple[str, ...]
    versions: tuple[str, ...]
    until: float
    content_type: str
    body: str
    digest: str

    @property
    def size(self) -> int:
        return len(self.body)

    @cached_property
    def has_token(self) -> bool:
        return TOKEN in self.body


_at_hand: Nearby[Kept] = Nearby(AT_HAND)
_touched: ContextVar[set[str] | None] = ContextVar("touched", default=None)


def touch(*subjects: str, softly: bool = False) -> None:
    """Let no page that shows one of these subjects be served again, from the commit of this transaction on.

    Softly: but to those who come while somebody renders it.
    """
    if settings.PAGE_CACHE and subjects:
        transaction.on_commit(lambda: _make_old(subjects, softly), robust=True)


@contextmanager
def softly_together() -> Iterator[None]:
    """What is touched softly within is made old once, at the end: for changes in many transactions, each of which
    would have the same pages rendered anew. Within it pages are as old as it takes."""
    token = _touched.set(set())
    try:
        yield
    finally:
        subjects = _touched.get() or set()
        _touched.reset(token)
        if subjects:
            _make_old(subjects, softly=True)


def _make_old(subjects: Iterable[str], softly: bool) -> None:
    if softly and (waiting := _touched.get()) is not None:
        waiting.update(subjects)
        return
    keys = version_keys(subjects)
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
                page = _page(subjects, kept, response, lifetime)
                if keep := response.status_code == 200 and getattr(response, "keep", True):
                    cache.set(page_key(request), page, timeout=lifetime + GRACE)
            return _personal(request, page, status=response.status_code, keep=keep)

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


def never_cache(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """For pages about one visitor: nobody keeps them, here or on the way. As Django's, but for `Expires`, which
    says the same once more."""

    @wraps(view)
    def serve(*args: P.args, **kwargs: P.kwargs) -> Answer:
        response = view(*args, **kwargs)
        response.headers["Cache-Control"] = NEVER
        return response

    return serve


def not_kept(response: HttpResponse) -> HttpResponse:
    """The response, to be rendered anew for everyone who asks for it."""
    response.keep = False  # type: ignore[attr-defined]
    return response


def versions_of(keys: list[str], found: dict[str, Any]) -> tuple[str, ...]:
    """The marks of subjects as they are now, by what was found in the cache under `version_keys`."""
    return tuple([version.now for version in _versions(keys, found)])


def version_keys(subjects: Iterable[str]) -> list[str]:
    return [_version_key(subject) for subject in subjects]


def _version_key(subject: str) -> str:
    return f"mark:{subject}"


def _versions(names: list[str], found: dict[str, Any] | None = None) -> list[Version]:
    """The versions of these keys, as `found` or asked for. A lost one is replaced: what was rendered before is old."""
    found = cache.get_many(names) if found is None else found
    if lost := [name for name in names if name not in found]:
        for name in lost:
            cache.add(name, Version(uuid4().hex, None), timeout=None)
        found = cache.get_many(names)
    return [found.get(name, NO_VERSION) for name in names]


def _page(subjects: tuple[str, ...], versions: tuple[str, ...], response: HttpResponse, lifetime: int) -> Kept:
    digest = hashlib.sha256(response.content).hexdigest()
    until, content_type = time.time() + lifetime, response.headers["Content-Type"]
    return Kept(subjects, versions, until, content_type, response.content.decode(), digest)


def page_key(request: HttpRequest) -> str:
    return "kept:" + hashlib.sha256(repr((*part_of(request), get_language())).encode()).hexdigest()


def part_of(request: HttpRequest) -> tuple[str, str, bool, str | None]:
    """The address, and what htmx wants of it: what else somebody writes into its headers makes no page of its own."""
    meta = request.META
    target = meta.get("HTTP_HX_TARGET")
    part = target if target in (CHOICE, FOUND) else None
    return request.path, meta.get("QUERY_STRING", ""), meta.get("HTTP_HX_REQUEST") == "true", part


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
    rendering = f"rendering:{page_key(request)}"
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
    key, names = page_key(request), version_keys(subjects)
    page = _at_hand.get(key)
    found = cache.get_many(names if page else [key, *names])
    versions = _versions(names, found)
    now = tuple([version.now for version in versions])
    if page is None or page.versions != now:
        # Of what is old here another process may have a new one.
        page = (cache.get(key) or page) if page else found.get(key)
        if not isinstance(page, Kept):
            return now, None
        _at_hand.put(key, page)
    if page.versions == now and page.until > time.time():
        return page, None
    is_close = all(mark in version for mark, version in zip(page.versions, versions, strict=True))
    return now, page if is_close else None


def _personal(request: HttpRequest, page: Kept, *, status: int = 200, keep: bool = True) -> HttpResponse:
    """The page for this visitor. Who brings no cookie is nobody yet: that costs no session, no user and no query."""
    body, put_in = page.body, ""
    if TOOLS in body:
        is_nobody = settings.SESSION_COOKIE_NAME not in request.COOKIES
        put_in = tools(*STRANGER, len(compared(request))) if is_nobody else tools_of(request)
        body = body.replace(TOOLS, put_in, 1)
    if MESSAGES in body:
        messages = _messages(request)
        body, put_in = body.replace(MESSAGES, messages, 1), put_in + messages
    if page.has_token:
        body = body.replace(TOKEN, token_of(request))
    response = HttpResponse(body, content_type=page.content_type, status=status)
    patch_vary_headers(response, ["Cookie"])
    patch_cache_control(response, private=True, no_cache=True)
    response.headers["ETag"] = etag(page, put_in, request)
    response.page = page if keep else None  # type: ignore[attr-defined]
    return response


def etag(page: Kept, put_in: str, request: HttpRequest) -> str:
    """Of the page with what was put in for this visitor. Their token is another one each time, but each that was made
    of their secret is as good: a page with an earlier one need not be sent again."""
    secret = request.META.get("CSRF_COOKIE", "") if page.has_token else ""
    return f'"{hashlib.sha256((page.digest + put_in + secret).encode()).hexdigest()[:32]}"'


def is_stranger(request: HttpRequest) -> bool:
    """Whether nothing can be known of this visitor, and nothing has to be told them."""
    return not {settings.SESSION_COOKIE_NAME, "messages", COMPARED} & request.COOKIES.keys()


def tools_of(request: HttpRequest) -> str:
    """What the header knows of this visitor."""
    from backmarket.context import visitor

    return tools(*visitor(request), len(compared(request)))


@worded
def tools(signed_in: bool, cart_count: int, compared_count: int = 0) -> str:
    known = {"signed_in": signed_in, "cart_count": cart_count, "compared_count": compared_count}
    return render_to_string("components/_tools.html", known)


def _messages(request: HttpRequest) -> str:
    if is_stranger(request) or not (messages := get_messages(request)):
        return ""
    return alerts(messages)
