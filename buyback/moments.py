"""One line of a timeline."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise


@dataclass(frozen=True)
class Moment:
    """`state`: done, current, todo or problem."""

    title: str | Promise
    at: datetime | None = None
    detail: str | Promise = ""
    state: str = "done"
