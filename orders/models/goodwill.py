"""A part of what a device cost, given back while its buyer keeps it."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket.money import Money
from orders.models.orders import OrderLine


class PartRefund(models.Model):
    """Its refund has this row's id as reference. Whoever bears it: the house alone, or the plant, to which its share
    of the commission is given back. The id is the key of the form that asked for it: asked twice, given once.

    What express cost and did not bring is one too: of a device that was not there by the promised day.
    """

    class Bearer(models.TextChoices):
        HOUSE = "house", _("we do")
        PLANT = "plant", _("the plant does")

    class Reason(models.TextChoices):
        LOOKS = "looks", _("looks worse than its grade")
        MISSING = "missing", _("something was missing in the box")
        LATE = "late", _("came too late")
        GOODWILL = "goodwill", _("goodwill")
        EXPRESS = "express", _("express delivery came late")

    # What people may give; the surcharge for express goes back by itself.
    BY_PEOPLE: ClassVar[list[tuple[str, Any]]] = [each for each in Reason.choices if each[0] != "express"]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="parts")
    amount_minor = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    borne_by = models.CharField(_("who bears it"), max_length=5, choices=Bearer)
    # What of it is the plant's, of the commission and of its VAT: nothing where the house bears all.
    plant_minor = models.IntegerField(default=0)
    commission_minor = models.IntegerField(default=0)
    commission_vat_minor = models.IntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("refund in part")
        verbose_name_plural = _("refunds in part")
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="part_positive"),
            models.CheckConstraint(
                condition=Q(borne_by="house", plant_minor=0, commission_minor=0, commission_vat_minor=0)
                | Q(
                    borne_by="plant",
                    plant_minor__gte=0,
                    amount_minor=F("plant_minor") + F("commission_minor") + F("commission_vat_minor"),
                ),
                name="part_is_borne_whole",
            ),
            # Nobody has earned a commission on the shipping, so none goes back.
            models.CheckConstraint(
                condition=~Q(reason="express") | Q(borne_by="plant", plant_minor=F("amount_minor")),
                name="part_express_is_the_plants",
            ),
            models.UniqueConstraint(fields=["line"], condition=Q(reason="express"), name="part_express_once"),
        ]

    def __str__(self) -> str:
        return str(self.line)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def borne_by_plant(self) -> Money:
        """Without the commission that it has back for it."""
        return Money(self.plant_minor, self.currency)
