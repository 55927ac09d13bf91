"""Search behind one door: the words of a buyable, and the buyables that a person's words mean.

Every word must be found. First as it is; when that finds nothing, as the beginning of a word (numbers stay exact); when
that finds nothing either, trigrams find the products that resemble the words, and the words are respelt as these spell
them. Accents, case and "128GB" for "128 Go" do not matter.
"""

import re
from collections.abc import Container, Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache, reduce
from operator import or_
from typing import Any, NamedTuple

from django.contrib.postgres.lookups import TrigramWordSimilar
from django.contrib.postgres.search import SearchQuery, SearchVector, TrigramSimilarity
from django.db import connection, transaction
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, Lower, Replace

from catalog.models import Buyable, Product, Remainder, Title, Variant, Word
from catalog.words import plain

COLOURS_IN_FRENCH = {
    "black": "noir", "midnight": "minuit noir", "graphite": "graphite gris", "grey": "gris gray",
    "titanium": "titane gris", "white": "blanc", "starlight": "lumiere stellaire blanc", "silver": "argent",
    "gold": "or dore", "rose gold": "or rose", "red": "rouge", "coral": "corail orange", "orange": "orange",
    "yellow": "jaune", "green": "vert", "mint": "menthe vert", "blue": "bleu", "pacific blue": "bleu pacifique",
    "purple": "violet mauve", "lavender": "lavande violet", "pink": "rose",
}  # fmt: skip
# Words that people type and that narrow nothing: every device here is refurbished, and meant to be cheap.
NOISE = frozenset(
    {
        "a", "an", "and", "the", "for", "with", "in", "of", "de", "du", "des", "le", "la", "les", "un", "une", "et",
        "ou", "pour", "avec", "en", "refurbished", "used", "second", "hand", "cheap", "deal", "buy", "reconditionne",
        "reconditionnee", "occasion", "pas", "cher", "moins", "acheter",
    }
)  # fmt: skip
UNITS = {"go": "gb", "to": "tb", "pouces": "in", "pouce": "in", "inch": "in", "inches": "in"}
MAX_WORDS = 8
ACCENTED, PLAIN = "àâäéèêëîïôöùûüç", "aaaeeeeiioouuuc"
# How much a text must resemble a misspelt word to lend it its words (pg_trgm word similarity), and how much a word
# must resemble another to be its correction (difflib ratio): "ifone" is 0.73 from "iphone" and 0.6 from "phone".
RESEMBLANCE, SPELT_ALIKE = 0.3, 0.7
# A slip of the fingers adds or leaves out a letter or two.
LENGTHS_APART, LONGEST_FORGIVEN = 2, 20
MOST_PRODUCTS, MOST_WORDS = 100, 500
# Of a word that thousands of offers have, the best are shown.
MOST_HITS = 5_000
_COLOUR_WORDS = {word for pair in COLOURS_IN_FRENCH.items() for text in pair for word in text.split()}


def tokens(text: str) -> list[str]:
    """The words of a text as both sides of the search see them: "128Go Été" is ["128", "gb", "ete"]."""
    spaced = re.sub(r"(?<=\d)(gb|go|tb|to)\b", r" \1", plain(text))
    words = spaced.split()
    return [
        UNITS.get(word, word) if before.isdigit() else word for before, word in zip(["", *words], words, strict=False)
    ]


def searchable(texts: Iterable[str]) -> str:
    """All the words of one buyable, each once, in their order: its `search_text`."""
    return " ".join(dict.fromkeys(word for text in texts for word in _tokens(text)))


@lru_cache(maxsize=8_192)
def _tokens(text: str) -> tuple[str, ...]:
    """Brands, labels, colours and categories come back with every variant."""
    return tuple(tokens(text))


def words_of_variant(variant: Variant) -> Iterable[str]:
    """Everything that a person may call this variant, in English and French (`product.category` joined)."""
    product, category = variant.product, variant.product.category
    yield from (str(product), variant.label, product.brand, product.nicknames)
    yield plain(product.name).replace(" ", "")  # "iphone12pro", as some write it
    yield from (category.name, category.synonyms)
    yield from (variant.colour, COLOURS_IN_FRENCH.get(variant.colour, ""))
    for declared in category.attributes:
        value = variant.attributes.get(declared["key"])
        if isinstance(value, str):
            yield f"{value} {COLOURS_IN_FRENCH.get(value.lower(), '')}"
        elif value is not None:
            yield f"{value:g} {declared.get('unit', '')}"
    if (storage := variant.attributes.get("storage_gb", 0)) >= 1_000:
        yield f"{storage // 1_000} TB"


