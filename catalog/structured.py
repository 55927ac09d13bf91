"""Products and lists for search engines, as schema.org data: what the page shows, and nothing that it does not show."""

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from backmarket import market
from backmarket.clock import SHIPPING_CUT_OFF
from catalog.delivery import HANDLING_DAYS
from catalog.models import Category
from catalog.selectors.offers import Offer, OnOffer
from catalog.selectors.products import ProductPage

SCHEMA = "https://schema.org"
RETURN_DAYS = 30
# The best offers stand one by one, the others in the count and the range of prices.
SPELT_OUT = 5


def product_data(shown: ProductPage) -> SafeString:
    """The product with its offers and the way to it: the content of a script element of data, which never runs."""
    category = shown.product.category
    steps = [
        (category.name, category.get_absolute_url()),
        (str(shown.product), shown.product.get_absolute_url()),
    ]
    return _embedded([_product(shown), _breadcrumbs(steps)])


def category_data(category: Category) -> SafeString:
    """The way to a category's list."""
    return _embedded(_breadcrumbs([(category.name, category.get_absolute_url())]))


def _product(shown: ProductPage) -> dict[str, Any]:
    product, variant = shown.product, shown.variant
    data: dict[str, Any] = {
        "@context": SCHEMA,
        "@type": "Product",
        "@id": f"{settings.SITE_URL}{product.get_absolute_url()}#product",
        "name": f"{product} {variant.label}",
        "sku": variant.sku,
        "brand": {"@type": "Brand", "name": product.brand},
        "category": product.category.name,
        "color": variant.attributes.get("colour"),
        "itemCondition": f"{SCHEMA}/RefurbishedCondition",
        "url": _address(shown),
    }
    if product.rating_count:
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": f"{product.rating:.1f}",
            "ratingCount": product.rating_count,
            "bestRating": 5,
            "worstRating": 1,
        }
    if shown.offers:
        data["offers"] = _offers(shown)
    return {name: value for name, value in data.items() if value is not None}


def _offers(shown: ProductPage) -> dict[str, Any]:
    prices = [offer.listing.price_minor for offer in shown.offers]
    return {
        "@type": "AggregateOffer",
        "lowPrice": _amount(min(prices)),
        "highPrice": _amount(max(prices)),
        "priceCurrency": shown.offers[0].listing.currency,
        "offerCount": len(shown.offers),
        "availability": f"{SCHEMA}/InStock",
        "itemCondition": f"{SCHEMA}/RefurbishedCondition",
        "offers": [_offer(shown, offer) for offer in shown.offers[:SPELT_OUT]],
    }


def _offer(shown: ProductPage, offer: Offer) -> dict[str, Any]:
    listing = offer.listing
    return {
        "@type": "Offer",
        "url": f"{_address(shown)}&grade={shown.grade}&listing={listing.pk}",
        "price": _amount(listing.price_minor),
        "priceCurrency": listing.currency,
        "availability": f"{SCHEMA}/InStock",
        "itemCondition": f"{SCHEMA}/RefurbishedCondition",
        "seller": {
            "@type": "Organization",
            "name": listing.plant.name,
            "legalName": listing.plant.legal_name,
            "vatID": listing.plant.vat_number,
        },
        "shippingDetails": _shipping(listing),
        "hasMerchantReturnPolicy": _returns(),
        "warranty": [_warranty(market.LEGAL_GUARANTEE_MONTHS), _warranty(listing.guarantee_months)],
    }


def _shipping(listing: OnOffer) -> dict[str, Any]:
    """The plant's working days until the courier has it, then the courier's own."""
    return {
        "@type": "OfferShippingDetails",
        "shippingDestination": {"@type": "DefinedRegion", "addressCountry": settings.MARKET_COUNTRY},
        "shippingRate": {
            "@type": "MonetaryAmount",
            "value": _amount(listing.shipping_minor),
            "currency": listing.currency,
        },
        "deliveryTime": {
            "@type": "ShippingDeliveryTime",
            "cutoffTime": f"{SHIPPING_CUT_OFF:%H:%M}",
            "handlingTime": _days(0, HANDLING_DAYS),
            "transitTime": _days(1, listing.shipping_days),
        },
    }


def _returns() -> dict[str, Any]:
    return {
        "@type": "MerchantReturnPolicy",
        "applicableCountry": settings.MARKET_COUNTRY,
        "returnPolicyCategory": f"{SCHEMA}/MerchantReturnFiniteReturnWindow",
        "merchantReturnDays": RETURN_DAYS,
        "returnMethod": f"{SCHEMA}/ReturnByMail",
        "returnFees": f"{SCHEMA}/FreeReturn",
    }


def _warranty(months: int) -> dict[str, Any]:
    return {
        "@type": "WarrantyPromise",
        "durationOfWarranty": {"@type": "QuantitativeValue", "value": months, "unitCode": "MON"},
    }


def _days(least: int, most: int) -> dict[str, Any]:
    return {"@type": "QuantitativeValue", "minValue": min(least, most), "maxValue": most, "unitCode": "DAY"}


def _breadcrumbs(steps: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The way from the front page, by names and paths."""
    return {
        "@context": SCHEMA,
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": f"{settings.SITE_URL}{path}"}
            for place, (name, path) in enumerate([(settings.SITE_NAME, "/"), *steps], start=1)
        ],
    }


def _address(shown: ProductPage) -> str:
    return f"{settings.SITE_URL}{shown.product.get_absolute_url()}?variant={shown.variant.sku}"


def _amount(minor: int) -> str:
    return f"{minor / 100:.2f}"


def _embedded(data: Any) -> SafeString:
    text = json.dumps(data, ensure_ascii=True)
    return mark_safe(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S308
