"""EasyPost by its official client: labels of its Shipments, visits of its Pickups, journeys of its Trackers.

It has no idempotency keys, but its objects carry a `reference` of ours that may stand for their id: each is looked for
under our row's id before it is made, so what a lost answer has made is found again. One Pickup collects one Shipment or
a Batch of them, and cannot be changed: a parcel that joins makes another Pickup, and the one before it is cancelled.
Pickups tell no news: that a visit took place is read from the Tracker, which says "in transit".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any

from django.conf import settings
from easypost.easypost_client import EasyPostClient

from backmarket.accounts.models import Address
from backmarket.errors import GatewayError
from backmarket.money import Money
from backmarket.shipping import selectors
from backmarket.shipping.couriers.base import Booked, Level, Notice, Scan, Slot, Visit
from backmarket.shipping.couriers.easypost import news
from backmarket.shipping.couriers.easypost.api import Answer, ask, client, download, find
from backmarket.shipping.couriers.windows import two_hour_windows
from backmarket.shipping.models import Parcel, Pickup

EXISTS = "SHIPMENT.POSTAGE.EXISTS"
# Business days that a carrier's cheapest service takes at most within the market.
USUAL_DAYS = 3


class Courier:
    """See base.Courier."""

    @property
    def levels(self) -> Mapping[str, Level]:
        """Express where its carrier has a service that was named for it: EasyPost knows them only by the carriers'."""
        standard = {str(Parcel.Service.STANDARD): Level(days=USUAL_DAYS)}
        if not settings.EASYPOST_EXPRESS_SERVICE:
            return standard
        return standard | {str(Parcel.Service.EXPRESS): Level(days=settings.EASYPOST_EXPRESS_DAYS)}

    def slots(self, *, postcode: str, country: str, at: datetime) -> list[Slot]:
        """EasyPost publishes no slots: a Pickup asks for any time between two instants, and its carrier agrees or not.

        So we offer what carriers commonly agree to, two hours between 9 and 17 on a business day that is not today (nor
        tomorrow after 13:00), and ask for exactly that as `min_datetime` and `max_datetime`. A carrier that does not
        come there then refuses the visit, and whoever chose it is told at once.
        """
        return two_hour_windows(at, first=9, last=17)

    def book(self, what: Parcel | Visit) -> Booked:
        if isinstance(what, Visit):
            return _book_visit(what)
        return _follow(what) if what.tracking_number else _book_label(what)

    def cancel(self, what: Parcel | Pickup) -> None:
        """A refund for a label that was not used. A visit that has others to collect comes all the same."""
        if isinstance(what, Parcel):
            _refund(what)
        elif not selectors.open_pickups(what.visit).exists():
            _call_off(what.gateway_id or str(what.pk))

    def label(self, parcel: Parcel) -> bytes:
        made = ask(lambda: client().shipment.retrieve(parcel.gateway_id))
        if not _pdf_url(made):
            made = ask(lambda: client().shipment.label(parcel.gateway_id, file_format="PDF"))
        return download(_pdf_url(made))

    def track(self, parcel: Parcel) -> list[Scan]:
        found = ask(lambda: client().tracker.all(tracking_code=parcel.tracking_number))["trackers"]
        own = [tracker for tracker in found if parcel.gateway_id in ("", tracker["shipment_id"])]
        return news.scans_of(own[0]) if own else []

    def read_webhook(self, body: bytes, headers: Mapping[str, str] | None) -> Notice:
        return news.read(body, headers)


# Labels


def _follow(parcel: Parcel) -> Booked:
    """A number of another carrier's: EasyPost finds out whose, and answers a repeated call with the same Tracker."""
    ask(lambda: client().tracker.create(tracking_code=parcel.tracking_number))
    return Booked(parcel.tracking_number, "")


def _book_label(parcel: Parcel) -> Booked:
    api, reference = client(), str(parcel.pk)
    shipment = find(lambda: api.shipment.retrieve(reference)) or _new_shipment(api, parcel)
    if not shipment["tracking_code"]:
        shipment = _buy_label(api, shipment, parcel)
    return Booked(shipment["tracking_code"], shipment["id"], _price(shipment.get("selected_rate")))


def _new_shipment(api: EasyPostClient, parcel: Parcel) -> Answer:
    length, width, height, weight = map(float, settings.EASYPOST_BOX)
    facts: dict[str, Any] = {
        "reference": str(parcel.pk),
        "from_address": _address(parcel.sender),
        "to_address": _address(parcel.recipient),
        "parcel": {"length": length, "width": width, "height": height, "weight": weight},
        "options": {"label_format": "PDF"} | ({"print_custom_1": parcel.mark} if parcel.mark else {}),
        "carrier_accounts": settings.EASYPOST_CARRIER_ACCOUNTS,
    }
    return ask(lambda: api.shipment.create(**facts))


def _buy_label(api: EasyPostClient, shipment: Answer, parcel: Parcel) -> Answer:
    key = shipment["id"]
    rates = shipment["rates"] or ask(lambda: api.shipment.regenerate_rates(key))["rates"]
    rate = _cheapest(rates, _service(parcel), "SHIPMENT.RATES.UNAVAILABLE")
    try:
        return ask(lambda: api.shipment.buy(key, rate={"id": rate["id"]}, insurance=_insured(parcel)))
    except GatewayError as error:
        if str(error) != EXISTS:
            raise
        return ask(lambda: api.shipment.retrieve(key))


