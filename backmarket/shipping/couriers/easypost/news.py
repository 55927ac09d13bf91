"""What EasyPost tells: its signed events, and the details of a Tracker."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime
from easypost.errors.general.signature_verification_error import SignatureVerificationError
from easypost.util import validate_webhook

from backmarket.events.inbox import BadSignature
from backmarket.shipping.couriers.base import Notice, Scan
from backmarket.shipping.models import TrackingPoint

Code = TrackingPoint.Code
# What happened, by `status_detail` where that says more than `status`; all other words tell of nothing that moved.
DETAILS = {
    "lost": Code.LOST,
    "damaged": Code.DAMAGED,
    "return": Code.RETURNING,
    "refused": Code.RETURNING,
}
STATUSES = {
    "in_transit": Code.IN_TRANSIT,
    "out_for_delivery": Code.OUT_FOR_DELIVERY,
    "available_for_pickup": Code.HELD,
    "delivered": Code.DELIVERED,
    "return_to_sender": Code.RETURNING,
    "failure": Code.PROBLEM,
}
TRACKER_EVENTS = ("tracker.created", "tracker.updated")


def read(body: bytes, headers: Mapping[str, str] | None) -> Notice:
    """See base.Courier.read_webhook. Signed without a time: a replay is recognised by the event's id."""
    try:
        event = json.loads(body) if headers is None else _verified(body, headers)
        tells = event.get("description") in TRACKER_EVENTS and isinstance(event.get("result"), dict)
        return Notice(str(event["id"]), tuple(scans_of(event["result"])) if tells else ())
    except (SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError):
        raise BadSignature from None


def _verified(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """What the secret signed; without a secret nothing is believed."""
    signature = headers.get("X-Hmac-Signature", "")
    if not settings.EASYPOST_WEBHOOK_SECRET or not signature.isascii():
        raise BadSignature
    event: dict[str, Any] = validate_webhook(body, {"X-Hmac-Signature": signature}, settings.EASYPOST_WEBHOOK_SECRET)
    return event


def scans_of(tracker: dict[str, Any]) -> list[Scan]:
    """What a tracker tells of its parcel, oldest first; the same detail has the same id wherever it is told."""
    scans = [_scan(tracker, detail) for detail in tracker.get("tracking_details") or []]
    return [scan for scan in scans if scan is not None]


def _scan(tracker: dict[str, Any], detail: dict[str, Any]) -> Scan | None:
    status, more, stamp = (str(detail.get(name) or "") for name in ("status", "status_detail", "datetime"))
    code = DETAILS.get(more) or STATUSES.get(status)
    at = parse_datetime(stamp)
    if code is None or at is None:
        return None
    city = str((detail.get("tracking_location") or {}).get("city") or "")
    told = hashlib.sha256("|".join((status, more, stamp, city)).encode()).hexdigest()[:32]
    # Where EasyPost does not know the place it tells UTC.
    happened_at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Scan(f"{tracker['id']}:{told}", str(tracker["tracking_code"]), code, city.title(), happened_at)
