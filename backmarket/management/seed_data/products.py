"""Every product of the demo, category after category."""

from collections.abc import Mapping

from backmarket.management.seed_data.products_audio import HEADPHONES, SPEAKERS
from backmarket.management.seed_data.products_cameras import CAMERAS
from backmarket.management.seed_data.products_computers import DESKTOPS, LAPTOPS
from backmarket.management.seed_data.products_consoles import CONSOLES
from backmarket.management.seed_data.products_phones import PHONES
from backmarket.management.seed_data.products_screens import MONITORS, TELEVISIONS
from backmarket.management.seed_data.products_tablets import EREADERS, TABLETS
from backmarket.management.seed_data.products_wearables import WATCHES
from backmarket.management.seed_data.shapes import Product

PRODUCTS: tuple[Product, ...] = (
    *PHONES,
    *TABLETS,
    *LAPTOPS,
    *DESKTOPS,
    *MONITORS,
    *TELEVISIONS,
    *CONSOLES,
    *HEADPHONES,
    *WATCHES,
    *CAMERAS,
    *SPEAKERS,
    *EREADERS,
)
PRODUCT_BY_SLUG: Mapping[str, Product] = {product.slug: product for product in PRODUCTS}
