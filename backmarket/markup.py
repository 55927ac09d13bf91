"""What remembers the words and drawings that a page prints dozens of times."""

from collections.abc import Callable
from functools import cache, lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.urls import reverse
from django.utils.translation.trans_real import catalog

P = ParamSpec("P")
R = TypeVar("R")
REMEMBERED = 8_192


def worded(function: Callable[P, R]) -> Callable[P, R]:
    """A pure function of hashable arguments and the reader's language, which says again what it has said before."""

    @lru_cache(REMEMBERED)
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


@cache
def address(name: str) -> str:
    """The address of a page that takes no arguments: the same for as long as the process."""
    return reverse(name)
