"""A person's own gift lists. Nothing here reads who gives what."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backmarket import market
from backmarket.errors import DomainError
from backmarket.forms import posted, refuse, status_of
from backmarket.timetravel import now
from catalog.access import gift_list_of, variant_to_sell, wish_of
from catalog.forms import NEW, AddWishForm, GiftListForm, WishForm
from catalog.models import GiftItem, GiftList, Grade
from catalog.selectors.gifts import gifts_promised_by, lists_of, wishes_for_owner
from catalog.selectors.offered import rows_of_pairs
from catalog.services import gifts
from catalog.views.people import member

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    context = {"lists": lists_of(member(request)), "promised": gifts_promised_by(member(request))}
    return render(request, "gifts/lists.html", context)


@login_required
@get_or_post
def new(request: HttpRequest) -> HttpResponse:
    form = GiftListForm(posted(request))
    if form.is_valid():
        try:
            return redirect(gifts.make_list(member(request), **form.cleaned_data, at=now()))
        except DomainError as refusal:
            refuse(form, refusal)
    return render(request, "gifts/edit.html", {"form": form}, status=status_of(form))


@login_required
@require_safe
def one(request: HttpRequest, pk: UUID) -> HttpResponse:
    gift_list = gift_list_of(member(request), pk)
    context = {
        "gift_list": gift_list,
        "wishes": wishes_for_owner(gift_list),
        "removed": _just_removed(gift_list, request.GET.get("removed", "")),
        "days_left": gift_list.days_left(market.calendar().local(now()).date()),
    }
    return render(request, "gifts/list.html", context)


def _just_removed(gift_list: GiftList, item: str) -> GiftItem | None:
    try:
        taken_off = gift_list.items.exclude(removed_at=None).select_related("variant__product")
        return taken_off.filter(pk=UUID(item)).first()
    except ValueError:
        return None


@login_required
@get_or_post
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    gift_list = gift_list_of(member(request), pk)
    form = GiftListForm(posted(request), instance=GiftList(pk=pk, **_facts(gift_list)))
    if form.is_valid():
        gifts.change_list(gift_list, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect(gift_list)
    return render(request, "gifts/edit.html", {"form": form, "gift_list": gift_list}, status=status_of(form))


def _facts(gift_list: GiftList) -> dict[str, Any]:
    return {name: getattr(gift_list, name) for name in ("name", "for_whom", "occasion_date")}


@login_required
@get_or_post
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    gift_list = gift_list_of(member(request), pk)
    if request.method == "POST":
        gifts.delete_list(gift_list)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": gift_list.name})
        return redirect("gift-lists")
    return render(request, "gifts/delete.html", {"gift_list": gift_list})


@login_required
@require_POST
def share(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A link, or a new one in place of the old."""
    gift_list = gift_list_of(member(request), pk)
    renewed = gift_list.token is not None
    gifts.share_list(gift_list)
    messages.success(
        request, _("The old link ends; this is the new one.") if renewed else _("Here is the link to hand out.")
    )
    return redirect(f"{gift_list.get_absolute_url()}#share")


@login_required
@require_POST
def unshare(request: HttpRequest, pk: UUID) -> HttpResponse:
    gift_list = gift_list_of(member(request), pk)
    gifts.unshare_list(gift_list)
    messages.success(request, _("The link ends: only you see this list now."))
    return redirect(gift_list)


@login_required
@get_or_post
def add(request: HttpRequest) -> HttpResponse:
    """The page behind “Add to a list”: which list, how much, and a note."""
    grade = request.GET.get("grade", "")
    if grade not in Grade.values:
        raise Http404
    variant = variant_to_sell(request.GET.get("sku", ""))
    form = AddWishForm(posted(request), owner=member(request))
    if form.is_valid():
        data, at = form.cleaned_data, now()
        try:
            chosen = form.lists.get(data["gift_list"]) if data["gift_list"] != NEW else None
            gift_list = chosen or gifts.make_list(member(request), name=data["name"].strip(), at=at)
            gifts.wish(gift_list, variant, grade, at=at, note=data["note"], priority=data["priority"])
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("It is on your list “%(name)s”.") % {"name": gift_list.name})
            return redirect(gift_list)
    buyable = rows_of_pairs([(variant.pk, grade)]).get((variant.pk, grade))
    context = {"form": form, "variant": variant, "grade": grade, "buyable": buyable}
    return render(request, "gifts/add.html", context, status=status_of(form))


@login_required
@get_or_post
def item(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = wish_of(member(request), pk)
    form = WishForm(posted(request), initial={"note": found.note, "priority": found.priority})
    if form.is_valid():
        gifts.change_wish(found, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect(found.gift_list)
    return render(request, "gifts/item.html", {"form": form, "item": found}, status=status_of(form))


@login_required
@require_POST
def remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Off the list; the page that follows offers to put it back."""
    found = wish_of(member(request), pk)
    gifts.remove_wish(found, at=now())
    return redirect(f"{reverse('gift-list', args=[found.gift_list_id])}?removed={found.pk}")


@login_required
@require_POST
def restore(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = wish_of(member(request), pk)
    gifts.restore_wish(found)
    messages.success(request, _("It is back on the list."))
    return redirect(found.gift_list)
