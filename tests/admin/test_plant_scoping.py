"""A stranger plant's row does not exist: in lists, pages, choices, searches, actions and exports alike."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.admin.filters import RelatedFieldListFilter
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from backmarket.events.models import Event
from backmarket.sites import plant_site
from catalog.models import Listing, Variant
from refurbishers.models import Clause, Refurbisher
from reviews.models import Question
from tests.admin.rows import Rows, act, role, rows_of, url

ClientOf = Callable[[User], Client]


@pytest.fixture
def own(plant: Refurbisher, bob: User, now: datetime, time_is: None) -> Rows:
    return rows_of(plant, now)


@pytest.fixture
def theirs(rival: User, now: datetime) -> Rows:
    return rows_of(rival.membership.plant, now)


def test_the_owner_sees_every_list_and_page_of_their_plant(own: Rows, bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    for model, screen in plant_site._registry.items():
        assert client.get(url("plant", model, "changelist")).status_code == 200, model
        if screen.has_add_permission(_request(bob)):
            assert client.get(url("plant", model, "add")).status_code == 200, model
    for row in own.all():
        assert client.get(url("plant", row)).status_code == 200, row
        assert client.get(url("plant", row, "history")).status_code == 200, row
    assert client.get(reverse("plant:index")).status_code == 200


def test_a_strangers_row_is_a_404_on_every_page(own: Rows, theirs: Rows, bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    for row in theirs.all():
        for page in ("change", "history", "delete"):
            assert client.get(url("plant", row, page)).status_code == 404, (row, page)
            assert client.post(url("plant", row, page)).status_code == 404, (row, page)


def test_a_strangers_row_is_a_404_for_every_step(own: Rows, theirs: Rows, bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    events = Event.objects.count()
    for row in theirs.all():
        for step in plant_site._registry[type(row)].steps:
            assert act(client, row, step.name).status_code == 404, (row, step.name)
            assert client.get(url("plant", row, "step", step.name)).status_code == 404, (row, step.name)
    assert Event.objects.count() == events


def test_a_strangers_row_is_in_no_list(own: Rows, theirs: Rows, bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    for row in theirs.all():
        shown = client.get(url("plant", type(row), "changelist")).context
        listed = {str(one.pk) for one in shown["cl"].result_list}
        assert str(row.pk) not in listed, row
        assert listed, type(row)


def test_a_strangers_row_is_in_no_export(own: Rows, theirs: Rows, bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    text = client.get(url("plant", Listing, "changelist") + "export/").getvalue().decode()
    assert str(own.listing.number) in text
    assert str(theirs.listing.number) not in text
    for row in theirs.all():
        if plant_site._registry[type(row)].export_columns:
            lines = client.get(url("plant", type(row), "changelist") + "export/").getvalue().decode()
            assert theirs.plant.name not in lines


def test_an_action_on_a_strangers_rows_changes_nothing(own: Rows, theirs: Rows, bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    chosen = {"action": "pause", "_selected_action": [str(theirs.listing.pk)]}
    client.post(url("plant", Listing, "changelist"), chosen)
    theirs.listing.refresh_from_db()
    assert theirs.listing.status == "online"
    client.post(url("plant", Listing, "changelist"), chosen | {"_selected_action": [str(own.listing.pk)]})
    own.listing.refresh_from_db()
    assert own.listing.status == "paused"


def test_editing_a_list_cannot_reach_a_strangers_row(own: Rows, theirs: Rows, bob: User, client_of: ClientOf) -> None:
    client = client_of(bob)
    client.post(url("plant", Listing, "changelist"), _edited(theirs.listing, price="1.00"))
    theirs.listing.refresh_from_db()
    assert theirs.listing.price_minor == 30_000


def test_autocomplete_offers_own_rows_and_the_common_catalogue_alone(
    own: Rows, theirs: Rows, bob: User, client_of: ClientOf
) -> None:
    client = client_of(bob)

    def found(app: str, model: str, field: str, term: str) -> list[str]:
        asked = {"app_label": app, "model_name": model, "field_name": field, "term": term}
        answer = client.get(reverse("plant:autocomplete"), asked)
        return [row["id"] for row in answer.json()["results"]]

    assert found("orders", "orderline", "listing", str(own.listing.number)) == [str(own.listing.pk)]
    assert found("orders", "orderline", "listing", str(theirs.listing.number)) == []
    assert found("buyback", "bid", "variant", own.listing.variant.sku) == [str(own.listing.variant_id)]
    asked = {"app_label": "buyback", "model_name": "trade", "field_name": "seller", "term": "a"}
    assert client.get(reverse("plant:autocomplete"), asked).status_code == 403


def test_choices_of_related_rows_are_those_of_their_own_screen(own: Rows, theirs: Rows, bob: User) -> None:
    request = _request(bob)
    units = plant_site._registry[type(own.unit)]
    listing = units.formfield_for_foreignkey(type(own.unit)._meta.get_field("listing"), request)
    assert set(listing.queryset) == set(Listing.objects.filter(plant=own.plant))
    plants = units.formfield_for_foreignkey(type(own.unit)._meta.get_field("plant"), request)
    assert list(plants.queryset) == [own.plant]
    sellers = units.formfield_for_foreignkey(type(own.trade)._meta.get_field("seller"), request)
    assert list(sellers.queryset) == []


def test_no_filter_of_the_plant_site_lists_related_rows() -> None:
    """A filter by a relation would print every plant's rows as its choices."""
    for screen in plant_site._registry.values():
        for entry in screen.list_filter:
            field = screen.model._meta.get_field(entry) if isinstance(entry, str) else None
            assert field is None or not field.is_relation, (screen, entry)
            assert not (isinstance(entry, tuple) and issubclass(entry[1], RelatedFieldListFilter))