def words_of(query: str) -> list[str]:
    """What a person typed, without noise, at most MAX_WORDS words."""
    return [word for word in tokens(query) if word not in NOISE][:MAX_WORDS]


def matching(rows: "QuerySet[Any]", query: str) -> "QuerySet[Any]":
    """The rows meant by `query`, annotated with `likeness` to their title (0 to 1). No words: no rows.

    At most four queries, however many rows there are; what is found is read by the caller's own.
    """
    words = words_of(query)
    if not words:
        return rows.none()
    meant = next((found for found, _ in _meanings(rows, words) if found.exists()), rows.none())
    alike: QuerySet[Any] = meant.annotate(likeness=TrigramSimilarity(Lower("title"), " ".join(words)))
    return alike


class Hit(NamedTuple):
    """What a search knows of a buyable that is in stock."""

    id: int
    category_id: int
    slot: int | None
    slug: str
    title: str
    score: int
    price_minor: int
    saving_bps: int
    released_year: int
    plant_rating_x10: int | None


class Found(NamedTuple):
    """What a query means: the best MOST_HITS buyables, and the words that were taken for misspelt ones."""

    hits: list[Hit]
    respelt: str = ""


def find(query: str) -> Found:
    """What is in stock that `query` means, in no order. At most five queries."""
    words = words_of(query)
    rows = Buyable.objects.in_stock()
    for found, respelt in _meanings(rows, words) if words else ():
        hits = [Hit(*row) for row in found.order_by("-score", "id").values_list(*Hit._fields)[:MOST_HITS]]
        if hits:
            return Found(hits, respelt)
    return Found([])


def likeness(title: str, words: str) -> float:
    """How much a title resembles the words, 0 to 1: the trigrams they share, as pg_trgm's similarity counts them."""
    ours, theirs = _trigrams(title), _trigrams(words)
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 0.0


def _trigrams(text: str) -> frozenset[str]:
    padded = (f"  {word} " for word in plain(text).split())
    return frozenset(word[at : at + 3] for word in padded for at in range(len(word) - 2))


def _meanings(rows: "QuerySet[Any]", words: list[str]) -> Iterator[tuple["QuerySet[Any]", str]]:
    """The rows of ever more forgiving readings of the words, each with what it took them for where that differs."""
    as_typed = [[word] for word in words]
    known = _known(rows, words)
    unknown = [word for word in words if word not in known]
    if not unknown or rows.model is Product:
        yield rows.filter(search=_full_text(as_typed)), ""
    yield rows.filter(search=_full_text(as_typed, begun=unknown or words)), ""
    spellings = _respelt(rows, words, known)
    if spellings != as_typed:
        meant = {word for each in spellings for word in each} - known
        yield rows.filter(search=_full_text(spellings, begun=meant)), " ".join(each[0] for each in spellings)


def _known(rows: "QuerySet[Any]", words: list[str]) -> set[str]:
    """Those of the words that are in the shop's vocabulary; models that nobody has listed yet are in none."""
    if rows.model is Product:
        return set()
    return set(Word.objects.filter(word__in=words).values_list("word", flat=True))


def products_matching(products: "QuerySet[Product]", query: str) -> "QuerySet[Any]":
    """The models meant by `query`, on sale here or not, as forgivingly; the most alike first, then the newest.

    A catalogue has hundreds of models, so their words are put together while searching and need no index.
    """
    if not words_of(query):
        return products.none()
    title = Lower(Concat("brand", Value(" "), "name"))
    texts = Concat(
        title, Value(" "), Replace("name", Value(" ")), Value(" "), "nicknames", Value(" "), "category__name",
        Value(" "), "category__synonyms",
    )  # fmt: skip
    flat = Func(Lower(texts), Value("[^[:alnum:]]+"), Value(" "), Value("g"), function="regexp_replace")
    worded = Func(flat, Value(ACCENTED), Value(PLAIN), function="translate", output_field=TextField())
    rows: QuerySet[Any] = products.annotate(title=title, search_text=worded)
    rows = rows.annotate(search=SearchVector("search_text", config="simple"))
    return matching(rows, query).order_by("-likeness", "-released_year", "name")


