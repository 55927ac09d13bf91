"""Deals at the point where they can be rated, as delivery and payout leave them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from backmarket.accounts.models import User
from backmarket.payments.models import Payout
from buyback.models import Identity, Quote, Trade
from catalog.models import Variant
from orders.models import Consignment, Order, OrderLine
from refurbishers.models import Refurbisher
from tests.factories import AddressFactory, ListingFactory, QuestionSetFactory, VariantFactory, imei


def delivered_line(plant: Refurbisher, buyer: User | None, at: datetime, **fields: Any) -> OrderLine:
    """A device bought for 300 EUR and delivered at `at`."""
    variant: Variant = fields.pop("variant", None) or VariantFactory()
    listing = plant.listings.filter(variant=variant).first() or ListingFactory(plant=plant, variant=variant)
    order = Order.objects.create(
        buyer=buyer,
        email="buyer@example.com",
        address=AddressFactory(user=buyer),
        checkout_key=uuid4(),
        payment_status="captured",
        total_minor=30_000,
        currency="EUR",
        conditions_version="1",
        reserved_until=at,
        placed_at=at - timedelta(days=3),
        captured_at=at - timedelta(days=3),
    )
    consignment = Consignment.objects.create(
        order=order, plant=plant, shipping_minor=0, currency="EUR", ship_by=at - timedelta(days=2)
    )
    defaults = {
        "status": "delivered",
        "title": "Apple iPhone 12 · 128 GB",
        "identifier": imei(),
        "paid_at": at - timedelta(days=3),
        "shipped_at": at - timedelta(days=2),
        "delivered_at": at,
    }
    return OrderLine.objects.create(
        order=order,
        consignment=consignment,
        plant=plant,
        listing=listing,
        grade=listing.grade,
        price_minor=30_000,
        shipping_minor=0,
        currency="EUR",
        commission_bps=1000,
        commission_minor=3_000,
        commission_vat_minor=600,
        vat_scheme="MARGINAL",
        guarantee_months=12,
        **(defaults | fields),
    )


def paid_trade(plant: Refurbisher, seller: User, at: datetime, **fields: Any) -> Trade:
    """A device sold for 200 EUR and paid at `at`."""
    variant = VariantFactory()
    questions = QuestionSetFactory(category=variant.product.category, version=_next_version())
    quote = Quote.objects.create(
        variant=variant,
        question_set=questions,
        answers={},
        condition="FUNCTIONAL_GOOD",
        status="accepted",
        created_at=at - timedelta(days=9),
        expires_at=at + timedelta(days=5),
    )
    identity = Identity.objects.create(
        user=seller,
        full_name=seller.full_name,
        birth_date="1990-01-31",
        document_kind="passport",
        document_number="X1234567",
        created_at=at,
    )
    payout = Payout.objects.create(
        purpose="trade",
        reference=uuid4(),
        amount_minor=20_000,
        currency="EUR",
        holder=seller.full_name,
        iban="FR7630006000011234567890189",
        iban_last4="0189",
        gateway="sandbox",
        due_at=at,
        created_at=at,
    )
    defaults = {
        "status": "paid",
        "accepted_at": at - timedelta(days=8),
        "validated_at": at - timedelta(days=1),
        "paid_at": at,
        "payout": payout,
    }
    return Trade.objects.create(
        quote=quote,
        plant=plant,
        seller=seller,
        variant=variant,
        condition="FUNCTIONAL_GOOD",
        identifier="353982100000014",
        quoted_minor=20_000,
        price_minor=20_000,
        currency="EUR",
        identity=identity,
        address=AddressFactory(user=seller),
        holder=seller.full_name,
        iban="FR7630006000011234567890189",
        iban_last4="0189",
        conditions_version="1",
        **(defaults | fields),
    )


def _next_version() -> int:
    from catalog.models import QuestionSet

    return QuestionSet.objects.count() + 1
