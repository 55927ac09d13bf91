"""A code by e-mail opens an account, or makes one; whoever was selling comes back to his quote."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.notifications.models import MailboxMessage

pytestmark = pytest.mark.django_db
QUOTE = "/sell/quotes/7c9e6679-7425-40de-944b-e07fc1f90ae7/accept/?plant=1"


def asked(client: Client, email: str) -> str:
    """The code that was sent, for somebody on the way to a quote."""
    answer = client.post(reverse("account_request_login_code"), {"email": email, "next": QUOTE})
    assert answer.status_code == 302
    found = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", MailboxMessage.objects.latest("pk").text, re.MULTILINE)
    assert found
    return found.group()


def typed(client: Client, code: str) -> str:
    answer = client.post(reverse("account_confirm_login_code"), {"code": code, "next": QUOTE})
    return str(answer.headers.get("Location", answer.status_code))


def test_a_new_visitor_gets_an_account_and_comes_back_to_the_quote(client: Client) -> None:
    code = asked(client, "Nina@Example.com")
    assert "_auth_user_id" not in client.session
    client.get(reverse("account_confirm_login_code"))
    assert typed(client, code) == QUOTE
    # Whose read of a person, made with every request, is prepared.
    assert client.session["_auth_user_backend"] == "backmarket.accounts.backends.Passwords"
    person = User.objects.get()
    assert (person.email, person.has_usable_password(), client.session["_auth_user_id"]) == (
        "nina@example.com",
        False,
        str(person.pk),
    )
    assert person.emailaddress_set.get().verified
    said = [str(message) for message in client.get("/account/").context["messages"]]
    assert [text for text in said if "nina@example.com" in text] == ["Successfully signed in as nina@example.com."]


def test_who_has_an_account_gets_in_by_the_same_door(client: Client, carol: User) -> None:
    assert typed(client, asked(client, "Carol@example.com")) == QUOTE
    assert (client.session["_auth_user_id"], User.objects.count()) == (str(carol.pk), 1)


def test_both_see_the_same_page(carol: User) -> None:
    pages = []
    for email in ("carol@example.com", "nobody@example.com"):
        browser = Client()
        answer = browser.post(reverse("account_request_login_code"), {"email": email}, follow=True)
        pages.append(re.sub(r'value="[\w-]{64}"', "", answer.content.decode()).replace(email, ""))
    assert pages[0] == pages[1]


def test_a_wrong_code_lets_nobody_in_and_three_end_it(client: Client) -> None:
    code = asked(client, "nina@example.com")
    assert [typed(client, "AAAA-AAAA") for _try in range(3)] == ["200", "200", reverse("account_request_login_code")]
    assert typed(client, code) != QUOTE
    assert "_auth_user_id" not in client.session


def test_a_closed_account_is_not_opened_again(client: Client, carol: User) -> None:
    User.objects.filter(pk=carol.pk).update(is_active=False)
    client.post(reverse("account_request_login_code"), {"email": carol.email})
    assert "WFGD" not in MailboxMessage.objects.get().text
    assert re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", MailboxMessage.objects.get().text) is None
    assert User.objects.count() == 1


def test_the_doors_say_that_the_quote_waits(client: Client) -> None:
    for name in ("account_login", "account_signup", "account_request_login_code"):
        page = client.get(reverse(name), {"next": QUOTE}).content.decode()
        assert "Your quote is kept" in page
        assert "Your quote is kept" not in client.get(reverse(name)).content.decode()


@pytest.mark.parametrize("email", ["", "nobody", "a\0b@example.com", "x" * 300 + "@example.com", "😀"])
def test_nonsense_makes_no_account(client: Client, email: str) -> None:
    assert client.post(reverse("account_request_login_code"), {"email": email}).status_code == 200
    assert User.objects.count() == 0


def test_by_password_one_comes_back_to_the_quote_too(client: Client, client_of: Callable[[User], Client]) -> None:
    sent = {"email": "nina@example.com", "password1": "a-drawer-full-of-phones", "next": QUOTE}
    assert client.post(reverse("account_signup"), sent)["Location"] == QUOTE
