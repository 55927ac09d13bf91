"""A person's alerts, and what each waits for in words."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from backmarket.accounts.models import User
from backmarket.templatetags.ui import money_short
from catalog.models import Alert, Buyable
from catalog.selectors.offered import rows_of_pairs


@dataclass(frozen=True)
class Watched:
    """An alert with its offer now (None: no plant ever offered it)."""

    alert: Alert
    buyable: Buyable | None

    @property
    def waits_for(self) -> str:
        return waits_for(self.alert)


def alerts_of(user: User, *, at: datetime) -> list[Watched]:
    """What a person waits for, and what fired lately, newest first. Two queries."""
    rows = Alert.objects.filter(Q(expires_at__gt=at) | Q(fired_at__isnull=False), user=user)
    alerts = list(rows.select_related("variant__product"))
    offers = rows_of_pairs((alert.variant_id, alert.grade) for alert in alerts)
    return [Watched(alert, offers.get((alert.variant_id, alert.grade))) for alert in alerts]


def waits_for(alert: Alert) -> str:
    """When it fires, as a piece of a sentence."""
    if alert.target:
        return _("in stock at %(price)s or less") % {"price": money_short(alert.target)}
    if alert.seen:
        return _("in stock for less than %(price)s") % {"price": money_short(alert.seen)}
    return _("back in stock")
