"""Who sees the photos that a plant took of somebody's device."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.http import Http404

from backmarket.accounts.models import User
from buyback.access import photo_for_viewer
from buyback.models import EvidencePhoto, Trade
from refurbishers.models import Refurbisher
from tests.buyback.steps import countered
from tests.factories import MemberFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _photos_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_ROOT = tmp_path


@pytest.fixture
def taken(plant: Refurbisher, carol: User, now: datetime) -> EvidencePhoto:
    return countered(plant, carol, now).photos.get()


def test_the_seller_sees_the_photo_however_many_work_at_the_plant(
    taken: EvidencePhoto, carol: User, plant: Refurbisher
) -> None:
    MemberFactory.create_batch(3, plant=plant)
    assert photo_for_viewer(carol, taken.trade_id, taken.pk) == taken


def test_everybody_at_the_plant_sees_the_photo(taken: EvidencePhoto, bob: User) -> None:
    assert photo_for_viewer(bob, taken.trade_id, taken.pk) == taken


def test_staff_who_may_see_trades_see_the_photo(taken: EvidencePhoto) -> None:
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_trade"))
    assert photo_for_viewer(viewer, taken.trade_id, taken.pk) == taken


def test_to_everybody_else_the_photo_does_not_exist(taken: EvidencePhoto, mallory: User, rival: User) -> None:
    formerly_staff = UserFactory(is_staff=False)
    formerly_staff.user_permissions.add(Permission.objects.get(codename="view_trade"))
    for stranger in (mallory, rival, formerly_staff, UserFactory(is_staff=True)):
        with pytest.raises(Http404):
            photo_for_viewer(stranger, taken.trade_id, taken.pk)


def test_a_photo_is_found_under_its_own_trade_only(
    taken: EvidencePhoto, plant: Refurbisher, carol: User, now: datetime
) -> None:
    other: Trade = countered(plant, carol, now)
    with pytest.raises(Http404):
        photo_for_viewer(carol, other.pk, taken.pk)
