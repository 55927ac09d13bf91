"""Whoever proves a mailbox has the account alone: nobody waits in it who wrote the address down before."""

import re
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.notifications.models import MailboxMessage
from tests.accounts import test_code
from tests.accounts.test_code import QUOTE, typed

pytestmark = pytest.mark.django_db
VICTIM = "victim@example.com"
PASSWORD = "a-drawer-full-of-phones"


def squatter() -> Client:
    """Somebody who signed up with another's address and a password of his own, and is in at once."""
    browser = Client()
    browser.post(reverse("account_signup"), {"email": VICTIM, "password1": PASSWORD})
    assert browser.get(reverse("account")).status_code == 200
    return browser


def asked(browser: Client, email: str) -> str:
    MailboxMessage.objects.all().delete()
    return test_code.asked(browser, email)


def who(browser: Client) -> User:
    return User.objects.get(pk=browser.session["_auth_user_id"])


def added(owner: User, email: str, **facts: bool) -> EmailAddress:
    return EmailAddress.objects.create(user=owner, email=email, **facts)


def test_who_signed_up_with_anothers_address_is_out_once_she_proves_it() -> None:
    attacker, victim = squatter(), Client()
    added(User.objects.get(), "evil@example.com")
    assert typed(victim, asked(victim, VICTIM)) == QUOTE
    assert victim.get(reverse("account")).status_code == 200
    assert attacker.get(reverse("account")).status_code == 302
    again = Client()
    again.post(reverse("account_login"), {"login": VICTIM, "password": PASSWORD})
    assert "_auth_user_id" not in again.session
    address = EmailAddress.objects.get()
    assert (address.email, address.verified, who(victim).has_usable_password()) == (VICTIM, True, False)


def test_to_ask_for_a_code_ends_nothing() -> None:
    owner = squatter()
    asked(Client(), VICTIM)
    assert owner.get(reverse("account")).status_code == 200
    assert User.objects.get().check_password(PASSWORD)


def test_a_password_stays_where_the_mailbox_was_proved_before(carol: User) -> None:
    added(carol, carol.email, verified=True, primary=True)
    browser = Client()
    assert typed(browser, asked(browser, carol.email)) == QUOTE
    carol.refresh_from_db()
    assert carol.has_usable_password()


def test_an_address_written_into_anothers_account_leads_to_ones_own(mallory: User) -> None:
    added(mallory, mallory.email, verified=True, primary=True)
    added(mallory, VICTIM)
    browser = Client()
    assert typed(browser, asked(browser, VICTIM)) == QUOTE
    assert who(browser).email == VICTIM
    assert list(mallory.emailaddress_set.values_list("email", flat=True)) == [mallory.email]


def test_a_second_address_that_was_proved_opens_the_same_account(carol: User) -> None:
    added(carol, "work@example.com", verified=True)
    browser = Client()
    assert typed(browser, asked(browser, "work@example.com")) == QUOTE
    assert who(browser) == carol


def test_an_account_whose_owner_proved_another_mailbox_stays_his() -> None:
    squatter()
    first = User.objects.get()
    added(first, "proved@example.com", verified=True)
    browser = Client()
    assert typed(browser, asked(browser, VICTIM)) == QUOTE
    first.refresh_from_db()
    assert (who(browser) == first, who(browser).email, first.email) == (False, VICTIM, "proved@example.com")


def test_a_code_is_void_when_the_account_changed_hands_meanwhile() -> None:
    squatter()
    browser = Client()
    code = asked(browser, VICTIM)
    added(User.objects.get(), "evil@example.com", verified=True)
    assert typed(browser, code) == reverse("account_request_login_code")
    assert "_auth_user_id" not in browser.session


def test_she_is_told_that_the_password_ended() -> None:
    squatter()
    browser = Client()
    typed(browser, asked(browser, VICTIM))
    assert "has ended" in browser.get(reverse("account")).content.decode()


# The link of a sign-up


def link(email: str) -> str:
    """The path of the link that was sent to this mailbox last."""
    found = re.search(
        r"/accounts/confirm-email/\S+", MailboxMessage.objects.filter(to=email).latest("received_at").text
    )
    assert found
    return found.group()


def test_a_link_pressed_elsewhere_ends_the_password_and_the_sessions_of_whoever_signed_up() -> None:
    attacker, victim = squatter(), Client()
    added(User.objects.get(), "evil@example.com")
    where = link(VICTIM)
    assert victim.get(where).status_code == 200
    page = victim.post(where, follow=True)
    assert page.redirect_chain == [(reverse("account_request_login_code"), 302)]
    assert "The password from before your address was confirmed has ended." in page.content.decode()
    assert f'value="{VICTIM}"' in page.content.decode()
    assert attacker.get(reverse("account")).status_code == 302
    again = Client()
    again.post(reverse("account_login"), {"login": VICTIM, "password": PASSWORD})
    assert "_auth_user_id" not in again.session
    address = EmailAddress.objects.get()
    assert (address.email, address.verified) == (VICTIM, True)
    assert typed(victim, asked(victim, VICTIM)) == QUOTE
    assert (who(victim), who(victim).has_usable_password()) == (address.user, False)


def test_a_link_pressed_by_another_person_who_is_signed_in_is_a_claim_too(
    mallory: User, client_of: Callable[[User], Client]
) -> None:
    squatter()
    client_of(mallory).post(link(VICTIM))
    assert not User.objects.get(email=VICTIM).has_usable_password()


def test_a_link_pressed_where_one_signed_up_keeps_password_and_session() -> None:
    owner = squatter()
    assert owner.post(link(VICTIM)).status_code == 302
    assert owner.get(reverse("account")).status_code == 200
    assert User.objects.get().check_password(PASSWORD)
    assert EmailAddress.objects.get().verified


def test_a_link_pressed_twice_or_made_up_changes_nothing() -> None:
    owner = squatter()
    where = link(VICTIM)
    owner.post(where)
    assert (Client().post(where).status_code, Client().get("/accounts/confirm-email/made:up:key/").status_code) == (
        404,
        200,
    )
    assert User.objects.get().check_password(PASSWORD)


def test_a_second_address_is_confirmed_by_who_is_signed_in_only(
    mallory: User, client_of: Callable[[User], Client]
) -> None:
    added(mallory, mallory.email, verified=True, primary=True)
    browser = client_of(mallory)
    browser.post(reverse("account_email"), {"action_add": "", "email": VICTIM})
    where = link(VICTIM)
    asked_to_sign_in = Client().post(where)
    assert unquote(asked_to_sign_in["Location"]) == f"{reverse('account_login')}?next={where}"
    assert not EmailAddress.objects.get(email=VICTIM).verified
    mallory.refresh_from_db()
    assert mallory.has_usable_password()
    browser.post(where)
    assert EmailAddress.objects.get(email=VICTIM).verified
