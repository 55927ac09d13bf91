"""Secrets of sessions and forms are drawn at once, and are as strong as when each letter is drawn alone."""

from collections import Counter

import pytest
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.middleware.csrf import CSRF_ALLOWED_CHARS, _unmask_cipher_token
from django.test import RequestFactory

from backmarket import crypto
from backmarket.csrf import token_of
from backmarket.sessions import SessionStore


@pytest.mark.parametrize("alphabet", [CSRF_ALLOWED_CHARS, VALID_KEY_CHARS, "ab", "abc"])
def test_each_letter_is_as_likely_as_any_other(monkeypatch: pytest.MonkeyPatch, alphabet: str) -> None:
    monkeypatch.setattr("secrets.token_bytes", lambda _many: bytes(range(256)))
    fair = 256 - 256 % len(alphabet)
    drawn = Counter(crypto.random_text(fair, alphabet))
    assert set(drawn) == set(alphabet)
    assert len(set(drawn.values())) == 1


def test_what_is_left_out_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([b"\xff" * 8, b"\x00\x01\xff\x02", b"\x03\x04"])
    monkeypatch.setattr("secrets.token_bytes", lambda _many: next(draws))
    assert crypto.random_text(4, "abcdefg") == "abcd"


def test_texts_are_long_and_differ() -> None:
    texts = {crypto.random_text(32, CSRF_ALLOWED_CHARS) for _ in range(200)}
    assert len(texts) == 200
    assert {len(text) for text in texts} == {32}
    assert set("".join(texts)) == set(CSRF_ALLOWED_CHARS)


def test_a_session_key_is_of_the_letters_that_django_takes() -> None:
    key = SessionStore()._get_new_session_key()
    assert len(key) == 32
    assert set(key) <= set(VALID_KEY_CHARS)


def test_a_token_hides_the_visitor_s_secret_differently_each_time(rf: RequestFactory) -> None:
    request = rf.get("/")
    tokens = [token_of(request) for _ in range(3)]
    assert len(set(tokens)) == 3
    assert [_unmask_cipher_token(token) for token in tokens] == [request.META["CSRF_COOKIE"]] * 3
    assert request.META["CSRF_COOKIE_NEEDS_UPDATE"]


def test_who_has_a_secret_keeps_it(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.META["CSRF_COOKIE"] = "a" * 32
    assert _unmask_cipher_token(token_of(request)) == "a" * 32
