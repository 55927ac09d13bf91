"""Parcels and pickups: the row first, the courier after the commit, and its scans as they come in any order."""

from backmarket.shipping.couriers.base import Slot
from backmarket.shipping.labels import LabelNotReady, label_pdf
from backmarket.shipping.services.again import ask_again
from backmarket.shipping.services.booking import (
    available_slots,
    book_couriers,
    book_with_courier,
    call_off_with_courier,
)
from backmarket.shipping.services.parcels import (
    TrackingNumberRefused,
    cancel_parcel,
    checked_tracking_number,
    create_parcel,
)
from backmarket.shipping.services.pickups import (
    CannotBookPickup,
    book_pickup,
    cancel_pickup,
    join_pickup,
    rebook_pickup,
)
from backmarket.shipping.services.scans import advance_sandbox_courier, record_scan, track_silent_parcels

__all__ = [
    "CannotBookPickup",
    "LabelNotReady",
    "Slot",
    "TrackingNumberRefused",
    "advance_sandbox_courier",
    "ask_again",
    "available_slots",
    "book_couriers",
    "book_pickup",
    "book_with_courier",
    "call_off_with_courier",
    "cancel_parcel",
    "cancel_pickup",
    "checked_tracking_number",
    "create_parcel",
    "join_pickup",
    "label_pdf",
    "rebook_pickup",
    "record_scan",
    "track_silent_parcels",
]
