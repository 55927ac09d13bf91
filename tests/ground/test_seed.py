"""The demo data: what an empty installation is filled with."""

import pytest
from django.conf import LazySettings
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.core.management.base import CommandError

from backmarket.management.demo_logins import OWNER, PASSWORD
from catalog.models import Category, GradingSpecification, Listing, Product, QuestionSet, ReferencePrice, Variant
from refurbishers.models import Clause, Member, Refurbisher, Signature

pytestmark = pytest.mark.django_db


def test_base_loads_catalogue_and_plants_and_no_history() -> None:
    call_command("seed", base=True, verbosity=0)
    counted = [model.objects.count() for model in (Category, Product, Variant, QuestionSet, GradingSpecification)]
    assert counted == [12, 216, 1112, 12, 12]
    assert ReferencePrice.objects.values("variant").distinct().count() == 1112
    assert Refurbisher.objects.count() == Member.objects.filter(role="owner").count() == 30
    assert Clause.objects.filter(kind="measure").count() == 12
    assert Signature.objects.count() == 29
    assert not Listing.objects.exists()
    assert authenticate(username=OWNER, password=PASSWORD) is not None


def test_it_refuses_where_sandboxes_are_not_allowed(settings: LazySettings) -> None:
    settings.ALLOW_SANDBOX = False
    with pytest.raises(CommandError):
        call_command("seed", verbosity=0)
    assert not Refurbisher.objects.exists()
