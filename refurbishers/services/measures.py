"""The nightly measure of every trading plant: its clauses, its public numbers, its quality score, its step."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backmarket import market
from backmarket.db import lock
from backmarket.events.services import record
from refurbishers.models import Clause, Measurement, Refurbisher, Signature, StatementOfReasons
from refurbishers.scoring import BPS, WEIGHTS, Figure, quality_bps
from refurbishers.services.figures import MEASURES, figures_of
from refurbishers.services.ladder import MEASURED_BY, move_plant, step_by_measures

WINDOW_DAYS = 90
# Below this many facts a plant's public medians and shares stay unsaid.
MIN_SHOWN = 5
PUBLIC = {"counter_offer_rate", "days_to_pay_median", "answer_minutes_median"}
COLUMNS = ("quality_bps", "paid_as_quoted_bps", "median_days_to_pay", "median_answer_minutes")

# (measure, window in days) → plant → figure
Table = Mapping[tuple[str, int], Mapping[UUID, Figure]]


@transaction.atomic
def measure_plants(at: datetime) -> int:
    """Measure every trading plant as of `at`, write the market day's Measurement rows, move plants on the ladder.

    Records plant.measured for plants whose numbers changed. A second run on the same day replaces the first's rows.
    Returns how many plants were measured.
    """
    _carry_out_notices(at)
    plants: list[Refurbisher] = list(lock(Refurbisher.objects.trading()))
    clauses = _clauses_signed(plants, at)
    table = _table(clauses, at)
    _write_measurements(plants, clauses, table, at)
    for plant in _refresh_columns(plants, table):
        record("plant.measured", plant, by=MEASURED_BY, at=at)
    for plant in plants:
        signed = clauses.get(plant.pk, [])
        step_by_measures(plant, clauses=signed, figures=_figures(plant, signed, table), at=at)
    return len(plants)


def _carry_out_notices(at: datetime) -> None:
    """Part with the plants whose 30 days of notice are over."""
    left = Refurbisher.Status.LEFT
    due = StatementOfReasons.objects.filter(to_status=left, effective_at__lte=at).exclude(plant__status=left)
    for notice in due.select_related("plant"):
        move_plant(notice.plant, left, reasons=notice.reasons, by=MEASURED_BY, at=at)


def _clauses_signed(plants: list[Refurbisher], at: datetime) -> dict[UUID, list[Clause]]:
    """Each plant's measurable clauses, of the version it signed last."""
    signatures = Signature.objects.filter(plant__in=plants, signed_at__lte=at).order_by("signed_at", "pk")
    signed = dict(signatures.values_list("plant_id", "specification_id"))
    by_specification = defaultdict(list)
    for clause in Clause.objects.filter(specification__in=signed.values(), measure__in=MEASURES):
        by_specification[clause.specification_id].append(clause)
    return {plant_id: by_specification[specification_id] for plant_id, specification_id in signed.items()}


def _table(clauses: Mapping[UUID, list[Clause]], at: datetime) -> Table:
    wanted = {(clause.measure, clause.window_days or WINDOW_DAYS) for signed in clauses.values() for clause in signed}
    wanted |= {(measure, WINDOW_DAYS) for measure in PUBLIC | WEIGHTS.keys()}
    return {(measure, days): figures_of(measure, at=at, days=days) for measure, days in wanted}


def _figures(plant: Refurbisher, clauses: Iterable[Clause], table: Table) -> dict[str, Figure]:
    found = {c.measure: table[c.measure, c.window_days or WINDOW_DAYS].get(plant.pk) for c in clauses}
    return {measure: figure for measure, figure in found.items() if figure}


def _write_measurements(
    plants: list[Refurbisher], clauses: Mapping[UUID, list[Clause]], table: Table, at: datetime
) -> None:
    today = market.calendar().local(at).date()
    rows = [
        Measurement(plant=plant, measure=measure, measured_date=today, value=figure.value, sample=figure.sample)
        for plant in plants
        for measure, figure in _figures(plant, clauses.get(plant.pk, []), table).items()
    ]
    Measurement.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["plant", "measure", "measured_date"],
        update_fields=["value", "sample"],
    )


def _refresh_columns(plants: list[Refurbisher], table: Table) -> list[Refurbisher]:
    """Write the public numbers; returns the plants whose numbers changed."""
    changed = []
    for plant in plants:
        columns = _columns(plant, table)
        if columns != {name: getattr(plant, name) for name in COLUMNS}:
            for name, value in columns.items():
                setattr(plant, name, value)
            changed.append(plant)
    Refurbisher.objects.bulk_update(changed, COLUMNS)
    return changed


def _columns(plant: Refurbisher, table: Table) -> dict[str, int | None]:
    scored = {measure: table[measure, WINDOW_DAYS].get(plant.pk) for measure in WEIGHTS}
    countered = _shown(plant, "counter_offer_rate", table)
    return {
        "quality_bps": quality_bps({measure: figure for measure, figure in scored.items() if figure}),
        "paid_as_quoted_bps": None if countered is None else BPS - countered,
        "median_days_to_pay": _shown(plant, "days_to_pay_median", table),
        "median_answer_minutes": _shown(plant, "answer_minutes_median", table),
    }


def _shown(plant: Refurbisher, measure: str, table: Table) -> int | None:
    figure = table[measure, WINDOW_DAYS].get(plant.pk)
    return figure.value if figure and figure.sample >= MIN_SHOWN else None
