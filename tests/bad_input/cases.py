"""One form, every wrong way to fill it in, and what must be true of each answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import Client

from tests.bad_input.page import Page

LONG = "x" * 10_000
TEXT = ("a\0b", LONG)
NUMBER = ("abc", "-1", "9" * 30, "NaN")
# What nobody means, by the kind of the control; a password is not echoed and a file has no text.
GARBAGE: dict[str, tuple[str, ...]] = {
    "text": TEXT,
    "textarea": TEXT,
    "search": TEXT,
    "tel": (*TEXT, "😀"),
    "email": (*TEXT, "nobody", "😀@example.com"),
    "number": NUMBER,
    "date": ("2026-02-30", "soon"),
    "radio": ("no-such-choice",),
    "select": ("no-such-choice", "a\0b"),
}
ECHOED = frozenset(GARBAGE) - {"radio", "select"}
# Sessions are the visitor's own memory, not what a form writes.
FORGOTTEN = frozenset({"django_session"})


@dataclass(frozen=True)
class Bad:
    """One wrong value among right ones; `says` is part of the message beside it."""

    field: str
    value: Any
    says: str
    also: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Form:
    """A form as a person fills it in rightly (`good`, which is answered with `done`) and its own wrong values (`bad`).

    `page` shows it and `url` takes it. `optional` may be left out, `fixed` is sent with
    every try and is nobody's to type, `fresh` values (a file, a code of now) are made anew for every try.
    """

    name: str
    url: str
    good: dict[str, Any]
    bad: tuple[Bad, ...] = ()
    page: str = ""
    optional: frozenset[str] = frozenset()
    status: int = 422
    done: int = 302
    fixed: dict[str, Any] = field(default_factory=dict)
    fresh: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def sent(self, **changes: Any) -> dict[str, Any]:
        return self.fixed | self.good | {name: make() for name, make in self.fresh.items()} | changes


def check(form: Form, client: Client) -> None:
    """Fill the form in wrongly in every way and rightly at last; fail with all that was answered otherwise."""
    client.raise_request_exception = False
    found = wrongs(form, client)
    assert not found, "\n".join([f"{form.name}:", *found])


def wrongs(form: Form, client: Client) -> list[str]:
    shown = Page(client.get(form.page or form.url).content.decode())
    found = [f"empty: {wrong}" for wrong in _empty(form, client)]
    for bad in [*form.bad, *_garbage(form, shown)]:
        found += [f"{bad.field}={str(bad.value)[:20]!r}: {wrong}" for wrong in _one_wrong(form, bad, client)]
    answer = client.post(form.url, form.sent())
    if answer.status_code != form.done:
        found.append(f"nothing wrong: {answer.status_code} {_said(answer)} {_raised(answer)}")
    return found


def _raised(answer: Any) -> str:
    """What a view raised: the client keeps it when it is told not to raise it again."""
    raised = getattr(answer, "exc_info", None)
    return repr(raised[1]) if raised else ""


def _said(answer: Any) -> str:
    context = answer.context or {}
    return str([context[name].errors for name in ("form", "address", "address_form") if name in context])


def _garbage(form: Form, shown: Page) -> Iterator[Bad]:
    for name in form.good:
        for value in GARBAGE.get(shown.kind(name), ()):
            yield Bad(name, value, "")


def _empty(form: Form, client: Client) -> Iterator[str]:
    required = {*form.good, *form.fresh} - form.optional
    answer = (yield from _refused(form, dict(form.fixed), client)) if required else None
    for name in required if answer else ():
        yield from _tied(answer, name, "")


def _one_wrong(form: Form, bad: Bad, client: Client) -> Iterator[str]:
    sent = form.sent(**{bad.field: bad.value}, **bad.also)
    answer = yield from _refused(form, sent, client)
    if answer is None:
        return
    if answer.kind(bad.field) != "hidden":
        yield from _tied(answer, bad.field, bad.says)
    if answer.kind(bad.field) in ECHOED and "\0" not in str(bad.value):
        yield from _kept(answer, bad.field, bad.value)
    for name in form.good:
        if name != bad.field and answer.kind(name) not in ("password", "file"):
            yield from _kept(answer, name, sent[name])


def _refused(form: Form, sent: dict[str, Any], client: Client) -> Any:
    before = written()
    answer = client.post(form.url, sent)
    if answer.status_code != form.status:
        yield f"answered with {answer.status_code} {_raised(answer)}"
        return None
    if before != written():
        yield "something was written"
    return Page(answer.content.decode())


def _tied(page: Page, name: str, says: str) -> Iterator[str]:
    said = page.errors(name)
    if not said or says not in said:
        yield f"beside {name} stands {said!r}, not {says!r}"
    if not page.is_marked(name):
        yield f"{name} is not marked as wrong"


def _kept(page: Page, name: str, value: Any) -> Iterator[str]:
    sent = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    if sorted(page.values(name)) != sorted(sent):
        yield f"{name} was {sent} and is {[text[:40] for text in page.values(name)]}"


def written() -> list[tuple[Any, ...]]:
    """A fingerprint of every row of every table: equal when nothing was inserted, changed or deleted."""
    tables = sorted({model._meta.db_table for model in apps.get_models()} - FORGOTTEN)
    prints = [f"SELECT '{name}', count(*), sum(hashtext(t::text)::bigint) FROM \"{name}\" t" for name in tables]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(prints) + " ORDER BY 1")
        return cursor.fetchall()