def _service(parcel: Parcel) -> str:
    """The carrier's name of it; raises GatewayError rather than send an express parcel as any other."""
    if parcel.service == Parcel.Service.STANDARD:
        return str(settings.EASYPOST_SERVICE)
    if not settings.EASYPOST_EXPRESS_SERVICE:
        raise GatewayError("SHIPMENT.EXPRESS.UNAVAILABLE")
    return str(settings.EASYPOST_EXPRESS_SERVICE)


def _price(rate: Answer | None) -> Money | None:
    """What was paid for the label, rounded to the cent; None where EasyPost does not say."""
    if not rate:
        return None
    return Money(int((Decimal(rate["rate"]) * 100).to_integral_value(ROUND_HALF_UP)), rate["currency"])


def _cheapest(rates: list[Answer], service: str, code: str) -> Answer:
    """Of those of the chosen service, or of all; a GatewayError `code` when the carrier offers none."""
    offered = [rate for rate in rates if service in ("", rate["service"])]
    if not offered:
        raise GatewayError(code)
    return min(offered, key=lambda rate: Decimal(rate["rate"]))


def _insured(parcel: Parcel) -> str:
    """In full, in US dollars: EasyPost insures in no other currency."""
    amount = Decimal(parcel.insured_minor) / 100 * settings.EASYPOST_USD_RATE
    return str(amount.quantize(Decimal("0.01"), ROUND_UP))


def _refund(parcel: Parcel) -> None:
    api = client()
    shipment = find(lambda: api.shipment.retrieve(parcel.gateway_id or str(parcel.pk)))
    if shipment is None or not shipment["tracking_code"] or shipment["refund_status"] in ("submitted", "refunded"):
        return
    if ask(lambda: api.shipment.refund(shipment["id"]))["refund_status"] == "rejected":
        raise GatewayError("REFUND.REJECTED")


def _pdf_url(shipment: Answer) -> str:
    label = shipment["postage_label"] or {}
    is_pdf = label.get("label_file_type") == "application/pdf"
    return str(label.get("label_pdf_url") or (label.get("label_url") if is_pdf else "") or "")


# Visits


def _book_visit(visit: Visit) -> Booked:
    api = client()
    pickup = find(lambda: api.pickup.retrieve(visit.key)) or _new_pickup(api, visit)
    if pickup["status"] == "canceled":
        raise GatewayError("PICKUP.STATUS.INVALID")
    if pickup["status"] != "scheduled":
        rate = _cheapest(pickup["pickup_rates"], settings.EASYPOST_PICKUP_SERVICE, "PICKUP.BUY.NO_MATCHING_RATES")
        chosen = {"carrier": rate["carrier"], "service": rate["service"]}
        key = pickup["id"]
        pickup = ask(lambda: api.pickup.buy(key, **chosen))
    for earlier in visit.replaces:
        if earlier != pickup["id"]:
            _call_off_replaced(earlier)
    return Booked(pickup["confirmation"] or "", pickup["id"])


def _new_pickup(api: EasyPostClient, visit: Visit) -> Answer:
    first = visit.pickups[0]
    facts: dict[str, Any] = {
        "reference": visit.key,
        "min_datetime": _stamp(first.window_start),
        "max_datetime": _stamp(first.window_end),
        "address": _address(first.parcel.sender),
        "is_account_address": False,
        **_to_collect(api, visit),
    }
    return ask(lambda: api.pickup.create(**facts))


def _to_collect(api: EasyPostClient, visit: Visit) -> Answer:
    """The shipment, or a batch of several: EasyPost makes it in its own time, so we may have to come back for it."""
    shipments = [{"id": pickup.parcel.gateway_id} for pickup in visit.pickups]
    if len(shipments) == 1:
        return {"shipment": shipments[0]}
    batch = find(lambda: api.batch.retrieve(visit.key))
    batch = batch or ask(lambda: api.batch.create(reference=visit.key, shipments=shipments))
    if batch["state"] in ("creating", "creation_failed"):
        raise GatewayError(f"BATCH.STATE.{batch['state'].upper()}", retry=batch["state"] == "creating")
    return {"batch": {"id": batch["id"]}}


def _call_off(key: str) -> None:
    """Nothing to do for a visit that was never made or is off already; a final no when the courier has been there."""
    api = client()
    pickup = find(lambda: api.pickup.retrieve(key))
    if pickup is not None and pickup["status"] == "scheduled":
        ask(lambda: api.pickup.cancel(pickup["id"]))


def _call_off_replaced(key: str) -> None:
    """When the carrier does not let go of it, it comes twice; nobody is left without a visit."""
    try:
        _call_off(key)
    except GatewayError as refusal:
        if refusal.retry:
            raise


def _address(address: Address) -> dict[str, str]:
    facts = {
        "name": address.name,
        "street1": address.line1,
        "street2": address.line2,
        "city": address.city,
        "zip": address.postcode,
        "country": address.country,
        "phone": str(address.phone),
    }
    return {name: text for name, text in facts.items() if text}


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
