"""EasyPost on this machine: it makes shipments, batches, pickups and trackers, and refuses every request that is not
what EasyPost's API reference (docs.easypost.com: Address, Parcel, Shipment, Batch, Pickup, Tracker) says.

Like the real one it has no idempotency keys: what is asked for twice is made twice, unless it is looked for before.
"""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.ground.standing_in import Answering, standing_in

KEY, SECRET, ACCOUNT = "EZTK-only-for-tests", "a secret of ours and EasyPost's", "ca_1"
PDF = b"%PDF-1.4 a label"

# The published shapes: a name with "?" may be left out; any other name is missed, and one that is not here is refused.
TEXT, FLAG = r".*\S.*", bool
NUMBER, COUNTRY, MONEY = float, r"[A-Z]{2}", r"\d+\.\d\d"
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
ADDRESS = {
    "street1": TEXT, "city": TEXT, "zip": TEXT, "country": COUNTRY, "name?": TEXT, "company?": TEXT, "street2?": TEXT,
    "state?": TEXT, "phone?": TEXT, "email?": TEXT, "residential?": FLAG,
}  # fmt: skip
PARCEL = {"weight": NUMBER, "length?": NUMBER, "width?": NUMBER, "height?": NUMBER, "predefined_package?": TEXT}
OPTIONS = {"label_format?": "PDF|PNG|ZPL|EPL2", "label_date?": STAMP, "currency?": r"[A-Z]{3}", "print_custom_1?": TEXT}
SHIPMENT = {
    "to_address": ADDRESS, "from_address": ADDRESS, "parcel": PARCEL, "reference?": TEXT, "options?": OPTIONS,
    "carrier_accounts?": [r"ca_\w+"], "return_address?": ADDRESS, "buyer_address?": ADDRESS, "is_return?": FLAG,
}  # fmt: skip
PICKUP = {
    "address": ADDRESS, "min_datetime": STAMP, "max_datetime": STAMP, "shipment?": {"id": r"shp_\w+"},
    "batch?": {"id": r"batch_\w+"}, "instructions?": TEXT, "reference?": TEXT, "is_account_address?": FLAG,
    "carrier_accounts?": [{"id": r"ca_\w+"}],
}  # fmt: skip
SHAPES: dict[str, Any] = {
    "POST /shipments": {"shipment": SHIPMENT},
    "GET /shipments/*": {},
    "POST /shipments/*/rerate": {},
    "POST /shipments/*/buy": {"rate": {"id": r"rate_\w+"}, "insurance?": MONEY, "end_shipper_id?": TEXT},
    "POST /shipments/*/refund": {},
    "GET /shipments/*/label": {"file_format": "PDF|ZPL|EPL2"},
    "POST /batches": {"batch": {"shipments": [{"id": r"shp_\w+"}], "reference?": TEXT}},
    "GET /batches/*": {},
    "POST /pickups": {"pickup": PICKUP},
    "GET /pickups/*": {},
    "POST /pickups/*/buy": {"carrier": TEXT, "service": TEXT},
    "POST /pickups/*/cancel": {},
    "POST /trackers": {"tracker": {"tracking_code": r"[A-Z0-9-]+", "carrier?": TEXT}},
    "GET /trackers": {"tracking_code?": TEXT, "carrier?": TEXT, "page_size?": r"\d+", "before_id?": TEXT},
}


