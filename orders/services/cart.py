"""Carts: guests by the id in their session, people by themselves; never two people in one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.db import insert_together, lock
from backmarket.errors import DomainError
from backmarket.prepared import execute, prepared_objects
from catalog.models import Listing
from orders.models import Cart, CartItem
from orders.selectors import free_stock, is_offered

MAX_QUANTITY = 10


class CannotAdd(DomainError):
    code = "cannot_add"
    default_message = _("This device cannot be put in the cart.")


def cart_of(user: User | None, cart_id: UUID | str | None) -> Cart | None:
    """The cart of a person, or of a guest by its id; a guest's id never opens a cart that belongs to somebody."""
    if user is not None:
        return next(iter(_carts_of(user=user.pk)), None)
    return next(iter(_carts_of_guests(pk=str(cart_id))), None) if cart_id else None


@prepared_objects
def _carts_of(user: Any) -> "QuerySet[Cart]":
    return Cart.objects.filter(user=user)


@prepared_objects
def _carts_of_guests(pk: Any) -> "QuerySet[Cart]":
    return Cart.objects.filter(pk=pk, user=None)


def open_cart(user: User | None, cart_id: UUID | str | None) -> Cart:
    """The cart of `cart_of`, or a new one."""
    cart = cart_of(user, cart_id)
    if cart is None:
        cart = Cart.objects.get_or_create(user=user)[0] if user else Cart.objects.create()
    return cart


def add_to_cart(cart: Cart, listing: Listing, *, quantity: int, at: datetime) -> CartItem:
    """Put devices of one offer in the cart, on top of those already there. Raises CannotAdd beyond 10 or the stock."""
    _require_quantity(quantity)
    _require_offer(cart, listing, at)
    if cart.items.exclude(listing__currency=listing.currency).exists():
        raise CannotAdd(_("The cart holds devices priced in another currency. Buy those first."))
    with transaction.atomic():
        item = _item(cart, listing, at)
        wanted = quantity if item._state.adding else item.quantity + quantity
        _require_quantity(wanted)
        _require_stock(cart, listing, wanted, at)
        item.quantity, item.seen_minor = wanted, listing.price_minor
        item.save()
    return item


def begin_cart(listing: Listing, *, quantity: int, at: datetime) -> Cart:
    """A guest's new cart with devices of one offer in it. Raises CannotAdd beyond 10 or the stock."""
    _require_quantity(quantity)
    _require_offer(None, listing, at)
    _require_stock(None, listing, quantity, at)
    cart = Cart()
    item = CartItem(cart=cart, listing=listing, quantity=quantity, seen_minor=listing.price_minor, added_at=at)
    insert_together([cart], [item])
    return cart


def _item(cart: Cart, listing: Listing, at: datetime) -> CartItem:
    if lock(Cart.objects.filter(pk=cart.pk)).first() is None:
        raise CannotAdd(_("Your cart has moved to your account meanwhile. Open it again."))
    found = CartItem.objects.filter(cart=cart, listing=listing).first()
    return found or CartItem(cart=cart, listing=listing, added_at=at)


def change_quantity(item: CartItem, *, quantity: int, at: datetime) -> None:
    """Set how many; raises CannotAdd outside 1 to 10, above the stock, or when the item was taken out meanwhile."""
    _require_quantity(quantity)
    _require_stock(item.cart, item.listing, quantity, at)
    if not CartItem.objects.filter(pk=item.pk).update(quantity=quantity):
        raise CannotAdd(_("This device is not in your cart any more."))


def _require_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise CannotAdd(
            _("Between 1 and %(most)s devices of one offer can be bought at once.") % {"most": MAX_QUANTITY},
            field="quantity",
        )


def _require_offer(cart: Cart | None, listing: Listing, at: datetime) -> None:
    if not is_offered(listing) or _short_of(cart, listing, 1, at) is not None:
        raise CannotAdd(_("This offer has just gone. Other plants may still have the device."))


def _require_stock(cart: Cart | None, listing: Listing, quantity: int, at: datetime) -> None:
    if (free := _short_of(cart, listing, quantity, at)) is not None:
        raise CannotAdd(_("The plant has only %(count)s of these left.") % {"count": max(free, 0)}, field="quantity")


def _short_of(cart: Cart | None, listing: Listing, quantity: int, at: datetime) -> int | None:
    """How many there are, where that is less than so many; reservations are asked about only where they could help."""
    if quantity <= listing.available:
        return None
    free = free_stock([listing], at, cart)[listing.pk]
    return free if quantity > free else None


def remove_from_cart(item: CartItem) -> None:
    item.delete()


def note_seen_prices(cart: Cart) -> None:
    """Remember the prices that the visitor has just been told."""
    for item in cart.items.select_related("listing"):
        if item.seen_minor != item.listing.price_minor:
            CartItem.objects.filter(pk=item.pk).update(seen_minor=item.listing.price_minor)


# Of each device as many as were bought; an item of which nothing is left goes. Which it is, is decided of items already
# locked: somebody who changes a quantity meanwhile would have one of the two parts pass the item by, and then both.
TAKE_OUT = """
    WITH bought AS (
        SELECT item.id, item.quantity - sold.pieces AS quantity
        FROM orders_cartitem AS item JOIN unnest(%s::uuid[], %s::integer[]) AS sold (listing_id, pieces)
            ON sold.listing_id = item.listing_id
        WHERE item.cart_id = %s ORDER BY item.id FOR UPDATE OF item
    ),
    gone AS (DELETE FROM orders_cartitem AS item USING bought WHERE item.id = bought.id AND bought.quantity <= 0)
    UPDATE orders_cartitem AS item SET quantity = bought.quantity
    FROM bought WHERE item.id = bought.id AND bought.quantity > 0
"""


def take_out(cart: UUID, sold: Mapping[UUID, int]) -> None:
    """Take what was bought out of the cart with this key (listing id → how many); what was added meanwhile stays."""
    with connection.cursor() as cursor:
        execute(cursor, TAKE_OUT, [list(sold), list(sold.values()), cart])
