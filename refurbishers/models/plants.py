"""A plant and its people, and what the house wrote to it."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from backmarket.crypto import EncryptedTextField
from backmarket.money import Money
from refurbishers.querysets import RefurbisherQuerySet


class Refurbisher(models.Model):
    """A refurbishing plant, called "plant" everywhere. Its legal identity is public (DSA art. 30)."""

    class Status(models.TextChoices):
        APPLIED = "applied", _("applied")
        DOCUMENTS = "documents", _("documents under review")
        AUDIT = "audit", _("site audit")
        TRIAL = "trial", _("trial")
        ACTIVE = "active", _("active")
        WATCH = "watch", _("on watch")
        RESTRICTED = "restricted", _("restricted: no new listings")
        SUSPENDED = "suspended", _("suspended")
        LEFT = "left", _("left")

    NOUN = "plant"
    MOVES: ClassVar[dict[str, set[str]]] = {
        Status.APPLIED: {Status.DOCUMENTS, Status.LEFT},
        Status.DOCUMENTS: {Status.AUDIT, Status.LEFT},
        Status.AUDIT: {Status.TRIAL, Status.LEFT},
        Status.TRIAL: {Status.ACTIVE, Status.SUSPENDED, Status.LEFT},
        Status.ACTIVE: {Status.WATCH, Status.RESTRICTED, Status.SUSPENDED, Status.LEFT},
        Status.WATCH: {Status.ACTIVE, Status.RESTRICTED, Status.SUSPENDED, Status.LEFT},
        Status.RESTRICTED: {Status.WATCH, Status.ACTIVE, Status.SUSPENDED, Status.LEFT},
        Status.SUSPENDED: {Status.WATCH, Status.RESTRICTED, Status.ACTIVE, Status.LEFT},
    }
    # Who may sell and buy at all; a trial plant does so under a daily cap.
    TRADING: ClassVar[tuple[str, ...]] = (Status.TRIAL, Status.ACTIVE, Status.WATCH, Status.RESTRICTED)
    TRIAL_ORDERS_PER_DAY = 10
    # A surcharge pays for the faster label; it is not a second price of the device.
    EXPRESS_AT_MOST_MINOR = 1500

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=80)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.APPLIED)
    legal_name = models.CharField(_("legal name"), max_length=120)
    registration_number = models.CharField(_("trade register number"), max_length=40)
    vat_number = models.CharField(_("VAT number"), max_length=20)
    line1 = models.CharField(_("street and number"), max_length=120)
    postcode = models.CharField(_("postcode"), max_length=16)
    city = models.CharField(_("city"), max_length=80)
    country = models.CharField(_("country"), max_length=2)
    email = models.EmailField(_("e-mail"))
    phone = PhoneNumberField(_("phone"), blank=True)
    founded_year = models.PositiveSmallIntegerField(_("founded"))
    technicians = models.PositiveSmallIntegerField(_("technicians"))
    support_hours = models.CharField(_("support hours"), max_length=120)
    story = models.TextField(_("story"), blank=True)
    iban = EncryptedTextField(blank=True)
    # What express delivery of a parcel costs its buyer on top of the shipping; empty where the plant offers none.
    express_minor = models.PositiveIntegerField(_("express surcharge"), null=True, blank=True)
    # Pushed up from ratings and measures; the same quality number ranks offers and bids.
    rating_sum = models.PositiveIntegerField(default=0)
    rating_count = models.PositiveIntegerField(default=0)
    quality_bps = models.PositiveIntegerField(_("quality score, basis points"), default=7000)
    paid_as_quoted_bps = models.PositiveIntegerField(null=True, blank=True)
    median_days_to_pay = models.PositiveSmallIntegerField(null=True, blank=True)
    median_answer_minutes = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RefurbisherQuerySet.as_manager()

    class Meta:
        verbose_name = _("plant")
        verbose_name_plural = _("plants")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(quality_bps__lte=10_000), name="plant_quality_share"),
            models.CheckConstraint(
                condition=Q(rating_sum__gte=F("rating_count")) & Q(rating_sum__lte=5 * F("rating_count")),
                name="plant_rating_between_1_and_5",
            ),
            models.CheckConstraint(
                condition=Q(express_minor=None) | Q(express_minor__gte=1, express_minor__lte=1500),
                name="plant_express_within_rule",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def express(self) -> Money | None:
        """Its surcharge for express delivery; None where it offers none."""
        return None if self.express_minor is None else Money(self.express_minor, settings.DEFAULT_CURRENCY)

    @property
    def rating(self) -> float | None:
        """Average stars to one decimal; None before the first rating."""
        return round(self.rating_sum / self.rating_count, 1) if self.rating_count else None


class Member(models.Model):
    """A person who works at a plant. The role decides what of the plant's rows that person may change."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MANAGER = "manager", _("manager")
        TECHNICIAN = "technician", _("technician")
        AFTER_SALES = "after_sales", _("after-sales")

    plant = models.ForeignKey(Refurbisher, on_delete=models.CASCADE, related_name="members")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="membership")
    role = models.CharField(_("role"), max_length=12, choices=Role)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Invitation(models.Model):
    """Somebody asked by e-mail to work at a plant; gone once the person accepts or the plant takes it back."""

    VALID_DAYS = 7

    plant = models.ForeignKey(Refurbisher, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(_("role"), max_length=12, choices=Member.Role)
    invited_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("valid until"))

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-invited_at"]
        constraints = [models.UniqueConstraint(fields=["plant", "email"], name="invited_once_per_plant")]

    def __str__(self) -> str:
        return self.email


class StatementOfReasons(models.Model):
    """Why a plant moved on the ladder, in words, effective when the law allows it, open to appeal (P2B art. 4)."""

    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="statements")
    from_status = models.CharField(max_length=12, choices=Refurbisher.Status)
    to_status = models.CharField(max_length=12, choices=Refurbisher.Status)
    reasons = models.TextField(_("reasons"))
    effective_at = models.DateTimeField(_("effective"))
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=60)
    appeal = models.TextField(_("appeal"), blank=True)
    appealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("statement of reasons")
        verbose_name_plural = _("statements of reasons")
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=~Q(reasons=""), name="statement_has_reasons")]

    def __str__(self) -> str:
        return f"{self.plant}: {self.to_status}"
