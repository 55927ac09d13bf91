"""What other apps tell the catalogue of a product."""

from datetime import datetime

from backmarket.events.services import Actor, record
from backmarket.pagecache import touch
from catalog.models import Product


def set_product_rating(product: Product, *, rating_sum: int, rating_count: int, by: Actor, at: datetime) -> None:
    """Set the sum and the number of a locked product's stars; records product.rated when they changed."""
    if (product.rating_sum, product.rating_count) == (rating_sum, rating_count):
        return
    product.rating_sum, product.rating_count = rating_sum, rating_count
    product.save(update_fields=["rating_sum", "rating_count"])
    record("product.rated", product, by=by, at=at)
    touch(f"product:{product.slug}")
