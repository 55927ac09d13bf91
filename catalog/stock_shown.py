"""Pages on which one sees what can be bought now."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from backmarket import timetravel
from catalog.services.stock import free_expired


def shows_stock(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What nobody paid in time is on offer again, whether or not a job has swept it."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        free_expired(timetravel.now())
        return view(request, *args, **kwargs)

    return shown
