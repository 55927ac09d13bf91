"""What is asked of a seller and checked by a plant, by category and version."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Category
from catalog.shapes import Shaped


class QuestionSet(models.Model):
    """The questions a seller answers, versioned. `questions` is the list that grading.condition_of() reads; `gates` are
    the questions that stand for several of them, as questions.way_through() reads them."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="question_sets")
    version = models.PositiveSmallIntegerField()
    questions = models.JSONField(validators=[Shaped("questions")])
    gates = models.JSONField(default=list, blank=True, validators=[Shaped("gates")])

    class Meta:
        verbose_name = _("question set")
        verbose_name_plural = _("question sets")
        ordering = ["category_id", "-version"]
        constraints = [models.UniqueConstraint(fields=["category", "version"], name="questions_version_once")]

    def __str__(self) -> str:
        return f"{self.category} v{self.version}"


class GradingSpecification(models.Model):
    """What a plant checks on a device of a category, versioned. `checks` is the list that grading.grade() reads."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="grading_specifications")
    version = models.PositiveSmallIntegerField()
    checks = models.JSONField(validators=[Shaped("checks")])

    class Meta:
        verbose_name = _("grading specification")
        verbose_name_plural = _("grading specifications")
        ordering = ["category_id", "-version"]
        constraints = [models.UniqueConstraint(fields=["category", "version"], name="grading_version_once")]

    def __str__(self) -> str:
        return f"{self.category} v{self.version}"
