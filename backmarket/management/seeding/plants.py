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
from refurbishers.models import Clause, Member, Refurbisher, Signature, Specification

Status = Refurbisher.Status
# Everyone else is active.
STATUSES = {
    "segunda-vuelta-digital": Status.WATCH,
    "warsztat-jaskolka": Status.WATCH,
    "drugie-zycie-ekranu": Status.RESTRICTED,
    "electron-libre-atelier": Status.SUSPENDED,
    "spielwende": Status.TRIAL,
    "rinasce-elettronica": Status.AUDIT,
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
