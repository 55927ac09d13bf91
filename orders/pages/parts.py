"""What both pages are made of."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.text import capfirst

from backmarket.markup import worded


@worded
def state_words(states: type[TextChoices], state: str) -> str:
    """A state in the reader's words, as a badge begins. Django's get_status_display puts all of them in words first."""
    return str(capfirst(states(state).label))


@dataclass(frozen=True)
class Step:
    """One point of components/_timeline.html: state is done, current, todo or problem."""

    title: str | Promise
    at: datetime | None
    state: str
    detail: str | Promise = ""


@dataclass(frozen=True)
class Next:
    """The next thing, as components/_next.html prints it. `post` marks an address that takes a form."""

    title: str
    text: str = ""
    url: str = ""
    label: str = ""
    icon: str = "clock"
    deadline: datetime | None = None
    # Until the deadline, for whoever counts them down: the reader's own clock may be wrong.
    seconds: int = 0
    post: bool = False
