"""Whole answers for whoever asks for a page that stands: before anything else is asked about them or their address.

What a page says of its visitor is known from one look into the cache and, of those who have a session, one into the
database. Everybody about whom more has to be known (a message to be told, a session to be ended, somebody whose
password has changed) goes the long way.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.session import SessionStorage
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port
from django.http.response import ResponseHeaders
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import ResolverMatch
from django.utils import translation
from django.utils.cache import get_conditional_response

from backmarket.compared import compared
from backmarket.csrf import token_of
from backmarket.nearby import Nearby
from backmarket.pagecache import MESSAGES, STRANGER, TOKEN, TOOLS, Kept, etag, part_of, tools, version_keys, versions_of
from backmarket.sessions import cache_key_of

# Bytes of answers that a process has at hand: some 150 pages.
AT_HAND = 12 * 2**20
# What the middleware within says of a page to everybody alike, and what each answer says of itself.
COMMON_HEADERS = {
    "content-type", "vary", "cache-control", "content-language", "content-security-policy", "x-frame-options"
}  # fmt: skip
OWN_HEADERS = {"etag", "content-length"}
CONDITIONS = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"}
MARKS = {mark: mark.encode() for mark in (TOOLS, MESSAGES, TOKEN)}
_between_marks = re.compile(b"(" + b"|".join(map(re.escape, MARKS.values())) + b")")


class Known(ResponseHeaders):
    """Headers that have been checked once, when they were set."""

    def __init__(self, headers: ResponseHeaders, *, without: Collection[str] = ()) -> None:
        self._store = headers._store.copy()
        for name in without:
            self.pop(name)


@dataclass(frozen=True)
class Answer:
    """A page as it left the inner middleware: its headers, and its body cut at its marks."""

    page: Kept
    match: ResolverMatch | None
    headers: ResponseHeaders
    language: str
    pieces: list[bytes]

    @property
    def until(self) -> float:
        return self.page.until

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))

    @cached_property
    def subjects(self) -> list[str]:
        return version_keys(self.page.subjects)

    @cached_property
    def has_tools(self) -> bool:
        return MARKS[TOOLS] in self.pieces

    @cached_property
    def is_personal(self) -> bool:
        return self.has_tools or MARKS[MESSAGES] in self.pieces


class KeptAnswers:
    """Stands outside of all that asks who the visitor is, in which language they read, and whether the host is ours: a
    host for which a page has been answered is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.answers: Nearby[Answer] = Nearby(AT_HAND)
        self.csrf = CsrfViewMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not settings.PAGE_CACHE or request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        key = _key(request)
        answer = self.answers.get(key)
        if answer is not None and (put_in := _for_visitor(request, answer)) is not None:
            return self._with_token(request, answer, put_in)
        response = self.get_response(request)
        self._remember(key, request, response)
        return response

    def _with_token(self, request: HttpRequest, answer: Answer, put_in: dict[bytes, bytes]) -> HttpResponseBase:
        request.resolver_match = answer.match
        if not answer.page.has_token:
            return _answered(request, answer, put_in)
        self.csrf.process_request(request)
        put_in[MARKS[TOKEN]] = token_of(request).encode()
        return self.csrf.process_response(request, _answered(request, answer, put_in))

    def _remember(self, key: str, request: HttpRequest, response: HttpResponseBase) -> None:
        page = getattr(response, "page", None)
        if not isinstance(page, Kept) or response.status_code != 200:
            return
        headers = Known(response.headers, without=OWN_HEADERS)
        if any(name.lower() not in COMMON_HEADERS for name in headers):
            return
        pieces = [piece for piece in _between_marks.split(page.body.encode()) if piece]
        self.answers.put(key, Answer(page, request.resolver_match, headers, translation.get_language() or "", pieces))


def _key(request: HttpRequest) -> str:
    """All that tells two pages apart, and what the middleware within would look at before it lets somebody in."""
    meta = request.META
    # Any port of a host that is ours is let in: none has pages of its own.
    domain, _port = split_domain_port(meta.get("HTTP_HOST", meta.get("SERVER_NAME", "")))
    key = (*part_of(request), domain)
    if len(settings.LANGUAGES) > 1:
        return repr((key, meta.get("HTTP_ACCEPT_LANGUAGE"), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)))
    return repr(key)


def _for_visitor(request: HttpRequest, answer: Answer) -> dict[bytes, bytes] | None:
    """What takes the places of the marks for this visitor; None if the page is old, or if they go the long way."""
    cookies = request.COOKIES if answer.is_personal else {}
    session = cache_key_of(cookies.get(settings.SESSION_COOKIE_NAME))
    found = cache.get_many([*answer.subjects, session] if session else answer.subjects)
    if versions_of(answer.subjects, found) != answer.page.versions or CookieStorage.cookie_name in cookies:
        return None
    known = _visitor(found.get(session)) if settings.SESSION_COOKIE_NAME in cookies else STRANGER
    if known is None:
        return None
    put_in = {MARKS[MESSAGES]: b""}
    if answer.has_tools:
        put_in[MARKS[TOOLS]] = _tools(answer.language, *known, len(compared(request)))
    return put_in


def _visitor(session: Mapping[str, Any] | None) -> tuple[bool, int] | None:
    """Whether somebody is signed in and how much is in the cart, of a session that need not be changed."""
    from backmarket.context import visitor_of

    return None if session is None or SessionStorage.session_key in session else visitor_of(session)


@lru_cache(1024)
def _tools(language: str, signed_in: bool, cart_count: int, compared_count: int) -> bytes:
    with translation.override(language):
        return tools(signed_in, cart_count, compared_count).encode()


def _answered(request: HttpRequest, answer: Answer, put_in: Mapping[bytes, bytes]) -> HttpResponse:
    body = b"".join([put_in.get(piece, piece) for piece in answer.pieces])
    response = HttpResponse(body)
    response.headers = Known(answer.headers)
    response.headers["ETag"] = etag(answer.page, put_in.get(MARKS[TOOLS], b"").decode(), request)
    response.headers["Content-Length"] = str(len(body))
    if CONDITIONS.isdisjoint(request.META):
        return response
    return get_conditional_response(request, etag=response.headers["ETag"], response=response) or response
