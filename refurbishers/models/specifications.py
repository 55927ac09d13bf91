"""What every plant commits to, and the signatures under it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from refurbishers.models.plants import Refurbisher


class Specification(models.Model):
    """A version of what every plant commits to. Published versions never change; a new one replaces them."""

    version = models.CharField(_("version"), max_length=20, unique=True)
    title = models.CharField(_("title"), max_length=120)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    class Meta:
        verbose_name = _("specification")
        verbose_name_plural = _("specifications")
        ordering = ["-published_at"]

    def __str__(self) -> str:
        return self.version


class Clause(models.Model):
    """One commitment: evidence (a document) or a measure (a number compared over a window).

    `threshold`, `watch` and `restrict` are in `unit`: basis points, hours, or hundredths of a star.
    """

    class Kind(models.TextChoices):
        EVIDENCE = "evidence", _("evidence")
        MEASURE = "measure", _("measure")

    class Comparison(models.TextChoices):
        AT_MOST = "<=", _("at most")
        AT_LEAST = ">=", _("at least")

    class Unit(models.TextChoices):
        BPS = "bps", _("basis points")
        HOURS = "hours", _("hours")
        STARS = "stars", _("hundredths of a star")

    specification = models.ForeignKey(Specification, on_delete=models.CASCADE, related_name="clauses")
    code = models.CharField(_("code"), max_length=10)
    chapter = models.CharField(_("chapter"), max_length=40)
    text = models.TextField(_("text"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    measure = models.CharField(_("measure"), max_length=40, blank=True)
    comparison = models.CharField(max_length=2, choices=Comparison, blank=True)
    unit = models.CharField(max_length=8, choices=Unit, blank=True)
    threshold = models.IntegerField(null=True, blank=True)
    watch = models.IntegerField(null=True, blank=True)
    restrict = models.IntegerField(null=True, blank=True)
    window_days = models.PositiveSmallIntegerField(null=True, blank=True)
    min_sample = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["specification", "code"], name="clause_code_once"),
            models.CheckConstraint(
                condition=Q(kind="evidence")
                | Q(threshold__isnull=False, window_days__isnull=False, min_sample__isnull=False)
                & ~Q(measure="")
                & ~Q(comparison=""),
                name="clause_measure_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Signature(models.Model):
    """A plant's signature under one version of the specification."""

    plant = models.ForeignKey(Refurbisher, on_delete=models.PROTECT, related_name="signatures")
    specification = models.ForeignKey(Specification, on_delete=models.PROTECT, related_name="signatures")
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    signed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints = [
            models.UniqueConstraint(fields=["plant", "specification"], name="specification_signed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.plant} {self.specification}"
