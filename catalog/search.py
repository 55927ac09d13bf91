"""Search behind one door: the words of a buyable, and the buyables that a person's words mean.

Every word must be found. First as it is, joined with its neighbour or cut in two, as the shop knows words; when that
finds nothing, as the beginning of a word (numbers stay exact); when that finds nothing either, respelt as the words of
the shop that it resembles. Accents, case, and "128GB" for "128 Go" do not matter.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, reduce
from operator import or_
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.postgres.lookups import TrigramWordSimilar
from django.contrib.postgres.search import SearchQuery, SearchVector, TrigramSimilarity
from django.db import connection, transaction
from django.db.models import Count, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, Lower, Replace

from backmarket.money import Money
from backmarket.prepared import prepared_sql
from catalog.models import Buyable, Product, Title, Variant
from catalog.reading import (
    Option,
    as_is,
    begun,
    cut,
    cuts,
    is_forgivable,
    joins,
    one_of,
    reading,
    said,
    sought_remains_of,
    spellings,
    tokens,
    written,
)
from catalog.vocabulary import COLOURS, FACTS, NAMES_OF_FACTS, NOISE, YES_OR_NO
from catalog.words import plain

MAX_WORDS = 8
ACCENTED, PLAIN = "àâäéèêëîïôöùûüç", "aaaeeeeiioouuuc"
# How much a text must resemble a misspelt word to lend it its words (pg_trgm word similarity).
RESEMBLANCE = 0.3
MOST_PRODUCTS, MOST_WORDS = 100, 500
# The last word of a search is a beginning too, from so many letters on: "go pro" is no Google Pro.
BEGUN_FROM = 3
MOST_WAYS, MOST_NEAREST, MOST_SUGGESTED = 3, 24, 8


def searchable(texts: Iterable[str]) -> str:
    """All the words of one buyable, each once, in their order: its `search_text`."""
    return " ".join(dict.fromkeys(word for text in texts for word in said(text)))


def words_of_variant(variant: Variant) -> Iterable[str]:
    """Everything that a person may call this variant, in English and French (`product.category` joined)."""
    product, category = variant.product, variant.product.category
    yield from (str(product), variant.label, product.brand, product.nicknames)
    yield plain(product.name).replace(" ", "")  # "iphone12pro", as some write it
    yield from (category.name, category.synonyms)
    yield from (variant.colour, COLOURS.get(variant.colour, ""))
    for declared in category.attributes:
        key, unit = declared["key"], declared.get("unit", "")
        value = variant.attributes.get(key)
        if isinstance(value, str):
            yield "" if value in YES_OR_NO else f"{value} {COLOURS.get(value.lower(), '')}"
            yield FACTS.get((key, value), "")
        elif value is not None:
            yield f"{value:g} {'inch' if unit == 'in' else unit}"
    if (storage := variant.attributes.get("storage_gb", 0)) >= 1_000:
        yield f"{storage // 1_000} TB"


def words_of(query: str) -> list[str]:
    """What a person typed, without noise, at most MAX_WORDS words."""
    return [word for word in tokens(query) if word not in NOISE][:MAX_WORDS]


class Meaning(NamedTuple):
    """What words may mean as a tsquery, what they were taken for, and whether that is another spelling of them.

    `joined` is the same in fewer words.
    """

    query: str
    text: str
    joined: str
    is_respelt: bool = False


class Search:
    """The words of a query, and what the shop knows of them. At most two queries, one of them for misspelt words.

    `typing`: the last word may be unfinished.
    """

    def __init__(self, rows: "QuerySet[Any]", words: list[str], *, typing: bool = False) -> None:
        self.rows, self.typing = rows, typing
        # Models that nobody has listed yet are in no vocabulary: their words may be read in every way.
        self.is_open = rows.model is Product
        self.known = self._known(words)
        self.words = [word for word in words if word in self.known or word not in NAMES_OF_FACTS] or words

    def _known(self, words: list[str]) -> set[str]:
        pairs = [pair for word in words for pair in cuts(word)]
        if self.is_open:
            numbers = (part for pair in pairs if pair[0][-1].isdigit() or pair[1][0].isdigit() for part in pair)
            return {*words, *joins(words), *numbers} - NAMES_OF_FACTS
        asked = {*words, *joins(words), *(part for pair in pairs for part in pair)}
        return {word for (word,) in _words(asked=list(asked))}

    def meanings(self) -> Iterator[Meaning]:
        """Ever more forgiving readings of the words. One that is none, or the same, is left out."""
        seen: set[str] = set()
        for options in (self.exact, self.begun, self.respelt):
            found = reading(options(self.words))
            if found and found.query not in seen:
                seen.add(found.query)
                yield Meaning(*found[1:], options == self.respelt)

    def having(self, query: str) -> "QuerySet[Any]":
        """The rows that have the words of a reading."""
        return self.rows.filter(search=_full_text(query))

    def exact(self, words: Sequence[str]) -> list[list[Option]]:
        """The words that the shop knows, alone, joined or cut; while somebody types, the last is a beginning."""
        options = [self._exactly(word) for word in words]
        for place, joined in enumerate(joins(words)):
            if joined in self.known:
                options[place].append(as_is(joined, 2))
        return self._begin_last(options, words) if self.typing else options

    def begun(self, words: Sequence[str]) -> list[list[Option]]:
        """Unknown words are beginnings, and so is the last one, unless they hold digits."""
        options = self.exact(words)
        for place, word in enumerate(words):
            is_unread = self.is_open or all(each.span > 1 for each in options[place])
            if is_unread and len(word) >= BEGUN_FROM and word.isalpha():
                options[place].append(begun(word))
        long_enough = words and len(words[-1]) >= BEGUN_FROM and words[-1].isalpha()
        return self._begin_last(options, words) if long_enough and not self.typing else options

    def respelt(self, words: Sequence[str]) -> list[list[Option]]:
        """Unknown words, alone and joined, are those of the vocabulary that they resemble, or begin."""
        options = self.exact(words)
        for place, word in enumerate(words):
            if self.is_open or word not in self.known:
                options[place] = [each for each in options[place] if each.span > 1 or each.text != word]
                options[place] += self._spelt(word, 1)
        for place, joined in enumerate(joins(words)):
            if joined not in self.known and not self.known.issuperset(words[place : place + 2]):
                options[place] += self._spelt(joined, 2)
        return options

    @cached_property
    def vocabulary(self) -> set[str]:
        """The words that resemble a doubtful one: of the shop's vocabulary, or by trigrams of these models' texts."""
        doubtful = [word for word in (*self.words, *joins(self.words)) if self._is_doubtful(word)]
        if not doubtful:
            return set()
        if self.is_open:
            return _words_of_models(self.rows, doubtful, " ".join(self.words))
        remains = {remainder for word in doubtful for remainder in sought_remains_of(word)}
        return {word for (word,) in _resembling(remains=list(remains))}

    def _is_doubtful(self, word: str) -> bool:
        return is_forgivable(word) and (self.is_open or word not in self.known)

    def _exactly(self, word: str) -> list[Option]:
        whole = [as_is(word)] if word in self.known else []
        parts = None if whole and not self.is_open else cut(word, self.known)
        return [*whole, parts] if parts else whole

    def _begin_last(self, options: list[list[Option]], words: Sequence[str]) -> list[list[Option]]:
        options[-1] = [each for each in options[-1] if each.text != words[-1]] + [begun(words[-1])]
        if len(words) > 1:
            options[-2].append(begun("".join(words[-2:]), 2))
        return options

    def _spelt(self, word: str, span: int) -> list[Option]:
        if not self._is_doubtful(word):
            return [as_is(word, span)] if word in self.known else []
        if span == 1 and word.isalpha() and any(other.startswith(word) for other in self.vocabulary):
            return [begun(word)]
        found = spellings(word, self.vocabulary)
        return [one_of(found, span)] if found else []


_words = prepared_sql("SELECT word FROM catalog_word WHERE word = ANY(%(asked)s::text[])")
_resembling = prepared_sql(
    f"SELECT DISTINCT word FROM catalog_remainder WHERE text = ANY(%(remains)s::text[]) LIMIT {MOST_WORDS}"  # noqa: S608
)


def matching(rows: "QuerySet[Any]", query: str) -> "QuerySet[Any]":
    """The rows meant by `query`, annotated with `likeness` to their title (0 to 1). No words: no rows.

    At most five queries, however many rows there are; what is found is read by the caller's own.
    """
    if not (words := words_of(query)):
        return rows.none()
    search = Search(rows, words)
    for meant in search.meanings():
        found = search.having(meant.query)
        if found.exists():
            alike: QuerySet[Any] = found.annotate(likeness=_likeness(meant.joined))
            return alike
    return rows.none().annotate(likeness=_likeness(""))


def _likeness(words: Any) -> TrigramSimilarity:
    """Of a title, where S21+ is not S21."""
    return TrigramSimilarity(Replace(Lower("title"), Value("+"), Value(" plus")), words)


class Way(NamedTuple):
    """Words that do find something, how many offers, and the word that was left out; `query` as a tsquery."""

    words: str
    offers: int
    without: str
    query: str


def ways_out(search: Search) -> list[Way]:
    """Where a search that found nothing may go on: without the word that emptied it. At most two queries.

    A word that the shop does not know is left out first, a number last; then comes what is said most exactly.
    """
    words = [part for word in search.words for part in _parts(word, search.known)]
    ways: list[Way] = []
    for place, left_out in enumerate(words):
        rest = [*words[:place], *words[place + 1 :]]
        read = reading(search.respelt(rest))
        if read and any(word.isalpha() for word in rest):
            text = " ".join(map(written, read.text.split()))
            ways.append(Way(text, 0, written(left_out), read.query))
    if not ways:
        return []
    counts = _counts(search.rows, [way.query for way in ways])
    found = {way.words: way._replace(offers=count) for way, count in zip(ways, counts, strict=True) if count}
    unknown = {written(word) for word in words if word not in search.known}
    return sorted(found.values(), key=lambda way: (way.without not in unknown, not way.without.isalpha(), way.offers))[
        :MOST_WAYS
    ]


def _parts(word: str, known: set[str]) -> list[str]:
    found = None if word in known else cut(word, known)
    return found.text.split() if found else [word]


def _counts(rows: "QuerySet[Any]", queries: list[str]) -> list[int]:
    each = {f"n{place}": Count("pk", filter=Q(search=_full_text(query))) for place, query in enumerate(queries)}
    found = rows.filter(search=_full_text(" | ".join(f"({query})" for query in queries))).aggregate(**each)
    return [found[name] for name in each]


def nearest(way: Way, count: int) -> list[Buyable]:
    """The newest models that a way leads to, one offer of each."""
    rows = Buyable.objects.in_stock().filter(search=_full_text(way.query)).defer("search", "search_text")
    newest = rows.order_by("-released_year", "-score", "id")[:MOST_NEAREST]
    return list({row.product_id: row for row in reversed(newest)}.values())[::-1][:count]


def likeness(title: str, words: str) -> float:
    """How much a title resembles the words, 0 to 1: the trigrams they share, as pg_trgm's similarity counts them."""
    ours, theirs = _trigrams(title), _trigrams(words)
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 0.0


