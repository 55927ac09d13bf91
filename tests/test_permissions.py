"""Every door of the house × every member of the cast. A URL that is missing from the table fails.

The objects behind the doors: alice's orders (with a claim and a withdrawal), carol's trade with bob's plant.
A stranger's object does not exist: 404, never 403.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from backmarket.accounts.models import User
from backmarket.invoices.models import Invoice
from backmarket.notifications.models import MailboxMessage
from backmarket.payments.models import SandboxIntent
from backmarket.shipping.models import Parcel
from buyback.details import Details, sealed, seller_of
from buyback.models import AcceptanceDraft, Quote, Trade
from catalog.models import Collection
from catalog.services.alerts import ask_for_alert
from catalog.services.gifts import make_list, promise_gift, wish
from catalog.share_cards import home_card
from orders.models import Cart, CartItem, Claim, OrderLine
from orders.services.claims import open_claim
from orders.services.guarantees import start_guarantee
from orders.services.invoicing import invoice_sent_lines
from orders.services.returns import confirm_withdrawal
from refurbishers.models import Refurbisher
from reviews.models import Question
from tests.factories import AddressFactory, GradingSpecificationFactory
from tests.reviews.deals import delivered_line, paid_trade

pytestmark = pytest.mark.django_db

CAST = ("anonymous", "alice", "carol", "bob", "rival", "mallory", "sam", "olga")
EVERYBODY = "200 200 200 200 200 200 200 200"
# A page of one's own: everybody has one, who is not logged in is sent to the door.
OWN = "302 200 200 200 200 200 200 200"
ALICES = "404 200 404 404 404 404 404 404"
CAROLS = "302 404 200 404 404 404 404 404"

# (method, name) -> what CAST gets, in its order. GET is left out where everybody gets 405, and so is POST.
DOORS: dict[tuple[str, str], str] = {
    ("get", "home"): EVERYBODY,
    ("get", "category"): EVERYBODY,
    ("get", "product"): EVERYBODY,
    ("get", "search"): EVERYBODY,
    ("get", "suggest"): EVERYBODY,
    ("get", "similar"): EVERYBODY,
    ("get", "impact"): EVERYBODY,
    ("get", "ranking"): EVERYBODY,
    ("get", "terms"): EVERYBODY,
    ("get", "privacy"): EVERYBODY,
    ("get", "robots"): EVERYBODY,
    ("get", "collections"): EVERYBODY,
    ("get", "collection"): EVERYBODY,
    ("get", "collection-preview"): "404 404 404 404 404 404 200 200",
    ("get", "compare"): EVERYBODY,
    ("get", "compare-add"): "302 302 302 302 302 302 302 302",
    ("get", "recent"): EVERYBODY,
    ("post", "recent-forget"): "302 302 302 302 302 302 302 302",
    ("get", "alert-new"): "404 404 404 404 404 404 404 404",
    ("post", "alert-new"): "404 404 404 404 404 404 404 404",
    ("get", "alert-open"): "404 404 404 404 404 404 404 404",
    ("post", "alert-open"): "404 404 404 404 404 404 404 404",
    ("get", "alert-stop"): "404 404 404 404 404 404 404 404",
    ("post", "alert-stop"): "404 404 404 404 404 404 404 404",
    ("get", "alerts"): OWN,
    ("post", "alerts"): "302 405 405 405 405 405 405 405",
    ("get", "alert-end"): "302 405 405 405 405 405 405 405",
    ("post", "alert-end"): "302 302 404 404 404 404 404 404",
    ("get", "account-credit"): OWN,
    ("get", "account-credit-payout"): OWN,
    ("post", "account-credit-payout"): "302 422 422 422 422 422 422 422",
    ("get", "account-credit-stop"): "302 404 404 404 404 404 404 404",
    ("post", "account-credit-stop"): "302 404 404 404 404 404 404 404",
    ("get", "gift-lists"): OWN,
    ("post", "gift-lists"): "302 405 405 405 405 405 405 405",
    ("get", "gift-list-new"): OWN,
    ("post", "gift-list-new"): "302 422 422 422 422 422 422 422",
    ("get", "gift-add"): "302 404 404 404 404 404 404 404",
    ("post", "gift-add"): "302 404 404 404 404 404 404 404",
    ("get", "gift-list"): "302 200 404 404 404 404 404 404",
    ("post", "gift-list"): "302 405 405 405 405 405 405 405",
    ("get", "gift-list-edit"): "302 200 404 404 404 404 404 404",
    ("post", "gift-list-edit"): "302 422 404 404 404 404 404 404",
    ("get", "gift-list-delete"): "302 200 404 404 404 404 404 404",
    ("post", "gift-list-delete"): "302 302 404 404 404 404 404 404",
    ("get", "gift-list-share"): "302 405 405 405 405 405 405 405",
    ("post", "gift-list-share"): "302 302 404 404 404 404 404 404",
    ("get", "gift-list-unshare"): "302 405 405 405 405 405 405 405",
    ("post", "gift-list-unshare"): "302 302 404 404 404 404 404 404",
    ("get", "gift-item"): "302 200 404 404 404 404 404 404",
    ("post", "gift-item"): "302 422 404 404 404 404 404 404",
    ("get", "gift-item-remove"): "302 405 405 405 405 405 405 405",
    ("post", "gift-item-remove"): "302 302 404 404 404 404 404 404",
    ("get", "gift-item-restore"): "302 405 405 405 405 405 405 405",
    ("post", "gift-item-restore"): "302 302 404 404 404 404 404 404",
    # Whoever has the link of alice's list; she herself is led to her own page.
    ("get", "gift-shared"): "200 302 200 200 200 200 200 200",
    ("post", "gift-look"): "302 302 302 302 302 302 302 302",
    ("get", "gift-give"): "200 302 200 200 200 200 200 200",
    ("post", "gift-give"): "422 302 302 302 302 302 302 302",
    ("post", "gift-undo"): "404 404 302 404 404 404 404 404",
    ("get", "gift-guest"): "404 404 404 404 404 404 404 404",
    ("post", "gift-guest"): "404 404 404 404 404 404 404 404",
    ("get", "sitemap"): EVERYBODY,
    ("get", "sitemap-part"): EVERYBODY,
    ("get", "share-card"): EVERYBODY,
    ("get", "sell"): EVERYBODY,
    ("get", "sell-category"): EVERYBODY,
    ("get", "sell-product"): "302 302 302 302 302 302 302 302",
    ("get", "trade-credit"): "302 302 302 302 302 302 302 302",
    ("get", "sell-questions"): "302 302 302 302 302 302 302 302",
    ("post", "sell-questions"): "302 302 302 302 302 302 302 302",
    ("get", "sell-question"): EVERYBODY,
    ("post", "sell-question"): "422 422 422 422 422 422 422 422",
    ("get", "quote"): EVERYBODY,
    ("post", "quote-renew"): "302 302 302 302 302 302 302 302",
    ("post", "quote-send"): "422 422 422 422 422 422 422 422",
    ("get", "quote-accept"): OWN,
    ("post", "quote-accept"): "302 422 422 422 422 422 422 422",
    ("get", "quote-times"): OWN,
    ("post", "quote-times"): "302 405 405 405 405 405 405 405",
    ("get", "quote-review"): "302 302 200 302 302 302 302 302",
    ("post", "quote-review"): "302 302 422 302 302 302 302 302",
    ("get", "sale-conditions"): EVERYBODY,
    ("get", "sale-conditions-version"): EVERYBODY,
    ("get", "trades"): OWN,
    ("post", "trades"): "302 405 405 405 405 405 405 405",
    ("get", "trade"): CAROLS,
    ("post", "trade"): "302 405 405 405 405 405 405 405",
    ("get", "trade-label"): "302 404 404 404 404 404 404 404",
    ("post", "trade-label"): "302 405 405 405 405 405 405 405",
    ("get", "trade-slip"): "302 404 404 404 404 404 404 404",
    ("post", "trade-slip"): "302 405 405 405 405 405 405 405",
    ("get", "trade-certificate"): "302 404 404 404 404 404 404 404",
    ("post", "trade-certificate"): "302 405 405 405 405 405 405 405",
    ("get", "trade-message-photo"): "302 404 404 404 404 404 404 404",
    ("post", "trade-message-photo"): "302 405 405 405 405 405 405 405",
    ("get", "trade-pickup-cancel"): "302 404 302 404 404 404 404 404",
    ("post", "trade-pickup-cancel"): "302 404 302 404 404 404 404 404",
    ("get", "trade-photo"): "302 404 404 404 404 404 404 404",
    ("post", "trade-photo"): "302 405 405 405 405 405 405 405",
    ("get", "trade-rebook"): "302 404 302 404 404 404 404 404",
    ("post", "trade-rebook"): "302 404 302 404 404 404 404 404",
    ("get", "trade-cancel"): "302 404 302 404 404 404 404 404",
    ("post", "trade-cancel"): "302 404 302 404 404 404 404 404",
    ("get", "trade-answer"): "302 404 302 404 404 404 404 404",
    ("post", "trade-answer"): "302 404 302 404 404 404 404 404",
    ("get", "trade-message"): "302 405 405 405 405 405 405 405",
    ("post", "trade-message"): "302 404 422 404 404 404 404 404",
    # Of this sale no device goes back: there is no address to correct.
    ("get", "trade-address"): "302 404 302 404 404 404 404 404",
    ("post", "trade-address"): "302 404 302 404 404 404 404 404",
    ("get", "trade-keep"): "302 404 302 404 404 404 404 404",
    ("post", "trade-keep"): "302 404 302 404 404 404 404 404",
    ("get", "trade-keep-undo"): "302 404 302 404 404 404 404 404",
    ("post", "trade-keep-undo"): "302 404 302 404 404 404 404 404",
    ("get", "trade-iban"): CAROLS,
    ("post", "trade-iban"): "302 404 422 404 404 404 404 404",
    ("get", "cart"): EVERYBODY,
    ("post", "cart-add"): "302 302 302 302 302 302 302 302",
    ("post", "cart-change"): "404 422 404 404 404 404 404 404",
    ("get", "checkout"): "302 200 302 302 302 302 302 302",
    ("post", "checkout"): "302 422 302 302 302 302 302 302",
    ("get", "checkout-pay"): "404 302 404 404 404 404 404 404",
    ("post", "checkout-pay"): "404 302 404 404 404 404 404 404",
    ("get", "checkout-return"): "404 302 404 404 404 404 404 404",
    ("get", "guest-order"): EVERYBODY,
    ("post", "guest-order"): "422 422 422 422 422 422 422 422",
    ("get", "guest-order-open"): "404 404 404 404 404 404 404 404",
    ("post", "guest-order-open"): "404 404 404 404 404 404 404 404",
    ("get", "orders"): OWN,
    ("post", "orders"): "302 405 405 405 405 405 405 405",
    ("get", "order"): ALICES,
    ("get", "paper"): ALICES,
    # Paid and delivered: nothing is left to call off or to send elsewhere.
    ("get", "order-cancel"): "404 302 404 404 404 404 404 404",
    ("post", "order-cancel"): "404 302 404 404 404 404 404 404",
    ("get", "parcel-cancel"): "404 302 404 404 404 404 404 404",
    ("post", "parcel-cancel"): "404 302 404 404 404 404 404 404",
    ("get", "parcel-address"): "404 302 404 404 404 404 404 404",
    ("post", "parcel-address"): "404 302 404 404 404 404 404 404",
    ("get", "line-cancel"): "404 302 404 404 404 404 404 404",
    ("post", "line-cancel"): "404 302 404 404 404 404 404 404",
    ("get", "line-device"): ALICES,
    ("get", "line-withdraw"): ALICES,
    ("get", "line-withdraw-confirm"): "404 302 404 404 404 404 404 404",
    ("post", "line-withdraw-confirm"): "404 422 404 404 404 404 404 404",
    ("get", "withdrawal"): ALICES,
    ("get", "withdrawal-label"): "404 302 404 404 404 404 404 404",
    ("get", "claim-open"): ALICES,
    ("post", "claim-open"): "404 422 404 404 404 404 404 404",
    ("get", "claim"): ALICES,
    ("post", "claim-message"): "404 422 404 404 404 404 404 404",
    ("post", "claim-withdraw"): "404 302 404 404 404 404 404 404",
    ("post", "claim-solved"): "404 302 404 404 404 404 404 404",
    ("get", "claim-label"): ALICES,
    ("get", "rate-line"): "302 200 404 404 404 404 404 404",
    ("post", "rate-line"): "302 422 404 404 404 404 404 404",
    ("get", "rate-trade"): CAROLS,
    ("post", "rate-trade"): "302 404 422 404 404 404 404 404",
    ("get", "product-reviews"): EVERYBODY,
    ("post", "product-reviews"): EVERYBODY,
    ("get", "product-questions"): EVERYBODY,
    ("post", "product-questions"): "302 422 422 422 422 422 422 422",
    ("get", "question-answer"): "302 200 404 200 404 404 200 200",
    ("post", "question-answer"): "302 422 404 422 404 404 422 422",
    ("get", "plant-reviews"): EVERYBODY,
    ("post", "plant-reviews"): EVERYBODY,
    ("get", "reviews-method"): EVERYBODY,
    ("post", "reviews-method"): EVERYBODY,
    ("get", "plants"): EVERYBODY,
    ("post", "plants"): EVERYBODY,
    ("get", "plant"): EVERYBODY,
    ("post", "plant"): EVERYBODY,
    ("get", "plant-join"): "404 404 404 404 404 404 404 404",
    ("post", "plant-join"): "404 404 404 404 404 404 404 404",
    ("get", "account"): OWN,
    ("post", "account"): "302 405 405 405 405 405 405 405",
    ("get", "account-profile"): OWN,
    ("post", "account-profile"): "302 302 302 302 302 302 302 302",
    ("get", "account-addresses"): OWN,
    ("post", "account-addresses"): "302 422 422 422 422 422 422 422",
    ("get", "account-address-remove"): "302 405 405 405 405 405 405 405",
    ("post", "account-address-remove"): "302 302 404 404 404 404 404 404",
    ("get", "account-data"): OWN,
    ("post", "account-data"): "302 405 405 405 405 405 405 405",
    ("get", "tax-number"): OWN,
    ("post", "tax-number"): "302 422 422 422 422 422 422 422",
    ("get", "account-close"): OWN,
    ("post", "account-close"): "302 409 422 409 409 422 409 409",
    ("get", "api-schema"): EVERYBODY,
    ("get", "api-docs"): EVERYBODY,
    ("get", "api-nothing"): "404 404 404 404 404 404 404 404",
    ("post", "api-nothing"): "404 404 404 404 404 404 404 404",
    ("post", "api-quotes"): "400 400 400 400 400 400 400 400",
    ("get", "api-quote"): EVERYBODY,
    ("get", "api-trades"): "403 200 200 200 200 200 200 200",
    ("post", "api-trades"): "403 405 405 405 405 405 405 405",
    ("get", "api-trade"): "403 404 200 404 404 404 404 404",
    ("post", "api-trade"): "403 405 405 405 405 405 405 405",
    ("get", "api-buyables"): EVERYBODY,
    ("get", "api-product"): EVERYBODY,
    ("get", "api-plant-listings"): "403 404 404 200 200 404 404 404",
    ("post", "api-plant-listings"): "403 405 405 405 405 405 405 405",
    ("get", "api-plant-listing"): "403 404 404 200 404 404 404 404",
    ("post", "api-plant-listing"): "403 405 405 405 405 405 405 405",
    ("get", "api-orders"): "403 200 200 200 200 200 200 200",
    ("post", "api-orders"): "403 405 405 405 405 405 405 405",
    ("get", "api-order"): "403 200 404 404 404 404 404 404",
    ("post", "api-order"): "403 405 405 405 405 405 405 405",
    ("get", "api-order-papers"): "403 200 404 404 404 404 404 404",
    ("post", "api-order-papers"): "403 405 405 405 405 405 405 405",
    ("get", "api-paper"): "403 200 404 404 404 404 404 404",
    ("post", "api-paper"): "403 405 405 405 405 405 405 405",
    ("get", "api-line-cancel"): "403 405 405 405 405 405 405 405",
    ("post", "api-line-cancel"): "403 409 404 404 404 404 404 404",
    ("get", "api-plant-parcels"): "403 404 404 200 200 404 404 404",
    ("post", "api-plant-parcels"): "403 405 405 405 405 405 405 405",
    ("get", "api-plant-ship"): "403 405 405 405 405 405 405 405",
    ("post", "api-plant-ship"): "403 404 404 400 404 404 404 404",
    ("get", "api-plant-diagnostics"): "403 405 405 405 405 405 405 405",
    ("post", "api-plant-diagnostics"): "403 404 404 415 404 404 404 404",
    ("get", "api-plants"): EVERYBODY,
    ("get", "api-plant"): EVERYBODY,
    ("get", "api-plant-reviews"): EVERYBODY,
    ("post", "webhook"): "400 400 400 400 400 400 400 400",
    ("get", "livez"): EVERYBODY,
    ("post", "livez"): EVERYBODY,
    ("get", "readyz"): "503 503 503 503 503 503 503 503",
    ("post", "readyz"): "503 503 503 503 503 503 503 503",
    ("get", "mailbox"): EVERYBODY,
    ("get", "mailbox-message"): EVERYBODY,
    ("get", "mailbox-html"): EVERYBODY,
    ("get", "sandbox"): EVERYBODY,
    ("get", "design"): EVERYBODY,
    ("post", "sandbox-travel"): "302 302 302 302 302 302 302 302",
    ("post", "sandbox-courier"): "302 302 302 302 302 302 302 302",
    ("get", "sandbox-pay"): EVERYBODY,
    ("post", "sandbox-pay"): EVERYBODY,
    ("get", "sandbox-connect"): EVERYBODY,
    ("post", "sandbox-connect"): "302 302 302 302 302 302 302 302",
}


@dataclass
class World:
    """What stands behind the doors."""

    line: OrderLine
    second_line: OrderLine
    keys: dict[str, dict[str, Any]]


@pytest.fixture
def world(alice: User, carol: User, bob: User, plant: Refurbisher, now: datetime) -> World:
    line = delivered_line(plant, alice, now)
    order = line.order
    second = delivered_line(plant, alice, now, variant=line.listing.variant)
    rated = delivered_line(plant, alice, now, variant=line.listing.variant)
    for each in (line, second, rated):
        start_guarantee(each, at=now)
    claim = open_claim(line, issue="BATTERY", wish="REPAIR", description="Empty at noon.", by=alice, at=now)
    withdrawal = confirm_withdrawal(second, name="Alice Martin", by=alice, at=now)
    parcel = Parcel.objects.create(
        purpose="trade", reference=line.pk, courier="sandbox", tracking_number="BM00000000017", sender=AddressFactory(),
        recipient=AddressFactory(), insured_minor=1, currency="EUR", created_at=now, booked_at=now,
    )  # fmt: skip
    trade = paid_trade(plant, carol, now, parcel=parcel)
    Claim.objects.filter(pk=claim.pk).update(parcel=parcel)
    item = CartItem.objects.create(
        cart=Cart.objects.create(user=alice), listing=line.listing, seen_minor=1, added_at=now
    )
    GradingSpecificationFactory(category=trade.variant.product.category)
    quote = Quote.objects.create(
        variant=trade.variant, question_set=trade.quote.question_set, answers={}, condition="FUNCTIONAL_GOOD",
        created_at=now, expires_at=now.replace(year=2100),
    )  # fmt: skip
    AcceptanceDraft.objects.create(
        quote=quote, seller=carol, details=sealed(_details(trade)), saved_at=now, expires_at=now.replace(year=2100)
    )
    connected = SandboxIntent.objects.create(
        id="acct_1", kind="account", status="new", amount_minor=0, currency="EUR", return_url="/plant/"
    )
    intent = SandboxIntent.objects.create(
        id="pay_1", kind="payment", amount_minor=1000, currency="EUR", status="open", return_url="/"
    )
    mail = MailboxMessage.objects.create(to="x@example.com", subject="Hello", text="Hello", received_at=now)
    product, category = line.listing.variant.product, line.listing.variant.product.category
    question = Question.objects.create(
        product=line.listing.variant.product, author=carol, author_name="Carol", text="Does it hold a day?",
        status="published", asked_at=now, published_at=now,
    )  # fmt: skip
    collection = Collection.objects.create(slug="gifts", title="Gifts", published_from=now - timedelta(days=365))
    # Each of her lists meets another end in these tests; the shared one stays, with an item that carol gives.
    lists = {name: make_list(alice, name=name, at=now) for name in ("gift-list-delete", "gift-list-unshare", "other")}
    lists["other"].token = uuid4()
    lists["other"].save()
    wished = wish(lists["other"], trade.variant, "good", at=now)
    promise_gift(wished, token=lists["other"].token, giver=carol, key=uuid4(), at=now)
    alert = ask_for_alert(trade.variant, "good", user=alice, target=None, at=now)
    uuid_of = {"line": line.pk, "order": order.pk, "trade": trade.pk, "claim": claim.pk, "quote": quote.pk}
    invoice_sent_lines(line.consignment, at=now)
    uuid_of["paper"] = Invoice.objects.get(reference=order.pk).pk
    keys: dict[str, dict[str, Any]] = {
        "category": {"slug": category.slug}, "sell-category": {"slug": category.slug},
        "product": {"slug": product.slug}, "sell-product": {"slug": product.slug},
        "api-product": {"slug": product.slug},
        "product-reviews": {"slug": product.slug}, "trade-credit": {"slug": product.slug},
        "similar": {"slug": product.slug}, "account-credit-stop": {"pk": trade.pk},
        "product-questions": {"slug": product.slug}, "question-answer": {"slug": product.slug, "pk": question.pk},
        "sell-questions": {"sku": trade.variant.sku},
        "sell-question": {"sku": trade.variant.sku, "code": "state"},
        "plant": {"slug": plant.slug}, "plant-reviews": {"slug": plant.slug},
        "api-plant": {"slug": plant.slug}, "api-plant-reviews": {"slug": plant.slug},
        "trade-photo": {"pk": trade.pk, "photo": trade.pk},
        "trade-message-photo": {"pk": trade.pk, "photo": trade.pk}, "cart-change": {"pk": item.pk},
        "guest-order-open": {"token": "forged"}, "plant-join": {"token": "1:forged"},
        "rate-line": {"pk": rated.pk}, "line-withdraw": {"pk": rated.pk},
        "line-withdraw-confirm": {"pk": rated.pk}, "claim-open": {"pk": rated.pk}, "rate-trade": {"pk": trade.pk},
        "parcel-cancel": {"pk": line.consignment_id}, "parcel-address": {"pk": line.consignment_id},
        "withdrawal": {"pk": withdrawal.pk}, "withdrawal-label": {"pk": withdrawal.pk},
        "account-address-remove": {"pk": AddressFactory(user=alice).pk},
        "api-plant-listing": {"pk": line.listing_id}, "api-plant-ship": {"pk": line.consignment_id},
        "api-plant-diagnostics": {"pk": trade.pk},
        "alert-end": {"pk": alert.pk}, "alert-open": {"signed": "forged"}, "alert-stop": {"sealed": "forged"},
        "gift-list-delete": {"pk": lists["gift-list-delete"].pk},
        "gift-list-unshare": {"pk": lists["gift-list-unshare"].pk},
        "gift-list-share": {"pk": lists["gift-list-unshare"].pk},
        "gift-list": {"pk": lists["other"].pk}, "gift-list-edit": {"pk": lists["other"].pk},
        "gift-shared": {"token": lists["other"].token}, "gift-look": {"token": lists["other"].token},
        "gift-give": {"token": lists["other"].token, "pk": wished.pk}, "gift-guest": {"signed": "forged"},
        "gift-item": {"pk": wished.pk}, "gift-item-remove": {"pk": wished.pk},
        "gift-item-restore": {"pk": wished.pk}, "gift-undo": {"pk": wished.pk},
        "collection": {"slug": collection.slug}, "collection-preview": {"slug": collection.slug},
        "sale-conditions-version": {"version": "2026-11"},
        "sitemap-part": {"section": "products-1"},
        "share-card": {"kind": "page", "key": "home", "version": home_card().version},
        "webhook": {"family": "payments", "name": "sandbox"}, "sandbox-pay": {"pk": intent.pk},
        "sandbox-connect": {"pk": connected.pk},
        "mailbox-message": {"pk": mail.pk}, "mailbox-html": {"pk": mail.pk},
    }  # fmt: skip
    for name in doors():
        prefix = name.removeprefix("api-").split("-")[0].replace("checkout", "order")
        if name not in keys and prefix in uuid_of and takes_key(name):
            keys[name] = {"pk": uuid_of[prefix]}
    return World(line, second, keys)


def _details(trade: Trade) -> Details:
    return Details(trade.plant, trade.identifier, seller_of(trade), trade.address)


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace not in ("desk", "plant"):
                yield from patterns(pattern)
        else:
            yield pattern


def doors() -> dict[str, URLPattern]:
    """Every named URL of the house but those of the two admin sites (tests/admin) and of allauth (its own tests)."""
    found = {str(pattern.name): pattern for pattern in patterns(get_resolver())}
    return {name: pattern for name, pattern in found.items() if not name.startswith(("account_", "mfa_"))}


def takes_key(name: str) -> bool:
    return "pk" in doors()[name].pattern.converters


@pytest.fixture
def browsers(
    alice: User,
    carol: User,
    bob: User,
    rival: User,
    mallory: User,
    sam: User,
    olga: User,
    client_of: Callable[[User], Client],
) -> dict[str, Client]:
    people = {"alice": alice, "carol": carol, "bob": bob, "rival": rival, "mallory": mallory, "sam": sam, "olga": olga}
    return {"anonymous": Client(), **{name: client_of(person) for name, person in people.items()}}


def test_every_url_is_in_the_table() -> None:
    assert {name for _method, name in DOORS} == set(doors())


def test_every_door_opens_for_whom_it_should(world: World, browsers: dict[str, Client]) -> None:
    found = {}
    for method, name in DOORS:
        url = reverse(name, kwargs=world.keys.get(name))
        statuses = [getattr(browsers[who], method)(url).status_code for who in CAST]
        found[method, name] = " ".join(map(str, statuses))
    assert found == DOORS


def test_what_is_not_in_the_table_is_refused_as_a_method(world: World, browsers: dict[str, Client]) -> None:
    for name in doors():
        for method in {"get", "post"} - {method for method, known in DOORS if known == name}:
            url = reverse(name, kwargs=world.keys.get(name))
            assert getattr(browsers["olga"], method)(url).status_code == 405, (method, name)
