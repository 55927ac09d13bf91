"""The one door to each object of the catalogue."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from backmarket.accounts.models import User
from catalog.models import Category, Collection, Listing, Product, Variant
from refurbishers.access import plant_of


def public_category(slug: str) -> Category:
    """A category, for anyone; Http404 for an unknown one."""
    return get_object_or_404(Category, slug=slug)


def public_product(slug: str) -> Product:
    """A product with its category, for anyone; Http404 for an unknown one and for one without variants."""
    product = Product.objects.select_related("category").filter(slug=slug, variants__isnull=False).first()
    if product is None:
        raise Http404
    return product


def listings_for_plant(user: User | AnonymousUser) -> "QuerySet[Listing]":
    """The listings of the plant this person works at; Http404 for everybody else."""
    return Listing.objects.filter(plant=plant_of(user)).select_related("variant__product")


def listing_for_plant(user: User | AnonymousUser, pk: UUID) -> Listing:
    """A listing of the person's own plant; Http404 for a stranger's, as for one that does not exist."""
    return get_object_or_404(listings_for_plant(user), pk=pk)


def variant_to_sell(sku: str) -> Variant:
    """Any variant that somebody may own, on sale here or not."""
    return get_object_or_404(Variant.objects.select_related("product__category"), sku=sku)


def public_collection(slug: str, *, at: datetime) -> Collection:
    """A collection that is published at this instant, for anyone; Http404 otherwise."""
    return get_object_or_404(Collection.objects.published(at), slug=slug)


def collection_to_curate(user: User | AnonymousUser, slug: str) -> Collection:
    """Any collection, drafts too, for those of the desk who curate them; Http404 for everybody else."""
    if not user.has_perm("catalog.change_collection"):
        raise Http404
    return get_object_or_404(Collection, slug=slug)
