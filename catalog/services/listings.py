"""A plant's listings: drafted, put online, changed, taken off. Every change keeps the offer shown true."""

from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backmarket.db import lock
from backmarket.errors import DomainError
from backmarket.events.services import Actor, record
from backmarket.money import Money
from backmarket.states import IllegalMove, move
from catalog.models import Listing, PriceChange, Variant, VatScheme
from catalog.services.buyables import refresh_buyables
from catalog.words import forbidden_word
from refurbishers.models import Refurbisher

MIN_GUARANTEE_MONTHS = 12
CHANGEABLE = {
    "price", "on_hand", "guarantee_months", "shipping_days", "shipping", "vat_scheme", "new_battery", "comment",
}  # fmt: skip


class ListingExists(DomainError):
    code = "listing_exists"
    default_message = _("You already have a listing of this variant in this grade: change that one.")


class WordForbidden(DomainError):
    """A text says what the law forbids to say of a refurbished device (decree FR 2022-190)."""

    code = "word_forbidden"


class GuaranteeTooShort(DomainError):
    code = "guarantee_too_short"
    default_message = _("Every device is guaranteed for at least 12 months.")


class PriceRefused(DomainError):
    code = "price_refused"
    default_message = _("Give a price above zero in the currency of this market.")


class StockHeld(DomainError):
    """The stock was to fall below what checkouts hold right now."""

    code = "stock_held"
    default_message = _("Some of these devices are being paid for right now: the stock cannot be lower than those.")


class CannotPublish(DomainError):
    """The plant's place on the ladder does not allow it: a restricted plant adds nothing, a suspended one is off."""

    code = "cannot_publish"


def create_listing(
    plant: Refurbisher,
    variant: Variant,
    *,
    grade: str,
    price: Money,
    on_hand: int,
    by: Actor,
    at: datetime,
    guarantee_months: int = MIN_GUARANTEE_MONTHS,
    shipping_days: int = 2,
    shipping: Money | None = None,
    vat_scheme: str = VatScheme.MARGINAL,
    comment: str = "",
) -> Listing:
    """A draft, seen by nobody until it is published. Raises ListingExists, and the refusals of its values."""
    free = Money(0, price.currency)
    changes = {"price": price, "shipping": shipping or free, "guarantee_months": guarantee_months, "comment": comment}
    values = _columns(changes)
    listing = Listing(
        plant=plant, variant=variant, grade=grade, on_hand=on_hand, shipping_days=shipping_days,
        vat_scheme=vat_scheme, currency=price.currency, created_at=at, **values,
    )  # fmt: skip
    try:
        with transaction.atomic():
            listing.save(force_insert=True)
            record("listing.created", listing, by=by, at=at, data={"plant": str(plant.pk), "sku": variant.sku})
    except IntegrityError as error:
        if "listing_one_per_plant_variant_grade" in str(error):
            raise ListingExists(field="variant") from error
        raise
    return listing


def publish_listing(listing: Listing, *, by: Actor, at: datetime) -> None:
    """Put a draft or paused listing online. Raises CannotPublish by the plant's place on the ladder."""
    plant = Refurbisher.objects.get(pk=listing.plant_id)
    if plant.status not in Refurbisher.TRADING:
        raise CannotPublish(_("Your plant is not trading at the moment, so nothing can go online."))
    if plant.status == Refurbisher.Status.RESTRICTED and listing.online_at is None:
        raise CannotPublish(_("Your plant is restricted: new listings wait until it is back on its feet."))
    with transaction.atomic():
        first = listing.online_at is None
        _move(listing, Listing.Status.ONLINE, by=by, at=at)
        if first:
            _note_price(listing, at)


def pause_listing(listing: Listing, *, by: Actor, at: datetime) -> None:
    """Take an online listing off for a while; the plant may publish it again. Raises IllegalMove for a blocked one."""
    with transaction.atomic():
        _require_unblocked(listing)
        _move(listing, Listing.Status.PAUSED, by=by, at=at)


