"""One's own account: wrong input is answered beside its field, and the rest of it is kept."""

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from tests.bad_input.cases import LONG, Bad, Form, check
from tests.bad_input.test_sell import PLACE, wrong_places

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
NEW = "quite another staple"
# django-allauth answers a form with errors with 200.
ALLAUTH = {"status": 200}


@pytest.fixture
def page(carol: User) -> Client:
    """Signed in with the password just now, as django-allauth asks before it lets anything be changed."""
    client = Client()
    client.post(reverse("account_login"), {"login": carol.email, "password": PASSWORD})
    return client


def test_the_name(page: Client) -> None:
    form = Form("profile", reverse("account-profile"), {"full_name": "Carol Petit"}, optional=frozenset({"full_name"}))
    check(form, page)


def test_an_address(page: Client) -> None:
    form = Form("address", reverse("account-addresses"), PLACE, wrong_places(), optional=frozenset({"line2", "phone"}))
    check(form, page)


def test_the_tax_number(page: Client, caplog: pytest.LogCaptureFixture) -> None:
    """What is typed stays in the field, and out of the log: a wrong number is often one digit from the right one."""
    caplog.set_level("DEBUG", logger="backmarket")
    good, other = "3023217600053", "36574261809"
    says = "not a tax number of that country"
    wrong = ("3023217600054", other, "1111111111111", "'; DROP TABLE", "<b>1</b>", "😀", "３０２３２１７６０００５３")
    bad = (*(Bad("number", value, says) for value in wrong), Bad("number", "1" * 31, "at most 30 characters"))
    abroad = Bad("country", "US", "Select a valid choice")
    check(Form("tax number", reverse("tax-number"), {"country": "FR", "number": good}, (*bad, abroad)), page)
    logged = caplog.text
    assert not [number for number in (good, *wrong) if number in logged]


def test_closing_the_account(page: Client) -> None:
    wrong = Bad("password", "not mine", "This is not your password")
    check(Form("close", reverse("account-close"), {"password": PASSWORD}, (wrong,)), page)


def test_signing_in(carol: User) -> None:
    form = Form("login", reverse("account_login"), {"login": carol.email, "password": PASSWORD}, **ALLAUTH)
    check(form, Client())


def test_a_wrong_password_is_said_above_the_form_and_the_email_stays(carol: User) -> None:
    """Which of the two is wrong is nobody's business, so it stands beside neither."""
    answer = Client().post(reverse("account_login"), {"login": carol.email, "password": "wrong"})
    assert answer.context["form"].non_field_errors() == [
        "The email address and/or password you specified are not correct."
    ]
    assert f'value="{carol.email}"' in answer.content.decode()


def test_signing_up() -> None:
    bad = (Bad("password1", "12345", "too short"), Bad("password1", "password", "too common"))
    good = {"email": "new@example.com", "password1": NEW}
    check(Form("signup", reverse("account_signup"), good, bad, **ALLAUTH), Client())


def test_a_forgotten_password(carol: User) -> None:
    check(Form("reset", reverse("account_reset_password"), {"email": carol.email}, **ALLAUTH), Client())


def test_a_new_password_from_the_link(carol: User) -> None:
    client, token = Client(), default_token_generator.make_token(carol)
    url = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(carol), token])
    form = client.get(url, follow=True).redirect_chain[-1][0]
    bad = (Bad("password1", "12345", "too short"), Bad("password2", "other", "same password"))
    check(Form("reset-key", form, {"password1": NEW, "password2": NEW}, bad, **ALLAUTH), client)


def test_another_password(page: Client) -> None:
    good = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    bad = (
        Bad("oldpassword", "wrong", "current password"),
        Bad("password1", "12345", "too short", {"password2": "12345"}),
        Bad("password2", "other", "same password"),
    )
    check(Form("change", reverse("account_change_password"), good, bad, **ALLAUTH), page)


def test_another_email(page: Client, carol: User) -> None:
    form = Form("email", reverse("account_email"), {"email": "other@example.com"}, fixed={"action_add": "1"}, **ALLAUTH)
    check(form, page)


def test_a_second_factor(page: Client, carol: User) -> None:
    EmailAddress.objects.update_or_create(
        user=carol, defaults={"email": carol.email, "verified": True, "primary": True}
    )
    url = reverse("mfa_activate_totp")
    page.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    bad = tuple(Bad("code", code, "") for code in ("000000", "a\0b", LONG, "😀"))
    check(Form("totp", url, {}, bad, fresh={"code": lambda: code_of_now(page)}, **ALLAUTH), page)


def code_of_now(page: Client) -> str:
    """What an authenticator app shows for the secret that the page has just offered."""
    secret = page.session[totp.SECRET_SESSION_KEY]
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


def test_the_password_again(page: Client) -> None:
    wrong = Bad("password", "wrong", "Incorrect password")
    check(Form("again", reverse("account_reauthenticate"), {"password": PASSWORD}, (wrong,), **ALLAUTH), page)
