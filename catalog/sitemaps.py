"""What search engines may find, in parts: the pages that explain us, categories, plants, and the products for sale.

A part of products holds those whose keys lie in one range, so it has at most PART addresses, reads one range of one
index, and stays the same part while the catalogue grows.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import Max
from django.urls import reverse

from backmarket.timetravel import now
from catalog.models import Buyable, Category, Collection, Product
from refurbishers.models import Refurbisher

PART = 10_000
PRODUCTS = "products-"


class HouseSitemap(Sitemap):
    """Addresses as the canonical links of the pages have them, whoever asks under whatever name."""

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


class PageSitemap(HouseSitemap):
    def items(self) -> list[str]:
        return ["home", "impact", "ranking", "terms", "privacy", "plants", "sell", "reviews-method", "collections"]

    def location(self, item: str) -> str:
        return reverse(item)


class CategorySitemap(HouseSitemap):
    def items(self) -> Iterable[Category]:
        return Category.objects.order_by("position")


class CollectionSitemap(HouseSitemap):
    def items(self) -> Iterable[Collection]:
        return Collection.objects.published(now()).order_by("pk")


class PlantSitemap(HouseSitemap):
    def items(self) -> Iterable[Refurbisher]:
        return Refurbisher.objects.trading().order_by("pk")

    def location(self, item: Refurbisher) -> str:
        return reverse("plant", args=[item.slug])


class ProductSitemap(HouseSitemap):
    """The products for sale of one range of keys, each with the last change of one of its offers: one statement."""

    limit = PART

    def __init__(self, part: int) -> None:
        self.part = part

    def items(self) -> list[tuple[str, datetime]]:
        keys = {"product__gt": (self.part - 1) * PART, "product__lte": self.part * PART}
        rows = Buyable.objects.in_stock().filter(**keys).order_by("product").values_list("slug")
        return list(rows.annotate(changed=Max("refreshed_at")))

    def location(self, item: tuple[str, datetime]) -> str:
        return reverse("product", args=[item[0]])

    def lastmod(self, item: tuple[str, datetime]) -> datetime:
        return item[1]


STANDING: Mapping[str, type[Sitemap]] = {
    "pages": PageSitemap,
    "categories": CategorySitemap,
    "collections": CollectionSitemap,
    "plants": PlantSitemap,
}


def sitemap_parts() -> list[str]:
    """The names of the parts, for the index: those of products up to the highest key."""
    highest = Product.objects.aggregate(highest=Max("pk"))["highest"] or 0
    return [*STANDING, *(f"{PRODUCTS}{part}" for part in range(1, -(-highest // PART) + 1))]


def sitemap_part(section: str) -> Sitemap | None:
    """One part by its name; None for a name that cannot be one."""
    if section in STANDING:
        return STANDING[section]()
    number = section.removeprefix(PRODUCTS)
    is_product_part = section.startswith(PRODUCTS) and number.isascii() and number.isdigit() and len(number) < 10
    return ProductSitemap(int(number)) if is_product_part and int(number) else None
