"""The vocabulary of the shop, which grows with what is listed: for suggestions, and to mend what is misspelt."""

from collections import defaultdict
from collections.abc import Iterable

from backmarket.db import lock
from catalog.models import Remainder, Title, Variant, Word
from catalog.reading import kept_remains_of
from catalog.search import searchable, words_of_variant
from catalog.vocabulary import GRADES

LONGEST = 100


def learn_words(product_ids: Iterable[int]) -> None:
    """Take in the words of all variants of these products; what is known already stays as it is.

    In the caller's transaction: whoever writes the same titles waits, and then reads what these variants say by then.
    """
    wanted = set(product_ids)
    list(lock(Title.objects.filter(pk__in=wanted)).values_list("pk"))
    texts: dict[int, list[str]] = defaultdict(list)
    titles: dict[int, Title] = {}
    variants = Variant.objects.filter(product_id__in=wanted).select_related("product__category")
    for variant in variants.order_by("product_id", "pk"):
        texts[variant.product_id] += words_of_variant(variant)
        titles[variant.product_id] = Title(
            product=variant.product, title=str(variant.product), slug=variant.product.slug
        )
    for pk, title in titles.items():
        title.search_text = searchable([*texts[pk], *GRADES.values()])
    Title.objects.bulk_create(
        titles.values(), update_conflicts=True, unique_fields=["product"],
        update_fields=["title", "slug", "search_text"],
    )  # fmt: skip
    words = sorted({word for title in titles.values() for word in title.search_text.split()})
    known = set(Word.objects.filter(word__in=words).values_list("word", flat=True))
    new = [word for word in words if word not in known and len(word) <= LONGEST]
    Word.objects.bulk_create([Word(word=word) for word in new], ignore_conflicts=True)
    remainders = [Remainder(text=text, word=word) for word in new for text in kept_remains_of(word)]
    Remainder.objects.bulk_create(remainders, ignore_conflicts=True, batch_size=2_000)