def _trigrams(text: str) -> frozenset[str]:
    padded = (f"  {word} " for word in tokens(text))
    return frozenset(word[at : at + 3] for word in padded for at in range(len(word) - 2))


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
    worded = Func(_tokens(Lower(texts)), Value(ACCENTED), Value(PLAIN), function="translate", output_field=TextField())
    rows: QuerySet[Any] = products.annotate(title=title, search_text=worded)
    rows = rows.annotate(search=SearchVector("search_text", config="simple"))
    return matching(rows, query).order_by("-likeness", "-released_year", "name")


# What `tokens` and `said` do to a text, for PostgreSQL.
AS_TOKENS = (
    (r"([0-9])[.,]([0-9])", r"\1dot\2"),
    (r"([[:alnum:]])\+", r"\1 plus "),
    (r"(([0-9]+)(dot[0-9]+)?)[ -]*inch", r"\1in \1 \2in \2"),
    (r"[^[:alnum:]]+", " "),
)


def _tokens(text: Any) -> Any:
    for pattern, written_as in AS_TOKENS:
        text = Func(text, Value(pattern), Value(written_as), Value("g"), function="regexp_replace")
    return text


def _words_of_models(rows: "QuerySet[Any]", doubtful: list[str], query: str) -> set[str]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(RESEMBLANCE)])
        alike = reduce(or_, (Q(TrigramWordSimilar(F("search_text"), Value(word))) for word in doubtful))
        titles = rows.filter(alike).annotate(near=TrigramSimilarity(Lower("title"), query)).order_by("-near", "title")
        return {word for text in titles.values_list("search_text", flat=True)[:MOST_PRODUCTS] for word in text.split()}


def suggestions(query: str) -> list[dict[str, Any]]:
    """What is in stock for what has been typed so far, most alike first: `title`, `slug`, lowest `price`."""
    words = words_of(query)
    if not words or len("".join(words)) < 2:
        return []
    for meant in Search(Title.objects.all(), words, typing=True).meanings():
        if found := _suggested(query=meant.query, words=meant.joined):
            currency = settings.DEFAULT_CURRENCY
            return [{"title": title, "slug": slug, "price": Money(low, currency)} for title, slug, low in found]
    return []


_suggested = prepared_sql(f"""
    SELECT title, slug, (SELECT min(price_minor) FROM catalog_buyable WHERE in_stock AND product_id = sold.product_id)
    FROM catalog_title AS sold
    WHERE search @@ to_tsquery('simple', %(query)s::text)
        AND EXISTS (SELECT FROM catalog_buyable WHERE in_stock AND product_id = sold.product_id)
    ORDER BY similarity(replace(lower(title), '+', ' plus'), %(words)s::text) DESC, title LIMIT {MOST_SUGGESTED}
""")  # noqa: S608 - a number of ours


def _full_text(query: Any) -> SearchQuery:
    return SearchQuery(query, config="simple", search_type="raw")
