"""A round of questions to a courier: what a job asks about many rows, one after the other."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from backmarket.errors import GatewayError

log = structlog.get_logger(__name__)

PATIENCE = 3
Question = tuple[UUID, Callable[[], bool]]


def ask_all(questions: Sequence[Question], *, at: datetime, every: timedelta) -> int:
    """Ask each; returns how many brought something new. Network.

    A courier that stays silent must not hold a worker for hours: PATIENCE calls without an answer end the round, and
    the next one, `every` later, starts PATIENCE rows on. A row that fails by itself keeps no other one waiting.
    """
    done = silent = 0
    for pk, ask in _from_elsewhere(questions, int(at.timestamp() // every.total_seconds())):
        try:
            done += ask()
            silent = 0
        except GatewayError as error:
            log.warning("courier_said_no", row=str(pk), reason=str(error), retry=error.retry)
            silent = silent + 1 if error.retry else 0
            if silent == PATIENCE:
                break
        except Exception:
            log.exception("courier_not_asked", row=str(pk))
    return done


def _from_elsewhere(questions: Sequence[Question], round_: int) -> list[Question]:
    """Those that get no answer do not stand before the others for ever."""
    first = round_ * PATIENCE % len(questions) if questions else 0
    return [*questions[first:], *questions[:first]]
