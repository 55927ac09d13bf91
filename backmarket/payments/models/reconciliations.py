"""What a comparison of the books found."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Reconciliation(models.Model):
    """One comparison of ledger, provider and rows; unfinished, it waits for the job.

    `differences`: dicts of check, what, about, expected and found (minor units or None) and currency; the first KEPT of
    them, `count` says how many there were.
    """

    KEPT = 500
    # A call for each payment takes its time: each night only what is new since some nights.
    DAYS = 3

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # So many days of payments the provider was asked about.
    days = models.PositiveSmallIntegerField(_("days at the provider"), default=DAYS)
    count = models.PositiveIntegerField(_("differences"), default=0)
    differences = models.JSONField(default=list)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at__isnull=False) | Q(count=0), name="reconciliation_counts_when_finished"
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"
