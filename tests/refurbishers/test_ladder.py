"""Where the measures put a plant, and what a plant is owed before it moves."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.notifications.models import Notification
from backmarket.states import IllegalMove
from refurbishers.models import Refurbisher, ServiceFact, StatementOfReasons
from refurbishers.services.ladder import CannotMovePlant, give_notice, move_plant
from refurbishers.services.measures import measure_plants
from tests.refurbishers.promises import facts, signed_specification

pytestmark = pytest.mark.django_db
Kind = ServiceFact.Kind


@pytest.mark.parametrize(
    ("late", "status"),
    [(0, "active"), (7, "active"), (8, "watch"), (15, "watch"), (16, "restricted")],
)
def test_late_shipments_past_a_threshold_take_a_plant_down(
    plant: Refurbisher, now: datetime, late: int, status: str
) -> None:
    signed_specification(plant, now)
    facts(plant, Kind.SHIPMENT, [1] * late + [0] * (100 - late), now)
    measure_plants(now)
    plant.refresh_from_db()
    assert plant.status == status
    assert StatementOfReasons.objects.count() == Event.objects.filter(kind=f"plant.{status}").count() == (late > 7)


def test_a_step_down_says_what_was_promised_and_what_was_measured(plant: Refurbisher, now: datetime) -> None:
    signed_specification(plant, now)
    facts(plant, Kind.SHIPMENT, [1] * 1 + [0] * 9, now)
    measure_plants(now)
    statement = StatementOfReasons.objects.get()
    assert statement.reasons == "L-01: A promise. Measured: 10% of 10 over 90 days."
    assert (statement.from_status, statement.to_status) == ("active", "watch")
    assert statement.effective_at == statement.created_at == now
    assert statement.created_by == "system:measure_plants"


def test_a_low_rating_puts_on_watch_and_never_restricts_alone(plant: Refurbisher, now: datetime) -> None:
    signed_specification(plant, now)
    facts(plant, Kind.RATING, [100] * 50, now)
    measure_plants(now)
    plant.refresh_from_db()
    assert plant.status == "watch"


def test_a_sample_below_the_minimum_moves_nobody(plant: Refurbisher, now: datetime) -> None:
    signed_specification(plant, now)
    facts(plant, Kind.SHIPMENT, [1] * 9, now)
    measure_plants(now)
    plant.refresh_from_db()
    assert plant.status == "active"
    assert not StatementOfReasons.objects.exists()


def test_a_plant_that_keeps_its_promises_again_climbs_one_step_a_night(plant: Refurbisher, now: datetime) -> None:
    signed_specification(plant, now)
    facts(plant, Kind.SHIPMENT, [1] * 10, now)
    steps = []
    for day in (0, 100, 101, 102):
        measure_plants(now + timedelta(days=day))
        plant.refresh_from_db()
        steps.append(plant.status)
    assert steps == ["restricted", "watch", "active", "active"]


def test_what_a_person_decided_the_measures_do_not_take_back(plant: Refurbisher, olga: User, now: datetime) -> None:
    signed_specification(plant, now)
    move_plant(plant, "restricted", reasons="Two audits failed.", by=olga, at=now)
    measure_plants(now + timedelta(days=1))
    plant.refresh_from_db()
    assert plant.status == "restricted"


def test_a_suspended_plant_is_not_measured(plant: Refurbisher, olga: User, now: datetime) -> None:
    move_plant(plant, "suspended", reasons="Fraud.", by=olga, at=now)
    assert measure_plants(now) == 0


def test_no_move_without_reasons(plant: Refurbisher, olga: User, now: datetime) -> None:
    with pytest.raises(CannotMovePlant):
        move_plant(plant, "watch", reasons="  ", by=olga, at=now)
    plant.refresh_from_db()
    assert plant.status == "active"


def test_an_illegal_move_leaves_no_statement(plant: Refurbisher, olga: User, now: datetime) -> None:
    with pytest.raises(IllegalMove):
        move_plant(plant, "trial", reasons="Once more.", by=olga, at=now)
    assert not StatementOfReasons.objects.exists()


def test_the_house_parts_with_a_plant_only_after_30_days_of_notice(
    plant: Refurbisher, olga: User, now: datetime
) -> None:
    with pytest.raises(CannotMovePlant, match="30 days"):
        move_plant(plant, "left", reasons="The contract ends.", by=olga, at=now)
    notice = give_notice(plant, reasons="The contract ends.", by=olga, at=now)
    assert notice.effective_at == now + timedelta(days=30)
    measure_plants(now + timedelta(days=29))
    plant.refresh_from_db()
    assert plant.status == "active"
    measure_plants(now + timedelta(days=30))
    plant.refresh_from_db()
    assert plant.status == "left"


def test_the_owner_of_a_plant_may_leave_at_once(plant: Refurbisher, bob: User, now: datetime) -> None:
    move_plant(plant, "left", reasons="We retire.", by=bob, at=now)
    plant.refresh_from_db()
    assert plant.status == "left"


def test_the_plant_receives_its_statement_by_e_mail_once(
    plant: Refurbisher, bob: User, olga: User, now: datetime, drain: Callable[[], None]
) -> None:
    move_plant(plant, "watch", reasons="Late shipments: 9 %.", by=olga, at=now)
    drain()
    email = Notification.objects.get(template="plant_statement")
    assert email.recipient == plant.email
    assert "Late shipments: 9 %." in email.text
