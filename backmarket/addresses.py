"""What may stand in an address."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

NUL = "%00"


class WithoutNul:
    """PostgreSQL keeps no NUL character and nobody types one: no page has one in its path, filters are read without."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        while NUL in (query := request.META.get("QUERY_STRING", "")):
            request.META["QUERY_STRING"] = query.replace(NUL, "")
        return self.get_response(request)
