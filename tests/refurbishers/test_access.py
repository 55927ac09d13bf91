"""A plant from the inside, and the signature under its specification."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from backmarket.accounts.models import User
from refurbishers.access import plant_of, require_role
from refurbishers.models import Member, Refurbisher, Signature, Specification
from refurbishers.services.specifications import CannotSign, sign_specification
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


def test_a_member_finds_the_own_plant_and_strangers_find_none(plant: Refurbisher, bob: User, mallory: User) -> None:
    assert plant_of(bob) == plant
    for stranger in (mallory, AnonymousUser()):
        with pytest.raises(Http404):
            plant_of(stranger)


def test_a_role_is_asked_of_colleagues_and_strangers_stay_strangers(plant: Refurbisher, mallory: User) -> None:
    technician = MemberFactory(plant=plant, role=Member.Role.TECHNICIAN).user
    assert require_role(technician, "technician", "owner") == plant
    with pytest.raises(PermissionDenied):
        require_role(technician, "owner")
    with pytest.raises(Http404):
        require_role(mallory, "owner")


def test_a_person_whose_account_is_closed_is_a_stranger(bob: User) -> None:
    bob.is_active = False
    with pytest.raises(Http404):
        plant_of(bob)


def test_an_owner_signs_a_published_version_once(plant: Refurbisher, bob: User, now: datetime) -> None:
    version = Specification.objects.create(version="1", title="One", published_at=now)
    first = sign_specification(plant, version, by=bob, at=now)
    assert sign_specification(plant, version, by=bob, at=now + timedelta(days=1)) == first
    assert Signature.objects.get().signed_at == now


def test_a_draft_a_technician_and_a_stranger_do_not_sign(
    plant: Refurbisher, bob: User, mallory: User, now: datetime
) -> None:
    draft = Specification.objects.create(version="2", title="Two")
    published = Specification.objects.create(version="1", title="One", published_at=now)
    technician = MemberFactory(plant=plant, role=Member.Role.TECHNICIAN).user
    for version, person in ((draft, bob), (published, technician), (published, mallory)):
        with pytest.raises(CannotSign):
            sign_specification(plant, version, by=person, at=now)
    assert not Signature.objects.exists()
