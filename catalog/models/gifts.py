"""Personal gift lists, and who gives what: two tables, so that a list's owner is never shown the second."""

import uuid
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backmarket.accounts.models import User
from catalog.models.choices import Grade
from catalog.models.products import Variant


class GiftList(models.Model):
    """A person's list. Whoever knows `token` sees it and may give; None: nobody but its owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="gift_lists")
    name = models.CharField(_("name of the list"), max_length=60)
    for_whom = models.CharField(_("for whom"), max_length=60, blank=True)
    occasion_date = models.DateField(_("day of the occasion"), null=True, blank=True)
    token = models.UUIDField(null=True, unique=True, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("gift list")
        verbose_name_plural = _("gift lists")
        ordering = ["-created_at", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("gift-list", args=[self.pk])

    @property
    def shared_url(self) -> str:
        """The path to hand out; empty while nobody may see it."""
        return reverse("gift-shared", args=[self.token]) if self.token else ""

    def days_left(self, today: date) -> int | None:
        """Days until the occasion; None without one, and once it is over."""
        left = (self.occasion_date - today).days if self.occasion_date else -1
        return left if left >= 0 else None


class GiftItemQuerySet(models.QuerySet[Any]):
    def wished(self) -> "GiftItemQuerySet":
        """What is still on its list."""
        return self.filter(removed_at=None)

    def long_removed(self, before: datetime) -> "GiftItemQuerySet":
        return self.filter(removed_at__lte=before)


class GiftItem(models.Model):
    """One variant in one grade that somebody wishes for. Taken off, it stays for a while: that can be undone."""

    class Priority(models.IntegerChoices):
        DEAREST = 1, _("Dearest wish")
        LOVELY = 2, _("Would be lovely")
        NICE = 3, _("Just an idea")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gift_list = models.ForeignKey(GiftList, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    grade = models.CharField(_("grade"), max_length=10, choices=Grade)
    note = models.CharField(_("a note for whoever gives it"), max_length=200, blank=True)
    priority = models.PositiveSmallIntegerField(_("how much"), choices=Priority, default=Priority.LOVELY)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = GiftItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("wish")
        verbose_name_plural = _("wishes")
        ordering = ["priority", "added_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["gift_list", "variant", "grade"], name="gift_item_once"),
            models.CheckConstraint(condition=Q(priority__in=[1, 2, 3]), name="gift_item_known_priority"),
        ]

    def __str__(self) -> str:
        return f"{self.variant} · {self.get_grade_display()}"


class GiftPromise(models.Model):
    """Somebody gives this item, and nobody else: a person with an account, or the holder of a link sent by e-mail.

    Of a guest we keep `key` alone, which that link carries: neither a name nor an address. Never read for the owner.
    """

    item = models.OneToOneField(GiftItem, on_delete=models.CASCADE, related_name="promise")
    giver = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="gifts_promised")
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    promised_at = models.DateTimeField()

    class Meta:
        verbose_name = _("promise of a gift")
        verbose_name_plural = _("promises of gifts")

    def __str__(self) -> str:
        return str(self.item)
