"""What a plant's figures come to, from facts alone."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backmarket.events.models import Event
from refurbishers.models import Measurement, Refurbisher, ServiceFact
from refurbishers.scoring import Figure
from refurbishers.selectors import promises
from refurbishers.services import record_service_fact
from refurbishers.services.figures import figures_of
from refurbishers.services.measures import measure_plants
from tests.factories import RefurbisherFactory
from tests.refurbishers.promises import facts, signed_specification

pytestmark = pytest.mark.django_db
Kind = ServiceFact.Kind


def figure(plant: Refurbisher, measure: str, at: datetime) -> Figure | None:
    return figures_of(measure, at=at, days=90).get(plant.pk)


def test_a_rate_is_failures_out_of_all_in_basis_points(plant: Refurbisher, now: datetime) -> None:
    facts(plant, Kind.SHIPMENT, [1, 0, 0], now)
    assert figure(plant, "late_shipment_rate", now) == Figure(3_333, 3)


def test_facts_outside_the_window_do_not_count(plant: Refurbisher, now: datetime) -> None:
    facts(plant, Kind.SHIPMENT, [1], now - timedelta(days=90))
    facts(plant, Kind.SHIPMENT, [1], now + timedelta(days=1))
    facts(plant, Kind.SHIPMENT, [0], now)
    assert figure(plant, "late_shipment_rate", now) == Figure(0, 1)


def test_a_cancelled_line_counts_among_all_lines_though_it_was_never_shipped(plant: Refurbisher, now: datetime) -> None:
    facts(plant, Kind.SHIPMENT, [0, 0, 0], now)
    facts(plant, Kind.CANCELLATION, [1], now)
    assert figure(plant, "cancellation_rate", now) == Figure(2_500, 4)


def test_a_late_inspection_counts_among_all_trades_and_once_when_the_trade_has_an_outcome(
    plant: Refurbisher, now: datetime
) -> None:
    late, *_ = facts(plant, Kind.COUNTER_OFFER, [0, 0, 1, 0], now)
    record_service_fact(plant.pk, kind=Kind.INSPECTION, reference=late, value=1, at=now - timedelta(days=2))
    assert figure(plant, "late_inspection_rate", now) == Figure(2_500, 4)
    assert figure(plant, "counter_offer_rate", now) == Figure(2_500, 4)


def test_a_defect_counts_against_its_shipment_within_its_days(plant: Refurbisher, now: datetime) -> None:
    early, late, *_ = facts(plant, Kind.SHIPMENT, [0, 0, 0, 0], now - timedelta(days=60))
    for line, days in ((early, 29), (late, 45)):
        at = now - timedelta(days=61) + timedelta(days=days)
        record_service_fact(plant.pk, kind=Kind.DEFECT, reference=line, value=1, at=at)
    assert figure(plant, "defect_rate_30d", now) == Figure(2_500, 4)
    assert figure(plant, "defect_rate_90d", now) == Figure(5_000, 4)


def test_medians_take_the_middle_value(plant: Refurbisher, now: datetime) -> None:
    facts(plant, Kind.RESOLUTION_TIME, [90, 2, 30], now)
    facts(plant, Kind.DAYS_TO_PAY, [4, 2], now)
    assert figure(plant, "resolution_hours_median", now) == Figure(30, 3)
    assert figure(plant, "days_to_pay_median", now) == Figure(2, 2)


def test_the_rating_is_an_average_in_hundredths(plant: Refurbisher, now: datetime) -> None:
    facts(plant, Kind.RATING, [500, 400, 400], now)
    assert figure(plant, "rating_average", now) == Figure(433, 3)


def test_a_plant_without_facts_has_no_figure(plant: Refurbisher, now: datetime) -> None:
    facts(RefurbisherFactory(), Kind.SHIPMENT, [1], now)
    assert figure(plant, "late_shipment_rate", now) is None


def test_the_night_writes_the_measures_and_the_public_numbers_and_tells(plant: Refurbisher, now: datetime) -> None:
    signed_specification(plant, now)
    facts(plant, Kind.SHIPMENT, [0] * 9 + [1], now)
    facts(plant, Kind.COUNTER_OFFER, [0, 0, 0, 0, 1], now)
    facts(plant, Kind.DAYS_TO_PAY, [1, 2, 3, 4, 5], now)
    facts(plant, Kind.ANSWER_TIME, [30, 60, 90, 120, 150], now)
    assert measure_plants(now) == 1
    plant.refresh_from_db()
    assert (plant.paid_as_quoted_bps, plant.median_days_to_pay, plant.median_answer_minutes) == (8_000, 3, 90)
    # late 10 %: 6,667 × 10 facts and 7,000 × 20 → 6,889; defects none in 10: 8,000; cancellations none in 10: 8,000
    assert plant.quality_bps == (40 * 7_000 + 25 * 8_000 + 15 * 6_889 + 10 * 7_000 + 10 * 8_000 + 50) // 100
    measured = Measurement.objects.values_list("measure", "value", "sample", "measured_date")
    assert set(measured) == {
        ("late_shipment_rate", 1_000, 10, now.date()),
        ("defect_rate_30d", 0, 10, now.date()),
    }
    assert Event.objects.filter(kind="plant.measured").count() == 1


def test_too_few_facts_leave_the_public_numbers_unsaid(plant: Refurbisher, now: datetime) -> None:
    facts(plant, Kind.DAYS_TO_PAY, [1, 2, 3, 4], now)
    measure_plants(now)
    plant.refresh_from_db()
    assert plant.median_days_to_pay is None


def test_a_second_run_on_the_same_day_changes_and_tells_nothing_more(plant: Refurbisher, now: datetime) -> None:
    signed_specification(plant, now)
    facts(plant, Kind.SHIPMENT, [0] * 10, now)
    for _ in range(2):
        measure_plants(now)
    assert Measurement.objects.count() == 2
    assert Event.objects.filter(kind="plant.measured").count() == 1


def test_the_measures_day_is_the_markets(plant: Refurbisher, now: datetime) -> None:
    signed_specification(plant, now)
    facts(plant, Kind.SHIPMENT, [0], now)
    measure_plants(now.replace(hour=0, minute=30))
    assert {m.measured_date for m in Measurement.objects.all()} == {now.date()}


def test_a_promise_is_judged_only_from_its_sample_on(plant: Refurbisher, now: datetime) -> None:
    signed_specification(plant, now)
    facts(plant, Kind.SHIPMENT, [1] * 9, now)
    facts(plant, Kind.RESOLUTION_TIME, [10, 20, 100], now)
    measure_plants(now)
    found = {p.code: (p.achieved, p.sample, p.kept) for p in promises(plant.pk)}
    assert found == {
        "L-01": (10_000, 9, None),
        "S-03": (None, 0, None),
        "E-04": (0, 9, None),
        "S-02": (20, 3, True),
    }


def test_measuring_takes_as_many_statements_for_ten_plants_as_for_one(plant: Refurbisher, now: datetime) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            measure_plants(now)
        return len(queries)

    facts(plant, Kind.SHIPMENT, [0] * 10, now)
    measure_plants(now)
    one = statements()
    for other in RefurbisherFactory.create_batch(9, quality_bps=7_000):
        facts(other, Kind.ANSWER, [], now)
    assert statements() == one
