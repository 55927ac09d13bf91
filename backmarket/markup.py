"""What remembers the words and drawings that a page prints dozens of times."""

from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.translation.trans_real import catalog

P = ParamSpec("P")
R = TypeVar("R")
REMEMBERED = 8_192


def worded(function: Callable[P, R]) -> Callable[P, R]:
    """A pure function of hashable arguments and the reader's language, which says again what it has said before."""

    # `typed`, as markup and text, or True and 1, are equal and are not printed alike.
    @lru_cache(REMEMBERED, typed=True)
    def said(_language: object, *args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    @wraps(function)
    def say(*args: P.args, **kwargs: P.kwargs) -> R:
        # The catalogue of a language stands for it, and is asked for more quickly than its name.
        return said(catalog(), *args, **kwargs)  # type: ignore[arg-type]  # unhashable ones raise TypeError

    say.remembered = said  # type: ignore[attr-defined]
    return say


def remembered(function: Callable[P, R]) -> Callable[Concatenate[str | None, P], R]:
    """A `worded` function that is told the language: for who prints many pieces, and asks for it once."""
    return cast("Callable[Concatenate[str | None, P], R]", function.remembered)  # type: ignore[attr-defined]


def drawn(function: Callable[P, R]) -> Callable[P, R]:
    """A pure function of hashable arguments which says no words but those it is given, in any language the same."""
    return cast("Callable[P, R]", lru_cache(REMEMBERED, typed=True)(function))


@worded
def gettext(message: str) -> str:
    """Django's, which walks through the catalogues of every application each time, for pages that say it each time."""
    return translation.gettext(message)


# For what is put in words where it is read, and not where it is written: fields of forms.
gettext_lazy = lazy(gettext, str)


@worded
def day_format(day: date, form: str | None = None) -> str:
    """A day in one of Django's formats; a `datetime` is no day."""
    return date_format(day, form)


@cache
def address(name: str) -> str:
    """The address of a page that takes no arguments: the same for as long as the process."""
    return reverse(name)
