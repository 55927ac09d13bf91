"""Who sees which plant from the inside: its members, and nobody else."""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from backmarket.accounts.models import User
from refurbishers.models import Member, Refurbisher


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


def public_plant(slug: str) -> Refurbisher:
    """A plant with a public page; Http404 otherwise, as for plants that never traded."""
    plant: Refurbisher | None = Refurbisher.objects.public().filter(slug=slug).first()
    if plant is None:
        raise Http404
    return plant
