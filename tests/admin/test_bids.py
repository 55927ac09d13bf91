"""A plant's bids through its pages: the table, two at one table, files, percentages, and the way back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backmarket import timetravel
from backmarket.accounts.models import User
from backmarket.events.models import Event
from buyback.models import Bid, BidChange
from catalog.models import Condition, Variant
from refurbishers.models import Refurbisher
from tests.admin.rows import role
from tests.buyback.steps import quoted
from tests.factories import BidFactory, ProductFactory, VariantFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_is")]
ClientOf = Callable[[User], Client]
GOOD, USED, FLAWLESS = "FUNCTIONAL_GOOD", "FUNCTIONAL_USED", "FUNCTIONAL_FLAWLESS"


@pytest.fixture
def page(bob: User, client_of: ClientOf) -> Client:
    return client_of(bob)


@pytest.fixture
def bid(plant: Refurbisher) -> Bid:
    return BidFactory(plant=plant, variant__sku="IP12", price_minor=20_000)


def table(page: Client, query: str = "") -> Any:
    return page.get(reverse("plant:bids") + query)


def sheet(page: Client) -> dict[str, str]:
    """Every field of the table as the page shows it."""
    lines = table(page).context["grid"].lines
    seen = {f"seen-{line.device.pk}": line.seen for line in lines}
    return seen | {cell.name: cell.text for line in lines for cell in line.cells}


def cell(variant: Variant, condition: str) -> str:
    return f"bid-{variant.pk}-{condition}"


def save(page: Client, data: dict[str, str]) -> Any:
    return page.post(reverse("plant:bids"), data)


def stands(plant: Refurbisher) -> set[tuple[str, str, int]]:
    return set(Bid.objects.filter(plant=plant).values_list("variant__sku", "condition", "price_minor"))


def upload(page: Client, text: str | bytes, name: str = "bids.csv") -> Any:
    raw = text.encode() if isinstance(text, str) else text
    return page.post(reverse("plant:bids_import"), {"file": SimpleUploadedFile(name, raw, "text/csv")})


def messages_of(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_the_table_saves_what_was_typed_and_says_so(plant: Refurbisher, bid: Bid, page: Client) -> None:
    gone = BidFactory(plant=plant, variant=bid.variant, condition=USED, price_minor=9_000)
    typed = {cell(bid.variant, GOOD): "119,90", cell(bid.variant, FLAWLESS): "130.5", cell(bid.variant, USED): ""}
    answer = page.post(reverse("plant:bids"), sheet(page) | typed, follow=True)
    assert messages_of(answer) == ["Saved: 1 changed, 1 new, 1 withdrawn."]
    assert stands(plant) == {("IP12", GOOD, 11_990), ("IP12", FLAWLESS, 13_050)}
    kinds = Event.objects.filter(kind__startswith="bid").order_by("kind").values_list("kind", "subject_id")
    new = Bid.objects.get(condition=FLAWLESS)
    change = BidChange.objects.get()
    assert [*kinds] == [
        ("bid.changed", str(bid.pk)), ("bid.placed", str(new.pk)), ("bid.withdrawn", str(gone.pk)),
        ("bid_change.applied", str(change.pk)),
    ]  # fmt: skip


def test_one_wrong_cell_saves_nothing_and_keeps_everything(plant: Refurbisher, bid: Bid, page: Client) -> None:
    data = sheet(page) | {cell(bid.variant, GOOD): "180", cell(bid.variant, USED): "lots"}
    answer = save(page, data)
    by_name = {each.name: each for each in answer.context["grid"].lines[0].cells}
    assert answer.status_code == 422
    assert by_name[cell(bid.variant, GOOD)].text == "180"
    assert (by_name[cell(bid.variant, USED)].text, by_name[cell(bid.variant, USED)].error) == (
        "lots", "This is not a price. Write it like 120 or 119,90.",
    )  # fmt: skip
    assert stands(plant) == {("IP12", GOOD, 20_000)}


def test_the_second_of_two_people_is_told_which_cells_changed(plant: Refurbisher, bid: Bid, page: Client) -> None:
    shown = sheet(page)
    other = BidFactory(plant=plant, variant=bid.variant, condition=USED, price_minor=5_000)
    Bid.objects.filter(pk=bid.pk).update(price_minor=21_000)
    answer = save(page, shown | {cell(bid.variant, GOOD): "190"})
    by_name = {each.name: each for each in answer.context["grid"].lines[0].cells}
    assert answer.status_code == 422
    assert "Meanwhile somebody changed this to 210.00." in by_name[cell(bid.variant, GOOD)].error
    untouched = by_name[cell(bid.variant, USED)]
    assert (untouched.text, untouched.moved, untouched.error) == ("50.00", True, "")
    assert stands(plant) == {("IP12", GOOD, 21_000), ("IP12", USED, 5_000)}
    line = answer.context["grid"].lines[0]
    again = {f"seen-{bid.variant_id}": line.seen} | {each.name: each.text for each in line.cells}
    assert save(page, again).status_code == 302
    assert stands(plant) == {("IP12", GOOD, 19_000), ("IP12", USED, other.price_minor)}


def test_a_paused_bid_stays_paused_through_a_new_price_and_a_way_back(
    plant: Refurbisher, bid: Bid, page: Client
) -> None:
    Bid.objects.update(active=False)
    save(page, sheet(page) | {cell(bid.variant, GOOD): "190"})
    save(page, sheet(page) | {cell(bid.variant, GOOD): ""})
    change = BidChange.objects.order_by("-applied_at", "-made_at").filter(rows__0__3=None).get()
    page.post(reverse("plant:bid_change", args=[change.pk]), {"take_back": "1"})
    assert [*Bid.objects.values_list("price_minor", "active")] == [(19_000, False)]


def test_a_quote_keeps_its_price_when_the_bid_changes(plant: Refurbisher, page: Client, now: datetime) -> None:
    quote = quoted(plant, now)
    before = quote.bids.get().price_minor
    name = cell(quote.variant, quote.condition)
    assert save(page, sheet(page) | {name: "10"}).status_code == 302
    assert (Bid.objects.get().price_minor, quote.bids.get().price_minor) == (1_000, before)


def test_the_table_is_narrowed_by_words_category_brand_and_bid(plant: Refurbisher, bid: Bid, page: Client) -> None:
    other = VariantFactory(product=ProductFactory(brand="Fairphone", name="5"), sku="FP5")

    def skus(query: str) -> list[str]:
        return [line.device.sku for line in table(page, query).context["grid"].lines]

    assert sorted(skus("")) == ["FP5", "IP12"]
    assert skus("?q=fair+5") == skus("?brand=Fairphone") == skus("?only=without") == [other.sku]
    assert skus("?only=with") == skus("?q=ip12") == ["IP12"]
    assert skus("?category=televisions") == []
    assert sorted(skus("?only=%00nonsense&page=zzz")) == ["FP5", "IP12"]


def test_the_table_costs_the_same_at_1_and_at_50_devices(
    plant: Refurbisher, bid: Bid, page: Client, django_assert_max_num_queries: Any
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            table(page)
        return len(queries)

    table(page)
    alone = cost()
    for _ in range(55):
        BidFactory(plant=plant, variant__product=bid.variant.product)
    assert cost() == alone <= 14


def test_the_export_is_what_the_import_reads(plant: Refurbisher, bid: Bid, page: Client) -> None:
    Variant.objects.filter(pk=bid.variant_id).update(label="=1+1")
    ProductFactory(brand="=cmd", name="x").variants.create(sku="@X", label="y", colour="black")
    raw = page.get(reverse("plant:bids_export")).getvalue()
    text = raw.decode("utf-8-sig")
    assert text.splitlines()[0] == "SKU,Device," + ",".join(Condition.values)
    assert "'@X,'=cmd x · y," in text
    assert "IP12,Apple iPhone 12 · =1+1,,200.00,,,," in text
    change = BidChange.objects.get(pk=upload(page, raw).url.split("/")[-2])
    assert (change.rows, change.unchanged, change.broken) == ([], 1, {})


def test_a_file_is_looked_at_then_applied_whole(plant: Refurbisher, bid: Bid, page: Client) -> None:
    BidFactory(plant=plant, variant=bid.variant, condition=USED, price_minor=9_000)
    text = f"SKU;{GOOD};{FLAWLESS};{USED}\nip12;210,50;250;\n"
    address = upload(page, text).url
    shown = page.get(address)
    assert shown.context["counts"] == {"changed": 1, "new": 1, "withdrawn": 1}
    assert [(w["was"], w["price"]) for _device, _cell, w, _moved in shown.context["rows"]] == [
        ("", "250.00"), ("200.00", "210.50"), ("90.00", ""),
    ]  # fmt: skip
    assert stands(plant) == {("IP12", GOOD, 20_000), ("IP12", USED, 9_000)}
    assert page.post(address).status_code == 302
    assert stands(plant) == {("IP12", GOOD, 21_050), ("IP12", FLAWLESS, 25_000)}
    again = page.post(address)
    assert again.status_code == 422
    assert Event.objects.filter(kind="bid_change.applied").count() == 1


def test_a_preview_is_bound_to_what_was_seen(plant: Refurbisher, bid: Bid, page: Client) -> None:
    text = f"SKU;{GOOD};{FLAWLESS}\nIP12;210;250\n"
    address = upload(page, text).url
    Bid.objects.update(price_minor=22_000)
    answer = page.post(address)
    assert answer.status_code == 422
    assert [moved for *_row, moved in answer.context["rows"]] == [False, True]
    assert "Some of these bids were changed meanwhile" in messages_of(answer)[0]
    assert stands(plant) == {("IP12", GOOD, 22_000)}
    assert BidChange.objects.get().status == "draft"


def test_a_bid_placed_meanwhile_is_seen_too(plant: Refurbisher, bid: Bid, page: Client) -> None:
    address = upload(page, f"SKU;{FLAWLESS}\nIP12;250\n").url
    BidFactory(plant=plant, variant=bid.variant, condition=FLAWLESS, price_minor=1_000)
    assert page.post(address).status_code == 422
    assert stands(plant) == {("IP12", GOOD, 20_000), ("IP12", FLAWLESS, 1_000)}


def test_a_preview_expires(plant: Refurbisher, bid: Bid, page: Client, now: datetime) -> None:
    address = upload(page, f"SKU;{GOOD}\nIP12;210\n").url
    timetravel.travel_to(now + timedelta(minutes=BidChange.VALID_MINUTES, seconds=1))
    assert page.post(address).status_code == 422
    assert stands(plant) == {("IP12", GOOD, 20_000)}
    upload(page, f"SKU;{GOOD}\nIP12;220\n")
    assert page.get(address).status_code == 404


def test_broken_lines_are_left_out_only_by_an_explicit_choice(plant: Refurbisher, bid: Bid, page: Client) -> None:
    address = upload(page, f"SKU;{GOOD};{USED}\nIP12;210;\nNOPE;1;1\n").url
    assert "Apply the 1 good line" in page.get(address).content.decode()
    assert page.post(address).status_code == 422
    assert stands(plant) == {("IP12", GOOD, 20_000)}
    assert page.post(address, {"leave_out": "1"}).status_code == 302
    assert stands(plant) == {("IP12", GOOD, 21_000)}
    mend = (
        page.get(reverse("plant:bid_change_broken", args=[BidChange.objects.get().pk])).getvalue().decode("utf-8-sig")
    )
    assert mend.splitlines() == [
        f"SKU,{GOOD},{USED},Reason", "NOPE,1,1,SKU: No device of your categories has this SKU.",
    ]  # fmt: skip


def test_a_percentage_is_looked_at_applied_and_taken_back(plant: Refurbisher, bid: Bid, page: Client) -> None:
    BidFactory(plant=plant, variant=bid.variant, condition=USED, price_minor=100)
    other = BidFactory(plant=plant, variant__sku="OTHER", price_minor=10_000)
    data = {"percent": "-7,5", "conditions": [GOOD, USED], "step": "100"}
    address = page.post(reverse("plant:bids_percent") + "?q=IP12", data).url
    change = BidChange.objects.get()
    assert change.rows == [[bid.variant_id, GOOD, 20_000, 18_500, True]]
    assert (change.unchanged, change.broken) == (1, {})
    page.post(address)
    assert ("IP12", GOOD, 18_500) in stands(plant)
    assert ("OTHER", GOOD, other.price_minor) in stands(plant)
    page.post(address, {"take_back": "1"})
    assert ("IP12", GOOD, 20_000) in stands(plant)
    assert [*Event.objects.filter(kind__startswith="bid_change").order_by("id").values_list("kind", flat=True)] == [
        "bid_change.applied", "bid_change.taken_back",
    ]  # fmt: skip
    assert page.post(address, {"take_back": "1"}).status_code == 422


def test_a_percentage_for_the_ticked_devices_moves_no_others(
    plant: Refurbisher, bid: Bid, page: Client, rival: User
) -> None:
    other = BidFactory(plant=plant, variant__sku="OTHER", price_minor=10_000)
    strange = VariantFactory(product=ProductFactory(category__slug="strange"))
    address = f"{reverse('plant:bids_percent')}?ticked=1&tick={bid.variant_id}&tick={strange.pk}&tick=x"
    assert f'value="{other.variant_id}" form="ticked"' in page.get(reverse("plant:bids")).content.decode()
    assert "For the 1 device that you ticked." in page.get(address).content.decode()
    page.post(address, {"percent": "10", "conditions": [GOOD], "step": "100"})
    assert BidChange.objects.get().rows == [[bid.variant_id, GOOD, 20_000, 22_000, True]]
    nothing = page.get(reverse("plant:bids_percent") + "?ticked=1", follow=True)
    assert messages_of(nothing) == ["Tick the devices first."]


def test_a_percentage_leaves_alone_what_would_leave_the_bounds(plant: Refurbisher, bid: Bid, page: Client) -> None:
    BidFactory(plant=plant, variant=bid.variant, condition=USED, price_minor=101)
    data = {"percent": "-10", "conditions": [GOOD, USED], "step": "1"}
    address = page.post(reverse("plant:bids_percent"), data).url
    assert page.post(address).status_code == 422
    assert page.post(address, {"leave_out": "1"}).status_code == 302
    assert stands(plant) == {("IP12", GOOD, 18_000), ("IP12", USED, 101)}


def test_a_change_is_not_taken_back_once_one_of_its_bids_moved_on(plant: Refurbisher, bid: Bid, page: Client) -> None:
    second = BidFactory(plant=plant, variant=bid.variant, condition=USED, price_minor=10_000)
    data = {"percent": "10", "conditions": [GOOD, USED], "step": "1"}
    address = page.post(reverse("plant:bids_percent"), data).url
    page.post(address)
    Bid.objects.filter(pk=second.pk).update(price_minor=1_234)
    answer = page.post(address, {"take_back": "1"})
    assert answer.status_code == 422
    assert stands(plant) == {("IP12", GOOD, 22_000), ("IP12", USED, 1_234)}
    assert BidChange.objects.get().status == "applied"


def test_another_plants_bids_and_changes_do_not_exist(
    plant: Refurbisher, bid: Bid, page: Client, rival: User, client_of: ClientOf
) -> None:
    address = upload(page, f"SKU;{GOOD}\nIP12;210\n").url
    change = BidChange.objects.get()
    theirs = client_of(rival)
    broken = reverse("plant:bid_change_broken", args=[change.pk])
    assert [theirs.get(address).status_code, theirs.post(address).status_code, theirs.get(broken).status_code] == [
        404
    ] * 3
    bid.variant.product.category.experts.add(rival.membership.plant)
    theirs.post(reverse("plant:bids"), {cell(bid.variant, GOOD): "1", f"seen-{bid.variant_id}": ",20000,,,,"})
    assert stands(plant) == {("IP12", GOOD, 20_000)}
    assert "200.00" not in theirs.get(reverse("plant:bids_export")).getvalue().decode()


def test_a_device_of_a_category_that_is_not_the_plants_is_not_read(bid: Bid, rival: User, client_of: ClientOf) -> None:
    theirs = client_of(rival)
    theirs.post(reverse("plant:bids"), {cell(bid.variant, GOOD): "5", f"seen-{bid.variant_id}": ",,,,,"})
    assert not Bid.objects.filter(plant=rival.membership.plant).exists()
    answer = theirs.get(upload(theirs, f"SKU;{GOOD}\nIP12;5\n").url)
    assert "No device of your categories has this SKU." in answer.content.decode()


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [("owner", 200, 302), ("manager", 200, 302), ("technician", 200, 403), ("after_sales", 403, 403)],
)
def test_leaders_change_bids_and_the_workshop_reads_them(
    plant: Refurbisher, bid: Bid, client_of: ClientOf, who: str, reads: int, writes: int
) -> None:
    page = client_of(role(plant, who))
    assert [page.get(reverse(f"plant:{name}")).status_code for name in ("bids", "bids_export")] == [reads, reads]
    data = {cell(bid.variant, GOOD): "5", f"seen-{bid.variant_id}": ",20000,,,,"}
    assert save(page, data).status_code == writes
    assert upload(page, f"SKU;{GOOD}\nIP12;7\n").status_code == writes
    percent = {"percent": "1", "conditions": [GOOD], "step": "1"}
    assert page.post(reverse("plant:bids_percent"), percent).status_code == writes
    if reads == 200:
        assert (b'name="bid-' in page.get(reverse("plant:bids")).content) is (writes == 302)
