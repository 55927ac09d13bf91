"""The end of the circle: settlement, the guarantee's last days, and the books."""

from datetime import date, datetime, time, timedelta

from django.db.models import Count

from backmarket.events.models import Event, EventDelivery, IncomingWebhook
from backmarket.management.journey.play import Play, expect, ledger_sum
from backmarket.market import calendar
from backmarket.notifications.models import MailboxMessage, Notification
from backmarket.payments.models import LedgerEntry, Payout
from orders.models import Guarantee, Settlement
from orders.services.guarantees import expire_guarantees

ALLOWED_DAYS = 45


def settle(play: Play) -> str:
    plant = play.props["plant"]
    for _day in range(ALLOWED_DAYS):
        settlement = Settlement.objects.filter(plant=plant).first()
        if settlement and settlement.payout and settlement.payout.status == Payout.Status.PAID:
            break
        play.travel(play.now + timedelta(days=1))
    settlement = Settlement.objects.get(plant=plant)
    expect(settlement.payout and settlement.payout.status == Payout.Status.PAID, "the plant was not paid")
    expect(settlement.settled_date.day in (6, 16, 26), f"settled on the {settlement.settled_date.day}th")
    earned = play.props["line"].proceeds.minor
    expect(settlement.total_minor == earned, f"{settlement.total_minor} were settled, {earned} were earned")
    refunded = Settlement.objects.filter(plant=play.props["laptop_plant"], total_minor__gt=0)
    expect(not refunded.exists(), "the plant of the refunded laptop was paid")
    return f"{plant}: {settlement.total_minor / 100:.2f} € on {settlement.settled_date}; the refunded laptop: nothing"


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
    empty = [mail.key for mail in Notification.objects.all() if not (mail.subject and mail.text and mail.html)]
    expect(not empty, f"empty: {empty}")
    expect(Notification.objects.exclude(last_error="").count() == 0, "an e-mail failed")
    received = MailboxMessage.objects.count()
    expect(received >= Notification.objects.count(), "fewer e-mails arrived than were sent")
    return (
        f"{Notification.objects.count()} e-mails in {Notification.objects.values('template').distinct().count()} kinds"
    )
