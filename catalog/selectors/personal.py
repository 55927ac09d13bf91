"""What the shopper's aids know of a person, for the person."""

from typing import Any

from backmarket.accounts.models import User
from catalog.models import Alert, GiftItem, GiftList


def aids_of(user: User) -> dict[str, Any]:
    """Lists, promises and alerts as plain data.

    Who promised what of the person's own lists is left out: it is others' data, and a surprise.
    """
    promised = GiftItem.objects.filter(promise__giver=user).select_related("gift_list", "variant__product", "promise")
    return {
        "gift_lists": [_list(row) for row in GiftList.objects.filter(owner=user)],
        "gifts_promised": [
            {"device": str(i.variant), "grade": i.grade, "list": i.gift_list.name, "promised_at": i.promise.promised_at}
            for i in promised
        ],
        "alerts": [_alert(alert) for alert in Alert.objects.filter(user=user).select_related("variant__product")],
    }


def _list(gift_list: GiftList) -> dict[str, Any]:
    wishes = GiftItem.objects.wished().filter(gift_list=gift_list).select_related("variant__product")
    facts = {name: getattr(gift_list, name) for name in ("name", "for_whom", "occasion_date", "created_at")}
    return {**facts, "shared": gift_list.token is not None, "wishes": [_wish(item) for item in wishes]}


def _wish(item: GiftItem) -> dict[str, Any]:
    facts = {name: getattr(item, name) for name in ("grade", "note", "priority", "added_at")}
    return {"device": str(item.variant), **facts}


def _alert(alert: Alert) -> dict[str, Any]:
    names = ("grade", "target_minor", "seen_minor", "currency", "created_at", "expires_at", "fired_at")
    return {"device": str(alert.variant), **{name: getattr(alert, name) for name in names}}
