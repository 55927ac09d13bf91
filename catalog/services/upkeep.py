"""When the desk changes what exists: all that is shown, found and counted of it follows in the same transaction.

Kept pages go all at once: a category's name stands in every header, a product's in searches that nobody can name.
"""

from django.db import transaction

from backmarket.pagecache import EVERYTHING, touch
from catalog.models import Buyable, Category, Product
from catalog.services.buyables import refresh_buyables
from catalog.services.facet_index import leave_wrong_categories
from catalog.services.ranges import refresh_category_range


@transaction.atomic
def product_changed(product: Product) -> None:
    """The product, its variants or their prices of new ones are others now."""
    rows = Buyable.objects.filter(product=product)
    leave_wrong_categories(rows)
    refresh_buyables(rows.values_list("variant_id", "grade"))
    touch(EVERYTHING)


@transaction.atomic
def category_changed(category: Category) -> None:
    """Its name, words, attributes or texts are others now; of a large one, the rest follows in batches."""
    refresh_category_range(category.pk)
    touch(EVERYTHING)


def texts_changed() -> None:
    """What pages say of devices, and no row repeats: a specification, the set of questions."""
    touch(EVERYTHING)
