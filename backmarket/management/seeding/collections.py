"""Collections, as the desk would have picked them a month ago."""

from datetime import datetime, timedelta

from backmarket.management.seed_data.collections import COLLECTIONS
from backmarket.management.seeding.base import insert
from catalog.models import Collection, CollectionItem, Product

PUBLISHED = timedelta(days=30)


def load(at: datetime) -> str:
    products = {product.slug: product for product in Product.objects.only("slug")}
    rows = [
        Collection(slug=row.slug, title=row.title, words=row.words, published_from=at - PUBLISHED, position=place)
        for place, row in enumerate(COLLECTIONS)
    ]
    insert(rows)
    items = [
        CollectionItem(collection=collection, product=products[slug], words=words, position=place)
        for collection, row in zip(rows, COLLECTIONS, strict=True)
        for place, (slug, words) in enumerate(row.picks)
    ]
    insert(items)
    return f"{len(rows)} collections of {len(items)} devices"
