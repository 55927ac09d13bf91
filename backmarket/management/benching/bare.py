"""Django with nothing around it, as the measure of a machine: the bench's page of constants, without middleware,
sessions, languages or a database. Served by the shop's web server, so that figures of two machines can be compared.
"""

from pathlib import Path

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(__file__).parents[3] / "templates"],
        }
    ],
)
django.setup()


def cards(request: HttpRequest) -> HttpResponse:
    return render(request, "bench/constant.html", {"cards": range(24)})


urlpatterns = [path("bench/constant/", cards)]
application = get_wsgi_application()
