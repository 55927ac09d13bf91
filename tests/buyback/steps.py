"""A device on its way through a trade, one step at a time, through the services."""

import io
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from backmarket.accounts.models import Address, User
from backmarket.money import Money
from backmarket.shipping import services as shipping
from buyback.models import Quote, Trade
from buyback.services import inspections
from buyback.services.grading import grade_inspection
from buyback.services.quotes import make_quote
from buyback.services.trades import IdentityData, accept_quote
from catalog.models import GradingSpecification, QuestionSet, Variant
from refurbishers.models import Refurbisher
from tests.factories import (
    AddressFactory,
    BidFactory,
    GradingSpecificationFactory,
    QuestionSetFactory,
    VariantFactory,
    imei,
)

IBAN = "FR7630006000011234567890189"
OTHER_IBAN = "FR1420041010050500013M02606"
ELSEWHERE = {"name": "Carol Petit", "line1": "8 rue Haute", "postcode": "69001", "city": "Lyon", "country": "FR"}
ANSWERS = {
    "turns_on": "yes",
    "works": "yes",
    "screen": "light",
    "display": "yes",
    "body": "light",
    "battery": "good",
    "water": "no",
}


def buying(plant: Refurbisher, price_minor: int = 25_000, condition: str = "FUNCTIONAL_GOOD") -> Variant:
    """A telephone that `plant` bids for, with the questions and the grading specification of its category."""
    variant = VariantFactory()
    category = variant.product.category
    if not QuestionSet.objects.filter(category=category).exists():
        QuestionSetFactory(category=category)
        GradingSpecificationFactory(category=category)
    BidFactory(plant=plant, variant=variant, condition=condition, price_minor=price_minor)
    return variant


def quoted(plant: Refurbisher, at: datetime, **changes: Any) -> Quote:
    return make_quote(buying(plant), answers=ANSWERS | changes, by="guest", at=at)


def person(**changes: Any) -> IdentityData:
    facts: dict[str, Any] = {
        "full_name": "Carol Petit",
        "birth_date": date(1990, 4, 1),
        "document_kind": "passport",
        "document_number": "19FV12345",
    }
    return IdentityData(**facts | changes)


def terms(quote: Quote, seller: User, at: datetime, **changes: Any) -> dict[str, Any]:
    """What accept_quote() asks for, all of it fine."""
    bid = quote.bids.first()
    facts: dict[str, Any] = {
        "plant": bid.plant if bid else None,
        "seller": seller,
        "identifier": imei(),
        "identity": person(),
        "address": Address(name="Carol Petit", line1="3 rue Basse", postcode="75011", city="Paris", country="FR"),
        "holder": "Carol Petit",
        "iban": IBAN,
        "slot": slots(at)[0],
        "conditions_version": "2026-11",
        "by": seller,
        "at": at,
    }
    return facts | changes


def slots(at: datetime) -> list[shipping.Slot]:
    return shipping.available_slots(postcode="75011", country="FR", at=at)


def accepted(plant: Refurbisher, seller: User, at: datetime, **changes: Any) -> Trade:
    quote = quoted(plant, at)
    return accept_quote(quote, **terms(quote, seller, at, **changes))


def received(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = accepted(plant, seller, at - timedelta(days=3))
    inspections.receive_trade(trade, by="courier:sandbox", at=at)
    return trade


def sheet(**changes: Any) -> dict[str, Any]:
    """A sheet on which every check has its best value."""
    checks = GradingSpecification.objects.get().checks
    best = {check["code"]: _best(check) for check in checks}
    assert set(changes) <= set(best)
    return best | changes


def _best(check: dict[str, Any]) -> Any:
    return check["bands"][0]["bound"] if check["kind"] == "number" else check["options"][0]["value"]


def graded(plant: Refurbisher, seller: User, at: datetime, **changes: Any) -> Trade:
    """Inspected and graded; `changes` to the best sheet."""
    trade = received(plant, seller, at)
    inspection = inspections.submit_inspection(trade, sheet=sheet(**changes), note="", by="system:test", at=at)
    assert grade_inspection(inspection.pk, at)
    return Trade.objects.get(pk=trade.pk)


def offer(**changes: Any) -> dict[str, Any]:
    """What make_counter_offer() asks for, all of it fine."""
    facts: dict[str, Any] = {
        "price": Money(18_000, "EUR"),
        "reasons": [{"reason": "esthetics", "question": "screen"}],
        "comment": "The glass is cracked at the lower left corner.",
        "photos": [photo()],
        "by": "system:test",
    }
    return facts | changes


def countered(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = graded(plant, seller, at, screen_marks="cracked")
    inspections.make_counter_offer(trade, **offer(), at=at)
    return Trade.objects.get(pk=trade.pk)


def validated(plant: Refurbisher, seller: User, at: datetime) -> Trade:
    trade = graded(plant, seller, at)
    inspections.validate_trade(trade, by="system:test", at=at)
    return Trade.objects.get(pk=trade.pk)


def photo(size: tuple[int, int] = (60, 40), kind: str = "JPEG", **saving: Any) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, kind, **saving)
    return SimpleUploadedFile(f"evil.php.{kind.lower()}", out.getvalue(), content_type="image/jpeg")


def home() -> Address:
    return AddressFactory()
