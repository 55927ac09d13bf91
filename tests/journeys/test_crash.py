"""A process dies between a change and its publication, or in the middle of a handler: nothing is lost, nothing twice.

The dying processes are real, and work on this test's own database and queue. What they had not committed PostgreSQL
rolls back; what they had committed waits in the events and their deliveries, and nothing else has to remember it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from backmarket.celery import app
from backmarket.db import lock
from backmarket.events import services as events
from backmarket.events.models import Event, EventDelivery
from backmarket.events.tasks import deliver as deliver_task
from backmarket.notifications.models import MailboxMessage, Notification
from backmarket.payments.gateways import sandbox
from backmarket.payments.models import LedgerMovement, Payment, SandboxIntent
from backmarket.payments.selectors import ledger_sum
from backmarket.payments.services import open_payment, settle_payment
from backmarket.shipping.models import Parcel
from catalog.models import Listing
from orders.models import Earning, Order
from orders.services.cart import add_to_cart, open_cart
from orders.services.fulfilment import ship_consignment
from refurbishers.models import Refurbisher
from tests.conftest import drain_events
from tests.factories import ListingFactory, imei
from tests.orders.conftest import CARD, carry, place_from
from tests.races.together import until_blocked

pytestmark = [pytest.mark.journey, pytest.mark.race, pytest.mark.django_db(transaction=True)]

PATIENCE = 90
NOBODY_LISTENS = "redis://127.0.0.1:1/0"
SETUP = "import os, signal, sys, django; django.setup(); "
SETTLE = (
    "from uuid import UUID; from datetime import datetime; from backmarket.payments.services import settle_payment; "
    "settle = lambda: settle_payment(UUID(sys.argv[1]), at=datetime.fromisoformat(sys.argv[2])); "
)
DIE_AFTER_COMMIT = (
    "from django.db import transaction\n"
    "with transaction.atomic():\n"
    "    transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL)); settle()"
)
PUBLISH = "from backmarket.events.services import publish_pending; publish_pending()"


def environment(**changes: str) -> dict[str, str]:
    """For a process of its own on this test's database and queue, patient with the locks of this test."""
    database = connection.settings_dict
    host = {"host": database["HOST"], "port": database["PORT"]}
    who = ":".join(quote(database[key], safe="") for key in ("USER", "PASSWORD") if database[key])
    facts = {
        "DJANGO_SETTINGS_MODULE": "backmarket.settings",
        "TESTING": "1",
        "DATABASE_URL": f"postgresql://{who}@/{database['NAME']}?{urlencode(host)}",
        "REDIS_URL": settings.REDIS_URL,
        "LOCK_TIMEOUT_MS": "60000",
    }
    return os.environ | facts | changes


