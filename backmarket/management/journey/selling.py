"""Carol's side: from the drawer to the money on her account."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.management.journey.person import PageBroken
from backmarket.management.journey.play import Play, expect, last_minute
from backmarket.market import calendar
from backmarket.notifications.models import MailboxMessage, Notification
from backmarket.payments.models import LedgerEntry
from backmarket.payments.selectors import balance
from backmarket.shipping.models import Pickup
from buyback.models import Quote, Trade

EMAIL = "carol.journey@example.com"
PASSWORD = "a-drawer-full-of-phones"  # noqa: S105 - of a database that lives for a minute
IMEI = "356938035643809"
IBAN = "FR7630006000011234567890189"
# The sandbox courier finds nobody in at the first visit to a postcode that ends so.
ADDRESS = {
    "address-name": "Carol Petit",
    "address-line1": "7 rue des Tiroirs",
    "address-postcode": "35991",
    "address-city": "Rennes",
    "address-country": "FR",
    "address-phone": "+33 6 12 34 56 78",
}


def ask_for_a_quote(play: Play) -> str:
    phone = play.props["phone"]
    carol = play.person("carol").open("/sell/").submit("main form[role=search]", q="iphone 13")
    carol.follow(rf"/sell/p/{phone.product.slug}/").follow(rf"/sell/d/{phone.sku}/")
    for answer in ("fine", "flawless", "good"):
        carol.submit("main form[method=post]", press=f"answer={answer}")
    quote = Quote.objects.latest("created_at")
    play.props["quote"] = quote
    bids = list(quote.bids.select_related("plant"))
    expect(len(bids) >= 3, f"{len(bids)} bids were quoted, not three")
    expect(bids == sorted(bids, key=lambda bid: -bid.price_minor), "the best bid is not first")
    carol.see(*(bid.plant.name for bid in bids))
    return f"{quote.get_condition_display()}: {', '.join(f'{bid.plant} {bid.price_minor / 100:.2f} €' for bid in bids)}"


def send_the_quote(play: Play) -> str:
    play.person("carol").submit("main form[action$='/send/']", email=EMAIL)
    play.settle()
    message = MailboxMessage.objects.get(to=EMAIL)
    play.person("postman").open(f"/mailbox/{message.pk}/").see(message.subject)
    return f"“{message.subject}”, readable at /mailbox/"


def sign_up(play: Play) -> str:
    play.person("carol").open("/accounts/signup/").submit("main form", email=EMAIL, password1=PASSWORD)
    play.settle()
    carol = User.objects.get(email=EMAIL)
    expect(play.person("carol").open("/account/").path == "/account/", "she is not logged in")
    return f"person {carol.pk}, by e-mail and password"


def _acceptance(play: Play) -> dict[str, Any]:
    plant = play.props["plant"]
    slot = next(
        value for value in play.person("carol").radios("main form.form--sections")["slot"] if value != "drop-off"
    )
    return {
        **ADDRESS,
        "full_name": "Carol Petit",
        "birth_date": "1984-03-09",
        "document_kind": "passport",
        "document_number": "18AV12345",
        "holder": "CAROL PETIT",
        "iban": IBAN,
        "identifier": IMEI,
        "locks_removed": True,
        "slot": slot,
        "plant": str(plant.pk),
    }


def _open_acceptance(play: Play) -> None:
    quote, plant = play.props["quote"], play.props["plant"]
    carol = play.person("carol").open(f"/sell/quotes/{quote.pk}/").submit("main form[method=get]", plant=str(plant.pk))
    carol.submit("main form.form--sections", press="times=1", **ADDRESS)


def mistype_the_imei(play: Play) -> str:
    _open_acceptance(play)
    carol = play.person("carol")
    try:
        carol.submit("main form.form--sections", **{**_acceptance(play), "identifier": "356938035643808"})
    except PageBroken as refusal:
        expect(not Trade.objects.exists(), "a trade was made with a wrong IMEI")
        expect(carol.value("full_name") == "Carol Petit", "what she had typed was lost")
        return str(refusal)
    raise PageBroken("the wrong IMEI was taken")


def accept(play: Play) -> str:
    _open_acceptance(play)
    play.props["acceptance"] = _acceptance(play)
    carol = play.person("carol").submit("main form.form--sections", **play.props["acceptance"])
    carol.see(f"•••• {IBAN[-4:]}").submit("main form[aria-labelledby=r-sell]", conditions=True)
    trade = play.props["trade"] = Trade.objects.get()
    play.settle()
    pickup = Pickup.objects.get(parcel=trade.parcel)
    local = calendar().local(pickup.window_start)
    expect(trade.status == "accepted" and pickup.confirmation, "no pickup was booked")
    play.person("carol").open(f"/account/trades/{trade.pk}/").see("courier")
    return f"trade {trade}, courier {pickup.confirmation} on {local:%a %d %b, %H:%M}"


def accept_again(play: Play) -> str:
    quote = play.props["quote"]
    carol = play.person("carol").open(f"/sell/quotes/{quote.pk}/accept/")
    expect(Trade.objects.count() == 1, "a second trade exists")
    expect(carol.path == f"/account/trades/{play.props['trade'].pk}/", f"she landed on {carol.path}")
    return "she lands on the trade that exists"


def miss_the_courier(play: Play) -> str:
    pickup = play.props["trade"].parcel.pickups.get()
    play.travel(pickup.window_start + timedelta(hours=1))
    pickup.refresh_from_db()
    expect(pickup.status == Pickup.Status.ATTEMPTED and pickup.attempts == 1, f"the pickup is {pickup.status}")
    expect(Notification.objects.filter(template__contains="pickup").exists(), "nobody told her")
    return f"attempt {pickup.attempts} of {Pickup.MAX_ATTEMPTS}; she is told by e-mail"


def hand_over(play: Play) -> str:
    trade = play.props["trade"]
    for _day in range(7):
        play.travel(_tomorrow_evening(play))
        trade.refresh_from_db()
        if trade.status == Trade.Status.COLLECTED:
            return f"collected on {calendar().local(trade.collected_at):%a %d %b}; attempts: 2"
    raise PageBroken(f"after a week the trade is {trade.status}")


def _tomorrow_evening(play: Play) -> datetime:
    zone = ZoneInfo(calendar().time_zone)
    return (play.now.astimezone(zone) + timedelta(days=1)).replace(hour=21, minute=0, second=0, microsecond=0)


def arrive(play: Play) -> str:
    trade = play.props["trade"]
    for _day in range(7):
        play.travel(_tomorrow_evening(play), "advance_courier")
        trade.refresh_from_db()
        if trade.status == Trade.Status.RECEIVED:
            return f"received; the plant has until {last_minute(trade.due_at):%a %d %b, %H:%M} to inspect"
    raise PageBroken(f"after a week the trade is {trade.status}")


def accept_counter_offer(play: Play) -> str:
    trade = play.props["trade"]
    carol = play.person("carol").open(f"/account/trades/{trade.pk}/")
    carol.see("cracked" if "CRACKED" in trade.inspection.condition_found else "counter-offer")
    carol.follow(r"/answer/\?answer=accept$").submit("main form[method=post]")
    trade.refresh_from_db()
    expect(trade.status == Trade.Status.VALIDATED, f"the trade is {trade.status}")
    expect(trade.price_minor == trade.counter_offer.price_minor, "the price is not the one she accepted")
    play.settle()
    owed = balance("consumer", str(trade.seller_id), trade.currency)
    expect(owed.minor == trade.price_minor, f"the ledger owes her {owed}")
    return f"{trade.quoted_minor / 100:.2f} € became {trade.price_minor / 100:.2f} €, with her consent"


def get_paid(play: Play) -> str:
    trade = play.props["trade"]
    for _day in range(10):
        play.travel_days(1)
        trade.refresh_from_db()
        if trade.status == Trade.Status.PAID:
            break
    expect(trade.status == Trade.Status.PAID, f"after ten days the trade is {trade.status}")
    expect(not balance("consumer", str(trade.seller_id), trade.currency), "the ledger still owes her")
    sent = LedgerEntry.objects.filter(movement__kind="payout", account="bank").count()
    expect(sent == 1, f"{sent} transfers were booked")
    expect(Event.objects.filter(kind="payout.paid").count() == 1, "the payout was not paid once")
    play.person("carol").open(f"/account/trades/{trade.pk}/").see("paid")
    return f"{trade.price_minor / 100:.2f} € on {calendar().local(trade.paid_at):%a %d %b}, one transfer"
