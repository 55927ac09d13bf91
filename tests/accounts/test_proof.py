"""Money and personal data ask who is there: the password again, or a code by e-mail typed in the last minutes."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from buyback.models import Trade
from refurbishers.models import Refurbisher
from tests.accounts.test_claim import asked, typed
from tests.buyback.steps import OTHER_IBAN, accepted

pytestmark = pytest.mark.django_db
BANK = {"holder": "Carol Petit", "iban": OTHER_IBAN}
CODE, AGAIN = "account_request_login_code", "account_reauthenticate"


@pytest.fixture
def nopass(carol: User) -> User:
    carol.set_unusable_password()
    carol.save()
    return carol


def entered(person: User, minutes: int = 0) -> Client:
    """Came in by a code, so long ago."""
    browser = Client()
    typed(browser, asked(browser, person.email))
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 60 * minutes
    session.save()
    return browser


@pytest.fixture
def change(plant: Refurbisher, carol: User, now: datetime) -> str:
    return reverse("trade-iban", args=[accepted(plant, carol, now).pk])


@pytest.mark.parametrize(("minutes", "last4"), [(14, "2606"), (16, "0189")])
def test_another_bank_account_wants_a_code_of_the_last_minutes(
    change: str, nopass: User, minutes: int, last4: str
) -> None:
    assert entered(nopass, minutes).post(change, BANK).status_code == 302
    assert Trade.objects.get().iban_last4 == last4


def test_an_older_code_is_renewed_and_leads_back(change: str, nopass: User) -> None:
    browser = entered(nopass, 16)
    answer = browser.get(change, follow=True)
    assert answer.redirect_chain == [(f"{reverse(CODE)}?next={change.replace('/', '%2F')}", 302)]
    page = answer.content.decode()
    assert "sign in once more" in page
    assert f'value="{nopass.email}"' in page
    typed(browser, asked(browser, nopass.email))
    assert browser.get(change).status_code == 200


def test_another_bank_account_wants_the_password_again(change: str, carol: User) -> None:
    browser = Client()
    browser.force_login(carol)
    assert browser.post(change, BANK)["Location"].startswith(reverse(AGAIN))
    assert Trade.objects.get().iban_last4 == "0189"
    browser.post(reverse(AGAIN), {"password": "correct horse battery"})
    assert browser.post(change, BANK)["Location"] == reverse("trade", args=[Trade.objects.get().pk])


def test_ones_data_wants_a_code_of_the_last_minutes(nopass: User) -> None:
    assert entered(nopass).get(reverse("account-data")).json()["person"]["email"] == nopass.email
    assert entered(nopass, 16).get(reverse("account-data"))["Location"].startswith(reverse(CODE))


def test_closing_wants_a_code_of_the_last_minutes_and_no_password(nopass: User) -> None:
    late = entered(nopass, 16)
    assert 'name="password"' not in late.get(reverse("account-close")).content.decode()
    assert late.post(reverse("account-close"))["Location"].startswith(reverse(CODE))
    assert User.objects.get().is_active
    assert entered(nopass).post(reverse("account-close"))["Location"] == reverse("home")
    assert not User.objects.get().is_active


@pytest.mark.parametrize(
    ("page", "sent"),
    [
        ("account_set_password", {"password1": "a-drawer-of-phones", "password2": "a-drawer-of-phones"}),
        ("account_email", {"email": "evil@example.com", "action_add": "1"}),
    ],
)
def test_no_way_around_leads_over_a_new_password_or_mailbox(nopass: User, page: str, sent: dict[str, str]) -> None:
    assert entered(nopass, 16).post(reverse(page), sent)["Location"].startswith(reverse(CODE))
    nopass.refresh_from_db()
    assert not nopass.has_usable_password()
    assert not nopass.emailaddress_set.filter(email="evil@example.com").exists()
    assert not entered(nopass).post(reverse(page), sent).get("Location", "").startswith(reverse(CODE))


def test_a_fresh_password_is_still_enough(change: str, carol: User, client_of: Callable[[User], Client]) -> None:
    assert client_of(carol).get(change).status_code == 200
