"""What is asked for: some addresses of each kind of page, chosen from the catalogue that is there.

Sizes of the catalogue are compared, so the pages of a kind must be alike in all of them: lists fill a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.db.models import Count, Q

from backmarket.management.seeding.base import dice
from catalog.models import Buyable, Category, Title
from catalog.selectors.lists import PAGE_SIZE

EACH = 20
CHOSEN = ("brand", "attributes__storage_gb", "guarantee_months")


@dataclass(frozen=True)
class Target:
    """A kind of page, and what it owes: shares of the constant page's rate, and milliseconds at the 99th percentile."""

    name: str
    paths: list[str]
    uncached: float
    shipped: float
    p99: int


def targets() -> list[Target]:
    """The pages of docs/performance.md. The catalogue must hold some of each."""
    filled = _filled()
    largest = filled[0]
    page = f"/c/{largest.slug}/"
    return [
        Target("category, page 1", [f"/c/{row.slug}/" for row in filled], 0.25, 0.70, 30),
        Target("category, page 50 by price", [f"{page}?{urlencode({'sort': 'price', 'page': _deep(largest)})}"],
               0.20, 0.60, 40),
        Target("search", [f"/search/?q={quote(words)}" for words in _searches()], 0.15, 0.50, 40),
        Target("search, misspelt", [f"/search/?q={quote(_misspelt(words))}" for words in _searches()], 0.15, 0.50, 40),
        Target("three facets", [f"{page}?{urlencode(choice)}" for choice in _choices(largest)], 0.15, 0.50, 40),
        Target("product, 12 offers", [row.url for row in _products()], 0.25, 0.70, 30),
        Target("suggestion", [f"/search/suggest/?q={quote(words)}" for words in _begun()], 0.50, 1.00, 15),
    ]  # fmt: skip


def _filled() -> list[Category]:
    """The categories that fill a page, the largest first."""
    rows = Category.objects.annotate(many=Count("buyables", filter=Q(buyables__in_stock=True)))
    return list(rows.filter(many__gte=PAGE_SIZE).order_by("-many", "pk"))


def _deep(category: Category) -> int:
    """Page 50, or the last one of a small catalogue."""
    return max(1, min(50, Buyable.objects.in_stock().filter(category=category).count() // PAGE_SIZE))


def _titles() -> list[str]:
    titles = list(Title.objects.order_by("pk").values_list("title", flat=True))
    return dice("bench").sample(titles, min(EACH, len(titles)))


def _searches() -> list[str]:
    return [title.lower() for title in _titles()]


def _misspelt(words: str) -> str:
    """Two letters of the longest word changed places."""
    longest = max(words.split(), key=len)
    middle = len(longest) // 2
    return words.replace(longest, longest[:middle] + longest[middle + 1] + longest[middle] + longest[middle + 2 :]
                         if middle + 1 < len(longest) else longest)  # fmt: skip


def _choices(category: Category) -> list[Mapping[str, str]]:
    """Brand, storage and guarantee together, as far as they fill a page: from the widest choice to the narrowest."""
    rows = Buyable.objects.in_stock().filter(category=category, attributes__storage_gb__isnull=False)
    choices = rows.values_list(*CHOSEN).annotate(many=Count("pk"))
    filled = list(choices.filter(many__gte=PAGE_SIZE).order_by("-many", *CHOSEN))
    return [
        {"brand": brand, "storage_gb": str(storage), "guarantee": str(months)}
        for brand, storage, months, _many in filled[:: -(-len(filled) // EACH) or 1]
    ]


def _products() -> list[Buyable]:
    rows = Buyable.objects.in_stock().order_by("-offer_count", "pk")
    return list(rows.filter(offer_count__lte=12)[:EACH])


def _begun() -> list[str]:
    return [words[: max(3, len(words) * 2 // 3)].strip() for words in _searches()]
