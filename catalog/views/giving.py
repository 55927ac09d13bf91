"""A shared gift list, for those who give: what is taken, taking it, and taking that back."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backmarket import market
from backmarket.accounts.models import User
from backmarket.errors import DomainError
from backmarket.forms import posted, status_of
from backmarket.throttle import client_of, throttled
from backmarket.timetravel import now
from catalog.access import promised_item, shared_list, shared_wish, wish_by_link
from catalog.emails import send_gift_link
from catalog.forms import GuestForm
from catalog.gift_links import GuestLink, read_guest_link
from catalog.models import GiftItem, GiftList
from catalog.selectors.gifts import guest_promise, wish_with_offer, wishes_for_giver
from catalog.services.gifts import promise_gift, take_back_promise
from catalog.views.people import person

KEYS, LOOKED = "gift_keys", "gift_lists_looked_into"
REMEMBERED = 50
LINKS_PER_CLIENT_AND_HOUR, LINKS_PER_MAILBOX_AND_HOUR = 20, 5


@never_cache
@require_safe
def shared(request: HttpRequest, token: UUID) -> HttpResponse:
    """The list, for whoever has its link; its owner is led to her own page, which knows nothing of promises."""
    gift_list = shared_list(token)
    giver = person(request)
    if giver is not None and giver.pk == gift_list.owner_id:
        return redirect(gift_list)
    reveal = giver is not None or str(token) in request.session.get(LOOKED, [])
    context = {
        "gift_list": gift_list,
        "wishes": wishes_for_giver(gift_list, giver=giver, keys=request.session.get(KEYS, []), reveal=reveal),
        "reveal": reveal,
        "days_left": gift_list.days_left(market.calendar().local(now()).date()),
        "owner_name": first_name(gift_list.owner),
    }
    return _private(render(request, "gifts/shared.html", context))


@never_cache
@require_POST
def look(request: HttpRequest, token: UUID) -> HttpResponse:
    """A visitor says that the list is not theirs: from now on this browser is shown what is taken."""
    gift_list = shared_list(token)
    request.session[LOOKED] = [*request.session.get(LOOKED, []), str(gift_list.token)][-REMEMBERED:]
    return redirect("gift-shared", token)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest, token: UUID, pk: UUID) -> HttpResponse:
    """Take a wish: at once with an account, by a link sent by e-mail without one."""
    item = shared_wish(token, pk)
    giver, form = person(request), GuestForm(posted(request))
    if giver is not None and giver.pk == item.gift_list.owner_id:
        return redirect(item.gift_list)
    if request.method == "POST" and giver is not None:
        try:
            promise_gift(item, token=token, giver=giver, key=uuid4(), at=now())
            messages.success(request, _("You give this. The others see that it is taken; the list's owner does not."))
        except DomainError as refusal:
            messages.error(request, str(refusal))
        return redirect("gift-shared", token)
    if giver is None and form.is_valid():
        _send_link(request, item, form.cleaned_data["email"])
        return _private(render(request, "gifts/sent.html", {"gift_list": item.gift_list, **form.cleaned_data}))
    context = {"wish": wish_with_offer(item), "gift_list": item.gift_list, "form": form}
    return _private(render(request, "gifts/give.html", context, status=status_of(form)))


def _send_link(request: HttpRequest, item: GiftItem, email: str) -> None:
    """The page says the same whether or not it is sent: nobody learns here whose address it is."""
    own = email.casefold() == item.gift_list.owner.email.casefold()
    if own or throttled(f"gift-link-from:{client_of(request)}", limit=LINKS_PER_CLIENT_AND_HOUR):
        return
    if not throttled(f"gift-link:{email.casefold()}", limit=LINKS_PER_MAILBOX_AND_HOUR):
        send_gift_link(item, to=email, language=get_language(), at=now())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def guest(request: HttpRequest, signed: str) -> HttpResponse:
    """The page behind a guest's link: promise, or take the promise back. Opening it changes nothing."""
    link = read_guest_link(signed)
    if link is None:
        raise Http404
    item = wish_by_link(link.item)
    giver = person(request)
    if giver is not None and giver.pk == item.gift_list.owner_id:
        return redirect(item.gift_list)
    if request.method == "POST":
        _promise_or_undo(request, item, link)
        return redirect("gift-guest", signed)
    state = guest_promise(item, link.key)
    open_to = item.gift_list if item.gift_list.token == link.token else None
    context = {"wish": wish_with_offer(item, state), "gift_list": open_to, "on_list": item.removed_at is None}
    return _private(render(request, "gifts/guest.html", context))


def _promise_or_undo(request: HttpRequest, item: GiftItem, link: GuestLink) -> None:
    if "undo" in request.POST:
        take_back_promise(item, giver=None, key=link.key)
        messages.success(request, _("It is free again: somebody else can give it."))
        return
    try:
        promise_gift(item, token=link.token, giver=None, key=link.key, at=now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        request.session[KEYS] = [*request.session.get(KEYS, []), str(link.key)][-REMEMBERED:]
        request.session[LOOKED] = [*request.session.get(LOOKED, []), str(link.token)][-REMEMBERED:]
        messages.success(request, _("You give this. The others see that it is taken; the list's owner does not."))


@never_cache
@require_POST
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A giver takes a promise of their own back."""
    giver = person(request)
    promise = promised_item(giver, request.session.get(KEYS, []), pk)
    take_back_promise(promise.item, giver=giver, key=promise.key)
    messages.success(request, _("It is free again: somebody else can give it."))
    gift_list: GiftList = promise.item.gift_list
    if "account" in request.POST or gift_list.token is None:
        return redirect("gift-lists" if giver else "home")
    return redirect("gift-shared", gift_list.token)


def first_name(owner: User) -> str:
    """How the list's owner is called; never a piece of an e-mail address."""
    return next(iter(owner.full_name.split()), "")


def _private(response: HttpResponse) -> HttpResponse:
    """Nobody indexes a page that a link alone opens, and no other site learns its address."""
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "same-origin"
    return response
