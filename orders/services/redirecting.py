"""Another address for a parcel that its plant has not accepted yet.

Stolen cards are used with an address that looks right, which is then changed. So a new one is judged as the first one
was: whoever looks at a held order sees it, and once nobody looks any more what would have been held is not redirected.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import Address
from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from orders.models import Consignment, Hold, OrderLine
from orders.selectors import is_disputed
from orders.services.holds import judge_again

Status = OrderLine.Status
GONE = (Status.CANCELLED, Status.REFUNDED)


class CannotRedirect(DomainError):
    """The parcel's address is final; the message says why."""

    code = "cannot_redirect"
    default_message = _("The plant has accepted this parcel: its address cannot be changed any more.")


def redirect_consignment(consignment: Consignment, *, to: Address, by: Actor, at: datetime) -> bool:
    """Send a parcel elsewhere in the same country; the event keeps both addresses. False when it went there already.

    Raises CannotRedirect once the plant has accepted any of it, for another country, whose taxes and couriers are not
    those that were paid for, and where somebody would have to look at it first, or has done so.
    """
    with transaction.atomic():
        hold = lock(Hold.objects.filter(order=consignment.order_id)).first()  # before the lines, as whoever decides
        lines = list(lock(consignment.lines.all()))
        fresh = Consignment.objects.select_related("order__address", "address").get(pk=consignment.pk)
        require_redirectable(lines, hold, disputed=is_disputed(consignment.order_id))
        before = fresh.destination
        if to.country != before.country:
            raise CannotRedirect(_("Into another country cost and taxes differ: cancel, and order anew."))
        if to.pk == before.pk:
            return False
        if not judge_again(fresh.order, hold, to=to, at=at):
            raise CannotRedirect(
                _("We would have to look at your order first: cancel, and order anew to that address.")
            )
        fresh.address = to
        fresh.save(update_fields=["address"])
        record("consignment.redirected", fresh, by=by, at=at, data={"from": before.pk, "to": to.pk})
    return True


def require_redirectable(lines: list[OrderLine], hold: Hold | None, *, disputed: bool) -> None:
    """Raises CannotRedirect unless all that is left of the parcel is paid, or looked at, and nothing of it accepted.
    `hold` is of its order."""
    lines = [line for line in lines if line.status not in GONE]
    if disputed:
        raise CannotRedirect(_("Your bank looks into this payment. Until it has decided, the address stays."))
    if lines and hold and hold.status == Hold.Status.OPEN and all(line.status == Status.ON_HOLD for line in lines):
        return
    if any(line.status in (Status.PENDING, Status.ON_HOLD) for line in lines):
        raise CannotRedirect(_("This payment is being checked. You may change the address as soon as that is done."))
    if not lines or any(line.status != Status.PAID for line in lines):
        raise CannotRedirect
    if hold:
        raise CannotRedirect(_("We have looked at this order with its address: cancel, and order anew to another."))


def is_redirectable(lines: list[OrderLine], hold: Hold | None, *, disputed: bool) -> bool:
    try:
        require_redirectable(lines, hold, disputed=disputed)
    except CannotRedirect:
        return False
    return True
