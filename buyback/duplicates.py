"""One document or one account behind several people: a signal for support, never shown to plants, never a verdict."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from buyback.models import Identity, Trade


def trades_sharing(trade: Trade) -> QuerySet[Trade]:
    """Other people's trades with this trade's bank account or identity document. Nothing is decrypted for it."""
    index = trade.identity.number_index
    same = Q(iban_index=trade.iban_index) & ~Q(iban_index="")
    if index:
        same |= Q(identity__number_index=index)
    return Trade.objects.filter(same).exclude(seller=trade.seller_id).select_related("seller", "identity")


def shared() -> Q:
    """The condition of trades whose account or document somebody else has used as well."""
    others = Trade.objects.exclude(seller=OuterRef("seller"))
    account = others.filter(iban_index=OuterRef("iban_index")).exclude(iban_index="")
    document = Identity.objects.filter(number_index=OuterRef("identity__number_index")).exclude(number_index="")
    return Q(Exists(account)) | Q(Exists(document.exclude(user=OuterRef("seller"))))
