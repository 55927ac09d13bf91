"""The cart."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from backmarket import timetravel
from backmarket.contention import retried
from backmarket.errors import DomainError
from backmarket.forms import NO_SUFFIX
from backmarket.markup import gettext as _
from backmarket.pagecache import never_cache
from orders.access import order_for_buyer
from orders.forms import CartAddForm, CartForm
from orders.models import Cart, CartItem
from orders.pages.cart import CartView, WaitingOrder, cart_view, waiting_order
from orders.pages.reads import items_of_guest, items_of_person, items_shown, waiting_in
from orders.selectors import CART_KEY, listing_to_add, remember_count, usable_credit
from orders.services.cart import (
    add_to_cart,
    begin_cart,
    cart_of,
    change_quantity,
    note_seen_prices,
    open_cart,
    remove_from_cart,
)
from orders.services.merging import merge_carts
from orders.views.common import opened, person

# The day on which the session has last been told of the cart.
CART_DAY = "cart_day"


def cart_of_request(request: HttpRequest) -> Cart | None:
    """The visitor's cart."""
    bring_cart(request)
    user, guest_id = person(request), request.session.get(CART_KEY)
    return _remembered(request, cart_of(user, guest_id))


def named_cart(request: HttpRequest) -> Cart | None:
    """The visitor's cart; a guest's as the session names it: whoever locks it sees whether it is still theirs."""
    guest_id = request.session.get(CART_KEY)
    return Cart(pk=UUID(guest_id)) if guest_id and person(request) is None else cart_of_request(request)


def filled_cart(request: HttpRequest, at: datetime) -> tuple[Cart | None, list[CartItem]]:
    """The same with what the page shows of it, by one read where there is something in it."""
    bring_cart(request)
    user, guest_id = person(request), request.session.get(CART_KEY)
    items = items_of_person(user=user.pk, at=at) if user else items_of_guest(cart=guest_id, at=at) if guest_id else []
    cart = items[0].cart if items else cart_of(user, guest_id)
    return _remembered(request, cart), items


def waiting_of(request: HttpRequest, cart: Cart | None, items: Sequence[Any], at: datetime) -> WaitingOrder | None:
    """What was ordered from this cart and is not paid, where this visitor may see it. Asked for where there is one, and
    where the cart is empty, which tells nothing of it."""
    waiting = items[0].waiting if items else waiting_in(cart) if cart else None
    if waiting is None:
        return None
    try:
        return waiting_order(order_for_buyer(request.user, opened(request), waiting), at)
    except Http404:
        return None


def _remembered(request: HttpRequest, cart: Cart | None) -> Cart | None:
    if cart and cart.user_id is None:
        _remember(request, cart)
    return cart


def _remember(request: HttpRequest, cart: Cart) -> None:
    """The guest's cart is in the session, which lives on from each day on which it is looked at."""
    known = {CART_KEY: str(cart.pk), CART_DAY: str(timetravel.now().date())}
    if any(request.session.get(key) != text for key, text in known.items()):
        request.session.update(known)


def bring_cart(request: HttpRequest) -> None:
    """What was put aside before logging in moves into the person's cart, once; what did not fit is said."""
    user, guest_id = person(request), request.session.get(CART_KEY)
    if user is None or not guest_id:
        return
    if guest_cart := cart_of(None, guest_id):
        merged = merge_carts(guest_cart, user, at=timetravel.now())
        if merged.joined:
            messages.success(request, _("What you had put aside before you logged in is in your cart."))
        for sentence in merged.left_out:
            messages.warning(request, sentence)
    del request.session[CART_KEY]


def shown_cart(request: HttpRequest, cart: Cart | None, at: datetime, items: list[CartItem] | None = None) -> CartView:
    """The cart as the page shows it; the header need not count it again."""
    view = cart_view(cart, at, items)
    remember_count(request, view.put_aside)
    return view


@never_cache
@require_safe
def show_cart(request: HttpRequest) -> HttpResponse:
    """The cart with full prices; price changes are said once, then remembered as seen."""
    now = timetravel.now()
    cart, items = filled_cart(request, now)
    view = shown_cart(request, cart, now, items)
    if cart and view.changed:
        note_seen_prices(cart)
    user = person(request)
    credit = usable_credit(user, cart, view.total, at=now) if user and cart else None
    context = {"cart": view, "credit": credit, "waiting": waiting_of(request, cart, items, now)}
    return render(request, "orders/cart.html", context)


def _slip(request: HttpRequest, item: CartItem, error: str) -> HttpResponse:
    """The cart again, with what was typed for one item and what is wrong with it."""
    slip, now = {"item": item, "typed": request.POST.get("quantity", ""), "error": error}, timetravel.now()
    items = items_shown(cart=item.cart_id, at=now)
    view, waiting = shown_cart(request, item.cart, now, items), waiting_of(request, item.cart, items, now)
    return render(request, "orders/cart.html", {"cart": view, "slip": slip, "waiting": waiting}, status=422)


@require_POST
@retried
def add(request: HttpRequest) -> HttpResponse:
    form = CartAddForm({"quantity": 1, **request.POST.dict()}, label_suffix=NO_SUFFIX)
    listing = listing_to_add(form.cleaned_data["listing"]) if form.is_valid() else None
    if listing is None:
        messages.error(request, _("This offer could not be put in the cart. Choose it again."))
        return redirect("cart")
    quantity, now = form.cleaned_data["quantity"], timetravel.now()
    cart, user = cart_of_request(request), person(request)
    try:
        if cart or user:
            add_to_cart(cart or open_cart(user, None), listing, quantity=quantity, at=now)
        else:
            _remember(request, begin_cart(listing, quantity=quantity, at=now))
        messages.success(request, _("%(device)s is in your cart.") % {"device": listing.variant})
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("cart")


@require_POST
@retried
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another quantity, or out of the cart."""
    item = _item_of(request, pk)
    if "remove" in request.POST:
        remove_from_cart(item)
        return redirect("cart")
    form = CartForm(request.POST)
    if not form.is_valid():
        return _slip(request, item, form.errors["quantity"][0])
    try:
        change_quantity(item, quantity=form.cleaned_data["quantity"], at=timetravel.now())
    except DomainError as refusal:
        if refusal.field == "quantity":
            return _slip(request, item, str(refusal))
        messages.error(request, str(refusal))
    return redirect("cart")


def _item_of(request: HttpRequest, pk: int) -> CartItem:
    cart = cart_of_request(request)
    item = cart.items.select_related("listing").filter(pk=pk).first() if cart else None
    if item is None:
        raise Http404
    return item
