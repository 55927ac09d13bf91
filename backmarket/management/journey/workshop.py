"""The plants' side, in /plant/: bids, inspection, counter-offer, refurbishing, listings, sending."""

import io
from typing import Any

from django.db.models import Model
from PIL import Image

from backmarket.management.demo_logins import PASSWORD
from backmarket.management.journey.person import Person
from backmarket.management.journey.play import Play, expect
from backmarket.shipping.models import Parcel
from buyback.models import Bid, RegisterEntry, Trade
from buyback.selectors import verify_register
from catalog.models import Condition, Grade, Listing, Unit, Variant
from orders.models import Consignment, OrderLine
from refurbishers.models import Member, Refurbisher

BIDS = ("412.00", "398.50", "391.00")
COUNTER_OFFER = "330.00"
LAPTOP_SERIAL = "C02XK1JHJGH5"


def owner(play: Play, plant: Refurbisher) -> Person:
    """The browser of the plant's owner, logged in."""
    name = f"owner of {plant.slug}"
    if name not in play.people:
        email = Member.objects.get(plant=plant, role=Member.Role.OWNER).user.email
        play.person(name).open("/accounts/login/").submit("main form", login=email, password=PASSWORD)
    return play.person(name)


def do(person: Person, row: Model, step: str, **fields: Any) -> Person:
    """Take one step with a row: press its button on the row's page, and fill in the form it asks for."""
    label = f"{row._meta.app_label}/{row._meta.model_name}"
    person.open(f"/plant/{label}/{row.pk}/change/")
    address = f"/{row.pk}/do/{step}/"
    if person.browser.page.select(f'form[action$="{address}"]'):
        return person.submit(f'form[action$="{address}"]')
    return person.follow(rf"{address}$").submit(".step form[method=post]", **fields)


def add(person: Person, model: type[Model], **fields: Any) -> Person:
    label = f"{model._meta.app_label}/{model._meta.model_name}"
    return person.open(f"/plant/{label}/add/").submit(".step form", **fields)


def open_plants(play: Play) -> str:
    active = Refurbisher.objects.filter(status=Refurbisher.Status.ACTIVE)
    phones = list(active.filter(categories__slug="smartphones").order_by("slug")[:3])
    laptop_plant = active.filter(categories__slug="laptops").exclude(pk__in=[plant.pk for plant in phones])[0]
    play.props |= {"plant": phones[0], "rivals": phones[1:], "laptop_plant": laptop_plant}
    play.props["phone"] = Variant.objects.filter(product__slug="apple-iphone-13").order_by("sku").first()
    play.props["laptop"] = Variant.objects.filter(product__category__slug="laptops").order_by("sku").first()
    for plant in [*phones, laptop_plant]:
        owner(play, plant).open("/plant/").see(plant.name)
    return ", ".join(plant.name for plant in [*phones, laptop_plant])


def bid(play: Play) -> str:
    plants = [play.props["plant"], *play.props["rivals"]]
    for plant, price in zip(plants, BIDS, strict=True):
        fields = {"variant": str(play.props["phone"].pk), "condition": Condition.FUNCTIONAL_FLAWLESS, "price": price}
        add(owner(play, plant), Bid, **fields)
    expect(Bid.objects.live().count() == len(BIDS), "not every bid is live")
    return ", ".join(f"{plant} {price} €" for plant, price in zip(plants, BIDS, strict=True))


def inspect(play: Play) -> str:
    """Everything as described, but the screen: that is cracked."""
    trade = play.props["trade"]
    page = owner(play, play.props["plant"])
    page.open(f"/plant/buyback/trade/{trade.pk}/change/").follow(r"/do/inspect/$")
    sheet: dict[str, str] = {field: options[0] for field, options in page.radios(".step form").items()}
    sheet |= {str(number["name"]): "92" for number in page.browser.page.select(".step form input[type=number]")}
    cracked = next(check for check in _checks(trade) if check.get("answer") == "screen")
    sheet[cracked["code"]] = page.radios(".step form")[cracked["code"]][-1]
    page.submit(".step form", press="hand_in=yes", note="Crack at the lower left, visible with the screen on.", **sheet)
    trade.refresh_from_db()
    expect(trade.status == Trade.Status.INSPECTED, f"the trade is {trade.status}")
    return f"{len(sheet)} checks, one of them unlike Carol's answer: {cracked['code']}"


def _checks(trade: Trade) -> list[dict[str, Any]]:
    specification = trade.variant.product.category.grading_specifications.first()
    return list(specification.checks) if specification else []


