"""A plant with one row of everything that its people can see."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.invoices.models import Invoice
from buyback.models import Trade
from buyback.services.register import enter_in_register
from catalog.models import Listing, Unit
from orders.models import Claim, OrderLine, Settlement, Withdrawal
from orders.services.invoicing import invoice_sent_lines
from refurbishers.models import Invitation, Member, Refurbisher
from refurbishers.services.members import invite_member
from reviews.models import Review
from reviews.services import rate_line
from tests.buyback import steps
from tests.factories import ListingFactory, UnitFactory, UserFactory, VariantFactory, imei
from tests.reviews.deals import delivered_line


@dataclass
class Rows:
    """`claim` waits for the plant; `line` waits to be accepted; `trade` waits to be inspected; `unit` is untouched."""

    plant: Refurbisher
    member: Member
    invitation: Invitation
    listing: Listing
    unit: Unit
    line: OrderLine
    claim: Claim
    withdrawal: Withdrawal
    settlement: Settlement
    review: Review
    trade: Trade
    invoice: Invoice

    def all(self) -> list[Model]:
        register = self.plant.register.get()
        bid = self.plant.bids.first()
        assert bid is not None
        own = [
            self.plant,
            self.member,
            self.invitation,
            self.listing,
            self.unit,
            self.line,
            self.line.consignment,
            self.claim,
        ]
        return [*own, self.withdrawal, self.settlement, self.review, self.trade, self.invoice, register, bid]


def rows_of(plant: Refurbisher, at: datetime) -> Rows:
    variant = VariantFactory()
    done = delivered_line(plant, UserFactory(), at - timedelta(days=5), variant=variant, identifier=imei())
    waiting = delivered_line(
        plant, UserFactory(), at, variant=variant, identifier="", status="paid", shipped_at=None, delivered_at=None,
        due_at=at + timedelta(hours=5),
    )  # fmt: skip
    returned = delivered_line(plant, UserFactory(), at - timedelta(days=4), variant=variant, identifier=imei())
    assert done.order.buyer
    review = rate_line(
        done, author=done.order.buyer, stars_device=4, stars_delivery=5, stars_service=5, words="Fine.",
        by=done.order.buyer, at=at,
    )  # fmt: skip
    seller = UserFactory(full_name="Carol Petit")
    bought = steps.validated(plant, seller, at)
    enter_in_register(bought, at)
    invoice_sent_lines(done.consignment, at=at)
    done.refresh_from_db(fields=["invoice"])
    assert done.invoice
    return Rows(
        plant=plant,
        member=plant.members.first(),  # type: ignore[arg-type]
        invitation=invite_member(plant, email=f"new@{plant.slug}.test", role="technician", by="system:test", at=at),
        listing=plant.listings.first() or ListingFactory(plant=plant),
        unit=UnitFactory(plant=plant, variant=variant),
        line=waiting,
        claim=_claim(done, at),
        withdrawal=Withdrawal.objects.create(line=returned, name="A", refund_by=at, confirmed_at=at),
        settlement=Settlement.objects.create(
            plant=plant, settled_date=at.date(), total_minor=12_345, currency="EUR", created_at=at
        ),
        review=review,
        trade=steps.received(plant, seller, at),
        invoice=done.invoice,
    )


def _claim(line: OrderLine, at: datetime) -> Claim:
    return Claim.objects.create(
        line=line, plant=line.plant, status="awaiting_plant", issue="BATTERY", wish="REPAIR", description="Dies.",
        opened_at=at, due_at=at + timedelta(days=1),
    )  # fmt: skip


def url(site: str, what: Model | type[Model], page: str = "change", *more: Any) -> str:
    name = f"{site}:{what._meta.app_label}_{what._meta.model_name}_{page}"
    return reverse(name, args=[*([what.pk] if isinstance(what, Model) else []), *more])


def act(client: Client, obj: Model, step: str, site: str = "plant", **data: Any) -> Any:
    return client.post(url(site, obj, "step", step), data)


def role(plant: Refurbisher, name: str) -> User:
    user = UserFactory()
    Member.objects.create(plant=plant, user=user, role=name)
    return user
