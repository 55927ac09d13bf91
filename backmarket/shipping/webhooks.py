"""What a courier's webhook means: a scan."""

from datetime import datetime
from typing import Any

from backmarket.shipping import couriers
from backmarket.shipping.services import record_scan


def interpret(name: str, body: dict[str, Any], *, at: datetime) -> bool:
    """Follow the scan; False when we do not know the parcel (yet)."""
    scan = couriers.module(name).scan_of(body)
    return True if scan is None else record_scan(name, scan)