def grade(play: Play) -> str:
    play.run_jobs("grade_devices")
    inspection = play.props["trade"].inspection
    inspection.refresh_from_db()
    expect(inspection.graded_at, "the job did not grade")
    expect(inspection.condition_found == Condition.FUNCTIONAL_CRACKED, f"found {inspection.condition_found}")
    expect(inspection.verdict["defects"], "no defect was noted")
    explained = len(inspection.verdict["checks"])
    return f"{inspection.get_condition_found_display()}, explained in {explained} checks"


def counter_offer(play: Play) -> str:
    trade = play.props["trade"]
    page = owner(play, play.props["plant"])
    page.open(f"/plant/buyback/trade/{trade.pk}/change/").follow(r"/do/counter/$")
    reasons = page.checked(".step form", "reasons")
    page.submit(
        ".step form",
        price=COUNTER_OFFER,
        reasons=reasons,
        comment="The screen is cracked at the lower left; the photo shows it.",
        photos=_photo(),
    )
    trade.refresh_from_db()
    expect(trade.status == Trade.Status.COUNTERED and trade.photos.count() == 1, f"the trade is {trade.status}")
    play.settle()
    return f"{COUNTER_OFFER} € instead of {trade.quoted_minor / 100:.2f} €, because of {', '.join(reasons)}"


def _photo() -> io.BytesIO:
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), "#39424e").save(picture, "JPEG")
    picture.seek(0)
    picture.name = "crack.jpg"
    return picture


def keep_the_register(play: Play) -> str:
    entry = RegisterEntry.objects.get(trade=play.props["trade"])
    expect(verify_register(play.props["plant"]).broken_at is None, "the register's chain is broken")
    owner(play, play.props["plant"]).open("/plant/buyback/registerentry/").see(entry.identifier)
    return f"entry {entry.number}, hash {entry.hash[:12]}…"


def refurbish(play: Play) -> str:
    plant, trade = play.props["plant"], play.props["trade"]
    trade.refresh_from_db()
    unit, person = trade.unit, owner(play, plant)
    listing_of(play, plant, play.props["phone"], "449.00", on_hand=0)
    do(person, unit, "erase", standard="NIST SP 800-88 Purge", tool="Device reset, checked twice")
    do(person, unit, "repair", parts="Screen assembly (genuine)")
    do(person, unit, "test", grade=Grade.EXCELLENT, battery_percent="92")
    do(person, unit, "list", listing=str(play.props["listing"].pk))
    unit.refresh_from_db()
    expect(unit.status == Unit.Status.READY, f"the unit is {unit.status}")
    play.props["unit"] = unit
    return f"unit …{unit.identifier[-4:]}: erased, screen changed, tested again, {unit.get_grade_display()}, on sale"


def listing_of(play: Play, plant: Refurbisher, variant: Variant, price: str, *, on_hand: int = 2) -> Listing:
    """A listing made and published in /plant/."""
    fields = {
        "variant": str(variant.pk), "grade": Grade.EXCELLENT, "price": price, "on_hand": str(on_hand),
        "guarantee_months": "12", "shipping": "0",
    }  # fmt: skip
    person = owner(play, plant)
    add(person, Listing, **fields)
    listing = play.props["listing"] = Listing.objects.get(plant=plant, variant=variant, grade=Grade.EXCELLENT)
    if listing.status == Listing.Status.DRAFT:
        do(person, listing, "publish")
    listing.refresh_from_db()
    expect(listing.status == Listing.Status.ONLINE, f"the listing is {listing.status}")
    return listing


def list_rivals(play: Play) -> str:
    ours = play.props["listing"]
    rival = listing_of(play, play.props["rivals"][0], play.props["phone"], "489.00")
    laptop = listing_of(play, play.props["laptop_plant"], play.props["laptop"], "612.00")
    play.props |= {"listing": ours, "rival_listing": rival, "laptop_listing": laptop}
    return f"the same phone at {rival.price_minor / 100:.2f} €, {laptop.variant} at {laptop.price_minor / 100:.2f} €"


def send(play: Play) -> str:
    numbers = {play.props["listing"].pk: play.props["unit"].identifier, play.props["laptop_listing"].pk: LAPTOP_SERIAL}
    for consignment in Consignment.objects.filter(order=play.props["order"]).select_related("plant"):
        person = owner(play, consignment.plant)
        do(person, consignment, "accept")
        identifiers = {str(line.pk): numbers[line.listing_id] for line in consignment.lines.all()}
        do(person, consignment, "ship", **identifiers)
    play.settle()
    lines = OrderLine.objects.filter(order=play.props["order"])
    expect(all(line.status == OrderLine.Status.SHIPPED for line in lines), "a line was not sent")
    play.props["unit"].refresh_from_db()
    expect(play.props["unit"].status == Unit.Status.SOLD, "the unit that left is not marked as sold")
    parcels = Parcel.objects.filter(purpose=Parcel.Purpose.SALE)
    return "tracking " + ", ".join(parcel.tracking_number for parcel in parcels)
