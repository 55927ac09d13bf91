"""Who may see a parcel."""

from uuid import UUID

from django.db.models import Q
from django.shortcuts import get_object_or_404

from backmarket.accounts.models import User
from backmarket.shipping.models import Parcel


def parcel_for_person(user: User, pk: UUID) -> Parcel:
    """The parcel that this person sends or gets; 404 for a stranger. Plants come through their own app's door."""
    mine = Q(sender__user=user) | Q(recipient__user=user)
    return get_object_or_404(Parcel.objects.filter(mine).select_related("sender", "recipient"), pk=pk)
