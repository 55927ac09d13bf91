"""What a plant did, and what it comes to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from refurbishers.models.plants import Refurbisher


class ServiceFact(models.Model):
    """Something a plant did or failed to do, pushed down by orders, buyback and reviews for the measures.

    `value`: for a rate 1 is a failure and 0 a success; minutes, hours or days for durations; hundredths of a star.
    """

    class Kind(models.TextChoices):
        SHIPMENT = "shipment", _("shipped late")
        CANCELLATION = "cancellation", _("sale cancelled by the plant")
        DEFECT = "defect", _("defect claimed on a sold device")
        ANSWER = "answer", _("answered late")
        ANSWER_TIME = "answer_time", _("minutes to the first answer")
        RESOLUTION_TIME = "resolution_time", _("hours to the resolution")
        COUNTER_OFFER = "counter_offer", _("counter-offer instead of the quoted price")
        INSPECTION = "inspection", _("inspected late")
        DAYS_TO_PAY = "days_to_pay", _("days from collection to payout")
        RATING = "rating", _("rating")

    plant = models.ForeignKey(Refurbisher, on_delete=models.CASCADE, related_name="facts")
    kind = models.CharField(max_length=16, choices=Kind)
    reference = models.UUIDField()
    value = models.IntegerField()
    happened_at = models.DateTimeField()

    class Meta:
        verbose_name = _("service fact")
        verbose_name_plural = _("service facts")
        constraints = [models.UniqueConstraint(fields=["kind", "reference"], name="fact_once")]
        indexes = [models.Index(fields=["plant", "kind", "happened_at"], name="fact_window")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Measurement(models.Model):
    """What a measure came to on one day, from `sample` facts; shown beside the promise."""

    plant = models.ForeignKey(Refurbisher, on_delete=models.CASCADE, related_name="measurements")
    measure = models.CharField(max_length=40)
    measured_date = models.DateField()
    value = models.IntegerField()
    sample = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("measurement")
        verbose_name_plural = _("measurements")
        ordering = ["-measured_date"]
        constraints = [
            models.UniqueConstraint(fields=["plant", "measure", "measured_date"], name="measured_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.value}"
