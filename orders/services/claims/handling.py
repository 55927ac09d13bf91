"""Who at support looks after a case."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import record
from orders.models import Claim
from orders.services.claims.cases import require_open


class CannotTakeOver(DomainError):
    code = "cannot_take_over"
    default_message = _("You look after this case already.")


def take_over_claim(claim: Claim, *, by: User, at: datetime) -> None:
    """`by` looks after the case, and may decide it while it waits for the plant. Raises CannotTakeOver or ClaimClosed.

    Whether the plant was late stays for the clock alone to say, see watch_claim_deadlines.
    """
    with transaction.atomic():
        fresh = lock(Claim.objects.filter(pk=claim.pk)).select_related("line").get()
        require_open(fresh)
        if fresh.handler_id == by.pk:
            raise CannotTakeOver
        fresh.handler = by
        fresh.save(update_fields=["handler"])
        record("claim.taken_over", fresh, by=by, at=at)
    claim.refresh_from_db()
