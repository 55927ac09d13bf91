"""A plant's own account with the payment provider: opened and filled in by its owner, and paid from then on."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.notifications.models import Notification
from backmarket.payments.gateways import sandbox_connect
from backmarket.payments.models import Approval, ConnectAccount, Payout, SandboxIntent, TransferReversal
from backmarket.payments.selectors import balance, payable_account
from backmarket.payments.services import order_payout, reversals, send_due_payouts
from backmarket.payments.services.connect import follow_account
from orders.models import Earning
from refurbishers.models import Member, Refurbisher
from refurbishers.services.accounts import change_plant_iban, open_plant_account
from tests.factories import RefurbisherFactory, UserFactory
from tests.ground.money_steps import eur

pytestmark = pytest.mark.django_db


@pytest.fixture
def time_is(now: datetime, settings: object) -> None:
    """The entry points believe that it is `now`."""
    timetravel.travel_to(now)


ClientOf = Callable[[User], Client]
GO, BACK = "/plant/refurbishers/refurbisher/payout-account/", "/plant/refurbishers/refurbisher/payout-account/back/"


def profile(plant: Refurbisher, step: str = "change/") -> str:
    return f"/plant/refurbishers/refurbisher/{plant.pk}/{step}"


def test_the_owner_opens_it_fills_it_in_and_is_paid_there(
    plant: Refurbisher, bob: User, client_of: ClientOf, time_is: None
) -> None:
    client = client_of(bob)
    assert client.post(profile(plant, "do/connect/")).status_code == 302
    account = ConnectAccount.objects.get(party=str(plant.pk))
    assert GO in client.get(profile(plant)).content.decode()
    away = client.get(GO)
    assert (away.status_code, away.url) == (302, f"/sandbox/connect/{account.gateway_id}/")
    assert "no-store" in away["Cache-Control"]
    assert away["Referrer-Policy"] == "no-referrer"
    half = client.post(away.url, {"answer": "incomplete"})
    assert half.url.endswith(BACK)
    page = client.get(BACK, follow=True).content.decode()
    assert "a bank account, who owns the company" in page
    assert payable_account(str(plant.pk)) is None
    client.post(away.url, {"answer": "complete"})
    assert "is ready" in client.get(BACK, follow=True).content.decode()
    assert GO not in client.get(profile(plant)).content.decode()
    assert payable_account(str(plant.pk)) == ConnectAccount.objects.get()


def test_nobody_but_the_owner_goes_there(plant: Refurbisher, bob: User, client_of: ClientOf, time_is: None) -> None:
    open_plant_account(plant, by=bob, at=timetravel.now())
    manager = UserFactory()
    Member.objects.create(plant=plant, user=manager, role=Member.Role.MANAGER)
    client = client_of(manager)
    assert [client.get(address).status_code for address in (GO, BACK)] == [403, 403]
    assert client.post(profile(plant, "do/connect/")).status_code == 403
    assert GO not in client.get(profile(plant)).content.decode()


def test_without_an_account_there_is_nowhere_to_go(plant: Refurbisher, bob: User, client_of: ClientOf) -> None:
    assert [client_of(bob).get(address).status_code for address in (GO, BACK)] == [404, 404]


def paid(plant: Refurbisher, by: User, minor: int = 5_000) -> Payout:
    at = timetravel.now()
    account = open_plant_account(plant, by=by, at=at)
    ConnectAccount.objects.filter(pk=account.pk).update(status="enabled", payouts_enabled=True, transfers_enabled=True)
    sandbox_connect.fill_in(SandboxIntent.objects.get(pk=account.gateway_id), "complete")
    payout = order_payout(
        purpose="settlement", reference=uuid4(), label="BM1", account="plant", party=str(plant.pk), amount=eur(minor),
        holder=plant.legal_name, iban="", due_at=at, by=by, at=at, to=payable_account(str(plant.pk)),
    )  # fmt: skip
    send_due_payouts(at)
    payout.refresh_from_db()
    return payout


def test_the_sandbox_pays_at_once_and_an_empty_balance_the_second_time(
    plant: Refurbisher, bob: User, time_is: None
) -> None:
    assert (paid(plant, bob).status, balance("gateway")) == ("paid", eur(5_000))
    waiting = paid(plant, bob, 5_009)
    assert (waiting.status, waiting.failure) == ("ordered", "balance_insufficient")
    send_due_payouts(timetravel.now())
    waiting.refresh_from_db()
    assert waiting.status == "paid"


def test_what_is_taken_back_is_the_plants_and_counts_in_its_next_settlement(
    plant: Refurbisher, bob: User, time_is: None, drain: Callable[[], None]
) -> None:
    payout = paid(plant, bob)
    reversals.request_reversal(payout, amount=eur(2_000), note="sent twice", by=bob, at=timetravel.now())
    reversals.send_reversals(timetravel.now())
    drain()
    drain()
    reversal = TransferReversal.objects.get()
    earning = Earning.objects.get()
    assert (reversal.status, earning.kind, earning.amount_minor, earning.reference) == (
        "succeeded", "received", 2_000, reversal.pk,
    )  # fmt: skip
    assert balance("plant", str(plant.pk)) == eur(-3_000)


def test_finance_takes_back_at_the_desk_and_much_only_by_two(
    plant: Refurbisher, bob: User, sam: User, client_of: ClientOf, time_is: None
) -> None:
    fiona = UserFactory(is_staff=True)
    fiona.groups.add(Group.objects.get(name="finance"))
    payout = paid(plant, bob, 300_000)
    step = f"/desk/payments/payout/{payout.pk}/do/reverse/"
    assert "3000.00" in client_of(fiona).get(step).content.decode()
    for wrong in (
        {"amount": "0"},
        {"amount": "x", "note": "y"},
        {"amount": "10.00"},
        {"amount": "3000.01", "note": "y"},
    ):
        assert client_of(fiona).post(step, wrong).status_code == 422
        assert not TransferReversal.objects.exists()
    assert client_of(fiona).post(step, {"amount": "10.00", "note": "sent twice"}).status_code == 302
    assert TransferReversal.objects.get().amount == eur(1_000)
    # While the provider has not answered the first, nobody is asked to agree to another.
    assert client_of(fiona).post(step, {"amount": "2500.00", "note": "sent twice"}).status_code == 422
    reversals.send_reversals(timetravel.now())
    assert client_of(fiona).post(step, {"amount": "2500.00", "note": "sent twice"}).status_code == 302
    assert Approval.objects.get().amount == eur(250_000)
    assert client_of(sam).post(step, {"amount": "1.00", "note": "x"}).status_code in (403, 404)


def says(account: ConnectAccount, answer: str) -> None:
    """The provider says something else from now on, and its webhook comes twice."""
    sandbox_connect.fill_in(SandboxIntent.objects.get(pk=account.gateway_id), answer)
    for _time in range(2):
        follow_account(account.pk, at=timetravel.now())


def test_owners_are_told_of_each_restriction_of_an_account_that_could_be_paid(
    plant: Refurbisher, bob: User, time_is: None, drain: Callable[[], None]
) -> None:
    """Not of one that was never ready: its owner has not said who they are yet, and knows it."""
    Member.objects.create(plant=plant, user=UserFactory(), role=Member.Role.MANAGER)
    account = open_plant_account(plant, by=bob, at=timetravel.now())
    told = Notification.objects.filter(template="plant_account_restricted")
    for answer, count in (("incomplete", 0), ("review", 0), ("complete", 0), ("incomplete", 1), ("review", 1),
                          ("complete", 1), ("review", 2)):  # fmt: skip
        says(account, answer)
        drain()
        drain()
        assert list(told.values_list("recipient", flat=True)) == [bob.email] * count, answer
    assert plant.name in told[0].subject
    assert "/plant/" in told[0].text


def test_finance_reads_at_the_desk_which_accounts_can_be_paid_and_what_is_missing(
    plant: Refurbisher, bob: User, sam: User, client_of: ClientOf, time_is: None
) -> None:
    account = open_plant_account(plant, by=bob, at=timetravel.now())
    says(account, "incomplete")
    fiona = UserFactory(is_staff=True)
    fiona.groups.add(Group.objects.get(name="finance"))
    base, client = "/desk/payments/connectaccount/", client_of(fiona)
    for page in ("", f"?q={plant.name}", "?pile=pending", f"{account.pk}/change/"):
        shown = client.get(base + page).content.decode()
        assert "a bank account, who owns the company" in shown, page
        assert f'href="/desk/refurbishers/refurbisher/{plant.pk}/change/">{plant.name}</a>' in shown, page
    assert plant.name not in client.get(f"{base}?pile=restricted").content.decode()
    assert plant.name in client.get(f"{base}{account.pk}/history/").content.decode()
    assert [client.get(f"{base}{page}/").status_code for page in ("add", f"{account.pk}/delete")] == [403, 403]
    assert client_of(sam).get(base).status_code == 403


def test_the_list_of_accounts_costs_the_same_at_1_and_at_many(
    plant: Refurbisher, olga: User, client_of: ClientOf, time_is: None
) -> None:
    client = client_of(olga)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/desk/payments/connectaccount/").status_code == 200
        return len(queries)

    open_plant_account(plant, by=olga, at=timetravel.now())
    cost()  # the first request of a process fills caches
    alone = cost()
    for each in RefurbisherFactory.create_batch(5):
        open_plant_account(each, by=olga, at=timetravel.now())
    assert cost() == alone


def test_the_profile_says_to_where_settlements_go_and_shows_the_end_of_the_iban_alone(
    plant: Refurbisher, bob: User, client_of: ClientOf, time_is: None
) -> None:
    client = client_of(bob)
    Refurbisher.objects.filter(pk=plant.pk).update(iban="")
    page = client.get(profile(plant)).content.decode()
    assert "none known yet" in page
    assert "nowhere yet" in page
    change_plant_iban(plant, iban="FR76 3000 6000 0112 3456 7890 189", by="system:test", at=timetravel.now())
    page = client.get(profile(plant)).content.decode()
    assert "IBAN ending in 0189" in page
    assert "not opened" in page
    assert "to the bank account" in page
    assert "567890189" not in page.replace(" ", "")
    client.post(profile(plant, "do/connect/"))
    page = client.get(profile(plant)).content.decode()
    assert "not ready yet" in page
    assert "to the bank account" in page
    away = client.get(GO).url
    client.post(away, {"answer": "complete"})
    page = client.get(BACK, follow=True).content.decode()
    assert "can be paid" in page
    assert "to the payout account" in page
