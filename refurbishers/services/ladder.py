"""The ladder: where a plant stands, and the written reasons for every move."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backmarket import states
from backmarket.errors import DomainError
from backmarket.events.services import Actor, actor_code, record
from refurbishers.models import Clause, Refurbisher, StatementOfReasons
from refurbishers.scoring import Figure
from refurbishers.words import in_words

Status = Refurbisher.Status

# Regulation (EU) 2019/1150, art. 4: a restriction is explained when it takes effect, an end 30 days before.
NOTICE_BEFORE_LEAVING = timedelta(days=30)
MEASURED_BY = "system:measure_plants"
# From best to worst: what the measures alone may do to a plant.
STEPS: tuple[str, ...] = (Status.ACTIVE, Status.WATCH, Status.RESTRICTED)


class CannotMovePlant(DomainError):
    """The move lacks its reasons or its notice; nothing was changed."""

    code = "cannot_move_plant"
    default_message = gettext_lazy("A plant moves on the ladder only with written reasons.")


@transaction.atomic
def move_plant(plant: Refurbisher, to: str, *, reasons: str, by: Actor, at: datetime) -> StatementOfReasons:
    """Move a plant to status `to`, effective at once, with the statement of reasons that it receives by e-mail.

    To end the relationship, notice must have been given 30 days before, see `give_notice`, unless the plant itself
    leaves. Records plant.<status>. Raises CannotMovePlant, or IllegalMove.
    """
    if not reasons.strip():
        raise CannotMovePlant(field="reasons")
    if to == Status.LEFT and not _may_leave(plant, by=by, at=at):
        raise CannotMovePlant(_("A plant is told 30 days before we part: give notice first."), field="to")
    statement = _state(plant, to, reasons=reasons, by=by, at=at, effective_at=at)
    states.move(plant, to, by=by, at=at, data={"statement": statement.pk, "from": statement.from_status})
    return statement


@transaction.atomic
def give_notice(plant: Refurbisher, *, reasons: str, by: Actor, at: datetime) -> StatementOfReasons:
    """Tell a plant in writing that we part in 30 days; it trades on meanwhile. Records plant.noticed."""
    if not reasons.strip():
        raise CannotMovePlant(field="reasons")
    statement = _state(plant, Status.LEFT, reasons=reasons, by=by, at=at, effective_at=at + NOTICE_BEFORE_LEAVING)
    record("plant.noticed", plant, by=by, at=at, data={"statement": statement.pk})
    return statement


def _may_leave(plant: Refurbisher, *, by: Actor, at: datetime) -> bool:
    own_will = not isinstance(by, str) and plant.members.filter(user=by, role="owner").exists()
    return own_will or plant.statements.filter(to_status=Status.LEFT, effective_at__lte=at).exists()


def _state(
    plant: Refurbisher, to: str, *, reasons: str, by: Actor, at: datetime, effective_at: datetime
) -> StatementOfReasons:
    return StatementOfReasons.objects.create(
        plant=plant,
        from_status=plant.status,
        to_status=to,
        reasons=reasons.strip(),
        effective_at=effective_at,
        created_at=at,
        created_by=actor_code(by),
    )


def step_by_measures(
    plant: Refurbisher, *, clauses: Iterable[Clause], figures: Mapping[str, Figure], at: datetime
) -> bool:
    """Move a plant where its clauses put it: down at once to the step they name, up one step at a time.

    Only the steps from active to restricted, and up only when it was the measures that had moved it down: what a
    person decided, a person takes back. True when the plant moved.
    """
    if plant.status not in STEPS:
        return False
    broken = {clause: step for clause in clauses if (step := _step_of(clause, figures.get(clause.measure)))}
    here, there = STEPS.index(plant.status), max((STEPS.index(step) for step in broken.values()), default=0)
    if there > here:
        move_plant(plant, STEPS[there], reasons=_broken_words(broken, figures), by=MEASURED_BY, at=at)
    elif there < here and _moved_by_measures(plant):
        reasons = _("The measures that had led to this step are kept again.")
        move_plant(plant, STEPS[here - 1], reasons=reasons, by=MEASURED_BY, at=at)
    else:
        return False
    return True


def _step_of(clause: Clause, figure: Figure | None) -> str | None:
    """Where one clause puts the plant; None while it is kept well enough or its sample is too small."""
    if figure is None or figure.sample < (clause.min_sample or 0):
        return None
    limits = ((Status.RESTRICTED, clause.restrict), (Status.WATCH, clause.watch))
    return next((step for step, limit in limits if limit is not None and _past(clause, figure.value, limit)), None)


def _past(clause: Clause, value: int, limit: int) -> bool:
    return value > limit if clause.comparison == Clause.Comparison.AT_MOST else value < limit


def _moved_by_measures(plant: Refurbisher) -> bool:
    last = plant.statements.filter(to_status=plant.status).order_by("-created_at", "-pk").first()
    return last is not None and last.created_by == MEASURED_BY


def _broken_words(broken: Mapping[Clause, str], figures: Mapping[str, Figure]) -> str:
    return "\n".join(
        _("%(code)s: %(text)s Measured: %(value)s of %(sample)s over %(days)s days.")
        % {
            "code": clause.code,
            "text": _(clause.text),
            "value": in_words(figures[clause.measure].value, clause.unit),
            "sample": figures[clause.measure].sample,
            "days": clause.window_days,
        }
        for clause in broken
    )
