"""Who sees which plant from the inside: its members, and nobody else; and who is asked in."""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from backmarket.accounts.models import User
from refurbishers.links import invitation_id
from refurbishers.models import Invitation, Member, Refurbisher


def membership_of(user: User | AnonymousUser) -> Member:
    """The person's one membership with its plant; Http404 for everybody else."""
    member = Member.objects.select_related("plant").filter(user_id=user.pk).first() if user.is_active else None
    if member is None:
        raise Http404
    return member


def plant_of(user: User | AnonymousUser) -> Refurbisher:
    """The plant this person works at; Http404 when there is none."""
    return membership_of(user).plant


def require_role(user: User | AnonymousUser, *roles: str) -> Refurbisher:
    """The person's plant; Http404 for strangers, PermissionDenied for colleagues without one of the roles."""
    member = membership_of(user)
    if member.role not in roles:
        raise PermissionDenied
    return member.plant


def invitation_of_link(token: str) -> Invitation:
    """What an e-mailed link invites to; Http404 for a forged one, and once it was accepted or taken back."""
    pk = invitation_id(token)
    invitation = Invitation.objects.select_related("plant").filter(pk=pk).first() if pk else None
    if invitation is None:
        raise Http404
    return invitation


def public_plant(slug: str) -> Refurbisher:
    """A plant with a public page; Http404 otherwise, as for plants that never traded."""
    plant: Refurbisher | None = Refurbisher.objects.public().prefetch_related("categories").filter(slug=slug).first()
    if plant is None:
        raise Http404
    return plant
