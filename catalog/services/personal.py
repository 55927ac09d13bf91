"""The shopper's aids and time: what goes with an account, and what goes by itself."""

from datetime import datetime, timedelta

from backmarket.accounts.models import User
from catalog.models import Alert, GiftList, GiftPromise
from catalog.services.alerts import forget_alerts
from catalog.services.gifts import forget_removed_wishes

# How long taking a wish off its list can be undone.
REMOVED_KEPT = timedelta(days=30)


def erase_aids(user: User) -> None:
    """A person's lists, promises and alerts go with the account."""
    Alert.objects.filter(user=user).delete()
    GiftPromise.objects.filter(giver=user).delete()
    GiftList.objects.filter(owner=user).delete()


def forget_aids(at: datetime) -> int:
    """Delete what nobody needs any more; returns how much."""
    return forget_removed_wishes(at - REMOVED_KEPT) + forget_alerts(at)
