"""Whoever touches money or personal data has shown who he is just now: nobody does it at a screen left open."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

# As long as a code itself is good for.
FRESH_SECONDS = 15 * 60
CODE_FOR = "code_for"

View = Callable[..., HttpResponse]


def fresh_proof_required(view: View) -> View:
    """The password given again in the last minutes; without one, a code by e-mail typed as lately."""
    return fresh_code_required(reauthentication_required(view))


def fresh_code_required(view: View, *, only_post: bool = False) -> View:
    """For accounts without a password, which django-allauth lets pass: a code by e-mail, typed just now.

    Whose code is older signs in again and comes back. Goes inside login_required.
    """

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        looks = only_post and request.method != "POST"
        if looks or not request.user.is_authenticated or request.user.has_usable_password() or _typed_lately(request):
            return view(request, *args, **kwargs)
        return _sign_in_again(request)

    return asked


def _typed_lately(request: HttpRequest) -> bool:
    codes = [record["at"] for record in get_authentication_records(request, request.user) if record["method"] == "code"]
    return bool(codes) and time.time() - codes[-1] < FRESH_SECONDS


def _sign_in_again(request: HttpRequest) -> HttpResponse:
    email = request.user.email  # type: ignore[union-attr]
    logout(request)
    request.session[CODE_FOR] = email
    messages.info(request, _("What comes next is about your money or your data: sign in once more with a new code."))
    return redirect(f"{reverse('account_request_login_code')}?{urlencode({'next': request.get_full_path()})}")