def suggestions(query: str, limit: int = 8) -> list[dict[str, str]]:
    """Titles and slugs of what is in stock for what has been typed so far, most alike first."""
    words = words_of(query)
    if not words or len("".join(words)) < 2:
        return []
    rows = Title.objects.filter(Exists(Buyable.objects.in_stock().filter(product_id=OuterRef("product_id"))))
    found: list[dict[str, str]] = []
    for meant, _ in _meanings(rows, words):
        found = list(meant.annotate(likeness=TrigramSimilarity(Lower("title"), " ".join(words)))
                     .order_by("-likeness", "title").values("title", "slug")[:limit])  # fmt: skip
        if found:
            break
    return found


def _full_text(alternatives: list[list[str]], begun: Container[str] = ()) -> SearchQuery:
    """All of the words, each in one of its spellings; those `begun` are beginnings, unless they hold digits."""
    terms = (
        " | ".join(f"{word}:*" if word in begun and word.isalpha() else word for word in words)
        for words in alternatives
    )
    return SearchQuery(" & ".join(f"({term})" for term in terms), config="simple", search_type="raw")


def _respelt(rows: "QuerySet[Any]", words: list[str], known: set[str]) -> list[list[str]]:
    """The spellings of each word on the rows that look alike; a word that nothing resembles stays as it is."""
    doubtful = [word for word in words if _is_forgivable(word) and word not in known]
    if not doubtful:
        return [[word] for word in words]
    vocabulary = {*known, *_COLOUR_WORDS, *_vocabulary(rows, doubtful, " ".join(words))}
    return [_spellings(word, vocabulary) for word in _joined(words, vocabulary)]


def _vocabulary(rows: "QuerySet[Any]", doubtful: list[str], query: str) -> set[str]:
    """The words that resemble a doubtful one: of the shop's vocabulary, or by trigrams of these models' texts."""
    if rows.model is not Product:
        remains = [remainder for word in doubtful for remainder in remains_of(word)]
        return set(Remainder.objects.filter(text__in=remains).values_list("word", flat=True)[:MOST_WORDS])
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(RESEMBLANCE)])
        alike = reduce(or_, (Q(TrigramWordSimilar(F("search_text"), Value(word))) for word in doubtful))
        titles = rows.filter(alike).annotate(near=TrigramSimilarity(Lower("title"), query)).order_by("-near", "title")
        return {word for text in titles.values_list("search_text", flat=True)[:MOST_PRODUCTS] for word in text.split()}


def remains_of(word: str) -> list[str]:
    """The word, and what is left of it without one letter, or without two if it is long.

    Two spellings that are one or two slips apart (a letter more, less, another, or two that changed places) share
    some of these, so that an index finds one by the other. A word that is never forgiven has none.
    """
    if not _is_forgivable(word) or len(word) > LONGEST_FORGIVEN:
        return []
    once = {word[:at] + word[at + 1 :] for at in range(len(word))}
    twice = {less[:at] + less[at + 1 :] for less in once for at in range(len(less))} if len(word) >= 5 else set()
    return sorted({word, *once, *twice})


def _joined(words: list[str], known: set[str]) -> list[str]:
    """ "mac book air" is "macbook air" where that is a known word."""
    joined: list[str] = []
    for word in words:
        if joined and word.isalpha() and joined[-1] + word in known:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _spellings(word: str, known: set[str]) -> list[str]:
    if not _is_forgivable(word) or any(other.startswith(word) for other in known):
        return [word]
    near = sorted(other for other in known if abs(len(other) - len(word)) <= LENGTHS_APART)
    alike = get_close_matches(word, near, n=5, cutoff=SPELT_ALIKE)
    # Few people mistype the first letter: without it, a word has to be very like.
    likely = [other for other in alike if other[0] == word[0] or other in get_close_matches(word, [other], 1, 0.85)]
    return likely[:3] or [word]


def _is_forgivable(word: str) -> bool:
    """Numbers are never forgiven: a 13 is not a 12."""
    return len(word) >= 4 and any(letter.isalpha() for letter in word)
