"""What a search finds: the buyables that its words mean."""

from collections.abc import Collection
from typing import NamedTuple

from backmarket.prepared import Row, prepared_sql
from catalog.models import Buyable
from catalog.reading import written
from catalog.search import Search, words_of

# Of a word that thousands of offers have, the best are shown.
MOST_HITS = 5_000
# What up to so many models have is read by the model.
MOST_MODELS = 100


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
    """What a query means: the best MOST_HITS buyables, what the words were taken for, in more and in fewer words, and
    what was misspelt as people write it; `search` knows what to do where nothing was found."""

    hits: list[Hit]
    texts: Collection[str] = ()
    respelt: str = ""
    search: Search | None = None


def find(query: str) -> Found:
    """What is in stock that `query` means, in no order. At most six queries."""
    words = words_of(query)
    if not words:
        return Found([])
    search = Search(Buyable.objects.in_stock(), words)
    for meant in search.meanings():
        if hits := [Hit(*row) for row in _meant(search, meant.query)]:
            text = " ".join(map(written, meant.text.split()))
            return Found(hits, {meant.text, meant.joined}, text if meant.is_respelt else "")
    return Found([], search=search)


def _meant(search: Search, query: str) -> list[Row]:
    # The words of a title stand in another order than those of its variants.
    found = _of_models(query=query, anyhow=query.replace("<->", "&"))
    if found != TOO_MANY:
        return found
    return list(search.having(query).order_by("-score", "id").values_list(*Hit._fields)[:MOST_HITS])


# A title has all the words of its variants, and there are twenty buyables to a title: to find the rare word of "apple
# nimbus 12 pro" among the rows that have the common ones takes time with the catalogue, and is quick among titles.
# IS TRUE: read by their models, not by the index of words as well.
TOO_MANY: list[Row] = [(None,) * len(Hit._fields)]
_of_models = prepared_sql(f"""
    WITH asked AS MATERIALIZED (
        SELECT to_tsquery('simple', %(query)s::text) AS words, to_tsquery('simple', %(anyhow)s::text) AS anyhow
    ), model AS MATERIALIZED (
        SELECT product_id FROM catalog_title WHERE search @@ (SELECT anyhow FROM asked) LIMIT {MOST_MODELS + 1}
    )
    (SELECT {", ".join(Hit._fields)} FROM catalog_buyable
        WHERE product_id = ANY(ARRAY(SELECT product_id FROM model)) AND (SELECT count(*) FROM model) <= {MOST_MODELS}
            AND in_stock AND (search @@ (SELECT words FROM asked)) IS TRUE
        ORDER BY score DESC, id LIMIT {MOST_HITS})
    UNION ALL SELECT {", ".join(["NULL"] * len(Hit._fields))} WHERE (SELECT count(*) FROM model) > {MOST_MODELS}
""")  # noqa: S608 - names and numbers of ours
