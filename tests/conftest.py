"""The cast: alice buys, bob works at a plant, carol sells her phone, mallory is a stranger, sam is staff."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from backmarket.accounts.models import User
from refurbishers.models import Member, Refurbisher
from tests.factories import MemberFactory, RefurbisherFactory, UserFactory

# Files of few tests that take minutes: begun last, one of them would keep a processor waiting for the other.
LONG = (
    "tests/journeys/",
    "tests/browser/",
    "tests/ground/test_demo.py",
    "tests/ground/test_seed.py",
    "tests/test_links.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first; the rest stays in its order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture
def now() -> datetime:
    """A Monday morning in the market."""
    return datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        cache.clear()


@pytest.fixture(autouse=True)
def _rules_of_the_house(request: pytest.FixtureRequest) -> None:
    """What a migration wrote, and a test of real transactions before this one has emptied."""
    if request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & {*request.fixturenames}:
        from orders.models import FraudRule

        request.getfixturevalue("db")
        if not FraudRule.objects.exists():
            rules = import_module("orders.migrations.0012_holds_and_parts").RULES
            FraudRule.objects.bulk_create(FraudRule(**rule) for rule in rules)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's own, and at its end nobody is left in the database: servers and threads of tests linger."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _mailbox(settings: object) -> None:
    """E-mails go where the demo's go; pytest-django would keep them in memory."""
    settings.EMAIL_BACKEND = "backmarket.notifications.mailbox.MailboxBackend"


@pytest.fixture
def plant(db: None) -> Refurbisher:
    return RefurbisherFactory(slug="atelier-neuf", name="Atelier Neuf")


@pytest.fixture
def alice(db: None) -> User:
    return UserFactory(email="alice@example.com", full_name="Alice Martin")


@pytest.fixture
def bob(plant: Refurbisher) -> User:
    user = UserFactory(email="bob@atelier-neuf.example", full_name="Bob Durand")
    MemberFactory(plant=plant, user=user, role=Member.Role.OWNER)
    return user


@pytest.fixture
def carol(db: None) -> User:
    return UserFactory(email="carol@example.com", full_name="Carol Petit")


@pytest.fixture
def mallory(db: None) -> User:
    return UserFactory(email="mallory@example.com", full_name="Mallory Stranger")


@pytest.fixture
def rival(db: None) -> User:
    """The owner of another plant."""
    return MemberFactory(plant__slug="rival", plant__name="Rival", user__email="rival@rival.example").user


@pytest.fixture
def sam(db: None) -> User:
    """Support staff."""
    from django.contrib.auth.models import Group
    from django.core.management import call_command

    call_command("sync_roles", verbosity=0)
    user = UserFactory(email="sam@backmarket.example", full_name="Sam Support", is_staff=True)
    user.groups.add(Group.objects.get(name="support"))
    return user


@pytest.fixture
def fiona(sam: User) -> User:
    """Of finance."""
    from django.contrib.auth.models import Group

    user: User = UserFactory(email="fiona@backmarket.example", is_staff=True)
    user.groups.add(Group.objects.get(name="finance"))
    return user


@pytest.fixture
def olga(db: None) -> User:
    """The operator, who may do everything."""
    return UserFactory(email="olga@backmarket.example", full_name="Olga Operator", is_staff=True, is_superuser=True)


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A browser in which this person is logged in, and has just given the password again."""

    def login(user: User) -> Client:
        client = Client()
        client.force_login(user)
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
        return client

    return login


@pytest.fixture
def drain(db: None) -> Callable[[], None]:
    """Publish every event, run every handler and send every e-mail, here and now, until nothing waits."""
    return drain_events


def drain_events() -> None:
    from django.utils import timezone

    from backmarket.events import services as events
    from backmarket.events.models import Event, EventDelivery
    from backmarket.notifications.services import send_pending_mail

    while Event.objects.unpublished().exists():
        events._publish_batch(timezone.now())
        for delivery in EventDelivery.objects.waiting():
            events.deliver(delivery.pk)
    send_pending_mail(at=timezone.now())
