"""What a search meets besides the buyables: the titles that may be suggested, and every word that is known."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product


class Title(models.Model):
    """A product that is or was on sale, with all the words of its variants: what is suggested while somebody types."""

    product = models.OneToOneField(Product, on_delete=models.CASCADE, primary_key=True, related_name="+")
    title = models.CharField(max_length=120)
    slug = models.SlugField(max_length=80)
    search_text = models.TextField()
    search = models.GeneratedField(
        expression=SearchVector("search_text", config="simple"), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        verbose_name = _("title")
        verbose_name_plural = _("titles")
        indexes = [GinIndex(fields=["search"], name="title_search")]

    def __str__(self) -> str:
        return self.title


class Word(models.Model):
    """A word of a buyable."""

    word = models.CharField(max_length=100, primary_key=True)

    class Meta:
        verbose_name = _("word")
        verbose_name_plural = _("words")

    def __str__(self) -> str:
        return self.word


class Remainder(models.Model):
    """What is left of a word without one or two letters. A misspelt word and the right one share some of these."""

    text = models.CharField(max_length=100)
    word = models.CharField(max_length=100)

    class Meta:
        verbose_name = _("remainder of a word")
        verbose_name_plural = _("remainders of words")
        constraints = [models.UniqueConstraint(fields=["text", "word"], name="remainder_once")]

    def __str__(self) -> str:
        return self.text
