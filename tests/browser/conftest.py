"""A shop to walk through in a real Chromium, and the browser's windows, which report what they complain about."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from buyback.models import Quote
from catalog.models import Listing, Product
from refurbishers.models import Refurbisher
from tests.buyback.steps import quoted
from tests.factories import CategoryFactory, ListingFactory, ProductFactory, ReferencePriceFactory, VariantFactory
from tests.ground.stripe_steps import bank  # noqa: F401
from tests.orders.conftest import pay, place  # noqa: F401

Window = Callable[..., Page]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@dataclass(frozen=True)
class Shop:
    """Three offers of one telephone by a plant that also buys them, and a quote."""

    plant: Refurbisher
    product: Product
    listing: Listing
    quote: Quote


@pytest.fixture
def shop(transactional_db: None, plant: Refurbisher, now: datetime) -> Shop:
    plant.categories.add(CategoryFactory())
    product = ProductFactory(slug="iphone-12", name="iPhone 12 Pro Max")
    variants = [VariantFactory(product=product, sku=f"IP12-{gb}", label=f"{gb} GB · Black",
                               attributes={"storage_gb": gb, "colour": "Black"}) for gb in (128, 256)]  # fmt: skip
    for variant in variants:
        ReferencePriceFactory(variant=variant)
    listing = ListingFactory(plant=plant, variant=variants[0], grade="excellent", price_minor=30000)
    for variant in variants:
        ListingFactory(plant=plant, variant=variant, grade="fair", price_minor=25000)
    return Shop(plant, product, listing, quoted(plant, now))


@pytest.fixture
def complaints() -> list[str]:
    """What the browser reported: errors of scripts, requests that failed, what the content policy refused."""
    return []


@pytest.fixture
def window(browser: Browser, live_server: Any, complaints: list[str]) -> Iterator[Window]:
    """`window(size, …)` opens a page of a new visitor; at the end nothing may have been reported."""
    contexts = []

    def opened(size: dict[str, int] = DESK, **options: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, viewport=size, reduced_motion="reduce", **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: is_fault(message) and complaints.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def is_fault(message: ConsoleMessage) -> bool:
    """Any error but the one by which Chromium notes that a form was sent back (422)."""
    return message.type == "error" and "status of 422" not in message.text
