"""A large catalogue of invented models, built in batches that each commit: `manage.py seed --scale 100000x1000000`.

Every model borrows the category, the variants and the prices of a real one of the demo; its name is made of invented
words, so that a search meets a vocabulary as wide as a real one's. The rows of a batch follow from its number, and
what is shown of them is computed by the service that the shop itself uses.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count, islice
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils.text import slugify

from backmarket.management.seeding.base import analyze, dice, insert
from backmarket.management.seeding.prices import GRADE_FACTORS, second_hand
from catalog.models import Buyable, Grade, Listing, Product, ReferencePrice, Variant
from catalog.services.buyables import refresh_buyables
from catalog.services.facet_index import index_stale
from refurbishers.models import Refurbisher

MARK = "x-"  # SKUs of this catalogue begin with it
PRODUCTS_AT_ONCE = 50
# Offers of neighbouring buyables differ by so much from the average.
UNEVEN = (-2, 1, 0, 2, -1)
STARTS = ("Al", "Bra", "Cor", "Del", "Em", "Fen", "Gal", "Har", "Ix", "Jun", "Kel", "Lum", "Mir", "Nor", "Or", "Pel",
          "Quil", "Rav", "Sol", "Tan", "Ul", "Ver", "Wil", "Yar", "Zen")  # fmt: skip
ENDS = ("ana", "bex", "cora", "dine", "eon", "fira", "gon", "halo", "ion", "jet", "kade", "lis", "mont", "nova", "opt",
        "pulse", "quest", "rion", "stra", "tec", "una", "vox", "wave", "xis", "zor")  # fmt: skip
SUFFIXES = ("", "", "", "Pro", "Plus", "Mini", "Max", "Lite", "Ultra", "SE")
OFFERS = """
    INSERT INTO catalog_listing (
        id, plant_id, variant_id, grade, status, price_minor, currency, on_hand, reserved, guarantee_months,
        shipping_days, shipping_minor, vat_scheme, new_battery, comment, created_at, online_at)
    SELECT gen_random_uuid(), plant, variant, grade, 'online',
        greatest(1200, price * (92 + (pair * 13 + place * 29) %% 17) / 10000 * 100),
        %(currency)s, (pair + place * 3) %% 9, 0, 12 + 12 * ((pair + place) %% 5 / 4), 1 + (pair + place) %% 4,
        490 * ((pair + place) %% 4 / 3), 'MARGINAL', (pair + place) %% 11 = 0, '', %(at)s, %(at)s
    FROM unnest(%(variants)s::bigint[], %(grades)s::text[], %(prices)s::bigint[], %(offers)s::int[])
            WITH ORDINALITY AS wanted(variant, grade, price, offers, pair)
        CROSS JOIN LATERAL generate_series(0, offers - 1) AS place
        JOIN unnest(%(plants)s::uuid[]) WITH ORDINALITY AS plants(plant, rank)
            ON rank - 1 = (pair * 7 + place) %% %(plant_count)s
"""
PRICES = """
    INSERT INTO catalog_pricechange (listing_id, price_minor, currency, changed_at)
    SELECT id, price_minor, currency, online_at FROM catalog_listing WHERE variant_id = ANY(%(variants)s)
"""


class Pair(NamedTuple):
    """A buyable to be: its variant, grade and the price about which its offers lie, in minor units."""

    variant: Variant
    grade: str
    price_minor: int


def load(buyables: int, listings: int, at: datetime) -> Iterator[tuple[int, int]]:
    """Grow the catalogue to so many buyables and listings; yields after each batch how many there are.

    What is there counts, so that a run that was killed goes on where it stood. No plant offers a buyable twice.
    """
    plants = list(Refurbisher.objects.trading().order_by("slug").values_list("pk", flat=True))
    have, offered = Buyable.objects.count(), Listing.objects.count()
    made = Product.objects.filter(variants__sku__startswith=MARK).distinct().count()
    models = islice(_models(), made, None)
    while have < buyables:
        each = max(0, listings - offered) / (buyables - have)
        batch = list(islice(models, PRODUCTS_AT_ONCE))
        with transaction.atomic():
            pairs = _write(batch, at)[: buyables - have]
            wanted = _offers(len(pairs), each, len(plants))
            _offer(pairs, wanted, plants, at)
            refresh_buyables((pair.variant.pk, pair.grade) for pair in pairs)
        index_stale()
        have, offered = have + len(pairs), offered + sum(wanted)
        yield have, offered
    analyze()


def _models() -> Iterator[tuple[Product, list[tuple[Variant, ReferencePrice]]]]:
    """Endless invented models, always the same ones: unsaved rows."""
    real = list(Product.objects.exclude(variants__sku__startswith=MARK).select_related("category").order_by("slug"))
    prices = {row.variant_id: row for row in ReferencePrice.objects.filter(variant__product__in=real)}
    variants = {product.pk: list(product.variants.order_by("sku")) for product in real}
    random = dice("scale")
    random.shuffle(real)
    for number in count():
        model = real[number % len(real)]
        words = random.choice(STARTS) + random.choice(ENDS), str(random.randint(2, 99)), random.choice(SUFFIXES)
        name = " ".join(filter(None, words))
        product = Product(
            category=model.category, slug=f"{slugify(f'{model.brand} {name}')}-{number}", brand=model.brand, name=name,
            form=model.form, released_year=model.released_year,
        )  # fmt: skip
        copies = [
            (
                Variant(
                    product=product, sku=f"{MARK}{number}-{place}", label=row.label, colour=row.colour,
                    attributes=row.attributes,
                ),
                prices[row.pk],
            )
            for place, row in enumerate(variants[model.pk])
        ]  # fmt: skip
        yield product, copies


def _write(batch: Sequence[tuple[Product, list[tuple[Variant, ReferencePrice]]]], at: datetime) -> list[Pair]:
    insert([product for product, _copies in batch])
    copies = [copy for _product, copies in batch for copy in copies]
    insert([variant for variant, _price in copies])
    prices = [
        ReferencePrice(
            variant=variant, price_minor=row.price_minor, currency=row.currency, source=row.source,
            source_date=row.source_date,
        )
        for variant, row in copies
    ]  # fmt: skip
    insert(prices)
    return [
        Pair(price.variant, grade, round(second_hand(price, at, 50) * GRADE_FACTORS[grade]))
        for price in prices
        for grade in Grade
    ]


def _offers(pairs: int, each: float, most: int) -> list[int]:
    """How many offers each of the pairs has: `each` on average, unevenly."""
    return [max(0, min(most, int((k + 1) * each) - int(k * each) + UNEVEN[k % len(UNEVEN)])) for k in range(pairs)]


def _offer(pairs: Sequence[Pair], offers: Sequence[int], plants: Sequence[object], at: datetime) -> None:
    facts = {
        "variants": [pair.variant.pk for pair in pairs],
        "grades": [str(pair.grade) for pair in pairs],
        "prices": [pair.price_minor for pair in pairs],
        "offers": list(offers),
        "plants": [str(plant) for plant in plants],
        "plant_count": len(plants),
        "currency": settings.DEFAULT_CURRENCY,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(OFFERS, facts)
        cursor.execute(PRICES, facts)