def misshapen(shape: Any, value: Any, path: str = "") -> list[str]:
    """Where `value` is not of this shape."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{path} is no object"]
        known = {name.rstrip("?"): part for name, part in shape.items()}
        wrong = [f"{path}.{name} is not known" for name in value if name not in known]
        wrong += [f"{path}.{name} is missing" for name in shape if not name.endswith("?") and name not in value]
        return wrong + [w for n, v in value.items() if n in known for w in misshapen(known[n], v, f"{path}.{n}")]
    if isinstance(shape, list):
        if not isinstance(value, list) or not value:
            return [f"{path} is no list"]
        return [w for number, part in enumerate(value) for w in misshapen(shape[0], part, f"{path}.{number}")]
    if isinstance(shape, str):
        return [] if isinstance(value, str) and re.fullmatch(shape, value) else [f"{path} is {value!r}"]
    return [] if type(value) is shape else [f"{path} is {value!r}"]


def refusal(status: int, code: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"code": code, "message": f"No, Carol Petit of 1 rue Haute: {code}", "errors": []}}


class EasyPost:
    """What one account at EasyPost would hold.

    `next_answers[route]` is a list of what comes instead of the next answers to it: a (status, JSON), `"html"`, "lost"
    (done, but the answer never arrives), `"mute"` (nothing happens, and nobody answers). `unlocked` is called
    before a request is worked on, while others may be worked on too.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.made: dict[str, dict[str, Any]] = {}
        self.wrong: list[str] = []
        self.next_answers: dict[str, list[Any]] = {}
        self.unlocked: Callable[[str], None] = lambda route: None
        self.released = threading.Event()
        self.offers_visits, self.makes_batches_at_once, self.refunds = True, True, "submitted"
        self.pdf, self.url = PDF, ""
        self._lock = threading.Lock()

    # What a test asks

    def routes(self) -> list[str]:
        return [route for route, _path, _body in self.calls]

    def all_of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.made.values() if one["object"] == kind]

    def tracker_event(self, code: str, *details: dict[str, Any], number: int = 1) -> bytes:
        """The webhook of a tracker that has got these details."""
        known = [one for one in self.all_of("Tracker") if one["tracking_code"] == code]
        told = {"id": "trk_unknown", "object": "Tracker", "tracking_code": code} | (known[0] if known else {})
        told |= {"status": details[-1]["status"] if details else "unknown", "tracking_details": list(details)}
        if known:
            known[0].update(told)
        event = {"id": f"evt_{number}", "object": "Event", "mode": "test", "description": "tracker.updated"}
        return json.dumps(event | {"previous_attributes": {}, "result": told}).encode()

    # What it answers

    def answer(self, method: str, target: str, headers: dict[str, str], body: Any) -> Any:
        url = urlsplit(target)
        route = method + " " + re.sub(r"^(/[a-z]+)/[^/]+", r"\1/*", url.path)
        given = dict(parse_qsl(url.query)) if method == "GET" else body
        self.unlocked(route)
        with self._lock:
            self.calls.append((route, url.path, given))
            said: list[Any] = self.next_answers.get(route) or [None]
            instead = said.pop(0)
            if instead is not None and instead != "lost":
                return instead
            answer = self._work(route, url.path, headers, given)
            return instead or answer

    def _work(self, route: str, path: str, headers: dict[str, str], given: Any) -> tuple[int, Any]:
        if headers.get("Authorization") != f"Bearer {KEY}":
            return refusal(401, "APIKEY.INVALID")
        if route not in SHAPES:
            self.wrong.append(f"{route} does not exist")
            return refusal(404, "PATH.NOT_FOUND")
        wrong = misshapen(SHAPES[route], given or {}, route)
        if route == "POST /pickups" and len({"shipment", "batch"} & set(given["pickup"])) != 1:
            wrong.append("a pickup is of one shipment or of one batch")
        if wrong:
            self.wrong += wrong
            return refusal(422, "PARAMETER.INVALID")
        kind, key = path.split("/")[1], [*path.split("/"), ""][2]
        one = next((o for o in reversed(self.made.values()) if key and key in (o["id"], o.get("reference"))), None)
        if key and (one is None or not path.startswith(f"/{one['object'].lower().removesuffix('ch')}")):
            return refusal(404, "RESOURCE.NOT_FOUND")
        verb = [*path.split("/"), "", ""][3] or ("make" if route.startswith("POST") else "get" if key else "list")
        return getattr(self, f"_{verb}_{kind}" if hasattr(self, f"_{verb}_{kind}") else "_get")(one, given)

    def _keep(self, prefix: str, kind: str, **facts: Any) -> dict[str, Any]:
        number = len(self.made) + 1
        self.made[f"{prefix}_{number}"] = {"id": f"{prefix}_{number}", "object": kind, "mode": "test", **facts}
        return self.made[f"{prefix}_{number}"]

    def _get(self, one: Any, given: Any) -> tuple[int, Any]:
        if one["object"] == "Batch" and one["state"] == "creating" and self.makes_batches_at_once:
            one["state"] = "created"
        return 200, one

    def _make_shipments(self, one: Any, given: Any) -> tuple[int, Any]:
        rates = [
            {
                "id": f"rate_{n}",
                "object": "Rate",
                "carrier": "UPS",
                "service": service,
                "rate": price,
                "currency": "USD",
            }
            for n, (service, price) in enumerate([("Express", "21.90"), ("Standard", "9.40"), ("Saver", "10.00")])
        ]
        empty = {"tracking_code": None, "postage_label": None, "refund_status": None, "insurance": None}
        return 201, self._keep("shp", "Shipment", rates=rates, **given["shipment"], **empty)

    def _rerate_shipments(self, one: Any, given: Any) -> tuple[int, Any]:
        return 200, {"rates": one["rates"]}

    def _buy_shipments(self, one: Any, given: Any) -> tuple[int, Any]:
        if one["tracking_code"]:
            return refusal(422, "SHIPMENT.POSTAGE.EXISTS")
        chosen = next((rate for rate in one["rates"] if rate["id"] == given["rate"]["id"]), None)
        if chosen is None:
            return refusal(422, "RATE.NOT_FOUND")
        code = f"1Z{one['id'].removeprefix('shp_'):0>10}"
        label = {"object": "PostageLabel", "label_url": f"{self.url}/label.png", "label_file_type": "image/png"}
        one |= {"tracking_code": code, "postage_label": label, "insurance": given.get("insurance")}
        one |= {"selected_rate": chosen}
        self._keep("trk", "Tracker", tracking_code=code, shipment_id=one["id"], tracking_details=[], status="unknown")
        return 200, one

    def _label_shipments(self, one: Any, given: Any) -> tuple[int, Any]:
        one["postage_label"] |= {"label_pdf_url": f"{self.url}/label.pdf"}
        return 200, one

    def _refund_shipments(self, one: Any, given: Any) -> tuple[int, Any]:
        if not one["tracking_code"]:
            return refusal(422, "SHIPMENT.REFUND.UNAVAILABLE")
        one["refund_status"] = self.refunds
        return 200, one

    def _make_batches(self, one: Any, given: Any) -> tuple[int, Any]:
        return 201, self._keep("batch", "Batch", state="creating", **given["batch"])

    def _make_pickups(self, one: Any, given: Any) -> tuple[int, Any]:
        batch = self.made.get(given["pickup"].get("batch", {}).get("id"), {})
        if batch.get("state") == "creating":
            return refusal(422, "BATCH.STATE.CREATING")
        offers = [("UPS", "Same-day", "12.00"), ("UPS", "Future-day", "5.00")] if self.offers_visits else []
        rates = [{"object": "PickupRate", "carrier": c, "service": s, "rate": price} for c, s, price in offers]
        none = {"confirmation": None, "status": "unknown", "messages": []}
        return 201, self._keep("pickup", "Pickup", pickup_rates=rates, **given["pickup"], **none)

    def _buy_pickups(self, one: Any, given: Any) -> tuple[int, Any]:
        if one["status"] != "unknown":
            return refusal(422, "PICKUP.STATUS.INVALID")
        if given not in [{"carrier": rate["carrier"], "service": rate["service"]} for rate in one["pickup_rates"]]:
            return refusal(422, "PICKUP.BUY.NO_MATCHING_RATES")
        one |= {"status": "scheduled", "confirmation": f"WTC{one['id'].removeprefix('pickup_')}", "bought": given}
        return 200, one

    def _cancel_pickups(self, one: Any, given: Any) -> tuple[int, Any]:
        if one["status"] != "scheduled":
            return refusal(422, "PICKUP.CANCEL.INVALID")
        one["status"] = "canceled"
        return 200, one

    def _make_trackers(self, one: Any, given: Any) -> tuple[int, Any]:
        code = given["tracker"]["tracking_code"]
        known = [tracker for tracker in self.all_of("Tracker") if tracker["tracking_code"] == code]
        new = {"tracking_code": code, "shipment_id": None, "tracking_details": [], "status": "unknown"}
        return 201, known[0] if known else self._keep("trk", "Tracker", **new)

    def _list_trackers(self, one: Any, given: Any) -> tuple[int, Any]:
        of = [tracker for tracker in self.all_of("Tracker") if tracker["tracking_code"] == given.get("tracking_code")]
        return 200, {"trackers": of, "has_more": False}


