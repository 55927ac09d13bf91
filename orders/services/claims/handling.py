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

    Nothing is held against the plant: that is for the clock alone, see watch_claim_deadlines.
    """
    with transaction.atomic():
        fresh = lock(Claim.objects.filter(pk=claim.pk)).select_related("line").get()
        require_open(fresh)
        if fresh.handler_id == by.pk and fresh.escalated_at:
            raise CannotTakeOver
        fresh.handler, fresh.escalated_at = by, fresh.escalated_at or at
        fresh.save(update_fields=["handler", "escalated_at"])
        record("claim.taken_over", fresh, by=by, at=at)
    claim.refresh_from_db()
