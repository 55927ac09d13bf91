"""What can be bought and sold: categories, products, variants, units, listings, and the buyable row per offer shown."""

from catalog.models.alerts import Alert
from catalog.models.buyables import Buyable
from catalog.models.choices import Condition, Grade, VatScheme
from catalog.models.collections import Collection, CollectionItem
from catalog.models.facets import FacetValue, StaleBuyable, StaleRange
from catalog.models.figures import ShopFigures
from catalog.models.gifts import GiftItem, GiftList, GiftPromise
from catalog.models.listing_changes import ListingChange, ListingChangeRow
from catalog.models.listings import Listing, PriceChange, StockReservation
from catalog.models.products import Category, Product, ReferencePrice, Variant
from catalog.models.specifications import GradingSpecification, QuestionSet
from catalog.models.units import Unit
from catalog.models.words import Remainder, Title, Word

__all__ = [
    "Alert",
    "Buyable",
    "Category",
    "Collection",
    "CollectionItem",
    "Condition",
    "FacetValue",
    "GiftItem",
    "GiftList",
    "GiftPromise",
    "Grade",
    "GradingSpecification",
    "Listing",
    "ListingChange",
    "ListingChangeRow",
    "PriceChange",
    "Product",
    "QuestionSet",
    "ReferencePrice",
    "Remainder",
    "ShopFigures",
    "StaleBuyable",
    "StaleRange",
    "StockReservation",
    "Title",
    "Unit",
    "Variant",
    "VatScheme",
    "Word",
]
