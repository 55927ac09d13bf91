"""Categories, products, variants, prices of new ones, questions for sellers and sheets for technicians."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.conf import settings

from backmarket.management.seed_data import categories as tables
from backmarket.management.seed_data.grading import GRADING
from backmarket.management.seed_data.products import PRODUCTS
from backmarket.management.seed_data.questions import QUESTION_SETS
from backmarket.management.seed_data.shapes import Product as ProductRow
from backmarket.management.seeding.base import insert
from catalog.models import Category, GradingSpecification, Product, QuestionSet, ReferencePrice, Variant
from catalog.variants import measured

# A label names what tells variants apart; the family of a colour is for filters only.
UNSAID = ("colour_family",)
UNITS = {attribute.key: attribute.unit for category in tables.CATEGORIES for attribute in category.attributes}


def load(at: datetime) -> str:
    by_slug = {row.slug: _category(row) for row in tables.CATEGORIES}
    insert(list(by_slug.values()))
    insert([QuestionSet(category=c, version=1, **_asked(s)) for s, c in by_slug.items()])
    insert([GradingSpecification(category=c, version=1, checks=GRADING[s]["checks"]) for s, c in by_slug.items()])
    products = [_product(row, by_slug[row.category]) for row in PRODUCTS]
    insert(products)
    variants, prices = _variants(products)
    insert(variants)
    insert(prices)
    return f"{len(by_slug)} categories, {len(products)} products, {len(variants)} variants"


def _asked(slug: str) -> dict[str, Any]:
    return {name: QUESTION_SETS[slug][name] for name in ("questions", "gates")}


def _category(row: tables.Category) -> Category:
    return Category(
        slug=row.slug,
        name=row.name,
        form=row.form,
        identifier=row.identifier,
        attributes=[asdict(attribute) for attribute in row.attributes],
        impact=asdict(row.impact),
        box=[asdict(item) for item in row.box],
        synonyms=" ".join((row.french, *row.synonyms))[:200],
        position=row.position,
    )


def _product(row: ProductRow, category: Category) -> Product:
    return Product(
        category=category,
        slug=row.slug,
        brand=row.brand,
        name=row.model,
        form=row.form or category.form,
        released_year=row.year,
        nicknames=", ".join(row.nicknames),
    )


def _variants(products: list[Product]) -> tuple[list[Variant], list[ReferencePrice]]:
    variants, prices = [], []
    for row, product in zip(PRODUCTS, products, strict=True):
        for choice in row.variants:
            variant = Variant(
                product=product,
                sku=choice.sku,
                label=label_of(choice.attributes or row.specs),
                colour=choice.colour_key,
                attributes=row.attributes_of(choice),
            )
            variants.append(variant)
            prices.append(
                ReferencePrice(
                    variant=variant,
                    price_minor=row.price_new_minor(choice),
                    currency=settings.DEFAULT_CURRENCY,
                    source=row.price_source,
                    source_date=date.fromisoformat(row.launch_date),
                )
            )
    return variants, prices


def label_of(attributes: Mapping[str, Any]) -> str:
    """`{"storage_gb": 128, "colour": "Black"}` → "128 GB · Black"."""
    return " · ".join(measured(value, UNITS[key]) for key, value in attributes.items() if key not in UNSAID)
