"""Who waits for a device to come back, or to cost less."""

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from backmarket.crypto import BlindIndexField, EncryptedTextField
from backmarket.money import Money
from catalog.models.choices import Grade
from catalog.models.products import Variant

WAITING = Q(fired_at=None, confirmed_at__isnull=False)


class AlertQuerySet(models.QuerySet[Any]):
    def waiting(self) -> "AlertQuerySet":
        """Confirmed, and not fired yet; how long it waits is judged by live()."""
        return self.filter(WAITING)

    def live(self, at: datetime) -> "AlertQuerySet":
        return self.waiting().filter(expires_at__gt=at)

    def met_by(self, price_minor: Any) -> "AlertQuerySet":
        """What an offer in stock at this price (a number or an expression) comes up to."""
        any_price = Q(target_minor=None, seen_minor=None)
        cheaper = Q(target_minor=None, seen_minor__gt=price_minor)
        return self.filter(any_price | cheaper | Q(target_minor__gte=price_minor))

    def of_person(self, user: User | None, email: str) -> "AlertQuerySet":
        """One recipient's: a person's with an account, or those of a guest's mailbox."""
        index = Alert._meta.get_field("email_index")
        return self.filter(user=user) if user else self.filter(user=None, email_index=index.index_of(email))


class Alert(models.Model):
    """One e-mail, once: when the variant in the grade is in stock at `target_minor` or less; without a target, for
    less than it cost when this was asked (`seen_minor`), or at any price if it was sold out then.

    Of a person with an account, or of a guest whose mailbox is confirmed first. `expires_at` ends it either way.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    grade = models.CharField(_("grade"), max_length=10, choices=Grade)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="alerts")
    email = EncryptedTextField(blank=True, default="")
    email_index = BlindIndexField(of="email")
    target_minor = models.PositiveIntegerField(null=True)
    seen_minor = models.PositiveIntegerField(null=True)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, email="") | (Q(user=None) & ~Q(email="")), name="alert_one_recipient"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="alert_ends_after_it_begins"),
            models.UniqueConstraint(fields=["user", "variant", "grade"], condition=WAITING, name="alert_once_a_person"),
            models.UniqueConstraint(
                fields=["email_index", "variant", "grade"],
                condition=WAITING & Q(user=None),
                name="alert_once_a_mailbox",
            ),
        ]
        indexes = [
            models.Index(fields=["variant", "grade"], name="alert_waiting", condition=WAITING),
            models.Index(fields=["expires_at"], name="alert_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.variant} · {self.get_grade_display()}"

    @property
    def target(self) -> Money | None:
        return None if self.target_minor is None else Money(self.target_minor, self.currency)

    @property
    def seen(self) -> Money | None:
        return None if self.seen_minor is None else Money(self.seen_minor, self.currency)
