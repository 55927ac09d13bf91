"""The things that rules are about. Deeper objects (orders, trades, claims) are built through services."""

import itertools
from datetime import UTC, date, datetime

import factory
from factory.django import DjangoModelFactory

from backmarket.accounts.models import Address, User
from backmarket.money import Money
from buyback.models import Bid
from catalog.models import (
    Category,
    Condition,
    Grade,
    GradingSpecification,
    Listing,
    Product,
    QuestionSet,
    ReferencePrice,
    Unit,
    Variant,
)
from refurbishers.models import Member, Refurbisher

EPOCH = datetime(2026, 1, 5, 9, tzinfo=UTC)
_serials = itertools.count(10_000_000)


def imei(serial: int | None = None) -> str:
    """A valid IMEI (Luhn) of a real type allocation code, different at each call."""
    body = f"353982{(serial if serial is not None else next(_serials)):08d}"
    digits = [int(digit) for digit in body]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2]) + sum(digits[::2])
    return f"{body}{-doubled % 10}"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    full_name = factory.Sequence(lambda n: f"Person Number{n}")
    password = factory.django.Password("correct horse battery")


class AddressFactory(DjangoModelFactory):
    class Meta:
        model = Address

    name = "Alice Martin"
    line1 = "12 rue des Lilas"
    postcode = "75011"
    city = "Paris"
    country = "FR"
    phone = "+33612345678"


class RefurbisherFactory(DjangoModelFactory):
    class Meta:
        model = Refurbisher

    slug = factory.Sequence(lambda n: f"plant-{n}")
    name = factory.Sequence(lambda n: f"Plant {n}")
    status = Refurbisher.Status.ACTIVE
    legal_name = factory.LazyAttribute(lambda plant: f"{plant.name} SAS")
    registration_number = "RCS 000 000 000"
    vat_number = "FR00000000000"
    line1 = "1 rue de l'Atelier"
    postcode = "69007"
    city = "Lyon"
    country = "FR"
    email = factory.LazyAttribute(lambda plant: f"hello@{plant.slug}.example")
    phone = "+33412345678"
    founded_year = 2015
    technicians = 12
    support_hours = "Mon–Fri 9:00–18:00"
    iban = "FR7630006000011234567890189"
    quality_bps = 8000


class MemberFactory(DjangoModelFactory):
    class Meta:
        model = Member

    plant = factory.SubFactory(RefurbisherFactory)
    user = factory.SubFactory(UserFactory)
    role = Member.Role.OWNER


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = Category
        django_get_or_create = ("slug",)

    slug = "smartphones"
    name = "Smartphones"
    form = "phone"
    identifier = Category.Identifier.IMEI
    attributes = factory.LazyFunction(
        lambda: [
            {"key": "storage_gb", "label": "Storage", "kind": "number", "unit": "GB", "facet": True},
            {"key": "colour", "label": "Colour", "kind": "choice", "unit": "", "facet": True},
        ]
    )
    impact = factory.LazyFunction(
        lambda: {
            "co2e_g": 24_600,
            "material_g": 76_900,
            "co2e_low_g": 18_000,
            "co2e_high_g": 30_000,
            "years_gained": 2,
            "source": "ADEME 2022",
        }
    )


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    category = factory.SubFactory(CategoryFactory)
    slug = factory.Sequence(lambda n: f"iphone-12-{n}")
    brand = "Apple"
    name = "iPhone 12"
    form = "phone"
    released_year = 2020


class VariantFactory(DjangoModelFactory):
    class Meta:
        model = Variant

    product = factory.SubFactory(ProductFactory)
    sku = factory.Sequence(lambda n: f"IP12-128-BLK-{n}")
    label = "128 GB · Black"
    colour = "black"
    attributes = factory.LazyFunction(lambda: {"storage_gb": 128, "colour": "Black"})


class ReferencePriceFactory(DjangoModelFactory):
    class Meta:
        model = ReferencePrice

    variant = factory.SubFactory(VariantFactory)
    price_minor = 80900
    currency = "EUR"
    source = "Apple France, launch price"
    source_date = date(2020, 10, 23)


class QuestionSetFactory(DjangoModelFactory):
    """The smartphone questions of the demo, as production would load them."""

    class Meta:
        model = QuestionSet

    category = factory.SubFactory(CategoryFactory)
    version = 1

    @factory.lazy_attribute
    def questions(self) -> list[dict[str, object]]:
        from backmarket.management.seed_data.questions import QUESTION_SETS

        return QUESTION_SETS[self.category.slug]["questions"]

    @factory.lazy_attribute
    def gates(self) -> list[dict[str, object]]:
        from backmarket.management.seed_data.questions import QUESTION_SETS

        return QUESTION_SETS[self.category.slug]["gates"]


class GradingSpecificationFactory(DjangoModelFactory):
    class Meta:
        model = GradingSpecification

    category = factory.SubFactory(CategoryFactory)
    version = 1

    @factory.lazy_attribute
    def checks(self) -> list[dict[str, object]]:
        from backmarket.management.seed_data.grading import GRADING

        return GRADING[self.category.slug]["checks"]


class ListingFactory(DjangoModelFactory):
    """An online listing, written through the services so that its buyable row is true."""

    class Meta:
        model = Listing

    plant = factory.SubFactory(RefurbisherFactory)
    variant = factory.SubFactory(VariantFactory)
    grade = Grade.GOOD
    price_minor = 30000
    on_hand = 5
    at = EPOCH
    online = True

    @classmethod
    def _create(cls, model_class: type[Listing], *args: object, **fields: object) -> Listing:
        from catalog.services.listings import create_listing, publish_listing

        at, online = fields.pop("at"), fields.pop("online")
        plant, variant = fields.pop("plant"), fields.pop("variant")
        price = Money(fields.pop("price_minor"), fields.pop("currency", "EUR"))
        if (shipping := fields.pop("shipping_minor", None)) is not None:
            fields["shipping"] = Money(shipping, price.currency)
        listing = create_listing(plant, variant, price=price, by="system:test", at=at, **fields)
        if online:
            publish_listing(listing, by="system:test", at=at)
        return listing


class UnitFactory(DjangoModelFactory):
    class Meta:
        model = Unit

    variant = factory.SubFactory(VariantFactory)
    plant = factory.SubFactory(RefurbisherFactory)
    identifier = factory.LazyFunction(imei)
    currency = "EUR"
    created_at = EPOCH


class BidFactory(DjangoModelFactory):
    """A bid of a plant that is an expert in the device's category."""

    class Meta:
        model = Bid
        skip_postgeneration_save = True

    plant = factory.SubFactory(RefurbisherFactory)
    variant = factory.SubFactory(VariantFactory)
    condition = Condition.FUNCTIONAL_GOOD
    price_minor = 20000
    currency = "EUR"

    @factory.post_generation
    def expertise(self, create: bool, extracted: object, **kwargs: object) -> None:
        if create:
            self.variant.product.category.experts.add(self.plant)
