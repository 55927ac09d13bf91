"""What a plant pays for a variant in a condition."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.money import Money
from backmarket.templatetags.ui import money
from buyback.models import Bid
from catalog.models import Variant
from refurbishers.models import Refurbisher

# A price beyond these is a slip of the fingers: below, no courier's journey is worth it; above, no device is.
LOWEST_MINOR, HIGHEST_MINOR = 100, 1_000_000


class BidRefused(DomainError):
    code = "bid_refused"
    default_message = _("You already bid for this variant in this condition: change that bid.")


def place_bid(plant: Refurbisher, variant: Variant, *, condition: str, price: Money, by: Actor, at: datetime) -> Bid:
    """A live bid. Raises BidRefused naming the field: a second bid, a price of nothing, a category not the plant's."""
    _check_price(price)
    if not plant.categories.filter(pk=variant.product.category_id).exists():
        raise BidRefused(_("Your plant is not an expert in this category."), field="variant")
    try:
        with transaction.atomic():
            lock(Refurbisher.objects.filter(pk=plant.pk)).get()
            bid = Bid.objects.create(
                plant=plant, variant=variant, condition=condition, price_minor=price.minor, currency=price.currency
            )
            record("bid.placed", bid, by=by, at=at, data={"price_minor": price.minor})
    except IntegrityError as error:
        raise BidRefused(field="variant") from error
    return bid


def change_bid(bid: Bid, *, by: Actor, at: datetime, price: Money | None = None, active: bool | None = None) -> None:
    """A new price, or on and off; quotes already made keep the price that they showed. Raises BidRefused."""
    changes: dict[str, Any] = {}
    if price is not None:
        _check_price(price)
        changes["price_minor"] = price.minor
    if active is not None:
        changes["active"] = active
    with transaction.atomic():
        lock(Refurbisher.objects.filter(pk=bid.plant_id)).get()
        if not Bid.objects.filter(pk=bid.pk).exists():
            raise BidRefused(_("This bid was withdrawn meanwhile. Reload the page."))
        for name, value in changes.items():
            setattr(bid, name, value)
        bid.save(update_fields=[*changes, "updated_at"])
        record("bid.changed", bid, by=by, at=at, data=changes)


def _check_price(price: Money) -> None:
    if price.minor <= 0 or price.currency != settings.DEFAULT_CURRENCY:
        raise BidRefused(_("Give a price above zero in the currency of this market."), field="price")
    if reason := price_fault(price.minor):
        raise BidRefused(reason, field="price")


def price_fault(minor: int) -> str:
    """Why no bid may have this price, in words for the person who typed it; empty when it may."""
    currency = settings.DEFAULT_CURRENCY
    if minor < LOWEST_MINOR:
        return gettext("The lowest bid is %s.") % money(Money(LOWEST_MINOR, currency))
    if minor > HIGHEST_MINOR:
        return gettext("The highest bid is %s.") % money(Money(HIGHEST_MINOR, currency))
    return ""