def detail(status: str, at: datetime, *, more: str = "", city: str | None = "LYON") -> dict[str, Any]:
    """One line of a tracker's history."""
    place = {"object": "TrackingLocation", "city": city, "state": None, "country": None, "zip": None}
    return {
        "object": "TrackingDetail", "message": status, "status": status, "status_detail": more or "status_update",
        "datetime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "source": "UPS", "tracking_location": place,
    }  # fmt: skip


def signature(body: bytes, secret: str = SECRET) -> str:
    """The X-Hmac-Signature of EasyPost's webhook guide."""
    return "hmac-sha256-hex=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@contextmanager
def easypost() -> Iterator[EasyPost]:
    desk = EasyPost()

    class Handler(Answering):
        def answer(self) -> None:
            raw = self.read()
            if self.path.startswith("/label."):
                return self.send(400 if "Authorization" in self.headers else 200, "application/pdf", desk.pdf)
            answer = desk.answer(self.command, self.path, dict(self.headers), json.loads(raw) if raw else None)
            if answer == "mute":
                desk.released.wait(30)
            if answer in ("lost", "mute"):
                self.close_connection = True
            elif answer == "html":
                self.send(502, "text/html", b"<h1>Bad gateway</h1>")
            else:
                self.send(answer[0], "application/json", json.dumps(answer[1]).encode())
            return None

    with standing_in(Handler) as desk.url:
        try:
            yield desk
        finally:
            desk.released.set()


@contextmanager
def at_easypost(settings: Any) -> Iterator[EasyPost]:
    """EasyPost is the house courier, and stands in on this machine; at the end nothing it was asked was misshapen."""
    with easypost() as desk:
        settings.COURIER_GATEWAY, settings.EASYPOST_API_BASE, settings.EASYPOST_API_KEY = "easypost", desk.url, KEY
        settings.EASYPOST_WEBHOOK_SECRET, settings.EASYPOST_CARRIER_ACCOUNTS = SECRET, [ACCOUNT]
        yield desk
        assert desk.wrong == []
