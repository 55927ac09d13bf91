"""Checkout on one page, the way to the bank and back."""

import uuid

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from backmarket import timetravel
from backmarket.accounts.forms import AddressForm
from backmarket.accounts.models import User
from backmarket.accounts.services import typed_address
from backmarket.contention import retried
from backmarket.errors import DomainError, GatewayError
from backmarket.forms import JoinedForms, posted, refuse, status_of
from backmarket.markup import gettext as _
from backmarket.money import Money
from backmarket.pagecache import never_cache
from backmarket.payments.models import Payment
from backmarket.payments.reasons import card_words
from backmarket.payments.selectors import credit_of
from backmarket.payments.services import CannotPay, NotEnoughCredit, card_form, open_payment, settle_payment
from orders.access import order_for_buyer, payment_for_buyer
from orders.forms import CheckoutForm
from orders.models import Cart, CartItem, Order
from orders.pages.cart import CartView, WaitingOrder, cart_view
from orders.pages.checkout import blank_fields
from orders.pages.delivery import chosen_express, require_told, with_delivery
from orders.pages.reads import items_shown
from orders.selectors import latest_address, payment_of, usable_credit
from orders.services.cart import note_seen_prices
from orders.services.checkout import fail_order, place_order, settle_order
from orders.services.waiting import DevicesGone, ReservationOver, ask_for_money, prolong_order
from orders.views.cart import cart_of_request, filled_cart, named_cart, shown_cart, waiting_of
from orders.views.common import actor, opened, person, remember_guest_order

