"""The end of the circle: settlement, the guarantee's last days, and the books."""

from datetime import date, datetime, time, timedelta

from django.db.models import Count, Sum

from backmarket.events.models import Event, EventDelivery, IncomingWebhook
from backmarket.management.journey.play import Play, expect, ledger_sum
from backmarket.market import calendar
from backmarket.notifications.models import MailboxMessage, Notification
from backmarket.payments.models import LedgerEntry, Payout
from backmarket.payments.selectors import balance
from orders.models import Guarantee, Settlement
from orders.services.guarantees import expire_guarantees

ALLOWED_DAYS = 45


def settle(play: Play) -> str:
    """The phone that the plant bought is set off against the phone that it sold: it is paid the difference, once."""
    plant = play.props["plant"]
    paid = Settlement.objects.filter(plant=plant, payout__status=Payout.Status.PAID)
    for _day in range(ALLOWED_DAYS):
        if paid.exists():
            break
        play.travel(play.now + timedelta(days=1))
    expect(paid.count() == 1, "the plant was not paid, or not once")
    first, last = Settlement.objects.filter(plant=plant).order_by("settled_date")
    # What it sold the phone for, less the commission and the label that brought it to its buyer.
    sold = play.props["line"].earnings.aggregate(minor=Sum("amount_minor"))
    bought, earned = play.props["trade"].price_minor, sold["minor"]
    expect(first.total_minor == -bought and first.payout is None, f"{first.total_minor} were settled first")
    expect(last.total_minor == earned - bought, f"{last.total_minor} were settled, {earned} earned, {bought} owed")
    expect(last.payout and last.payout.amount_minor == earned - bought, "another sum was paid out")
    expect({first.settled_date.day, last.settled_date.day} < {6, 16, 26}, f"settled on {last.settled_date}")
    refunded = Settlement.objects.filter(plant=play.props["laptop_plant"], total_minor__gt=0)
    expect(not refunded.exists(), "the plant of the refunded laptop was paid")
    expect(not balance("plant", str(plant.pk)), "its account is not even")
    sums = f"{-first.total_minor / 100:.2f} € owed, {earned / 100:.2f} € earned: {last.total_minor / 100:.2f} € paid"
    return f"{plant}: {sums} on {last.settled_date}; the refunded laptop: nothing"


def _guarantee(play: Play) -> Guarantee:
    return Guarantee.objects.get(line=play.props["line"])


def _morning(day: date) -> datetime:
    return calendar().instant(day, time(3))


def warn(play: Play) -> str:
    guarantee = _guarantee(play)
    early = guarantee.commercial_until_date - timedelta(days=Guarantee.WARN_BEFORE_DAYS + 1)
    play.travel(_morning(early), "expire_guarantees")
    expect(_guarantee(play).status == Guarantee.Status.RUNNING, "the warning came too early")
    play.travel(_morning(early + timedelta(days=1)), "expire_guarantees")
    expect(_guarantee(play).status == Guarantee.Status.WARNED, "no warning 30 days before the end")
    return f"warned on {early + timedelta(days=1)}, by e-mail"


def expire(play: Play) -> str:
    guarantee = _guarantee(play)
    last = guarantee.commercial_until_date
    play.travel(_morning(last), "expire_guarantees")
    expect(_guarantee(play).status == Guarantee.Status.WARNED, "it expired before its last day was over")
    play.travel(_morning(last + timedelta(days=1)))
    expect(_guarantee(play).status == Guarantee.Status.EXPIRED, "it did not expire")
    expect(expire_guarantees(at=play.now) == 0, "it would expire twice")
    return f"expired after {last}; the legal guarantee runs until {guarantee.legal_until_date}"


def balance_the_ledger(play: Play) -> str:
    play.settle()
    expect(ledger_sum() == 0, f"the ledger is {ledger_sum()} off")
    sums: dict[str, int] = {}
    for entry in LedgerEntry.objects.all():
        sums[entry.account] = sums.get(entry.account, 0) + entry.amount_minor
    line = play.props["line"]
    expect(sums.get("buyer", 0) == 0, "buyers' money is still held")
    expect(sums.get("consumer", 0) == 0, "people who sold are still owed")
    expect(sums["commission"] == line.commission_minor, "the commission is not that of the one sale that stood")
    return ", ".join(f"{account} {amount / 100:+.2f}" for account, amount in sorted(sums.items()) if amount)


def count_events(play: Play) -> str:
    unpublished = Event.objects.filter(published_at=None).count()
    undone = list(EventDelivery.objects.filter(handled_at=None).values_list("handler", "last_error"))
    twice = EventDelivery.objects.values("event", "handler").annotate(times=Count("pk")).filter(times__gt=1).count()
    hooks = list(IncomingWebhook.objects.filter(handled_at=None).values_list("provider", "last_error"))
    expect(not unpublished and not twice, f"{unpublished} events unpublished, {twice} delivered twice")
    expect(not undone and not hooks, f"not done: {undone} {hooks}")
    failed = (
        EventDelivery.objects.exclude(last_error="").count() + IncomingWebhook.objects.exclude(last_error="").count()
    )
    expect(not failed, f"{failed} handlers failed at least once")
    return f"{Event.objects.count()} events, {EventDelivery.objects.count()} deliveries, none waiting, none failed"


def count_emails(play: Play) -> str:
    unsent = Notification.objects.filter(sent_at=None).count()
    expect(not unsent, f"{unsent} e-mails were not sent")
    kept = Notification.objects.exclude(recipient="")  # older ones have been blanked by the night's job
    empty = [mail.key for mail in kept if not (mail.subject and mail.text and mail.html)]
    expect(not empty, f"empty: {empty}")
    expect(Notification.objects.exclude(last_error="").count() == 0, "an e-mail failed")
    received = MailboxMessage.objects.count()
    expect(received >= kept.count(), "fewer e-mails arrived than were sent")
    return (
        f"{Notification.objects.count()} e-mails in {Notification.objects.values('template').distinct().count()} kinds"
    )
