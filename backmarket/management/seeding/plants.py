"""The thirty plants, their owners, what they are experts in, and the specification that they signed."""

from datetime import UTC, datetime, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from backmarket.accounts.models import User
from backmarket.management.demo_logins import DEMO_PLANT, OWNER, PASSWORD
from backmarket.management.seed_data import clauses as contract
from backmarket.management.seed_data.people import person
from backmarket.management.seed_data.plants import PLANTS
from backmarket.management.seed_data.plants import Plant as PlantRow
from backmarket.management.seeding.base import dice, insert, stable_uuid
from catalog.models import Category
from refurbishers.models import Clause, Member, Refurbisher, Signature, Specification, StatementOfReasons

Status = Refurbisher.Status
LATE_AND_CANCELLED = (
    "Over the last 90 days more than 7 % of your parcels left after their deadline, and more than 3 % of your sales "
    "were cancelled because the device could not be sent. Your listings stay online. Write to "
    "us what you change; we look at it again with you in a month."
)
LATE = (
    "Over the last 90 days more than 7 % of your parcels left after their deadline. Your listings stay online. "
    "Write to us what you change; we look at it again with you in a month."
)
VERY_LATE = (
    "Over the last 90 days more than 15 % of your parcels left after their deadline. Since our first letter the share "
    "has risen. You cannot put new listings online until it is kept again; those online stay."
)
INSURANCE = (
    "Your liability insurance has ended and the renewed certificate has not reached us, although we asked twice. Your "
    "listings are off and your payouts held; open orders are finished. Both are lifted on the day it arrives."
)
# What express delivery costs with those who offer it, in cents.
EXPRESS = {"atelier-brindille": 590, "secondelan": 690}
# Everyone else is active.
STATUSES = {
    "segunda-vuelta-digital": Status.WATCH,
    "warsztat-jaskolka": Status.WATCH,
    "drugie-zycie-ekranu": Status.RESTRICTED,
    "electron-libre-atelier": Status.SUSPENDED,
    "spielwende": Status.TRIAL,
    "rinasce-elettronica": Status.AUDIT,
}
# What the house wrote to those that stand lower: (from, to, days ago, reasons).
STEPS_DOWN: dict[str, tuple[tuple[Status, Status, int, str], ...]] = {
    "segunda-vuelta-digital": ((Status.ACTIVE, Status.WATCH, 12, LATE_AND_CANCELLED),),
    "warsztat-jaskolka": ((Status.ACTIVE, Status.WATCH, 5, LATE),),
    "drugie-zycie-ekranu": (
        (Status.ACTIVE, Status.WATCH, 48, LATE_AND_CANCELLED),
        (Status.WATCH, Status.RESTRICTED, 9, VERY_LATE),
    ),
    "electron-libre-atelier": ((Status.ACTIVE, Status.SUSPENDED, 45, INSURANCE),),
}
UNITS = {"bp": "bps", "score": "bps", "hours": "hours", "stars": "stars"}
FIRST_OWNER = 900_000  # far from the indexes of the people who buy and sell
IBAN_LENGTHS = {"FR": 27, "DE": 22, "ES": 24, "IT": 27, "BE": 16, "NL": 18, "PT": 25, "PL": 28, "IE": 22, "SE": 24}
BANKS_OF_LETTERS = {"IT": "X", "NL": "TEST", "IE": "TEST"}


def load(at: datetime) -> str:
    plants = [_plant(index, row) for index, row in enumerate(PLANTS)]
    insert(plants)
    insert([Refurbisher.categories.through(refurbisher=p, category=c) for p, c in _expertise(plants)])
    owners = _owners(plants)
    effective_at = datetime.fromisoformat(contract.EFFECTIVE_DATE).replace(tzinfo=UTC)
    specification = _specification(effective_at)
    _sign(plants, owners, specification, effective_at)
    insert([_statement(plant, step, at) for plant in plants for step in STEPS_DOWN.get(plant.slug, ())])
    return f"{len(plants)} plants under specification {specification.version}"


