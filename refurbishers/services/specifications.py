"""Signing the specification."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.errors import DomainError
from backmarket.events.services import record
from refurbishers.models import Member, Refurbisher, Signature, Specification

MAY_SIGN = (Member.Role.OWNER, Member.Role.MANAGER)


class CannotSign(DomainError):
    """This person cannot sign this version now; nothing was changed."""

    code = "cannot_sign"
    default_message = _("This version of the specification is not published.")


@transaction.atomic
def sign_specification(plant: Refurbisher, specification: Specification, *, by: User, at: datetime) -> Signature:
    """An owner or manager signs a published version for the plant; signing again returns the first signature.

    Records plant.signed. Raises CannotSign.
    """
    if specification.published_at is None or specification.published_at > at:
        raise CannotSign
    if not plant.members.filter(user=by, role__in=MAY_SIGN).exists():
        raise CannotSign(_("Only an owner or a manager of the plant signs for it."))
    signature, signed = Signature.objects.get_or_create(
        plant=plant, specification=specification, defaults={"signed_by": by, "signed_at": at}
    )
    if signed:
        record("plant.signed", plant, by=by, at=at, data={"specification": specification.version})
    return signature
