"""A person's own pages: HTTP in, HTTP out."""

from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.views import ConfirmEmailView, ConfirmLoginCodeView, RequestLoginCodeView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from backmarket.account import access, selectors, services
from backmarket.account.forms import CloseAccountForm, ProfileForm
from backmarket.accounts.forms import AddressForm
from backmarket.accounts.models import User
from backmarket.accounts.proof import CODE_FOR, fresh_code_required, fresh_proof_required
from backmarket.accounts.services import account_at, claim_account, save_address
from backmarket.forms import posted, status_of
from backmarket.timetravel import now

PASSWORD_ENDED = gettext_lazy(
    "The password from before your address was confirmed has ended. You can choose a new one."
)


def _person(request: HttpRequest) -> User:
    """Whoever is logged in: these views sit behind login_required."""
    assert isinstance(request.user, User)  # noqa: S101 - tells the type checker what the decorator ensures
    return request.user


class CodeView(RequestLoginCodeView):
    """A code by e-mail, for whoever has an account and for whoever has none yet: both see the same page."""

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "email": self.request.session.get(CODE_FOR, "")}

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["email"].validators.append(MaxLengthValidator(User._meta.get_field("email").max_length))
        return form

    def form_valid(self, form: Any) -> HttpResponse:
        form._user = account_at(form.cleaned_data["email"])
        return super().form_valid(form)  # type: ignore[no-any-return]


class CodeTypedView(ConfirmLoginCodeView):
    """The right code proves the mailbox: the account is hers alone from now on, whoever had opened it."""

    def _verify_form_valid(self, form: Any) -> HttpResponse:
        person, email = self._process.user, self._process.state["email"]
        if account_at(email) != person:  # It changed hands since the code was sent.
            self._process.abort()
            return redirect("account_request_login_code")
        if claim_account(person, email):
            messages.info(self.request, PASSWORD_ENDED)
        return super()._verify_form_valid(form)  # type: ignore[no-any-return]


class LinkView(ConfirmEmailView):
    """A link pressed where its account is signed in proves that both are one person's. Elsewhere it proves the mailbox
    only, and whoever signed up with it may be somebody else: then it is a claim, as a typed code is."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        address = self.get_object().email_address
        if self.request.user.pk == address.user_id or not address.can_set_verified():
            return super().post(*args, **kwargs)  # type: ignore[no-any-return]
        if EmailAddress.objects.filter(user=address.user_id, verified=True).exists():
            messages.info(self.request, _("Sign in first to the account to which this address is being added."))
            return redirect_to_login(self.request.path)
        return self._claimed(address, *args, **kwargs)

    def _claimed(self, address: EmailAddress, *args: Any, **kwargs: Any) -> HttpResponse:
        had_password = claim_account(address.user, address.email)
        super().post(*args, **kwargs)
        if had_password:
            messages.info(self.request, PASSWORD_ENDED)
        self.request.session[CODE_FOR] = address.email
        return redirect("account_request_login_code")


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "account_home/home.html", {"overview": selectors.overview(_person(request))})


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    # A copy of the row, so that a refused input does not change the name in the page's header.
    form = ProfileForm(posted(request), instance=User.objects.get(pk=_person(request).pk))
    if request.method != "POST" or not form.is_valid():
        return render(request, "account_home/profile.html", {"form": form}, status=status_of(form))
    chosen = {"language": _person(request).language, **form.cleaned_data}
    services.change_profile(_person(request), **chosen)
    messages.success(request, _("Saved."))
    response = redirect("account-profile")
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen["language"], samesite="Lax")
    return response


@login_required
def addresses(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    form = AddressForm(posted(request))
    if request.method == "POST" and form.is_valid():
        save_address(user, form.cleaned_data)
        messages.success(request, _("Address added."))
        return redirect("account-addresses")
    context = {"form": form, "addresses": selectors.addresses_of(user)}
    return render(request, "account_home/addresses.html", context, status=status_of(form))


@login_required
@require_POST
def address_remove(request: HttpRequest, pk: int) -> HttpResponse:
    services.forget_address(access.address_of(_person(request), pk))
    messages.success(request, _("Address removed. Orders that used it keep it."))
    return redirect("account-addresses")


@login_required
@fresh_proof_required
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    person = _person(request)
    data = services.hand_out_data(person, by=person, at=now())
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"}
    return JsonResponse(data, json_dumps_params={"indent": 2, "ensure_ascii": False}, headers=headers)


@login_required
@partial(fresh_code_required, only_post=True)
def close(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    form = CloseAccountForm(posted(request), user=user)
    reasons = services.reasons_to_stay(user)
    if request.method == "POST" and not reasons and form.is_valid():
        try:
            services.close_account(user, by=user, at=now())
        except services.CannotCloseAccount as error:
            reasons = error.reasons
        else:
            logout(request)
            messages.success(request, _("Your account is closed. Guarantees you hold go on."))
            return redirect("home")
    status = 409 if request.method == "POST" and reasons else status_of(form)
    return render(request, "account_home/close.html", {"form": form, "reasons": reasons}, status=status)
