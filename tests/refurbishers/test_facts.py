from datetime import datetime
from uuid import uuid4

import pytest

from backmarket.events.models import Event
from refurbishers.models import Refurbisher, ServiceFact
from refurbishers.services import record_service_fact, set_rating, withdraw_service_fact

pytestmark = pytest.mark.django_db
Kind = ServiceFact.Kind


def test_a_fact_is_counted_once_and_its_first_word_stays(plant: Refurbisher, now: datetime) -> None:
    trade = uuid4()
    assert record_service_fact(plant.pk, kind=Kind.COUNTER_OFFER, reference=trade, value=1, at=now)
    assert not record_service_fact(plant.pk, kind=Kind.COUNTER_OFFER, reference=trade, value=0, at=now)
    assert list(ServiceFact.objects.values_list("kind", "value")) == [("counter_offer", 1)]


def test_the_same_thing_may_give_facts_of_several_kinds(plant: Refurbisher, now: datetime) -> None:
    line = uuid4()
    record_service_fact(plant.pk, kind=Kind.SHIPMENT, reference=line, value=0, at=now)
    record_service_fact(plant.pk, kind=Kind.DEFECT, reference=line, value=1, at=now)
    assert ServiceFact.objects.count() == 2


def test_a_withdrawn_fact_is_forgotten_and_no_other(plant: Refurbisher, now: datetime) -> None:
    review, other = uuid4(), uuid4()
    for reference in (review, other):
        record_service_fact(plant.pk, kind=Kind.RATING, reference=reference, value=400, at=now)
    withdraw_service_fact(kind=Kind.RATING, reference=review)
    assert list(ServiceFact.objects.values_list("reference", flat=True)) == [other]


def test_a_rating_is_pushed_down_and_told_once(plant: Refurbisher, now: datetime) -> None:
    for _ in range(2):
        set_rating(plant.pk, rating_sum=9, rating_count=2, by="system:test", at=now)
    plant.refresh_from_db()
    assert (plant.rating_sum, plant.rating_count, plant.rating) == (9, 2, 4.5)
    assert Event.objects.filter(kind="plant.rated", subject_id=str(plant.pk)).count() == 1
