"""What can be bought and sold: categories, products, variants, units, listings, and the buyable row per offer shown."""

from catalog.models.buyables import Buyable
from catalog.models.choices import Condition, Grade, VatScheme
from catalog.models.facets import FacetValue, StaleBuyable
from catalog.models.listings import Listing, PriceChange, StockReservation
from catalog.models.products import Category, Product, ReferencePrice, Variant
from catalog.models.specifications import GradingSpecification, QuestionSet
from catalog.models.units import Unit
from catalog.models.words import Title, Word

__all__ = [
    "Buyable",
    "Category",
    "Condition",
    "FacetValue",
    "Grade",
    "GradingSpecification",
    "Listing",
    "PriceChange",
    "Product",
    "QuestionSet",
    "ReferencePrice",
    "StaleBuyable",
    "StockReservation",
    "Title",
    "Unit",
    "Variant",
    "VatScheme",
    "Word",
]
