"""The shop's derived rows written anew from the truth: the buyables, the words of the search, the bits of the facets.

In batches that each commit, beside a shop that is open. Every row is right once this is through, whatever it said.
"""

from collections.abc import Iterator

from django.db import connection, transaction
from django.db.models import F

from catalog.models import Buyable, Category, Remainder, Title, Word
from catalog.reading import kept_remains_of
from catalog.services.buyables import rebuilding_buyables
from catalog.services.facet_index import rebuild_index
from catalog.services.words import learn_words

PRODUCTS, WORDS = 500, 500
# Words of nothing that is listed any more.
FORGET = """
    DELETE FROM catalog_word WHERE word NOT IN (
        SELECT unnest(string_to_array(search_text, ' ')) FROM catalog_title)
"""
ORPHANS = "DELETE FROM catalog_remainder WHERE word NOT IN (SELECT word FROM catalog_word)"
Step = tuple[str, int, int]


def rebuild_shop() -> Iterator[Step]:
    """Yields after each batch what it was ("buyables", "products", "words", "categories"), how many it held, and of
    how many."""
    # A place in the bits of another category; all bits are written anew below.
    Buyable.objects.exclude(category=F("product__category")).update(slot=None)
    for done, of in rebuilding_buyables():
        yield "buyables", done, of
    yield from _products()
    yield from _words()
    categories = list(Category.objects.all())
    for category in categories:
        rebuild_index(category)
        yield "categories", 1, len(categories)


def _products() -> Iterator[Step]:
    """The title and the words of everything that is or was for sale."""
    ids = sorted(Buyable.objects.order_by().values_list("product_id", flat=True).distinct())
    Title.objects.exclude(pk__in=Buyable.objects.values("product_id")).delete()
    for start in range(0, len(ids), PRODUCTS):
        batch = ids[start : start + PRODUCTS]
        with transaction.atomic():
            learn_words(batch)
        yield "products", len(batch), len(ids)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORGET)
        cursor.execute(ORPHANS)


def _words() -> Iterator[Step]:
    """What is left of every word without a letter or two: what misspelt words are found by."""
    words = list(Word.objects.order_by("word").values_list("word", flat=True))
    for start in range(0, len(words), WORDS):
        batch = words[start : start + WORDS]
        wanted = {(text, word) for word in batch for text in kept_remains_of(word)}
        rows = Remainder.objects.filter(word__in=batch).values_list("pk", "text", "word")
        known = {(text, word): pk for pk, text, word in rows}
        with transaction.atomic():
            Remainder.objects.filter(pk__in=[known[pair] for pair in known.keys() - wanted]).delete()
            missing = [Remainder(text=text, word=word) for text, word in sorted(wanted - known.keys())]
            Remainder.objects.bulk_create(missing, ignore_conflicts=True, batch_size=2_000)
        yield "words", len(batch), len(words)
