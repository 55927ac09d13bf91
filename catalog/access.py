"""The one door to each object of the catalogue."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from backmarket.accounts.models import User
from backmarket.db import storable
from backmarket.prepared import Row, columns, instance, prepared
from catalog.models import (
    Alert,
    Category,
    Collection,
    GiftItem,
    GiftList,
    GiftPromise,
    Listing,
    ListingChange,
    Product,
    Variant,
)  # fmt: skip
from refurbishers.access import plant_of


def public_category(slug: str) -> Category:
    """A category, for anyone; Http404 for an unknown one."""
    rows = _categories(slug=slug)
    if not rows:
        raise Http404
    return instance(Category, rows[0])


@prepared
def _categories(slug: Any) -> "QuerySet[Any, Row]":
    return Category.objects.filter(slug=slug).values_list(*columns(Category))


def public_product(slug: str) -> Product:
    """A product with its category, for anyone; Http404 for an unknown one and for one without variants."""
    rows = _products(slug=slug)
    if not rows:
        raise Http404
    split = len(columns(Product))
    product = instance(Product, rows[0][:split])
    product.category = instance(Category, rows[0][split:])
    return product


@prepared
def _products(slug: Any) -> "QuerySet[Any, Row]":
    offered = Product.objects.filter(Exists(Variant.objects.filter(product=OuterRef("pk"))), slug=slug)
    return offered.values_list(*columns(Product), *columns(Category, "category"))


def listings_for_plant(user: User | AnonymousUser) -> "QuerySet[Listing]":
    """The listings of the plant this person works at; Http404 for everybody else."""
    return Listing.objects.filter(plant=plant_of(user)).select_related("variant__product")


def listing_for_plant(user: User | AnonymousUser, pk: UUID) -> Listing:
    """A listing of the person's own plant; Http404 for a stranger's, as for one that does not exist."""
    return get_object_or_404(listings_for_plant(user), pk=pk)


def listing_change_for_plant(user: User | AnonymousUser, pk: UUID) -> ListingChange:
    """A change of many listings of the person's own plant; Http404 otherwise."""
    rows = ListingChange.objects.filter(plant=plant_of(user)).select_related("plant", "undoes", "undone_by")
    return get_object_or_404(rows, pk=pk)


def variant_to_sell(sku: str) -> Variant:
    """Any variant that somebody may own, on sale here or not."""
    return get_object_or_404(Variant.objects.select_related("product__category"), sku=storable(sku))


def public_collection(slug: str, *, at: datetime) -> Collection:
    """A collection that is published at this instant, for anyone; Http404 otherwise."""
    found: Collection = get_object_or_404(Collection.objects.published(at), slug=slug)
    return found


def collection_to_curate(user: User | AnonymousUser, slug: str) -> Collection:
    """Any collection, drafts too, for those of the desk who curate them; Http404 for everybody else."""
    if not user.has_perm("catalog.change_collection"):
        raise Http404
    return get_object_or_404(Collection, slug=slug)


def gift_list_of(user: User, pk: UUID) -> GiftList:
    """One of the person's own lists; Http404 otherwise."""
    return get_object_or_404(GiftList, owner=user, pk=pk)


def wish_of(user: User, pk: UUID) -> GiftItem:
    """An item of one of the person's own lists, taken off or not; Http404 otherwise."""
    return get_object_or_404(GiftItem.objects.select_related("gift_list"), gift_list__owner=user, pk=pk)


def shared_list(token: UUID) -> GiftList:
    """The list that this link shares now; Http404 once the owner renewed or ended it."""
    return get_object_or_404(GiftList.objects.select_related("owner"), token=token)


def shared_wish(token: UUID, pk: UUID) -> GiftItem:
    """An item of the list that this link shares; Http404 otherwise."""
    return get_object_or_404(GiftItem.objects.select_related("gift_list__owner"), gift_list__token=token, pk=pk)


def wish_by_link(pk: UUID) -> GiftItem:
    """The item that a guest's signed link names, on its list or off; Http404 once it is deleted."""
    return get_object_or_404(GiftItem.objects.select_related("gift_list__owner", "variant__product"), pk=pk)


def promised_item(user: User | None, keys: Iterable[str], pk: UUID) -> GiftPromise:
    """The person's own promise of this item, or one whose key this guest's browser knows; Http404 otherwise."""
    mine = GiftPromise.objects.select_related("item__gift_list").filter(item=pk)
    return get_object_or_404(mine, giver=user) if user else get_object_or_404(mine, giver=None, key__in=list(keys))


def alert_of(user: User, pk: UUID) -> Alert:
    """One of the person's own alerts; Http404 otherwise."""
    return get_object_or_404(Alert, user=user, pk=pk)


def alert_by_link(pk: UUID, *, at: datetime) -> Alert:
    """The guest's alert that a signed link names; Http404 once it fired, ended or ran out."""
    alerts = Alert.objects.select_related("variant__product").filter(user=None, expires_at__gt=at)
    return get_object_or_404(alerts, pk=pk)
