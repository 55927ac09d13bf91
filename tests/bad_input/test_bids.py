"""A plant's file of bids with broken lines, and nonsense in the table: clear errors, nothing half-done."""

import csv
import io
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backmarket.accounts.models import User
from buyback.models import Bid, BidChange
from catalog.models import Condition
from refurbishers.models import Refurbisher
from tests.bad_input.cases import written
from tests.factories import ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db
GOOD = "FUNCTIONAL_GOOD"
NAUGHTY = (
    "a\0b",
    "x" * 10_000,
    "😀",
    "-1",
    "NaN",
    "1e9",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "1.234",
    "٣",
    "0",
)
# What stands in a broken line, and the reason that must be said for it.
BROKEN = (
    ("NOPE", "100", "No device of your categories"), ("", "100", "The SKU is missing"),
    ("=cmd|' /C calc'!A0", "100", "No device of your categories"), ("{sku}", "free", "not a price"),
    ("{sku}", "-5", "not a price"), ("{sku}", "0", "lowest bid"), ("{sku}", "0,50", "lowest bid"),
    ("{sku}", "99999", "highest bid"), ("{sku}", "1.234", "two ways"), ("{sku}", "12,345", "two ways"),
    ("{sku}", "1.23.4", "not a price"), ("{sku}", "NaN", "not a price"), ("{sku}", "1e5", "not a price"),
    ("{sku}", "😀", "not a price"), ("{sku}", "=1+1", "not a price"), ("{sku}", "1,2345", "decimals"),
    ("{sku}", "9" * 400, "not a price"),
)  # fmt: skip


@pytest.fixture
def page(bob: User, plant: Refurbisher, client_of: Callable[[User], Client]) -> Client:
    return client_of(bob)


def test_200_lines_with_17_broken_ones(plant: Refurbisher, page: Client) -> None:
    product = ProductFactory()
    product.category.experts.add(plant)
    variants = [VariantFactory(product=product, sku=f"SKU-{n:03}") for n in range(200)]
    bad = {5 + 11 * n: case for n, case in enumerate(BROKEN)}
    lines = [f"SKU;Device;{GOOD}"]
    for n, variant in enumerate(variants):
        sku, price, _reason = bad.get(n, (variant.sku, f"{100 + n},50", ""))
        lines.append(f"{sku.format(sku=variant.sku)};whatever;{price}")
    file = SimpleUploadedFile("bids.csv", "\r\n".join(lines).encode("utf-8-sig"))
    address = page.post(reverse("plant:bids_import"), {"file": file}).url
    broken = BidChange.objects.get().broken["rows"]
    assert [row["line"] for row in broken] == [n + 2 for n in sorted(bad)]
    for row, (_sku, _price, reason) in zip(broken, BROKEN, strict=True):
        assert [reason in fault["reason"] for fault in row["faults"]] == [True], row
    shown = page.get(address)
    assert shown.context["counts"] == {"changed": 0, "new": 183, "withdrawn": 0}
    assert "17 lines were not understood" in shown.content.decode()
    assert page.post(address).status_code == 422
    assert not Bid.objects.exists()
    page.post(address, {"leave_out": "1"})
    assert Bid.objects.count() == 183
    mend = page.get(reverse("plant:bid_change_broken", args=[BidChange.objects.get().pk])).getvalue()
    rows = list(csv.reader(io.StringIO(mend.decode("utf-8-sig"))))
    assert (len(rows), rows[0]) == (18, ["SKU", "Device", GOOD, "Reason"])
    assert [cell for row in rows for cell in row if cell[:1] in "=+-@" and cell] == []


def test_the_same_device_twice_a_long_line_and_a_short_one(plant: Refurbisher, page: Client) -> None:
    variant = VariantFactory(sku="AA")
    other = VariantFactory(sku="BB", product=variant.product)
    third = VariantFactory(sku="CC", product=variant.product)
    variant.product.category.experts.add(plant)
    text = f"SKU,{GOOD},FUNCTIONAL_USED\nAA,1,2\naa,3,4\n{other.sku},119,90,5\n{third.sku},1\n"
    page.post(reverse("plant:bids_import"), {"file": SimpleUploadedFile("b.csv", text.encode())})
    change = BidChange.objects.get()
    reasons = [(row["line"], row["faults"][0]["reason"][:34]) for row in change.broken["rows"]]
    assert reasons == [
        (2, "This device is on the lines 2, 3. "), (3, "This device is on the lines 2, 3. "),
        (4, "This line has more cells than the "), (5, "This line has fewer cells than the"),
    ]  # fmt: skip
    assert change.rows == []


@pytest.mark.parametrize("text", NAUGHTY)
def test_nonsense_in_a_cell_is_answered_beside_it_and_writes_nothing(
    plant: Refurbisher, page: Client, text: str
) -> None:
    variant = VariantFactory()
    variant.product.category.experts.add(plant)
    before = written()
    data = {f"bid-{variant.pk}-{each}": "" for each in Condition.values}
    answer = page.post(reverse("plant:bids"), data | {f"bid-{variant.pk}-{GOOD}": text, f"seen-{variant.pk}": text})
    assert answer.status_code == 422
    assert f'id="bid-{variant.pk}-{GOOD}_error"' in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
    assert written() == before


@pytest.mark.parametrize("percent", ["", "abc", "0", "101", "-51", "1.234", "1e1", "NaN", "9" * 50, "٣"])
def test_nonsense_as_percentage_is_answered_beside_it(page: Client, percent: str) -> None:
    answer = page.post(reverse("plant:bids_percent"), {"percent": percent, "conditions": [GOOD], "step": "7"})
    assert answer.status_code == 422
    assert {*answer.context["form"].errors} == {"percent", "step"}
    assert not BidChange.objects.exists()


@pytest.mark.parametrize("raw", [b"", b"\x89PNG\r\n\x1a\n\0\0", b"SKU\nA", b"\xff\xfe\x00"])
def test_what_is_no_file_of_bids_is_refused_beside_the_field(page: Client, raw: bytes) -> None:
    answer = page.post(reverse("plant:bids_import"), {"file": SimpleUploadedFile("b.csv", raw)})
    assert answer.status_code == 422
    assert {*answer.context["form"].errors} == {"file"}
    assert not BidChange.objects.exists()
