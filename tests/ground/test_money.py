import pytest
from hypothesis import given
from hypothesis import strategies as st

from backmarket.money import Money, total


def test_a_share_is_rounded_half_away_from_zero() -> None:
    assert Money(25, "EUR").share(1000) == Money(3, "EUR")
    assert Money(-25, "EUR").share(1000) == Money(-3, "EUR")
    assert Money(24, "EUR").share(1000) == Money(2, "EUR")


def test_the_odd_cents_of_a_split_go_to_the_largest_remainders_first_come_first() -> None:
    assert [part.minor for part in Money(100, "EUR").split([1, 1, 1])] == [34, 33, 33]
    assert [part.minor for part in Money(100, "EUR").split([1, 2, 0])] == [33, 67, 0]


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 1000), min_size=1, max_size=9).filter(any))
def test_a_split_sums_to_the_whole(minor: int, weights: list[int]) -> None:
    assert total(Money(minor, "EUR").split(weights), "EUR") == Money(minor, "EUR")


@given(st.integers(0, 10**9), st.integers(0, 10_000))
def test_a_share_is_never_more_than_the_whole(minor: int, bps: int) -> None:
    assert 0 <= Money(minor, "EUR").share(bps).minor <= minor


@pytest.mark.parametrize("wrong", [1.5, "12", True, None])
def test_money_counts_whole_minor_units_only(wrong: object) -> None:
    with pytest.raises(TypeError):
        Money(wrong, "EUR")  # type: ignore[arg-type]


def test_currencies_never_mix() -> None:
    with pytest.raises(ValueError, match="Cannot mix EUR and USD"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(ValueError, match="Cannot mix"):
        assert Money(1, "EUR") < Money(2, "USD")


def test_a_split_needs_a_weight() -> None:
    with pytest.raises(ValueError, match="Weights"):
        Money(1, "EUR").split([0, 0])