CONDITIONS_VERSION = "2026-11"
# Stripe's fields are frames of its own, and its script comes from its own server: its rule, and for this page alone.
CARD_FIELDS = {
    "script-src": ["https://js.stripe.com", "https://*.js.stripe.com"],
    "connect-src": ["https://api.stripe.com"],
    "frame-src": ["https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"],
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@retried
def checkout(request: HttpRequest) -> HttpResponse:
    """Guest or account, address, full price, one button. Choosing a delivery by htmx asks for the page anew, with what
    was chosen in its address, and takes the sums from it."""
    if request.method != "POST":
        return _first_shown(request)
    cart = named_cart(request)
    if cart is None:
        return _elsewhere(request, cart) or redirect("cart")
    form, address_form = _forms(request, cart)
    if all([form.is_valid(), address_form.is_valid()]):
        try:
            return _to_bank(request, _place(request, cart, form, address_form))
        except DomainError as refusal:
            refuse(form, refusal)
    cart = cart_of_request(request)
    if cart is None:
        return _elsewhere(request, cart) or redirect("cart")
    return _elsewhere(request, cart) or _again(request, cart, form, address_form)


def _elsewhere(request: HttpRequest, cart: Cart | None) -> HttpResponse | None:
    """Where somebody belongs whose cart is empty, or whose page has led to an order that is paid."""
    empty, placed = cart is None or not cart.items.exists(), _already_placed(request)
    if placed and (empty or placed.payment_status == Order.PaymentStatus.CAPTURED):
        return redirect("order", placed.pk)
    return redirect("cart") if empty else None


def _first_shown(request: HttpRequest) -> HttpResponse:
    """Nothing is typed yet. A guest's form says the same to all guests."""
    now = timetravel.now()
    cart, items = filled_cart(request, now)
    if cart is None or not items:
        return redirect("cart")
    view, waiting = _seen(request, cart, items), waiting_of(request, cart, items, now)
    if person(request):
        return _form_page(request, view, *_forms(request, cart), waiting=waiting)
    key = uuid.uuid4()
    form = SimpleLazyObject(lambda: CheckoutForm(initial={"checkout_key": key}))
    context = {"cart": view, "form": form, "blank": blank_fields, "checkout_key": key, "waiting": waiting}
    return render(request, "orders/checkout.html", context)


def _again(request: HttpRequest, cart: Cart, form: CheckoutForm, address_form: AddressForm) -> HttpResponse:
    """What was typed, with what is wrong with it, beside the cart as it is now."""
    now = timetravel.now()
    items = items_shown(cart=cart.pk, at=now)
    view, waiting = _seen(request, cart, items), waiting_of(request, cart, items, now)
    return _form_page(request, view, form, address_form, waiting=waiting)


def _seen(request: HttpRequest, cart: Cart, items: list[CartItem]) -> CartView:
    now = timetravel.now()
    view = shown_cart(request, cart, now, items)
    if view.changed:
        note_seen_prices(cart)
    return with_delivery(view, _sent(request), now)


def _sent(request: HttpRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def _form_page(
    request: HttpRequest,
    view: CartView,
    form: CheckoutForm,
    address_form: AddressForm,
    waiting: WaitingOrder | None = None,
) -> HttpResponse:
    both = JoinedForms(form, address_form)
    context = {"cart": view, "credit": form.most_credit, "form": form, "address_form": address_form, "both": both}
    status = status_of(form, address_form)
    return render(request, "orders/checkout.html", {**context, "waiting": waiting}, status=status)


def _forms(request: HttpRequest, cart: Cart) -> tuple[CheckoutForm, AddressForm]:
    user, sent = person(request), posted(request)
    credit = _credit(user, request, cart) if user else None
    first = {"checkout_key": uuid.uuid4(), "use_credit": True, "credit": credit}
    form = CheckoutForm(sent, known_email=user.email if user else "", credit=credit, initial=first)
    return form, AddressForm(sent, instance=latest_address(user) if sent is None else None)


def _credit(user: User, request: HttpRequest, cart: Cart) -> Money | None:
    """What the form offers; who has none waits for no sum of the cart."""
    if not credit_of(user):
        return None
    now = timetravel.now()
    return usable_credit(user, cart, with_delivery(cart_view(cart, now), _sent(request), now).total, at=now)


def _already_placed(request: HttpRequest) -> Order | None:
    """The order that an earlier click on this page has made, if this visitor made it."""
    try:
        key = uuid.UUID(request.POST.get("checkout_key", ""))
    except ValueError:
        return None
    order = Order.objects.filter(checkout_key=key).first()
    return order_for_buyer(request.user, opened(request), order.pk) if order else None


def _place(request: HttpRequest, cart: Cart, form: CheckoutForm, address_form: AddressForm) -> Order:
    user, express = person(request), chosen_express(request.POST)
    require_told(request.POST, express)
    order = place_order(
        cart,
        address=typed_address(user, address_form.cleaned_data),
        email=form.buyer_email,
        buyer=user,
        language=get_language() or "en",
        checkout_key=form.cleaned_data["checkout_key"],
        credit_minor=form.credit_minor,
        express=express,
        conditions_version=CONDITIONS_VERSION,
        by=actor(request),
        at=timetravel.now(),
    )
    remember_guest_order(request, order)
    return order


def _to_bank(request: HttpRequest, order: Order) -> HttpResponse:
    """Send the buyer to pay, or to the order when there is nothing left to pay."""
    now, url = timetravel.now(), reverse("order", args=[order.pk])
    if order.payment_status == Order.PaymentStatus.PENDING:
        back = request.build_absolute_uri(reverse("checkout-return", args=[order.pk]))
        try:
            payment = order.asked or ask_for_money(order, by=actor(request), at=now)
            url = open_payment(payment, return_url=back, at=now) or reverse("checkout-pay", args=[order.pk])
        except CannotPay:
            return redirect("checkout-return", order.pk)  # paid on another page: ask the bank
        except GatewayError:
            messages.error(request, _("The bank does not answer just now. Your devices stay reserved: try again."))
    return redirect(url)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@csp_update(CARD_FIELDS)
@retried
def pay(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The page with the provider's card fields. POST goes (back) to the bank, or to that page: going on keeps the
    devices reserved for ten more minutes, up to an hour."""
    order = order_for_buyer(request.user, opened(request), pk)
    if request.method != "POST":
        return _card_page(request, order)
    try:
        prolong_order(order, at=timetravel.now())
    except (ReservationOver, DevicesGone, NotEnoughCredit) as refusal:
        messages.error(request, str(refusal))
        return redirect("cart")
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("order", pk)
    return _to_bank(request, order)


def _card_page(request: HttpRequest, order: Order) -> HttpResponse:
    """Only while there is something to pay, here, and the devices are kept: else the order says what to do next."""
    payment = payment_of(order)
    if payment is None or order.reserved_until <= timetravel.now():
        return redirect("order", order.pk)
    try:
        fields = card_form(payment)
    except CannotPay:
        return redirect("checkout-return", order.pk)  # paid in another tab, perhaps: ask the bank
    except GatewayError:
        messages.error(request, _("The bank does not answer just now. Your devices stay reserved: try again."))
        return redirect("order", order.pk)
    refusal = card_words(fields.failure) if fields.failure else ""
    seconds = int((order.reserved_until - timetravel.now()).total_seconds())
    context = {"order": order, "payment": payment, "fields": fields, "refusal": refusal, "seconds": seconds}
    return render(request, "orders/pay.html", context)


@never_cache
@require_safe
def come_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Back from the bank: ask it what happened, as its webhook does, and show the order."""
    payment = payment_for_buyer(request.user, opened(request), pk)
    if payment:
        try:
            payment = settle_payment(payment.pk, at=timetravel.now(), known=payment)
        except GatewayError:
            messages.warning(request, _("Your bank has not answered yet. This page shows it as soon as it does."))
        _follow(pk, payment)
        if payment.status == Payment.Status.PENDING and payment.failure:
            return redirect("checkout-pay", pk)  # another card may do
    return redirect("order", pk)


def _follow(order_id: uuid.UUID, payment: Payment) -> None:
    """The same two functions that the payment's events call, without waiting for a worker."""
    now = timetravel.now()
    if payment.status in (Payment.Status.FAILED, Payment.Status.CANCELLED, Payment.Status.STRAY):
        fail_order(order_id, at=now)
    else:
        settle_order(order_id, at=now)
