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
    """A word of a buyable; misspelt ones are compared with these."""

    word = models.CharField(max_length=100, primary_key=True)

    class Meta:
        verbose_name = _("word")
        verbose_name_plural = _("words")
        indexes = [GinIndex(fields=["word"], name="word_trigram", opclasses=["gin_trgm_ops"])]

    def __str__(self) -> str:
        return self.word
