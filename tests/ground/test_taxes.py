"""Who taxes a sale, at which rate on which day, and that no cent is lost in an amount that includes the tax."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backmarket.accounts.forms import COUNTRIES
from backmarket.money import Money, total
from backmarket.taxes import Taxed, UnknownRate, included_vat, share_of, tax_of_commission, tax_of_sale, vat_rate
from backmarket.taxes.rates import RATES

TODAY = date(2026, 11, 27)
AMOUNTS = st.integers(0, 10**9)
BPS = st.sampled_from(sorted({bps for rates in RATES.values() for _since, bps in rates}))


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.mark.parametrize(
    ("country", "on", "bps"),
    [
        ("FI", "2024-08-31", 2400), ("FI", "2024-09-01", 2550), ("FI", "2026-11-27", 2550),
        ("SK", "2024-12-31", 2000), ("SK", "2025-01-01", 2300),
        ("EE", "2024-01-01", 2200), ("EE", "2025-06-30", 2200), ("EE", "2025-07-01", 2400),
        ("RO", "2025-07-31", 1900), ("RO", "2025-08-01", 2100),
        ("FR", "2026-11-27", 2000), ("HU", "2026-11-27", 2700), ("LU", "2026-11-27", 1700),
    ],
)  # fmt: skip
def test_a_rate_holds_from_its_first_day(country: str, on: str, bps: int) -> None:
    assert vat_rate(country, date.fromisoformat(on)) == bps


@pytest.mark.parametrize(("country", "on"), [("CH", TODAY), ("", TODAY), ("FR", date(2023, 12, 31))])
def test_what_the_table_does_not_know_is_not_guessed(country: str, on: date) -> None:
    with pytest.raises(UnknownRate):
        vat_rate(country, on)


def test_the_union_has_27_countries_and_every_country_that_we_deliver_to_is_one() -> None:
    assert len(RATES) == 27
    assert set(COUNTRIES) <= set(RATES)


@pytest.mark.parametrize(
    ("margin", "seller", "buyer", "taxed"),
    [
        (False, "FR", "FR", Taxed("FR", 2000)),
        (False, "FR", "FI", Taxed("FI", 2550)),
        (False, "DE", "FR", Taxed("FR", 2000)),
        (False, "FR", "CH", Taxed("FR", 0)),
        (True, "FR", "FR", Taxed("FR", 0)),
        (True, "FR", "FI", Taxed("FR", 0)),
    ],
)
def test_a_regular_sale_is_taxed_where_it_goes_and_a_margin_where_it_comes_from(
    margin: bool, seller: str, buyer: str, taxed: Taxed
) -> None:
    assert tax_of_sale(margin=margin, seller=seller, buyer=buyer, on=TODAY) == taxed


@pytest.mark.parametrize(
    ("house", "plant", "vat_number", "taxed"),
    [
        ("FR", "FR", "FR00000000001", Taxed("FR", 2000)),
        ("FR", "FR", "", Taxed("FR", 2000)),
        ("FR", "DE", "DE000000001", Taxed("DE", 0)),
        ("FR", "DE", "", Taxed("FR", 2000)),
        ("FR", "CH", "", Taxed("CH", 0)),
        ("CH", "CH", "", Taxed("CH", 0)),
    ],
)
def test_a_commission_is_taxed_at_home_and_by_the_plant_itself_abroad(
    house: str, plant: str, vat_number: str, taxed: Taxed
) -> None:
    assert tax_of_commission(house=house, plant=plant, vat_number=vat_number, on=TODAY) == taxed


@pytest.mark.parametrize(
    ("gross", "bps", "vat"),
    [(12_000, 2000, 2_000), (30_490, 2550, 6_195), (3, 2000, 1), (1, 2000, 0), (-12_000, 2000, -2_000), (999, 0, 0)],
)
def test_the_tax_in_an_amount_is_rounded_half_away_from_zero(gross: int, bps: int, vat: int) -> None:
    assert included_vat(eur(gross), bps) == eur(vat)


@given(gross=AMOUNTS, bps=BPS)
def test_net_and_tax_are_the_amount_and_the_tax_is_that_rate_of_the_net(gross: int, bps: int) -> None:
    vat = included_vat(eur(gross), bps)
    net = eur(gross) - vat
    assert net + vat == eur(gross)
    # Exactly the rate of the exact net, and never half a cent off.
    assert abs(vat.minor * (10_000 + bps) - gross * bps) * 2 <= 10_000 + bps


@given(lines=st.lists(st.tuples(AMOUNTS, BPS), max_size=8))
def test_lines_rounded_one_by_one_sum_to_the_total(lines: list[tuple[int, int]]) -> None:
    vats = [included_vat(eur(gross), bps) for gross, bps in lines]
    nets = [eur(gross) - vat for (gross, _bps), vat in zip(lines, vats, strict=True)]
    assert total(nets, "EUR") + total(vats, "EUR") == eur(sum(gross for gross, _bps in lines))


@given(parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=6), bps=BPS)
def test_what_is_given_back_piece_by_piece_ends_with_the_whole_tax(parts: list[int], bps: int) -> None:
    whole = sum(parts)
    vat, given_back, back = included_vat(eur(whole), bps), eur(0), 0
    for part in parts:
        back += part
        piece = share_of(vat, back, whole) - given_back
        given_back = given_back + piece
        assert eur(0) <= piece
        assert given_back <= vat
    assert given_back == vat
