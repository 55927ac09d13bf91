"""How each parcel of a checkout may come, where its plant offers more than the usual delivery, and what was chosen."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from backmarket.errors import DomainError
from backmarket.money import total
from backmarket.templatetags.ui import money
from orders.express import Express, express_of, express_seen
from orders.pages.cart import CartGroup, CartView

FIELD = "delivery-"
# The surcharge that the page's total had in it.
TOLD = "surcharge"


class TotalChanged(DomainError):
    """What was chosen for delivery is not in the total that was shown; nothing was ordered."""

    code = "total_changed"


def with_delivery(view: CartView, sent: Mapping[str, str], at: datetime) -> CartView:
    """The cart with what may be chosen for each parcel, and what has been: the usual delivery where nothing was."""
    if not any(group.plant.express_minor for group in view.groups):
        return view
    groups = [_with_express(group, sent, at) for group in view.groups]
    if not any(group.express for group in groups):
        return view
    chosen = [group.express.surcharge for group in groups if group.express and group.is_express]
    return replace(view, groups=groups, surcharge=total(chosen, view.goods.currency))


def _with_express(group: CartGroup, sent: Mapping[str, str], at: datetime) -> CartGroup:
    express = express_of(group.plant, [row.item.listing for row in group.rows if not row.gone], at)
    seen = express_seen(sent.get(f"{FIELD}{group.plant.pk}", ""))
    return replace(group, express=express, is_express=bool(express and seen))


def chosen_express(sent: Mapping[str, str]) -> dict[UUID, Express]:
    """Plant → the express delivery chosen on the page, as that said it; what no page says is left out."""
    found: dict[UUID, Express] = {}
    for name, text in sent.items():
        if not name.startswith(FIELD) or not (seen := express_seen(text)):
            continue
        try:
            found[UUID(name.removeprefix(FIELD))] = seen
        except ValueError:
            continue
    return found


def require_told(sent: Mapping[str, str], chosen: Mapping[UUID, Express]) -> None:
    """Raises TotalChanged unless what is chosen was in the total beside the button: without a script that follows
    only once the page has been sent."""
    if not chosen:
        return
    surcharge = total((each.surcharge for each in chosen.values()), next(iter(chosen.values())).surcharge.currency)
    if sent.get(TOLD) != str(surcharge.minor):
        text = _("Express delivery adds %(amount)s: it is in the total now. Look at it and confirm again.")
        raise TotalChanged(text % {"amount": money(surcharge)})
