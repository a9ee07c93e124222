"""Pairs and lots: by hand, what always holds, and that a lot is fair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods import lots


def test_the_closest_are_paired_first_and_the_odd_one_is_left_over() -> None:
    assert lots.pair([[0.0], [10.0], [0.5], [9.0], [4.0]]).tolist() == [[0, 2], [1, 3]]


def test_partners_are_exchanged_where_the_closest_leave_others_far_apart() -> None:
    # The closest two first would leave 0 and 3 as a pair, 3 apart.
    assert lots.pair([[0.0], [1.0], [1.9], [3.0]]).tolist() == [[0, 1], [2, 3]]


def test_every_measure_counts_by_its_spread() -> None:
    # In metres the second measure would decide alone; by spread the first tells them apart.
    values = [[1.0, 1000.0], [1.0, 1400.0], [5.0, 1000.0], [5.0, 1400.0], [3.0, 90_000.0]]
    assert lots.pair(values).tolist() == [[0, 1], [2, 3]]


def test_a_measure_that_all_share_decides_nothing() -> None:
    assert lots.pair([[1.0, 7.0], [2.0, 7.0], [1.1, 7.0], [2.1, 7.0]]).tolist() == [[0, 2], [1, 3]]


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=0, max_size=15))
def test_everybody_is_in_one_pair_at_most(values: list[tuple[float, float]]) -> None:
    pairs = lots.pair(np.array(values).reshape(-1, 2))
    assert len(pairs) == len(values) // 2
    assert len(set(pairs.ravel())) == pairs.size


@pytest.mark.parametrize("values", [[[np.nan], [1.0]], [1.0, 2.0]], ids=["gap", "flat"])
def test_what_cannot_be_compared_is_refused(values: list[object]) -> None:
    with pytest.raises(ValueError, match="without gaps"):
        lots.pair(values)  # type: ignore[arg-type]


def test_a_lot_is_fair_and_can_be_drawn_again() -> None:
    drawn = np.concatenate([lots.draw(10, [seed, 130722]) for seed in range(400)])
    # Four standard errors of a fair coin.
    assert abs(drawn.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(drawn))
    assert (lots.draw(10, 7) == lots.draw(10, 7)).all()
