"""Nobody works at a plant who has not said yes, from the mailbox that was invited."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from refurbishers.links import invitation_url
from refurbishers.models import Invitation, Member, Refurbisher
from refurbishers.services.members import (
    CannotInvite,
    CannotJoin,
    accept_invitation,
    invite_member,
    withdraw_invitation,
)

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def invited(plant: Refurbisher, bob: User, now: datetime) -> Invitation:
    timetravel.travel_to(now)
    return invite_member(plant, email="Mallory@example.com", role="technician", by=bob, at=now)


def path(invitation: Invitation) -> str:
    return re.sub(r"^https?://[^/]+", "", invitation_url(invitation))


def test_the_link_in_the_email_lets_the_invited_person_join(
    invited: Invitation, mallory: User, client: Client, client_of: ClientOf, drain: Callable[[], None]
) -> None:
    drain()
    mail = Notification.objects.get(template="plant_invitation")
    assert (mail.recipient, invitation_url(invited) in mail.text) == ("mallory@example.com", True)
    assert "Sign up" in client.get(path(invited)).content.decode()
    assert reverse("account_login") in client.post(path(invited))["Location"]
    assert client_of(mallory).post(path(invited))["Location"] == reverse("plant:index")
    assert (mallory.membership.plant, mallory.membership.role) == (invited.plant, "technician")
    assert client.get(path(invited)).status_code == 404


def test_somebody_else_cannot_use_the_link(invited: Invitation, alice: User, client_of: ClientOf) -> None:
    refused = client_of(alice).post(path(invited))
    assert (refused.status_code, Member.objects.filter(user=alice).exists()) == (422, False)
    assert "another e-mail" in refused.content.decode()


def test_an_invitation_ends_after_seven_days_and_can_be_renewed(
    invited: Invitation, plant: Refurbisher, bob: User, mallory: User, now: datetime
) -> None:
    late = now + timedelta(days=7)
    with pytest.raises(CannotJoin):
        accept_invitation(invited, user=mallory, at=late)
    again = invite_member(plant, email="mallory@example.com", role="manager", by=bob, at=late)
    assert again == invited
    assert accept_invitation(again, user=mallory, at=late).role == "manager"


def test_what_was_taken_back_opens_nothing_and_sends_nothing(
    invited: Invitation, bob: User, mallory: User, now: datetime, client: Client, drain: Callable[[], None]
) -> None:
    link = path(invited)
    withdraw_invitation(invited, by=bob, at=now)
    drain()
    assert client.get(link).status_code == 404
    assert not Notification.objects.filter(template="plant_invitation").exists()


def test_a_member_is_neither_invited_again_nor_shared_with_another_plant(
    invited: Invitation, plant: Refurbisher, bob: User, rival: User, now: datetime
) -> None:
    with pytest.raises(CannotInvite):
        invite_member(plant, email=bob.email.upper(), role="manager", by=bob, at=now)
    theirs = invite_member(plant, email=rival.email, role="manager", by=bob, at=now)
    with pytest.raises(CannotJoin):
        accept_invitation(theirs, user=rival, at=now)
    assert Member.objects.get(user=rival).plant.slug == "rival"