def _plant(index: int, row: PlantRow) -> Refurbisher:
    return Refurbisher(
        id=stable_uuid("plant", index),
        slug=row.slug,
        name=row.name,
        status=STATUSES.get(row.slug, Status.ACTIVE),
        legal_name=row.legal_name,
        registration_number=row.registration.replace("Registro Mercantil", "R.M."),
        vat_number=row.vat_number,
        line1=row.street,
        postcode=row.postcode,
        city=row.city,
        country=row.country,
        email=row.email,
        phone=row.phone,
        founded_year=row.founded,
        technicians=row.technicians,
        support_hours=row.support_hours,
        story=row.story,
        iban=iban(row.country, 4_100 + index),
        express_minor=EXPRESS.get(row.slug),
    )


def iban(country: str, number: int) -> str:
    """An account that no bank has, with the length and the check digits of its country."""
    bank = BANKS_OF_LETTERS.get(country, "")
    body = f"{bank}{number:0{IBAN_LENGTHS[country] - 4 - len(bank)}d}"
    as_digits = "".join(str(int(sign, 36)) for sign in f"{body}{country}00")
    return f"{country}{98 - int(as_digits) % 97:02d}{body}"


def _expertise(plants: list[Refurbisher]) -> list[tuple[Refurbisher, Category]]:
    categories = {category.slug: category for category in Category.objects.all()}
    return [(p, categories[slug]) for p, row in zip(plants, PLANTS, strict=True) for slug in row.expertise]


def _owners(plants: list[Refurbisher]) -> list[User]:
    password = make_password(PASSWORD)
    users = [_owner(index, plant, password) for index, plant in enumerate(plants)]
    insert(users)
    insert([EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users])
    insert([Member(plant=p, user=u, role=Member.Role.OWNER) for p, u in zip(plants, users, strict=True)])
    return users


def _owner(index: int, plant: Refurbisher, password: str) -> User:
    if plant.slug == DEMO_PLANT:
        return User(email=OWNER, full_name="Bob Durand", password=password)
    return User(email=f"owner@{plant.slug}.example", full_name=person(FIRST_OWNER + index).name, password=password)


def _specification(effective_at: datetime) -> Specification:
    title = f"What every plant commits to, {contract.VERSION}"
    specification = Specification.objects.create(version=contract.VERSION, title=title, published_at=effective_at)
    insert([_clause(specification, position, row) for position, row in enumerate(contract.CLAUSES)])
    return specification


def _clause(specification: Specification, position: int, row: contract.Clause) -> Clause:
    clause = Clause(
        specification=specification, code=row.code, chapter=row.chapter, text=row.text, kind=row.kind,
        position=position,
    )  # fmt: skip
    if row.kind == Clause.Kind.MEASURE:
        clause.measure, clause.comparison, clause.unit = row.measure, row.comparison, UNITS[row.unit]
        clause.threshold, clause.watch, clause.restrict = row.threshold, row.watch, row.restrict
        clause.window_days, clause.min_sample = row.window_days, row.min_sample
    return clause


def _sign(plants: list[Refurbisher], owners: list[User], specification: Specification, effective_at: datetime) -> None:
    random = dice("signatures")
    days = [timedelta(days=random.uniform(3, 14)) for _ in plants]
    insert(
        [
            Signature(plant=p, specification=specification, signed_by=u, signed_at=effective_at + day)
            for p, u, day in zip(plants, owners, days, strict=True)
            if p.status != Status.AUDIT
        ]
    )


def _statement(plant: Refurbisher, step: tuple[Status, Status, int, str], at: datetime) -> StatementOfReasons:
    """What move_plant() would have written at that step."""
    before, after, days_ago, reasons = step
    day = at - timedelta(days=days_ago)
    return StatementOfReasons(
        plant=plant, from_status=before, to_status=after, reasons=reasons, effective_at=day, created_at=day,
        created_by="system:seed",
    )  # fmt: skip
