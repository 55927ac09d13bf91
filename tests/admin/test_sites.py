"""Who comes in by which door, and what is told to those who do not."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.sites import staff_site
from tests.admin.rows import rows_of, url
from tests.factories import UserFactory

ClientOf = Callable[[User], Client]
# What services write: nobody adds, changes or deletes it by hand, not even the operator.
APPEND_ONLY = {
    "payments.dispute", "payments.payment", "payments.refund", "payments.payout", "payments.ledgermovement",
    "payments.connectaccount", "events.event",
    "events.eventdelivery", "events.incomingwebhook", "notifications.notification", "orders.order",
    "orders.orderline", "orders.consignment", "orders.claim", "orders.guarantee", "orders.withdrawal",
    "orders.settlement", "orders.earning", "buyback.trade", "buyback.quote", "buyback.registerentry",
    "buyback.bid", "catalog.listing", "catalog.unit", "reviews.review", "shipping.parcel", "shipping.pickup",
    "refurbishers.signature", "refurbishers.statementofreasons", "refurbishers.servicefact",
    "refurbishers.measurement", "accounts.address", "invoices.invoice",
}  # fmt: skip


@pytest.mark.parametrize("site", ["desk", "plant"])
def test_a_visitor_signs_in_where_everybody_does_and_comes_back(db: None, client: Client, site: str) -> None:
    page = client.get(f"/{site}/", follow=True)
    assert page.redirect_chain[-1][0] == f"/accounts/login/?next=/{site}/"


@pytest.mark.parametrize("site", ["desk", "plant"])
def test_a_person_without_business_there_is_told_so_calmly(alice: User, client_of: ClientOf, site: str) -> None:
    page = client_of(alice).get(f"/{site}/", follow=True)
    assert page.status_code == 403
    assert "Not your door" in page.content.decode()
    assert len(page.redirect_chain) == 1


def test_a_login_never_leads_to_another_house(bob: User, client_of: ClientOf) -> None:
    answer = client_of(bob).get("/plant/login/?next=https://evil.example/")
    assert answer["Location"] == "/plant/"


def test_staff_do_not_come_in_by_the_plants_door_nor_members_by_the_desk(
    sam: User, bob: User, client_of: ClientOf
) -> None:
    assert client_of(sam).get("/plant/", follow=True).status_code == 403
    assert client_of(bob).get("/desk/", follow=True).status_code == 403


def test_logging_out_takes_a_post_and_leads_to_the_shop(bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    client.get(reverse("plant:logout"))
    assert client.get("/plant/").status_code == 200
    assert client.post(reverse("plant:logout"))["Location"] == "/"
    assert client.get("/plant/").status_code == 302


def test_the_operator_can_open_every_screen_of_the_desk(
    olga: User, bob: User, now: object, time_is: None, client_of: ClientOf
) -> None:
    rows = rows_of(bob.membership.plant, now)
    client = client_of(olga)
    request = RequestFactory().get("/desk/")
    request.user = olga
    for model, screen in staff_site._registry.items():
        assert client.get(url("desk", model, "changelist")).status_code == 200, model
        for pile in screen.piles:
            assert client.get(url("desk", model, "changelist") + f"?pile={pile.name}").status_code == 200, pile
        if screen.has_add_permission(request):
            assert client.get(url("desk", model, "add")).status_code == 200, model
        for row in screen.get_queryset(request)[:1]:
            assert client.get(url("desk", row)).status_code == 200, row
            assert client.get(url("desk", row, "history")).status_code == 200, row
            for step in screen.steps:
                if step.has_page and step.when(row):
                    assert client.get(url("desk", row, "step", step.name)).status_code == 200, (row, step.name)
    assert client.get("/desk/").status_code == 200
    assert rows.claim.pk


def test_what_services_write_nobody_writes_by_hand(olga: User) -> None:
    request = RequestFactory().get("/desk/")
    request.user = olga
    writable = {
        model._meta.label_lower
        for model, screen in staff_site._registry.items()
        if screen.has_add_permission(request)
        or screen.has_change_permission(request)
        or screen.has_delete_permission(request)
    }
    registered = {model._meta.label_lower for model in staff_site._registry}
    assert registered >= APPEND_ONLY
    assert writable & APPEND_ONLY == set()


@pytest.mark.parametrize(
    ("group", "sees", "does_not"),
    [
        ("support", "orders.claim", "payments.payout"),
        ("finance", "payments.payout", "refurbishers.specification"),
        ("quality", "refurbishers.specification", "payments.payout"),
    ],
)
def test_each_group_sees_its_own_work_and_no_more(
    db: None, client_of: ClientOf, group: str, sees: str, does_not: str
) -> None:
    call_command("sync_roles", verbosity=0)
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = client_of(user)
    lists = {label: reverse(f"desk:{label.replace('.', '_')}_changelist") for label in (sees, does_not)}
    assert client.get(lists[sees]).status_code == 200
    assert client.get(lists[does_not]).status_code == 403
    dashboard = client.get("/desk/").content.decode()
    assert f'href="{lists[sees]}' in dashboard
    assert f'href="{lists[does_not]}' not in dashboard


def test_staff_without_any_permission_see_an_empty_desk(db: None, client_of: ClientOf) -> None:
    client = client_of(UserFactory(is_staff=True))
    page = client.get("/desk/")
    assert page.status_code == 200
    assert page.context["cards"] == []
    for model in staff_site._registry:
        assert client.get(url("desk", model, "changelist")).status_code == 403, model


def test_nobody_but_a_superuser_gives_rights(db: None, client_of: ClientOf) -> None:
    call_command("sync_roles", verbosity=0)
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name="operator"))
    fields = {"email": user.email, "full_name": "New Name", "language": "en-gb", "is_active": "on"}
    client_of(user).post(url("desk", user), fields | {"is_superuser": "on", "is_staff": "on"})
    user.refresh_from_db()
    assert (user.full_name, user.is_superuser) == ("New Name", False)


def test_an_account_is_made_with_its_email_in_small_letters(olga: User, client_of: ClientOf) -> None:
    fields = {
        "email": "New@Example.com",
        "full_name": "N",
        "password1": "correct horse 9",
        "password2": "correct horse 9",
    }
    client_of(olga).post(url("desk", User, "add"), fields)
    assert User.objects.get(full_name="N").email == "new@example.com"
