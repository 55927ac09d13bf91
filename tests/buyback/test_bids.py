"""How prices are read, raised and kept within bounds, and what a file of bids asks for."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from threading import Event
from time import sleep

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from backmarket.accounts.models import User
from backmarket.money import Money
from backmarket.tables import FileRefused
from buyback.bid_files import price_of, read_bid_file
from buyback.models import Bid, BidRow
from buyback.services.bid_changes import BidsMoved, raised, save_bids
from buyback.services.bids import HIGHEST_MINOR, LOWEST_MINOR, BidRefused, change_bid, place_bid
from refurbishers.models import Refurbisher
from tests.factories import BidFactory

GOOD, USED = "FUNCTIONAL_GOOD", "FUNCTIONAL_USED"


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("", None), (" \u00a0", None), ("120", 12_000), ("119.90", 11_990), ("119,9", 11_990), ("1 234,50", 123_450),
        ("1.234,50", 123_450), ("1,234.50", 123_450), ("1\u202f234", 123_400), ("€120", 12_000), ("120 EUR", 12_000),
        ("1", 100), ("10000", 1_000_000),
    ],
)  # fmt: skip
def test_a_price_is_read_as_people_write_it(text: str, minor: int | None) -> None:
    assert price_of(text) == minor


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.234", "two ways"), ("1,234", "two ways"), ("12.345,6,7", "not a price"), ("1.23,45.6", "not a price"),
        ("1.2.3", "not a price"), ("-5", "not a price"), ("1e3", "not a price"), ("NaN", "not a price"),
        ("١٢٠", "not a price"), ("=1+1", "not a price"), ("9" * 30, "not a price"), ("1.2345", "at most 2 decimals"),
        ("0", "lowest bid is €1.00"), ("0.99", "lowest bid is €1.00"), ("10000.01", "highest bid is €10,000.00"),
    ],
)  # fmt: skip
def test_what_is_no_price_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        price_of(text)


@given(st.text(max_size=30))
def test_any_text_is_a_price_within_bounds_nothing_or_a_reason(text: str) -> None:
    with suppress(ValueError):
        price = price_of(text)
        assert price is None or LOWEST_MINOR <= price <= HIGHEST_MINOR


@pytest.mark.parametrize(
    ("minor", "bps", "step", "becomes"),
    [(20_000, 500, 100, 21_000), (20_000, -750, 100, 18_500), (1_000, 500, 100, 1_100), (990, 500, 1, 1_040),
     (1_049, 0, 100, 1_000), (1_050, 0, 100, 1_100), (100, -5_000, 1, 50)],
)  # fmt: skip
def test_a_percentage_rounds_to_the_nearest_step_half_upwards(minor: int, bps: int, step: int, becomes: int) -> None:
    assert raised(minor, bps, step) == becomes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_file_is_read_in_the_encodings_and_separators_that_people_have(encoding: str, separator: str) -> None:
    lines = [["Gerät é", "sku", "Works, light marks"], ["Téléphone", "'ab-1", "119.90"], ["", "", ""]]
    text = "\r\n".join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    read = read_bid_file(text.encode(encoding), {"AB-1": 7}, {(7, GOOD): (100, False)})
    assert (read.cells, read.broken) == ([BidRow(7, GOOD, 100, 11_990, False)], [])


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "first line must name"),
        (b"a;b\n1;2\n", "one of them must be SKU"),
        (b"SKU;Price\nA;1\n", "No column is a condition"),
        (b"SKU;FUNCTIONAL_GOOD\n\n", "nothing below it"),
        (b"SKU;FUNCTIONAL_GOOD;functional_good\nA;1;1\n", "twice"),
        (b"\x89PNG\x00\x00SKU", "not a text file"),
        (b"SKU;FUNCTIONAL_GOOD\n" + b"A;1\n" * 5_001, "at most"),
        (b"x" * 2_000_001, "larger than 2 MB"),
        (b'SKU;FUNCTIONAL_GOOD\n"' + b"x" * 200_000, "cannot be read"),
    ],
)
def test_what_is_no_file_of_bids_is_refused_as_a_whole(raw: bytes, says: str) -> None:
    with pytest.raises(FileRefused, match=says):
        read_bid_file(raw, {"A": 1}, {})


@pytest.mark.django_db
def test_the_bounds_hold_for_every_way_to_bid(plant: Refurbisher, bob: User, now: datetime) -> None:
    bid = BidFactory(plant=plant)
    for minor in (LOWEST_MINOR - 1, HIGHEST_MINOR + 1):
        with pytest.raises(BidRefused):
            change_bid(bid, price=Money(minor, "EUR"), by="system:test", at=now)
        with pytest.raises(BidRefused):
            place_bid(plant, bid.variant, condition=USED, price=Money(minor, "EUR"), by="system:test", at=now)
        with pytest.raises(BidsMoved):
            save_bids(plant, [BidRow(bid.variant_id, USED, None, minor)], by=bob, at=now)
    assert Bid.objects.get().price_minor == 20_000


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_fill_one_empty_cell_the_second_is_told(plant: Refurbisher, bob: User, now: datetime) -> None:
    """The first has written but not committed when the second begins: only the plant's lock makes it wait and look."""
    variant = BidFactory(plant=plant).variant
    written = Event()

    def first() -> None:
        with transaction.atomic():
            save_bids(plant, [BidRow(variant.pk, USED, None, 5_000)], by=bob, at=now)
            written.set()
            sleep(0.5)
        connection.close()

    def second() -> bool:
        written.wait(5)
        try:
            save_bids(plant, [BidRow(variant.pk, USED, None, 6_000)], by=bob, at=now)
        except BidsMoved:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(first)
        assert pool.submit(second).result() is False
        done.result()
    assert Bid.objects.get(condition=USED).price_minor == 5_000
