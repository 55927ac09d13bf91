"""The words of the field that every other app shares: grades, conditions, VAT schemes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Grade(models.TextChoices):
    """Looks only: every grade works fully. Never "like new" (decree FR 2022-190)."""

    PREMIUM = "premium", _("Premium")
    EXCELLENT = "excellent", _("Excellent")
    GOOD = "good", _("Good")
    FAIR = "fair", _("Fair")


class Condition(models.TextChoices):
    """What a seller declares of a device, best first."""

    FUNCTIONAL_FLAWLESS = "FUNCTIONAL_FLAWLESS", _("Works, flawless")
    FUNCTIONAL_GOOD = "FUNCTIONAL_GOOD", _("Works, light marks")
    FUNCTIONAL_USED = "FUNCTIONAL_USED", _("Works, clearly used")
    FUNCTIONAL_CRACKED = "FUNCTIONAL_CRACKED", _("Works, cracked")
    NOT_FUNCTIONAL_USED = "NOT_FUNCTIONAL_USED", _("Does not work fully")
    NOT_FUNCTIONAL_CRACKED = "NOT_FUNCTIONAL_CRACKED", _("Does not work fully, cracked")


class VatScheme(models.TextChoices):
    REGULAR = "REGULAR", _("Regular VAT")
    MARGINAL = "MARGINAL", _("Margin scheme")
