"""Everything we hold of one person, as data (GDPR art. 15 and 20). Encrypted fields are readable: for their owner."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.urls import reverse

from backmarket.accounts.models import Address, User
from backmarket.invoices.models import Invoice
from backmarket.invoices.selectors import papers_about
from backmarket.payments.models import LedgerEntry, Payout
from backmarket.payments.selectors import credit_entries, credit_of
from buyback.models import Identity, TaxFile, Trade, TradeMessage
from buyback.selectors import trades_of
from catalog.selectors.personal import aids_of
from orders.models import CartItem, Claim, Order, OrderLine
from orders.selectors import orders_of
from reviews.models import Answer, Question, Review

ADDRESS = ("name", "line1", "line2", "postcode", "city", "country", "phone")
ORDER = (
    "number",
    "email",
    "language",
    "payment_status",
    "total_minor",
    "credit_minor",
    "currency",
    "conditions_version",
    "placed_at",
)
LINE = (
    "id", "title", "grade", "status", "price_minor", "shipping_minor", "surcharge_minor", "currency", "identifier",
    "paid_at", "shipped_at", "delivered_at", "cancelled_at", "refunded_at",
)  # fmt: skip
GUARANTEE = ("status", "starts_date", "presumption_until_date", "legal_until_date", "commercial_until_date")
WITHDRAWAL = ("status", "name", "confirmed_at", "refund_by", "refunded_at")
CANCEL_REQUEST = ("status", "answer", "opened_at", "granted_at", "refused_at", "lapsed_at")
CLAIM = ("number", "status", "issue", "wish", "description", "opened_at", "resolved_at")
TRADE = (
    "number", "status", "condition", "identifier", "quoted_minor", "price_minor", "currency", "holder", "iban",
    "conditions_version", "accepted_at", "collected_at", "received_at", "validated_at", "paid_at", "returned_at",
    "credit_chosen_at", "credited_at",
)  # fmt: skip
CREDIT_PAYOUT = ("status", "amount_minor", "currency", "holder", "iban", "created_at", "sent_at", "paid_at")
IDENTITY = ("full_name", "birth_date", "document_kind", "document_number", "created_at")
TAX_FILE = ("country", "number", "asked_at", "given_at")
# What is sealed everywhere else: that the person read it is recorded.
SEALED = ("holder", "iban", "full_name", "birth_date", "document_kind", "document_number", "tax_number")
REVIEW = (
    "author_name", "device_title", "stars_device", "stars_delivery", "stars_service", "words", "published_at",
    "removed_at", "removal", "reply", "replied_at",
)  # fmt: skip
QUESTION = ("author_name", "text", "status", "asked_at", "published_at", "removed_at", "removal")
ANSWER = ("author_name", "voice", "text", "status", "given_at", "published_at", "removed_at", "removal")


def data_of(user: User, *, at: datetime) -> dict[str, Any]:
    """Everything that names this person, as plain data ready for JSON."""
    items = CartItem.objects.filter(cart__user=user).select_related("listing__variant__product")
    return {
        "exported_at": at,
        "person": _pick(user, "email", "full_name", "language", "date_joined", "last_login"),
        "addresses": [_pick(address, *ADDRESS) for address in Address.objects.filter(user=user)],
        "cart": [{"device": str(item.listing.variant), "quantity": item.quantity} for item in items],
        "orders": [_order(order) for order in orders_of(user).select_related("address")],
        "trades": [_trade(trade) for trade in trades_of(user).select_related("identity", "address", "quote")],
        "credit": _credit(user),
        "identities": [_pick(identity, *IDENTITY) for identity in Identity.objects.filter(user=user)],
        "tax_number": [_pick(file, *TAX_FILE) for file in TaxFile.objects.filter(user=user)],
        "ratings": [_pick(review, *REVIEW) for review in Review.objects.filter(author=user)],
        "questions": [_pick(question, *QUESTION) for question in Question.objects.filter(author=user)],
        "answers": [_pick(answer, *ANSWER) for answer in Answer.objects.filter(author=user)],
        **aids_of(user),
    }


def _credit(user: User) -> dict[str, Any]:
    """Its balance, every movement of it, and to whom what was paid out went."""
    paid_out = Payout.objects.filter(account=LedgerEntry.Account.CREDIT, party=str(user.pk))
    return {
        "balance_minor": credit_of(user).minor,
        "movements": [
            {**_pick(entry.movement, "kind", "label", "happened_at"), **_pick(entry, "amount_minor", "currency")}
            for entry in credit_entries(user)
        ],
        "paid_out": [_pick(payout, *CREDIT_PAYOUT) for payout in paid_out],
    }


def _pick(row: Model, *names: str) -> dict[str, Any]:
    """Fields by name; a phone number as its text."""
    return {name: str(value) if name == "phone" else value for name in names for value in [getattr(row, name)]}


def _order(order: Order) -> dict[str, Any]:
    lines = order.lines.select_related("plant", "guarantee", "withdrawal", "cancel_request").prefetch_related(
        "claims__messages"
    )
    redirected = order.consignments.exclude(address=None).select_related("address")
    return {
        **_pick(order, *ORDER),
        "address": _pick(order.address, *ADDRESS),
        "later_addresses": [_pick(parcel.address, *ADDRESS) for parcel in redirected if parcel.address],
        "lines": [_line(line) for line in lines],
        "papers": [_paper(paper) for paper in papers_about(order.pk)],
    }


def _paper(paper: Invoice) -> dict[str, Any]:
    """An invoice or credit note, to whom it was made out, and where the person downloads it."""
    about = _pick(paper, "code", "kind", "issued_at", "total_minor", "vat_minor", "currency")
    pdf = settings.SITE_URL + reverse("paper", args=[paper.pk])
    return {**about, "recipient": paper.recipient_facts, "pdf": pdf}


def _line(line: OrderLine) -> dict[str, Any]:
    guarantee, withdrawal = getattr(line, "guarantee", None), getattr(line, "withdrawal", None)
    request = getattr(line, "cancel_request", None)
    return {
        **_pick(line, *LINE),
        "plant": line.plant.name,
        "guarantee": guarantee and _pick(guarantee, *GUARANTEE),
        "withdrawal": withdrawal and _pick(withdrawal, *WITHDRAWAL),
        "request_to_cancel": request and _pick(request, *CANCEL_REQUEST),
        "claims": [_claim(claim) for claim in line.claims.all()],
    }


def _claim(claim: Claim) -> dict[str, Any]:
    messages = [_pick(message, "author_role", "text", "created_at") for message in claim.messages.all()]
    return {**_pick(claim, *CLAIM), "messages": messages}


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        **_pick(trade, *TRADE),
        "device": str(trade.variant),
        "plant": trade.plant.name,
        "answers": trade.quote.answers,
        "address": _pick(trade.address, *ADDRESS),
        "messages": [_message(trade, message) for message in trade.messages.prefetch_related("photos")],
        "photos": [_file("trade-photo", trade, photo) for photo in trade.photos.filter(proof=True)],
    }


def _message(trade: Trade, message: TradeMessage) -> dict[str, Any]:
    photos = [_file("trade-message-photo", trade, photo) for photo in message.photos.all()]
    return {**_pick(message, "from_plant", "text", "created_at"), "photos": photos}


def _file(view: str, trade: Trade, photo: Model) -> str:
    """Where the person downloads a photo, logged in: the page that asks whose it is."""
    return settings.SITE_URL + reverse(view, args=[trade.pk, photo.pk])