def test_every_screen_of_the_plant_site_is_scoped_or_public() -> None:
    public = {model for model, screen in plant_site._registry.items() if screen.plant_path is None}
    # Questions are public; their screen holds those about what the plant sells (tests/reviews/test_questions.py).
    assert public == {Variant, Clause, Question}


def test_an_order_that_nobody_paid_is_not_there(own: Rows, bob: User, client_of: ClientOf) -> None:
    own.line.order.payment_status = "pending"
    own.line.order.save()
    assert client_of(bob).get(url("plant", own.line.consignment)).status_code == 404


SECRETS = ("FR7630006000011234567890189", "19FV12345", "1990-04-01", "@example.com")


@pytest.mark.parametrize("who", ["owner", "technician", "after_sales"])
def test_a_plant_never_reads_identity_bank_account_birth_date_or_email_of_people(
    own: Rows, client_of: ClientOf, who: str
) -> None:
    client = client_of(role(own.plant, who))
    for row in own.all():
        if row == own.member:
            continue
        page = client.get(url("plant", row))
        text = page.content.decode().replace(page.wsgi_request.user.email, "") if page.status_code == 200 else ""
        assert [secret for secret in SECRETS if secret in text] == [], row


def test_the_register_exports_goods_and_never_people(own: Rows, bob: User, client_of: ClientOf) -> None:
    address = reverse("plant:buyback_registerentry_changelist") + "export-period/"
    text = client_of(bob).post(address, {"paper": "csv"}).getvalue().decode()
    entry = own.plant.register.get()
    assert entry.hash in text
    assert entry.identifier in text
    assert [secret for secret in (*SECRETS, "Carol") if secret in text] == []


def _request(user: User) -> object:
    from django.test import RequestFactory

    request = RequestFactory().get("/plant/")
    request.user = user
    return request


def _edited(listing: Listing, *, price: str, on_hand: int = 5) -> dict[str, str]:
    return {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-id": str(listing.pk),
        "form-0-price_minor": price,
        "initial-form-0-price_minor": "300.00",
        "form-0-on_hand": str(on_hand),
        "initial-form-0-on_hand": "5",
        "_save": "Save",
    }
