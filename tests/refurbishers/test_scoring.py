"""The published formula, by hand."""

from refurbishers.scoring import PRIOR, WEIGHTS, ZERO_AT, Figure, part_bps, quality_bps


def test_a_plant_of_which_nothing_is_known_scores_the_prior() -> None:
    assert quality_bps({}) == PRIOR == 7_000


def test_the_weights_are_hundredths_of_the_whole() -> None:
    assert sum(WEIGHTS.values()) == 100
    assert set(ZERO_AT) | {"rating_average"} == set(WEIGHTS)


def test_a_small_sample_moves_the_score_little_and_a_large_one_much() -> None:
    assert part_bps("rating_average", Figure(100, 1)) == 6_667  # (0 + 20 × 7,000) / 21
    assert part_bps("rating_average", Figure(100, 180)) == 700  # (0 + 20 × 7,000) / 200


def test_a_rate_scores_in_a_straight_line_from_none_to_its_zero() -> None:
    huge = 10**9
    assert part_bps("defect_rate_90d", Figure(0, huge)) == 10_000
    assert part_bps("defect_rate_90d", Figure(500, huge)) == 5_000
    assert part_bps("defect_rate_90d", Figure(1_000, huge)) == 0
    assert part_bps("defect_rate_90d", Figure(5_000, huge)) == 0


def test_the_score_is_the_weighted_mean_of_its_parts() -> None:
    figures = {"rating_average": Figure(500, 180), "late_shipment_rate": Figure(3_000, 180)}
    # rating (10,000 × 180 + 140,000) / 200 = 9,700; late 140,000 / 200 = 700; the other 45 % at 7,000
    assert quality_bps(figures) == (40 * 9_700 + 15 * 700 + 45 * 7_000) // 100 == 7_135