def run(code: str, *arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
    """A process that runs this code and ends, by itself or otherwise."""
    return subprocess.run(
        [sys.executable, "-c", SETUP + code, *map(str, arguments)],
        cwd=settings.BASE_DIR,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A real Celery worker; killed at the end if it still lives."""
    program = [sys.executable, "-m", "celery", "-A", "backmarket", "worker", "--pool", "solo", "--loglevel", "ERROR"]
    quiet = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    process = subprocess.Popen(
        program + quiet, cwd=settings.BASE_DIR, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def half_a_minute_later() -> int:
    """The beat's next look at what nobody has done; returns how many deliveries it queued."""
    late = timezone.now() - events.REQUEUE_AFTER - timedelta(seconds=1)
    EventDelivery.objects.waiting().update(queued_at=late)
    return events.publish_pending()


def idle() -> bool:
    waiting = Event.objects.unpublished().exists() or EventDelivery.objects.waiting().exists()
    return not waiting and not Notification.objects.filter(sent_at=None).exists()


def everything_again() -> None:
    """Every message of the queue comes once more; returns when a worker has taken them all."""
    for delivery_id in EventDelivery.objects.values_list("pk", flat=True):
        deliver_task.delay(delivery_id)
    last = events.record("test.last", Order.objects.get(), by="system:test", at=timezone.now())
    wait_for(lambda: not Event.objects.unpublished().filter(pk=last.pk).exists())


@pytest.fixture
def listing(db: None) -> Listing:
    return ListingFactory(on_hand=3)


@pytest.fixture
def payment(listing: Listing, now: datetime) -> Payment:
    """A guest's order, paid at the bank, which we have not asked yet; the queue is empty."""
    cart = open_cart(None, None)
    add_to_cart(cart, listing, quantity=1, at=now)
    order = place_from(cart, buyer=None, at=now)
    payment = Payment.objects.get(reference=order.pk)
    open_payment(payment, return_url="http://testserver/", at=now)
    sandbox.pay(SandboxIntent.objects.get(), CARD)
    drain_events()
    app.control.purge()
    cache.delete(events.WOKEN)  # as after the two seconds that a lost message costs
    return payment


def assert_nothing_has_followed(listing: Listing) -> None:
    listing.refresh_from_db()
    assert (Payment.objects.get().status, Order.objects.get().payment_status) == ("captured", "pending")
    assert (listing.on_hand, listing.reserved, Notification.objects.count()) == (3, 1, 0)


def assert_paid_exactly_once(listing: Listing) -> None:
    listing.refresh_from_db()
    assert (Order.objects.get().payment_status, listing.on_hand, listing.reserved) == ("captured", 2, 0)
    kinds = ["payment.captured", "order.captured", "line.paid"]
    assert [Event.objects.filter(kind=kind).count() for kind in kinds] == [1, 1, 1]
    assert sorted(LedgerMovement.objects.values_list("kind", flat=True)) == ["capture", "fee"]
    assert sorted(MailboxMessage.objects.values_list("to", flat=True)) == ["guest@example.com", listing.plant.email]


@pytest.mark.parametrize(
    ("code", "changes", "ended"),
    [
        pytest.param(SETTLE + "settle()", {"REDIS_URL": NOBODY_LISTENS}, 0, id="nobody-takes-the-message"),
        pytest.param(SETTLE + "\n" + DIE_AFTER_COMMIT, {}, -signal.SIGKILL, id="killed-before-the-message"),
    ],
)
def test_what_was_committed_before_a_crash_is_published_later(
    payment: Payment, listing: Listing, now: datetime, code: str, changes: dict[str, str], ended: int
) -> None:
    """If the message carried the news, and not the row of the event, this order would be paid and never sent."""
    process = run(code, payment.pk, now.isoformat(), **changes)

    assert process.returncode == ended, process.stderr[-2000:]
    assert_nothing_has_followed(listing)
    assert Event.objects.unpublished().filter(kind="payment.captured").count() == 1

    assert events.publish_pending() == 1
    drain_events()
    for delivery in EventDelivery.objects.all():
        events.deliver(delivery.pk)
    drain_events()
    assert_paid_exactly_once(listing)


def test_a_publisher_that_dies_before_it_has_queued_anything_loses_nothing(
    payment: Payment, listing: Listing, now: datetime
) -> None:
    """Without its row in EventDelivery, an event stamped as published would be forgotten here."""
    settle_payment(payment.pk, at=now)

    assert run(PUBLISH, REDIS_URL=NOBODY_LISTENS).returncode == 1

    assert not Event.objects.unpublished().filter(kind="payment.captured").exists()
    assert EventDelivery.objects.waiting().count() == 1
    assert_nothing_has_followed(listing)
    assert events.publish_pending() == 0  # it may still come
    assert half_a_minute_later() == 1
    (delivery,) = EventDelivery.objects.waiting()
    assert [events.deliver(delivery.pk) for _message in range(2)] == [True, False]
    drain_events()
    assert_paid_exactly_once(listing)


def test_a_handler_whose_worker_is_killed_is_done_once_by_another(
    payment: Payment, listing: Listing, now: datetime
) -> None:
    """The handler and its mark are one transaction: marked before, the order would stay paid and never be sent."""
    settle_payment(payment.pk, at=now)
    with transaction.atomic(), worker() as first:
        lock(Listing.objects.filter(pk=listing.pk)).get()
        until_blocked()  # the order is captured, its lines paid, its stock about to be sold
        first.send_signal(signal.SIGKILL)
        assert first.wait(timeout=PATIENCE) == -signal.SIGKILL
    with transaction.atomic():
        lock(Order.objects.all()).get()  # free once PostgreSQL has noticed
    assert_nothing_has_followed(listing)
    assert half_a_minute_later() == 1

    with worker():
        wait_for(idle)
        everything_again()
    assert_paid_exactly_once(listing)


def test_a_handler_whose_worker_is_killed_while_it_commits_is_not_done_again(
    payment: Payment, listing: Listing, now: datetime
) -> None:
    """Nobody told the queue that it was done, so its message comes again: the mark stops it, and behind the mark the
    line's own move and the key of its sale."""
    settle_payment(payment.pk, at=now)
    drain_events()
    parcel = shipped(Order.objects.get(), now)
    drain_events()
    app.control.purge()
    cache.delete(events.WOKEN)
    carry(parcel, at=now + timedelta(days=1))
    with transaction.atomic(), worker() as first:
        Refurbisher.objects.select_for_update().get()  # whose key the new rows' commit has to check
        until_blocked()
        first.send_signal(signal.SIGKILL)
        assert first.wait(timeout=PATIENCE) == -signal.SIGKILL
    wait_for(Earning.objects.exists)

    half_a_minute_later()
    with worker():
        wait_for(idle)
        everything_again()
    assert (LedgerMovement.objects.filter(kind="sale").count(), Earning.objects.count()) == (1, 1)
    assert Event.objects.filter(kind="line.delivered").count() == 1
    assert ledger_sum() == {"EUR": 0}


def shipped(order: Order, at: datetime) -> Parcel:
    numbers = {line.pk: imei() for line in order.lines.all()}
    return ship_consignment(
        order.consignments.get(), identifiers=numbers, by="system:test", at=at, courier="colissimo",
        tracking_number="6A123456789",
    )  # fmt: skip
