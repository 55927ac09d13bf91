"""A person's own pages: what is shown, changed, downloaded and erased, and for whom."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from backmarket.account.services import CannotCloseAccount, close_account, reasons_to_stay
from backmarket.accounts.models import Address, User
from backmarket.events.models import Event
from backmarket.privacy import readings
from buyback.models import EvidencePhoto, Identity, TaxFile
from buyback.services.messages import write_message
from orders.models import Order
from refurbishers.models import Refurbisher
from reviews.models import Review
from reviews.services import rate_line
from tests.buyback import steps
from tests.factories import AddressFactory
from tests.ground.bank_steps import order
from tests.reviews.deals import delivered_line, paid_trade

pytestmark = pytest.mark.django_db
Login = Callable[[User], Client]
PASSWORD = "correct horse battery"
ADDRESS = {"name": "Alice Martin", "line1": "12 rue des Lilas", "postcode": "75011", "city": "Paris", "country": "FR"}


def rate(plant: Refurbisher, author: User, at: datetime) -> Review:
    line = delivered_line(plant, author, at)
    stars = {"stars_device": 4, "stars_delivery": 4, "stars_service": 4}
    return rate_line(line, author=author, words="Good.", by=author, at=at, **stars)


def test_every_page_asks_for_a_login(db: None) -> None:
    for name in ("account", "account-profile", "account-addresses", "account-data", "account-close"):
        response = Client().get(reverse(name))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))


def test_the_home_counts_what_is_open_and_invites_to_rate(
    plant: Refurbisher, alice: User, mallory: User, now: datetime, client_of: Login
) -> None:
    delivered = delivered_line(plant, alice, now)
    delivered_line(plant, alice, now, status="shipped", delivered_at=None)
    delivered_line(plant, mallory, now, status="shipped", delivered_at=None)
    paid_trade(plant, alice, now, status="validated", paid_at=None)
    overview = client_of(alice).get("/account/").context["overview"]
    assert (overview.open_orders, overview.open_trades, overview.open_claims) == (1, 1, 0)
    assert len(overview.orders) == 2
    assert [step.url for step in overview.nexts] == [reverse("rate-line", args=[delivered.pk])]


def test_an_empty_home_says_what_to_do(alice: User, client_of: Login) -> None:
    page = client_of(alice).get("/account/").content.decode()
    assert reverse("sell") in page
    assert reverse("search") in page


def test_the_profile_is_saved_and_the_language_follows(alice: User, client_of: Login) -> None:
    response = client_of(alice).post("/account/profile/", {"full_name": "Alice Dupont"})
    alice.refresh_from_db()
    assert (alice.full_name, alice.language) == ("Alice Dupont", "en-gb")
    assert response.cookies["django_language"].value == "en-gb"


def test_a_name_too_long_is_told_beside_its_field(alice: User, client_of: Login) -> None:
    response = client_of(alice).post("/account/profile/", {"full_name": "x" * 151})
    assert list(response.context["form"].errors) == ["full_name"]
    alice.refresh_from_db()
    assert alice.full_name == "Alice Martin"


def test_no_language_is_offered_while_there_is_but_one(alice: User, client_of: Login) -> None:
    assert 'name="language"' not in client_of(alice).get("/account/profile/").content.decode()


def test_an_address_is_added_and_removed(alice: User, client_of: Login) -> None:
    client = client_of(alice)
    client.post("/account/addresses/", ADDRESS)
    address = Address.objects.get(user=alice)
    client.post(reverse("account-address-remove", args=[address.pk]))
    assert not Address.objects.exists()


def test_a_wrong_postcode_is_told_and_the_rest_is_kept(alice: User, client_of: Login) -> None:
    response = client_of(alice).post("/account/addresses/", ADDRESS | {"postcode": "12"})
    assert list(response.context["form"].errors) == ["postcode"]
    assert "12 rue des Lilas" in response.content.decode()


def test_an_address_that_an_order_used_leaves_the_book_and_stays_with_the_order(
    plant: Refurbisher, alice: User, now: datetime, client_of: Login
) -> None:
    line = delivered_line(plant, alice, now)
    client_of(alice).post(reverse("account-address-remove", args=[line.order.address_id]))
    assert not alice.addresses.exists()
    assert Order.objects.get().address.line1 == "12 rue des Lilas"


def test_nobody_removes_anothers_address_and_no_link_removes_one(alice: User, mallory: User, client_of: Login) -> None:
    url = reverse("account-address-remove", args=[AddressFactory(user=alice).pk])
    assert client_of(mallory).post(url).status_code == 404
    assert client_of(alice).get(url).status_code == 405
    assert alice.addresses.count() == 1


def test_the_download_holds_everything_of_this_person_readable_and_nothing_of_others(
    plant: Refurbisher, alice: User, carol: User, now: datetime, client_of: Login
) -> None:
    review = rate(plant, alice, now)
    paid_trade(plant, alice, now)
    delivered_line(plant, carol, now)
    response = client_of(alice).get("/account/data.json")
    data = response.json()
    assert response["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert response["Cache-Control"] == "no-store"
    assert data["person"]["email"] == "alice@example.com"
    assert [order["lines"][0]["id"] for order in data["orders"]] == [str(review.line_id)]
    assert data["trades"][0]["iban"] == "FR7630006000011234567890189"
    assert data["identities"][0]["document_number"] == "X1234567"
    assert data["ratings"][0]["words"] == "Good."
    assert "carol" not in response.content.decode().lower()


def test_that_people_read_their_own_sealed_data_is_recorded_without_the_data(
    plant: Refurbisher, alice: User, now: datetime, client_of: Login
) -> None:
    paid_trade(plant, alice, now)
    assert client_of(alice).get("/account/data.json").status_code == 200
    (read,) = readings()
    assert (read.subject_type, read.subject_id, read.actor) == ("accounts.user", str(alice.pk), f"user:{alice.pk}")
    assert (read.data["why"], {"iban", "document_number", "birth_date"} - set(read.data["what"])) == ("own", set())
    assert "X1234567" not in str(read.data)


def test_the_download_names_each_photo_and_only_its_owner_opens_it(
    plant: Refurbisher, carol: User, mallory: User, now: datetime, client_of: Login, settings: Any, tmp_path: Any
) -> None:
    settings.PRIVATE_ROOT = tmp_path
    trade = steps.countered(plant, carol, now)
    write_message(trade, author=carol, from_plant=False, text="Look.", at=now, photos=[steps.photo(), steps.photo()])
    unseen = EvidencePhoto.objects.create(trade=trade, image=steps.photo(), proof=False, created_at=now)
    (sale,) = client_of(carol).get("/account/data.json").json()["trades"]
    places = [*sale["messages"][0]["photos"], *sale["photos"]]
    assert (len(places), str(unseen.pk) in str(places)) == (3, False)
    for place in places:
        assert place.startswith(f"{settings.SITE_URL}/account/trades/")
        path = place.removeprefix(settings.SITE_URL)
        shown = client_of(carol).get(path)
        assert (shown.status_code, b"".join(shown)[:2]) == (200, b"\xff\xd8")
        assert client_of(mallory).get(path).status_code == 404


def test_closing_erases_the_person_and_keeps_what_the_law_asks(
    plant: Refurbisher, alice: User, now: datetime, client_of: Login
) -> None:
    rate(plant, alice, now)
    trade = paid_trade(plant, alice, now)
    AddressFactory(user=alice, line1="Never used 1")
    client = client_of(alice)
    response = client.post("/account/close/", {"password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")
    alice.refresh_from_db()
    trade.refresh_from_db()
    assert (alice.email, alice.full_name, alice.is_active) == (f"closed-{alice.pk}@closed.invalid", "", False)
    assert (trade.iban, trade.holder) == ("", "")
    assert Identity.objects.get().document_number == "X1234567"
    order = Order.objects.get()
    assert (order.buyer, order.email, order.address.line1) == (None, "buyer@example.com", "12 rue des Lilas")
    assert not Address.objects.filter(line1="Never used 1").exists()
    review = Review.objects.get()
    assert (review.author, review.author_name, review.words) == (None, "Former customer", "Good.")
    assert Event.objects.filter(kind="account.closed", subject_id=str(alice.pk)).count() == 1
    assert client.get("/account/").status_code == 302
    assert not Client().login(username="alice@example.com", password=PASSWORD)


def test_closing_keeps_the_account_that_must_be_reported(
    plant: Refurbisher, alice: User, now: datetime, client_of: Login
) -> None:
    trade = paid_trade(plant, alice, now)
    paid = (trade.iban, trade.holder)
    TaxFile.objects.create(user=alice, asked_at=now)
    assert client_of(alice).post("/account/close/", {"password": PASSWORD}).status_code == 302
    trade.refresh_from_db()
    assert (trade.iban, trade.holder) == paid
    assert paid[0].startswith("FR")


def test_an_account_whose_payment_came_back_stays(plant: Refurbisher, alice: User, now: datetime) -> None:
    trade = paid_trade(plant, alice, now)
    trade.payout = order(now, reference=trade.pk)
    trade.save(update_fields=["payout"])
    type(trade.payout).objects.update(status="bounced", bounced_at=now)
    with pytest.raises(CannotCloseAccount) as refusal:
        close_account(alice, by=alice, at=now)
    assert refusal.value.reasons == ["Your bank sent a payment back: change your account first."]


def test_a_wrong_password_closes_nothing(alice: User, client_of: Login) -> None:
    response = client_of(alice).post("/account/close/", {"password": "guess"})
    assert response.context["form"].errors == {"password": ["This is not your password."]}
    alice.refresh_from_db()
    assert alice.is_active


def test_an_account_with_something_open_stays_and_says_why(
    plant: Refurbisher, alice: User, now: datetime, client_of: Login
) -> None:
    delivered_line(plant, alice, now, status="shipped", delivered_at=None)
    paid_trade(plant, alice, now, status="received", paid_at=None)
    with pytest.raises(CannotCloseAccount) as refusal:
        close_account(alice, by=alice, at=now)
    assert refusal.value.reasons == [
        "A device you bought has not been delivered yet.",
        "A device you are selling has not been paid or returned yet.",
    ]
    response = client_of(alice).post("/account/close/", {"password": PASSWORD})
    assert response.status_code == 409
    assert "has not been delivered yet" in response.content.decode()
    alice.refresh_from_db()
    assert alice.is_active


def test_people_who_work_at_a_plant_or_here_are_taken_off_first(bob: User, sam: User) -> None:
    assert len(reasons_to_stay(bob)) == len(reasons_to_stay(sam)) == 1


def test_roles_have_exactly_their_permissions_however_often_they_are_synced(db: None) -> None:
    call_command("sync_roles", verbosity=0)
    support = Group.objects.get(name="support")
    before = set(support.permissions.values_list("codename", flat=True))
    support.permissions.clear()
    call_command("sync_roles", verbosity=0)
    assert set(support.permissions.values_list("codename", flat=True)) == before
    assert "change_claim" in before
    assert not {"change_payout", "change_refurbisher", "delete_claim"} & before
    assert set(Group.objects.values_list("name", flat=True)) == {"support", "quality", "finance", "operator"}


def test_support_may_not_touch_payouts_and_finance_may(sam: User) -> None:
    assert sam.has_perm("orders.change_claim")
    assert not sam.has_perm("payments.change_payout")
    assert Group.objects.get(name="finance").permissions.filter(codename="change_payout").exists()
