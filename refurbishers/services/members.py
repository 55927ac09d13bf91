"""Who works at a plant: people added and removed by their e-mail."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from refurbishers.models import Member, Refurbisher


class CannotAddMember(DomainError):
    code = "cannot_add_member"
    default_message = _("This person already works at a plant.")


class CannotRemoveMember(DomainError):
    code = "cannot_remove_member"
    default_message = _("A plant keeps at least one owner.")


def add_member(plant: Refurbisher, *, email: str, role: str, by: Actor, at: datetime) -> Member:
    """The person with this e-mail works here from now on; without an account one is made, its password unset.

    Raises CannotAddMember when the person works at a plant already.
    """
    try:
        with transaction.atomic():
            user = User.objects.filter(email__iexact=email).first() or User.objects.create_user(email)
            member = Member.objects.create(plant=plant, user=user, role=role)
            record("plant.member_added", plant, by=by, at=at, data={"user": user.pk, "role": role})
    except IntegrityError as error:
        raise CannotAddMember(field="email") from error
    return member


def change_role(member: Member, *, role: str, by: Actor, at: datetime) -> None:
    """Raises CannotRemoveMember when the plant's last owner would stop being one."""
    with transaction.atomic():
        if role != Member.Role.OWNER:
            _require_another_owner(member)
        Member.objects.filter(pk=member.pk).update(role=role)
        record("plant.member_changed", member.plant, by=by, at=at, data={"user": member.user_id, "role": role})
    member.role = role


def remove_member(member: Member, *, by: Actor, at: datetime) -> None:
    """The person's account stays; the plant's door closes. Raises CannotRemoveMember for the last owner."""
    with transaction.atomic():
        _require_another_owner(member)
        record("plant.member_removed", member.plant, by=by, at=at, data={"user": member.user_id})
        Member.objects.filter(pk=member.pk).delete()


def _require_another_owner(member: Member) -> None:
    """The plant's owners are locked together, so that two of them cannot remove each other at once."""
    owners = Member.objects.filter(plant=member.plant_id, role=Member.Role.OWNER).order_by("pk").select_for_update()
    if not [owner for owner in owners if owner.pk != member.pk]:
        raise CannotRemoveMember(field="role")
