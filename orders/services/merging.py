"""At login: what a guest put aside joins the person's cart, in one transaction, and what did not fit is said."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from backmarket.accounts.models import User
from backmarket.db import lock
from backmarket.states import IllegalMove
from orders.models import Cart, CartItem, Order
from orders.selectors import free_stock
from orders.services.cart import MAX_QUANTITY
from orders.services.waiting import give_way, is_being_paid


@dataclass(frozen=True)
class Merged:
    """The person's cart, whether anything came into it, and a sentence for each thing that did not fit."""

    cart: Cart
    joined: bool
    left_out: list[str]


def merge_carts(guest_cart: Cart, user: User, *, at: datetime) -> Merged:
    """Move a guest's devices, and the order that waits for its money, into the person's cart and drop the guest's.

    Done once, however many pages ask at the same instant: who comes second finds nothing to move.
    """
    with transaction.atomic():
        mine, _created = Cart.objects.get_or_create(user=user)
        locked = {cart.pk: cart for cart in lock(Cart.objects.filter(pk__in=[mine.pk, guest_cart.pk]))}
        guests = locked.get(guest_cart.pk)
        if guests is None or guests.user_id is not None:
            return Merged(mine, False, [])
        _bring_order(guests, mine, user, at)
        items = list(guests.items.select_related("listing__plant", "listing__variant__product"))
        said = [_bring_item(mine, item, at) for item in items]
        guests.delete()
    return Merged(mine, bool(items), [sentence for sentence in said if sentence])


def _bring_order(guests: Cart, mine: Cart, user: User, at: datetime) -> None:
    """A cart has one waiting order: the person's own stays, and the guest's gives way unless its money is coming."""
    waiting = {
        order.cart_id: order
        for order in lock(Order.objects.filter(cart__in=[guests, mine], payment_status__in=Order.OPEN))
    }
    brought = waiting.get(guests.pk)
    if brought is None:
        return
    if mine.pk not in waiting:
        brought.cart = mine
        brought.save(update_fields=["cart"])
    elif not is_being_paid(brought):
        with suppress(IllegalMove), transaction.atomic():  # its money came in this instant: it stays
            give_way(brought, by=user, at=at)


def _bring_item(cart: Cart, item: CartItem, at: datetime) -> str:
    """Put one offer of the guest's on top of the person's own; returns what is to be said of it, or nothing."""
    if cart.items.exclude(listing__currency=item.listing.currency).exists():
        return _("%(device)s stayed out: your cart holds devices priced in another currency.") % {
            "device": item.listing.variant
        }
    own = cart.items.filter(listing_id=item.listing_id).first()
    had = own.quantity if own else 0
    free = free_stock([item.listing], at, cart)[item.listing_id]
    wanted = had + item.quantity
    kept = min(wanted, MAX_QUANTITY, max(free, had, 1))
    moved = own or item
    moved.cart, moved.quantity = cart, kept
    moved.save(update_fields=["cart", "quantity"])
    if kept == wanted:
        return ""
    return _("%(device)s: %(kept)s of %(wanted)s are in your cart. The plant has no more, or ten is the most.") % {
        "device": item.listing.variant,
        "kept": kept,
        "wanted": wanted,
    }
