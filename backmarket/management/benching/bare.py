"""Bare Django: a page of one constant, without middleware. How often granian answers it tells how fast a machine is at
this moment, and what is owed in a second can be said for another machine.
"""

from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

PATH = "/constant/"
# Answers a second on the machine for which checkouts a second are owed, as measured there.
OWED_AT = 10_650


def constant(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"A page of constants.")


urlpatterns = [path(PATH.removeprefix("/"), constant)]


def serve() -> Any:
    """The application, in a process that has no other settings."""
    settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="constant")  # noqa: S106
    return get_wsgi_application()
