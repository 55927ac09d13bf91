"""Alice's side: search, cart, checkout, delivery, withdrawal."""

from datetime import timedelta

from django.utils.formats import date_format

from backmarket.events.models import IncomingWebhook
from backmarket.management.journey.play import Play, StepBroken, expect, last_minute
from backmarket.market import calendar
from backmarket.notifications.models import MailboxMessage
from backmarket.payments.models import LedgerMovement, Payment, Refund
from catalog.models import Buyable
from orders.models import Guarantee, Order, OrderLine, Withdrawal

EMAIL = "alice.journey@example.com"
PASSWORD = "nothing-bought-new"  # noqa: S105 - of a database that lives for a minute
CARD = "4242 4242 4242 4242"


def search(play: Play) -> str:
    alice = play.person("alice").open("/search/?q=ifone+13+aple")
    alice.follow(rf"/p/{play.props['phone'].product.slug}/")
    return f"“ifone 13 aple” leads to {alice.path}"


def compare(play: Play) -> str:
    phone, best, rival = play.props["phone"], play.props["listing"], play.props["rival_listing"]
    row = Buyable.objects.get(variant=phone, grade=best.grade)
    expect(row.best_listing_id == best.pk and row.offer_count == 2, "the better offer is not the one shown")
    alice = play.person("alice").open(row.url).see(best.plant.name, rival.plant.name)
    expect(not alice.browser.page.select("s, del, strike"), "a price is struck through")
    return f"{best.plant} at {best.price_minor / 100:.2f} €, {row.saving_bps / 100:.0f} % less than new; 2 offers"


def fill_the_cart(play: Play) -> str:
    alice = play.person("alice")
    for variant in (play.props["phone"], play.props["laptop"]):
        url = Buyable.objects.get(variant=variant, in_stock=True).url
        alice.open(url).submit("main form[action='/cart/add/']")
    alice.open("/cart/").see(play.props["plant"].name, play.props["laptop_plant"].name)
    return "a phone and a laptop, of two plants, as a guest"


def check_out(play: Play) -> str:
    alice = play.person("alice")
    alice.open("/accounts/signup/").submit("main form", email=EMAIL, password1=PASSWORD)
    alice.open("/checkout/").submit(
        "main form",
        name="Alice Martin", line1="12 rue des Lilas", postcode="75011", city="Paris", country="FR", accept=True,
    )  # fmt: skip
    alice.submit("main form", press="action=pay", card=CARD)
    play.settle()
    order = play.props["order"] = Order.objects.get()
    payment = Payment.objects.get(reference=order.pk)
    expect(order.payment_status == Order.PaymentStatus.CAPTURED, f"the order is {order.payment_status}")
    hooks = IncomingWebhook.objects.filter(provider__startswith="payments").count()
    expect(hooks == 1, f"{hooks} webhooks came from the bank")
    booked = LedgerMovement.objects.filter(key=f"capture:{payment.pk}").count()
    expect(booked == 1, f"the payment was booked {booked} times")
    lines = {line.listing_id: line for line in order.lines.all()}
    play.props["line"] = lines[play.props["listing"].pk]
    play.props["laptop_line"] = lines[play.props["laptop_listing"].pk]
    return f"order {order.number}: {order.total_minor / 100:.2f} €, one payment, {len(lines)} plants"


def receive(play: Play) -> str:
    for _day in range(7):
        play.travel(play.now + timedelta(days=1))
        lines = OrderLine.objects.filter(order=play.props["order"])
        if all(line.status == OrderLine.Status.DELIVERED for line in lines):
            break
    expect(Guarantee.objects.count() == len(lines), "not every device has its guarantee")
    guarantee = Guarantee.objects.get(line=play.props["line"])
    play.person("alice").open(f"/account/orders/{play.props['order'].pk}/").see("guarantee")
    return f"legal until {guarantee.legal_until_date}, commercial until {guarantee.commercial_until_date}"


def withdraw(play: Play) -> str:
    line = play.props["laptop_line"]
    alice = play.person("alice").open(f"/account/orders/{play.props['order'].pk}/")
    alice.follow(rf"/account/lines/{line.pk}/withdraw/").submit("main form[method=post]")
    alice.submit("main form[method=post]")
    play.settle()
    withdrawal = play.props["withdrawal"] = Withdrawal.objects.get(line=line)
    receipt = MailboxMessage.objects.filter(to=EMAIL).latest("received_at")
    local = calendar().local(withdrawal.confirmed_at)
    expect(date_format(local, "DATETIME_FORMAT") in receipt.text, "the receipt does not give date and time")
    return f"receipt “{receipt.subject}”; refund by {last_minute(withdrawal.refund_by):%d %b %Y}"


def get_refunded(play: Play) -> str:
    line = play.props["laptop_line"]
    for _day in range(14):
        play.travel(play.now + timedelta(days=1))
        line.refresh_from_db()
        if line.status == OrderLine.Status.REFUNDED:
            break
    refunds = Refund.objects.filter(reference=line.pk)
    if line.status != OrderLine.Status.REFUNDED or refunds.count() != 1:
        raise StepBroken(f"after two weeks the line is {line.status}, refunds: {refunds.count()}")
    refund = refunds.get()
    expect(refund.status == Refund.Status.SUCCEEDED, f"the refund is {refund.status}")
    expect(refund.amount == line.gross, "the refund is not the whole price")
    return f"{refund.amount_minor / 100:.2f} € back to the card, once"