def block_listing(listing: Listing, *, reason: str, by: Actor, at: datetime) -> None:
    """The house takes a listing off; `reason` is a code, kept in the event."""
    _move(listing, Listing.Status.BLOCKED, by=by, at=at, data={"reason": reason})


def unblock_listing(listing: Listing, *, by: Actor, at: datetime) -> None:
    """The house lifts its block: the listing is paused, and its plant may publish it again. Raises IllegalMove."""
    if listing.status != Listing.Status.BLOCKED:
        raise IllegalMove
    _move(listing, Listing.Status.PAUSED, by=by, at=at)


def archive_listing(listing: Listing, *, by: Actor, at: datetime) -> None:
    """Close a listing for good; its place (plant, variant, grade) is free again. What is reserved can still be paid.

    Raises IllegalMove for a blocked one: closing it would free its place for the same offer.
    """
    with transaction.atomic():
        _require_unblocked(listing)
        _move(listing, Listing.Status.ARCHIVED, by=by, at=at)


def _require_unblocked(listing: Listing) -> None:
    if lock(Listing.objects.filter(pk=listing.pk)).get().status == Listing.Status.BLOCKED:
        raise IllegalMove


def change_listing(listing: Listing, *, by: Actor, at: datetime, **changes: Any) -> Listing:
    """Change any of CHANGEABLE (`price` and `shipping` are Money); a changed price enters the price history.

    Raises PriceRefused, StockHeld, GuaranteeTooShort or WordForbidden, each naming its field, and changes nothing.
    """
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"A listing has no such thing to change: {sorted(unknown)}.")
    values = _columns(changes)
    repriced = values.get("price_minor", listing.price_minor) != listing.price_minor
    rows = Listing.objects.filter(pk=listing.pk)
    if "on_hand" in values:
        rows = rows.filter(reserved__lte=values["on_hand"])
    with transaction.atomic():
        if values and not rows.update(**values):
            raise StockHeld(field="on_hand")
        listing.refresh_from_db()
        if repriced and listing.online_at:
            _note_price(listing, at)
        # The comment stands on the listing; what people write freely is no data of an event.
        data = {name: value for name, value in values.items() if name != "comment"}
        record("listing.changed", listing, by=by, at=at, data=data)
        refresh_buyables([(listing.variant_id, listing.grade)])
    return listing


def _move(listing: Listing, to: str, *, by: Actor, at: datetime, data: dict[str, Any] | None = None) -> None:
    with transaction.atomic():
        move(listing, to, by=by, at=at, data=data)
        refresh_buyables([(listing.variant_id, listing.grade)])


def _note_price(listing: Listing, at: datetime) -> None:
    PriceChange.objects.create(
        listing=listing, price_minor=listing.price_minor, currency=listing.currency, changed_at=at
    )


def _columns(changes: dict[str, Any]) -> dict[str, Any]:
    """The changes as column values, once every value is one that the house accepts."""
    values = dict(changes)
    for name in ("price", "shipping"):
        if name in values:
            values[f"{name}_minor"] = _minor(cast(Money, values.pop(name)), name)
    if values.get("guarantee_months", MIN_GUARANTEE_MONTHS) < MIN_GUARANTEE_MONTHS:
        raise GuaranteeTooShort(field="guarantee_months")
    if values.get("on_hand", 0) < 0:
        raise StockHeld(_("The stock cannot be below zero."), field="on_hand")
    if found := forbidden_word(values.get("comment", "")):
        raise WordForbidden(
            _("“%(words)s” may not be said of a refurbished device: describe what you see instead.") % {"words": found},
            field="comment",
        )
    return values


def _minor(amount: Money, name: str) -> int:
    if amount.currency != settings.DEFAULT_CURRENCY or amount.minor < (1 if name == "price" else 0):
        raise PriceRefused(field=name)
    return amount.minor
