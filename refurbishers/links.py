"""The signed link of an invitation: whoever has it reads that mailbox."""

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from refurbishers.models import Invitation

_signer = Signer(salt="refurbishers.invitation")


def invitation_url(invitation: Invitation) -> str:
    """The absolute address to put in an e-mail."""
    return settings.SITE_URL + reverse("plant-join", args=[_signer.sign(str(invitation.pk))])


def invitation_id(token: str) -> int | None:
    """The invitation that a link was made for; None when it is forged."""
    try:
        return int(_signer.unsign(token))
    except (BadSignature, ValueError):
        return None
