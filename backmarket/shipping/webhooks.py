"""What a courier's webhook means: scans."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backmarket.shipping.couriers import known_courier
from backmarket.shipping.couriers.base import Courier
from backmarket.shipping.services import record_scan


@dataclass(frozen=True)
class Door:
    """A courier as the webhooks' view sees it."""

    courier: Courier

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> str:
        return self.courier.read_webhook(body, headers).external_id


def door(name: str) -> Door:
    return Door(known_courier(name))


def interpret(name: str, body: dict[str, Any], *, at: datetime) -> bool:
    """Follow its scans, all of one parcel; False when we do not know the parcel (yet)."""
    notice = known_courier(name).read_webhook(json.dumps(body).encode(), None)
    return all(record_scan(name, scan) for scan in notice.scans)
