"""Another address for a parcel that its plant has not accepted yet."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from orders.models import Consignment, OrderLine

Status = OrderLine.Status
GONE = (Status.CANCELLED, Status.REFUNDED)


class CannotRedirect(DomainError):
    """The parcel's address is final; the message says why."""

    code = "cannot_redirect"
    default_message = _("The plant has accepted this parcel: its address cannot be changed any more.")


def redirect_consignment(consignment: Consignment, *, to: Address, by: Actor, at: datetime) -> bool:
    """Send a parcel elsewhere in the same country; the event keeps both addresses. False when it went there already.

    Raises CannotRedirect once the plant has accepted any of it, and for another country, whose taxes and couriers
    are not those that were paid for.
    """
    with transaction.atomic():
        lines = list(lock(consignment.lines.all()))
        fresh = Consignment.objects.select_related("order__address", "address").get(pk=consignment.pk)
        require_redirectable(lines)
        before = fresh.destination
        if to.country != before.country:
            raise CannotRedirect(_("Into another country cost and taxes differ: cancel, and order anew."))
        if to.pk == before.pk:
            return False
        fresh.address = to
        fresh.save(update_fields=["address"])
        record("consignment.redirected", fresh, by=by, at=at, data={"from": before.pk, "to": to.pk})
    return True


def require_redirectable(lines: list[OrderLine]) -> None:
    """Raises CannotRedirect unless all that is left of the parcel is paid, and nothing of it accepted."""
    lines = [line for line in lines if line.status not in GONE]
    if any(line.status in (Status.PENDING, Status.ON_HOLD) for line in lines):
        raise CannotRedirect(_("This payment is being checked. You may change the address as soon as that is done."))
    if not lines or any(line.status != Status.PAID for line in lines):
        raise CannotRedirect


def is_redirectable(lines: list[OrderLine]) -> bool:
    try:
        require_redirectable(lines)
    except CannotRedirect:
        return False
    return True
