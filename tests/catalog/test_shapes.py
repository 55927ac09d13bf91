"""What staff write as JSON is checked before every page of a category reads it."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from catalog.models import Category, GradingSpecification
from catalog.shapes import Shaped
from tests.factories import CategoryFactory

GOOD = {"value": "pass", "text": "Passed", "grade": "PREMIUM", "functional": True, "looks": "flawless"}
BAD = {"value": "fail", "text": "Failed", "grade": None, "functional": False, "looks": "used"}
CHECK = {"code": "sim", "chapter": "functions", "kind": "pass_fail", "text": "SIM is read", "options": [GOOD, BAD]}
HEALTH = {
    "code": "health", "chapter": "battery", "kind": "number", "text": "Health", "unit": "%", "better": "higher",
    "thresholds": {"PREMIUM": 90, "EXCELLENT": 85, "GOOD": 80, "FAIR": 80},
    "bands": [{"bound": 80, "grade": "PREMIUM", "functional": True, "looks": "flawless"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("checks", "says"),
    [
        ({"code": "sim"}, "Wrong at the whole: {'code': 'sim'} is not of type 'array'"),
        ([], r"Wrong at the whole: \[\] should be non-empty"),
        ([{**CHECK, "options": [GOOD, {**BAD, "grade": "BEST"}]}], "Wrong at 0 › options › 1 › grade: 'BEST'"),
        ([CHECK, {**HEALTH, "thresholds": {"GOOD": 80}}], "Wrong at 1 › thresholds: 'PREMIUM' is a required property"),
        ([{**CHECK, "kind": "colour"}], "Wrong at 0 › kind: 'colour' is not one of"),
        ([CHECK, CHECK], "Stands twice: sim"),
    ],
)
def test_a_specification_of_another_shape_is_refused_with_the_place(checks: Any, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Shaped("checks")(checks)
    Shaped("checks")([CHECK, HEALTH])


@pytest.mark.django_db
def test_the_desk_hears_of_it_beside_the_field(client: Client, olga: User) -> None:
    category = CategoryFactory()
    client.force_login(olga)
    url = reverse("desk:catalog_gradingspecification_add")
    answer = client.post(url, {"category": category.pk, "version": 9, "checks": '[{"code": "sim"}]'})
    assert answer.status_code in (200, 422)
    assert "&#x27;chapter&#x27; is a required property" in answer.content.decode()
    assert not GradingSpecification.objects.filter(version=9).exists()


@pytest.mark.django_db
def test_all_that_the_seed_writes_has_the_shape() -> None:
    call_command("seed", base=True, verbosity=0)
    assert GradingSpecification.objects.exists()
    for category in Category.objects.prefetch_related("question_sets", "grading_specifications"):
        category.clean_fields()
        for written in (*category.question_sets.all(), *category.grading_specifications.all()):
            written.clean_fields()
