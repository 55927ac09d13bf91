"""What is asked for: some addresses of each kind of page, chosen from the catalogue that is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.db.models import Count

from backmarket.management.seeding.base import dice
from catalog.models import Buyable, Category, FacetValue, Title

EACH = 20


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
    rows = list(Category.objects.annotate(many=Count("facet_values")).order_by("-many", "pk"))
    largest = max(rows, key=lambda row: Buyable.objects.in_stock().filter(category=row).count())
    page = f"/c/{largest.slug}/"
    return [
        Target("category, page 1", [f"/c/{row.slug}/" for row in rows if row.many], 0.25, 0.70, 30),
        Target("category, page 50 by price", [f"{page}?{urlencode({'sort': 'price', 'page': _deep(largest)})}"],
               0.20, 0.60, 40),
        Target("search", [f"/search/?q={quote(words)}" for words in _searches()], 0.15, 0.50, 40),
        Target("search, misspelt", [f"/search/?q={quote(_misspelt(words))}" for words in _searches()], 0.15, 0.50, 40),
        Target("three facets", [f"{page}?{urlencode(choice)}" for choice in _choices(largest)], 0.15, 0.50, 40),
        Target("product, 12 offers", [row.url for row in _products()], 0.25, 0.70, 30),
        Target("suggestion", [f"/search/suggest/?q={quote(words)}" for words in _begun()], 0.50, 1.00, 15),
    ]  # fmt: skip


def _deep(category: Category) -> int:
    """Page 50, or the last one of a small catalogue."""
    return max(1, min(50, Buyable.objects.in_stock().filter(category=category).count() // 24))


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
    """Brand, storage and grade together, as far as something has all three."""
    found: list[Mapping[str, str]] = []
    brands = FacetValue.objects.filter(category=category, key="brand").order_by("-count", "pk")
    for brand in brands.values_list("value", flat=True):
        for storage in ("128", "256"):
            for grade in ("good", "excellent"):
                wanted = [f"brand={brand}", f"storage_gb={storage}", f"grade={grade}"]
                if Buyable.objects.filter(category=category, facets__contains=wanted).exists():
                    found.append({"brand": brand, "storage_gb": storage, "grade": grade})
    return found[:EACH]


def _products() -> list[Buyable]:
    rows = Buyable.objects.in_stock().order_by("-offer_count", "pk")
    return list(rows.filter(offer_count__lte=12)[:EACH])


def _begun() -> list[str]:
    return [words[: max(3, len(words) * 2 // 3)].strip() for words in _searches()]
