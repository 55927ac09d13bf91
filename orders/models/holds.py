"""Orders that somebody looks at before their money is taken, and the rules that say which."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from orders.models.orders import Order

HOURS_AT_MOST = 720
# Why a held order may be refused.
REASONS = ("card", "address", "many", "silent", "other")
# No more of a buyer's orders are counted.
ORDERS_AT_MOST = 100


class FraudRule(models.Model):
    """When an order is held. Which thresholds a rule has follows from its kind; see orders/fraud.py for what they mean.

    `words` are for the people at the desk.
    """

    class Kind(models.TextChoices):
        AMOUNT = "amount", _("a first order that is worth much")
        VELOCITY = "velocity", _("many orders in a short time")
        COUNTRY = "country", _("sent abroad, with a card from elsewhere")

    THRESHOLDS: ClassVar[dict[str, tuple[str, ...]]] = {
        Kind.AMOUNT: ("amount_minor",),
        Kind.VELOCITY: ("orders", "hours"),
        Kind.COUNTRY: (),
    }

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    words = models.CharField(_("what to look at"), max_length=200, help_text=_("Whoever decides reads it."))
    amount_minor = models.PositiveIntegerField(_("from an amount of"), null=True, blank=True)
    orders = models.PositiveSmallIntegerField(_("from so many orders"), null=True, blank=True)
    hours = models.PositiveSmallIntegerField(_("within hours"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("rule for holds")
        verbose_name_plural = _("rules for holds")
        ordering = ["kind", "id"]
        constraints = [
            models.CheckConstraint(
                # What is compared with nothing is not false for a database: so it says that there is something.
                condition=Q(kind="amount", amount_minor__isnull=False, amount_minor__gt=0, orders=None, hours=None)
                | Q(
                    kind="velocity",
                    amount_minor=None,
                    orders__isnull=False,
                    orders__gte=2,
                    orders__lte=ORDERS_AT_MOST,
                    hours__isnull=False,
                    hours__gte=1,
                    hours__lte=HOURS_AT_MOST,
                )
                | Q(kind="country", amount_minor=None, orders=None, hours=None),
                name="fraud_rule_thresholds_fit_kind",
            ),
            models.CheckConstraint(condition=~Q(words=""), name="fraud_rule_has_words"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())

    @property
    def amount(self) -> Money | None:
        return None if self.amount_minor is None else Money(self.amount_minor, settings.DEFAULT_CURRENCY)

    def clean(self) -> None:
        """Say kindly, beside the field, what the constraint would refuse."""
        errors: dict[str, Any] = {}
        wanted = self.THRESHOLDS.get(self.kind, ())
        for name in ("amount_minor", "orders", "hours"):
            given = getattr(self, name)
            if name in wanted and not given:
                errors[name] = _("A rule of this kind needs it.")
            elif name not in wanted and given is not None:
                errors[name] = _("A rule of this kind has none.")
        if "orders" in wanted and self.orders == 1:
            errors["orders"] = _("Every order would be held: two at least.")
        if "orders" in wanted and (self.orders or 0) > ORDERS_AT_MOST:
            errors["orders"] = _("At most %(orders)s orders.") % {"orders": ORDERS_AT_MOST}
        if "hours" in wanted and (self.hours or 0) > HOURS_AT_MOST:
            errors["hours"] = _("At most %(hours)s hours.") % {"hours": HOURS_AT_MOST}
        if errors:
            raise ValidationError(errors)


class Hold(models.Model):
    """One order that met a rule. Foreseen when it was placed; open once its money is authorised, or has come, until
    somebody decides or `expires_at` passes. `hits` is what the rules found (orders/fraud.py), as it was then.
    """

    class Status(models.TextChoices):
        FORESEEN = "foreseen", _("not authorised yet")
        OPEN = "open", _("to be checked")
        RELEASED = "released", _("released")
        REFUSED = "refused", _("refused")
        LAPSED = "lapsed", _("lapsed")

    class Reason(models.TextChoices):
        CARD = "card", _("the card does not fit the buyer or the address")
        ADDRESS = "address", _("the address is one to which nothing is sent")
        MANY = "many", _("many orders that look like one person's")
        SILENT = "silent", _("the buyer does not answer us")
        OTHER = "other", _("something else, said below")

    NOUN = "hold"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.FORESEEN: {Status.OPEN},
        Status.OPEN: {Status.RELEASED, Status.REFUSED, Status.LAPSED},
        # The bank had let the authorisation go when the money was to be taken.
        Status.RELEASED: {Status.LAPSED},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="hold")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.FORESEEN)
    hits = models.JSONField(default=list)
    # Why somebody refused the order, for the desk alone: the buyer reads friendly words. Empty before it was asked for.
    reason = models.CharField(_("reason"), max_length=10, choices=Reason, blank=True, default="", db_default="")
    note = models.CharField(_("note"), max_length=500, blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    open_at = models.DateTimeField(_("held since"), null=True, blank=True)
    expires_at = models.DateTimeField(_("decide before"), null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["foreseen", "open", "released", "refused", "lapsed"]), name="hold_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="foreseen") | Q(open_at__isnull=False, expires_at__isnull=False),
                name="hold_open_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(reason="", note="")
                | Q(status="refused", reason__in=REASONS) & (~Q(reason="other") | ~Q(note="")),
                name="hold_refused_says_why",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="hold_to_decide", condition=Q(status="open"))]

    def __str__(self) -> str:
        return str(self.order)

    @property
    def amount(self) -> Money:
        return self.order.total
