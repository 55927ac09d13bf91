"""Who works at a plant: people invited by their e-mail, given another role, removed."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from refurbishers.models import Invitation, Member, Refurbisher


class CannotInvite(DomainError):
    code = "cannot_invite"
    default_message = _("This person works at your plant already.")


class CannotJoin(DomainError):
    """The invitation is over, is somebody else's, or the person works at a plant already."""

    code = "cannot_join"
    default_message = _("You work at a plant already: leave that one first.")


class CannotRemoveMember(DomainError):
    code = "cannot_remove_member"
    default_message = _("A plant keeps at least one owner.")


@transaction.atomic
def invite_member(plant: Refurbisher, *, email: str, role: str, by: Actor, at: datetime) -> Invitation:
    """Ask the person with this e-mail to work here; a second time renews the invitation, with the role as it is now.

    Nobody is a member, and no account is made, before the person accepts. Records plant.member_invited, from which
    the e-mail follows. Raises CannotInvite.
    """
    if plant.members.filter(user__email__iexact=email).exists():
        raise CannotInvite(field="email")
    facts = {"role": role, "invited_at": at, "expires_at": at + timedelta(days=Invitation.VALID_DAYS)}
    invitation, _new = Invitation.objects.update_or_create(plant=plant, email=email.lower(), defaults=facts)
    record("plant.member_invited", plant, by=by, at=at, data={"invitation": invitation.pk, "role": role})
    return invitation


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, by: Actor, at: datetime) -> None:
    """Its link opens nothing any more."""
    record("plant.invitation_withdrawn", invitation.plant, by=by, at=at, data={"invitation": invitation.pk})
    Invitation.objects.filter(pk=invitation.pk).delete()


def accept_invitation(invitation: Invitation, *, user: User, at: datetime) -> Member:
    """The person works at the plant from now on. Raises CannotJoin, and changes nothing then."""
    if user.email.lower() != invitation.email:
        raise CannotJoin(_("This invitation is for another e-mail: sign in with that one."))
    try:
        with transaction.atomic():
            mine = lock(Invitation.objects.filter(pk=invitation.pk, expires_at__gt=at)).first()
            if mine is None:
                raise CannotJoin(_("This invitation is over. Ask the plant for a new one."))
            member = Member.objects.create(plant=mine.plant, user=user, role=mine.role)
            mine.delete()
            record("plant.member_added", mine.plant, by=user, at=at, data={"user": user.pk, "role": member.role})
    except IntegrityError as error:
        raise CannotJoin from error
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
    owners = Member.objects.filter(plant=member.plant_id, role=Member.Role.OWNER)
    if not [owner for owner in lock(owners) if owner.pk != member.pk]:
        raise CannotRemoveMember(field="role")
