"""Whole answers for strangers: who brings no cookie sees what the stranger before them saw, while it stands."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch
from django.utils.cache import get_conditional_response

from backmarket.nearby import Nearby
from backmarket.pagecache import Kept, is_stranger, page_key, standing

# Bytes of answers that a process has at hand: some 150 pages.
AT_HAND = 12 * 2**20


@dataclass(frozen=True)
class Answer:
    """A page as it left the inner middleware, for strangers or, where it shows nothing of anyone, for all."""

    page: Kept
    match: ResolverMatch | None
    headers: dict[str, str]
    content: bytes

    @property
    def until(self) -> float:
        return self.page.until

    @property
    def size(self) -> int:
        return len(self.content)


class KeptAnswers:
    """Stands outside of all that asks who the visitor is, and inside of what knows the language and the host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.answers: Nearby[Answer] = Nearby(AT_HAND)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not settings.PAGE_CACHE or request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        key = page_key(request)
        answer = self.answers.get(key)
        if answer is None or not self._is_for(request, answer):
            response = self.get_response(request)
            self._remember(key, request, response)
            return response
        request.resolver_match = answer.match
        response = HttpResponse(answer.content, headers=answer.headers)
        return get_conditional_response(request, etag=answer.headers["ETag"], response=response) or response

    def _is_for(self, request: HttpRequest, answer: Answer) -> bool:
        page = answer.page
        return (is_stranger(request) or page.is_for_all) and standing(page.subjects, page.versions)

    def _remember(self, key: str, request: HttpRequest, response: HttpResponseBase) -> None:
        page = getattr(response, "page", None)
        if (
            isinstance(page, Kept)
            and isinstance(response, HttpResponse)
            and response.status_code == 200
            and not response.cookies
            and (is_stranger(request) or page.is_for_all)
        ):
            headers = dict(response.headers)
            self.answers.put(key, Answer(page, request.resolver_match, headers, response.content))
