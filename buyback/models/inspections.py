"""What a plant found on a device, its photos, and the one lower price it may offer."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backmarket.files import private_files
from backmarket.money import Money
from buyback.models.trades import Trade
from catalog.models import Condition, Grade, GradingSpecification


class Inspection(models.Model):
    """A technician's sheet for one trade: an answer per check of the grading specification, then the grade's verdict.

    `sheet` is {check code: value}; `verdict` is what grading.grade() returned, check by check. Written once.
    """

    trade = models.OneToOneField(Trade, on_delete=models.PROTECT, related_name="inspection")
    specification = models.ForeignKey(GradingSpecification, on_delete=models.PROTECT)
    technician = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    sheet = models.JSONField()
    note = models.CharField(_("note"), max_length=500, blank=True)
    submitted_at = models.DateTimeField()
    graded_at = models.DateTimeField(null=True, blank=True)
    condition_found = models.CharField(max_length=24, choices=Condition, blank=True)
    grade_reachable = models.CharField(max_length=10, choices=Grade, blank=True)
    verdict = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        indexes = [models.Index(fields=["submitted_at"], name="inspection_to_grade", condition=Q(graded_at=None))]

    def __str__(self) -> str:
        return str(self.trade)


class SheetDraft(models.Model):
    """A sheet that is not finished: what the technicians have filled in so far, {check code: value}.

    `version` counts its savings, so that nobody overwrites what a colleague has kept meanwhile without knowing.
    """

    trade = models.OneToOneField(Trade, on_delete=models.CASCADE, related_name="draft")
    sheet = models.JSONField(default=dict)
    note = models.CharField(_("note"), max_length=500, blank=True)
    version = models.PositiveIntegerField(default=0)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.trade)


class DiagnosticsReport(models.Model):
    """What a diagnostics program found, as it came: evidence. The sheet is what the technician confirms.

    `values` is what was filled in, {check code: value}; `problems` lists the rows that could not be.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    trade = models.ForeignKey(Trade, on_delete=models.PROTECT, related_name="reports")
    tool = models.CharField(_("tool"), max_length=80, blank=True)
    tool_version = models.CharField(_("version"), max_length=40, blank=True)
    ran_at = models.DateTimeField(null=True, blank=True)
    raw = models.TextField()
    digest = models.CharField(max_length=64)
    values = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("diagnostics report")
        verbose_name_plural = _("diagnostics reports")
        ordering = ["uploaded_at", "id"]
        constraints = [models.UniqueConstraint(fields=["trade", "digest"], name="report_once_per_trade")]

    def __str__(self) -> str:
        return f"{self.tool} {self.tool_version}".strip() or str(self.pk)


class EvidencePhoto(models.Model):
    """A photo of the device on the bench. Re-encoded by us; location data removed.

    `proof`: shown to the seller, because a counter-offer stands on it; the others were taken with the sheet.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    trade = models.ForeignKey(Trade, on_delete=models.PROTECT, related_name="photos")
    image = models.ImageField(upload_to="trades/", storage=private_files)
    proof = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class CounterOffer(models.Model):
    """The one lower price a plant may offer, with reasons tied to answers that the consumer gave."""

    class Reason(models.TextChoices):
        FUNCTIONAL = "functional", _("something does not work as described")
        ESTHETICS = "esthetics", _("looks worse than described")
        OTHER = "other", _("something else differs")

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        SILENT = "silent", _("no answer")

    trade = models.OneToOneField(Trade, on_delete=models.PROTECT, related_name="counter_offer")
    price_minor = models.PositiveIntegerField(_("price, minor units"))
    currency = models.CharField(max_length=3)
    reasons = models.JSONField(help_text="[{reason, question}]: each reason with the question whose answer it disputes")
    comment = models.CharField(_("comment"), max_length=200)
    offered_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("counter-offer")
        verbose_name_plural = _("counter-offers")
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True) | ~Q(answer="") & Q(answered_at__isnull=False),
                name="counter_offer_answered_with_date",
            ),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="counter_offer_positive"),
        ]

    def __str__(self) -> str:
        return str(self.trade)

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)
