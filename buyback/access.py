"""The doors to quotes and trades: the object, or 404 for a stranger."""

from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from backmarket.accounts.models import User
from buyback.models import EvidencePhoto, MessagePhoto, Quote, Trade
from refurbishers.access import plant_of
from refurbishers.models import Refurbisher


def quote_for_anyone(pk: UUID) -> Quote:
    """A quote is open to whoever has its UUID: nobody can guess one, and it names no person."""
    return get_object_or_404(Quote.objects.select_related("variant__product__category", "question_set"), pk=pk)


def trade_for_seller(user: User, pk: UUID) -> Trade:
    trades = Trade.objects.select_related(
        "plant", "variant__product__category", "parcel", "return_parcel", "payout", "unit__listing", "address", "quote"
    )
    return get_object_or_404(trades, pk=pk, seller=user)


def trade_for_plant(user: User, pk: UUID) -> Trade:
    """A trade of the plant this person works at; Http404 for a stranger's, as for one that does not exist."""
    trades = Trade.objects.filter(plant=plant_of(user)).select_related("variant__product", "quote__question_set")
    return get_object_or_404(trades, pk=pk)


def photo_for_viewer(user: User, trade_pk: UUID, pk: UUID) -> EvidencePhoto:
    """Of a counter-offer for its seller; all for the people of the plant that bids, and staff who may see trades."""
    photos = EvidencePhoto.objects.filter(trade=trade_pk)
    if not (user.is_staff and user.has_perm("buyback.view_trade")):
        # No join to the members: it would find the photo once for each of them.
        own = Refurbisher.objects.filter(members__user=user)
        photos = photos.filter(Q(trade__seller=user, proof=True) | Q(trade__plant__in=own))
    return get_object_or_404(photos, pk=pk)


def message_photo_for_viewer(user: User, trade_pk: UUID, pk: UUID) -> MessagePhoto:
    """For those who talk, seller and plant, and staff who may see trades."""
    photos = MessagePhoto.objects.filter(message__trade=trade_pk)
    if not (user.is_staff and user.has_perm("buyback.view_trade")):
        own = Refurbisher.objects.filter(members__user=user)
        photos = photos.filter(Q(message__trade__seller=user) | Q(message__trade__plant__in=own))
    return get_object_or_404(photos, pk=pk)


def certificate_for_seller(user: User, pk: UUID) -> Trade:
    """The trade whose device is proved to be erased."""
    trade = trade_for_seller(user, pk)
    if trade.unit is None or trade.unit.erased_at is None:
        raise Http404
    return trade


def parcel_label_for_seller(user: User, pk: UUID) -> Trade:
    """The trade whose label its seller may print: as long as the device has not left."""
    trade = trade_for_seller(user, pk)
    if trade.parcel is None or trade.status != Trade.Status.ACCEPTED:
        raise Http404
    return trade
