"""Which rules an order meets: facts in, findings out. Nothing is read or written here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from backmarket.countries import country_name
from backmarket.money import Money
from backmarket.templatetags.ui import money
from orders.models import FraudRule

Kind = FraudRule.Kind
# A finding as it is kept: {"rule", "kind", "words"}, and the numbers and codes that `explain` puts into a sentence.
Hit = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """What is known of an order: no names, no addresses.

    `placed` are the instants at which this buyer placed orders lately, this one included: the same account, e-mail or
    address. `card` is the country of the card, empty while nobody has told it.
    """

    total: Money
    is_first: bool
    placed: tuple[datetime, ...]
    at: datetime
    country: str
    market: str
    card: str = ""


def judge(rules: Iterable[FraudRule], facts: Facts) -> list[Hit]:
    """The findings of all rules that the order meets, in the order of the rules."""
    return [
        {"rule": rule.pk, "kind": rule.kind, "words": rule.words, **met} for rule in rules if (met := _met(rule, facts))
    ]


def _met(rule: FraudRule, facts: Facts) -> dict[str, Any] | None:
    """What the rule found; None when the order does not meet it."""
    if rule.kind == Kind.AMOUNT and rule.amount_minor is not None:
        found = {"total_minor": facts.total.minor, "currency": facts.total.currency, "from_minor": rule.amount_minor}
        return found if facts.is_first and facts.total.minor >= rule.amount_minor else None
    if rule.kind == Kind.VELOCITY and rule.orders is not None and rule.hours is not None:
        since = facts.at - timedelta(hours=rule.hours)
        count = sum(1 for at in facts.placed if at > since)
        return {"orders": count, "hours": rule.hours} if count >= rule.orders else None
    if rule.kind == Kind.COUNTRY and facts.card:
        abroad = facts.country not in (facts.market, facts.card)
        return {"country": facts.country, "card": facts.card} if abroad else None
    return None


def explain(hit: Mapping[str, Any]) -> str:
    """A finding as a sentence."""
    if hit["kind"] == Kind.AMOUNT:
        total, least = (Money(hit[name], hit["currency"]) for name in ("total_minor", "from_minor"))
        text = _("A first order, of %(total)s: %(least)s or more.")
        return text % {"total": money(total), "least": money(least)}
    if hit["kind"] == Kind.VELOCITY:
        text = _("%(orders)d orders within %(hours)d hours, of the same account, e-mail or address.")
        return text % {"orders": hit["orders"], "hours": hit["hours"]}
    if hit["kind"] == "moved":
        return _("Its buyer has changed the address of a parcel since it is looked at.")
    text = _("It goes to %(country)s, and the card is from %(card)s.")
    return text % {"country": country_name(hit["country"]), "card": country_name(hit["card"])}
