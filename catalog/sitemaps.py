"""What search engines may find: categories, products that have an offer, and the pages that explain us."""

from collections.abc import Iterable

from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, OuterRef
from django.urls import reverse

from catalog.models import Buyable, Category, Product


class PageSitemap(Sitemap):
    def items(self) -> list[str]:
        return ["home", "impact", "ranking", "terms", "privacy", "plants", "sell", "reviews-method"]

    def location(self, item: str) -> str:
        return reverse(item)


class CategorySitemap(Sitemap):
    def items(self) -> Iterable[Category]:
        return Category.objects.order_by("position")


class ProductSitemap(Sitemap):
    def items(self) -> Iterable[Product]:
        for_sale = Buyable.objects.in_stock().filter(product=OuterRef("pk"))
        return Product.objects.filter(Exists(for_sale)).order_by("pk")


SITEMAPS = {"pages": PageSitemap, "categories": CategorySitemap, "products": ProductSitemap}
