"""Everyone who is not a plant's owner: consumers, the rest of the demo plant's team, and the staff."""

from datetime import datetime, timedelta
from io import StringIO

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management import call_command

from backmarket.accounts.models import Address, User
from backmarket.management import demo_logins as cast
from backmarket.management.seed_data.people import Person, person
from backmarket.management.seeding.base import insert
from refurbishers.models import Member, Refurbisher

CONSUMERS = 1_600
TEAM = {
    cast.TECHNICIAN: ("Tariq Benali", Member.Role.TECHNICIAN),
    cast.AFTER_SALES: ("Inès Moreau", Member.Role.AFTER_SALES),
}
STAFF = {
    cast.SUPPORT: ("Sam Lambert", "support"),
    cast.QUALITY: ("Quentin Faure", "quality"),
    cast.FINANCE: ("Fiona Blanc", "finance"),
    cast.OPERATOR: ("Olga Perrin", "operator"),
}
SHOPPERS = {cast.ALICE: "Alice Martin", cast.CAROL: "Carol Petit"}


def load(at: datetime) -> str:
    consumers = _consumers(at)
    demo = _demo_users(at)
    insert([EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in demo.values()])
    plant = Refurbisher.objects.get(slug=cast.DEMO_PLANT)
    insert([Member(plant=plant, user=demo[email], role=role) for email, (_name, role) in TEAM.items()])
    call_command("sync_roles", stdout=StringIO())
    for email, (_name, group) in STAFF.items():
        demo[email].groups.add(Group.objects.get(name=group))
    return f"{len(consumers) + len(demo)} people"


def consumers() -> list[User]:
    """The invented consumers, by their index."""
    emails = [person(index).email for index in range(CONSUMERS)]
    by_email = {user.email: user for user in User.objects.filter(email__in=emails)}
    return [by_email[email] for email in emails]


def address_of(who: Person, user: User | None) -> Address:
    return Address(
        user=user, name=who.name, line1=who.street, postcode=who.postcode, city=who.city, country=who.country,
        phone=who.phone,
    )  # fmt: skip


def _consumers(at: datetime) -> list[User]:
    joined = at - timedelta(days=400)
    nobody = make_password(None)
    people = [person(index) for index in range(CONSUMERS)]
    users = [User(email=p.email, full_name=p.name, password=nobody, date_joined=joined) for p in people]
    insert(users)
    insert([address_of(p, user) for p, user in zip(people, users, strict=True)])
    return users


def _demo_users(at: datetime) -> dict[str, User]:
    password = make_password(cast.PASSWORD)
    joined = at - timedelta(days=400)
    names = {email: name for email, (name, _role) in {**TEAM, **STAFF}.items()} | SHOPPERS
    users = {
        email: User(
            email=email, full_name=name, password=password, date_joined=joined, is_staff=email in STAFF,
            is_superuser=email == cast.OPERATOR,
        )
        for email, name in names.items()
    }  # fmt: skip
    insert(list(users.values()))
    for number, email in enumerate(SHOPPERS):
        at_home(users[email], number)
    return users


def at_home(user: User, number: int) -> None:
    """One of the cast's homes, by its number, in the market's country."""
    address = address_of(person(800_000 + 20 * number), user)  # index 0 modulo 20
    address.name = user.full_name
    address.save()
