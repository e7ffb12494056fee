"""The cheapest thresholds are those that trying every pair of thresholds finds."""

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RulesError
from engine.match import costs
from engine.match.costs import CANDIDATES, Costs, best_thresholds

money = st.floats(0, 1000)
tables = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1000)), min_size=1, max_size=12)


def table(rows: list[tuple[float, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"match_probability": pl.Float64, "pairs": pl.Int64}, orient="row")


def loss(patterns: pl.DataFrame, given: Costs, merge: float, review: float) -> float:
    p, n = patterns["match_probability"].to_numpy(), patterns["pairs"].to_numpy()
    wrong = ((1 - p) * n)[p >= merge].sum()
    missed = (p * n)[p < review].sum()
    waiting = n[(p >= review) & (p < merge)].sum()
    return float(given.wrong_merge * wrong + given.missed * missed + given.minute * given.minutes * waiting)


@given(tables, st.builds(Costs, money, money, money, st.floats(0, 10)))
@settings(max_examples=60, deadline=None)
def test_no_two_thresholds_cost_less(rows, asked):
    patterns = table(rows)
    best = best_thresholds(patterns, asked)
    tried = sorted({*CANDIDATES[::49], CANDIDATES[-1], best.merge, best.review})
    for review, merge in itertools.combinations_with_replacement(tried, 2):
        assert best.total <= loss(patterns, asked, merge, review) + 1e-6 * (1 + best.total)
    assert best.total == pytest.approx(loss(patterns, asked, best.merge, best.review), abs=1e-3, rel=1e-6)
    assert best.review <= best.merge


def test_dear_review_leaves_nothing_to_review():
    patterns = table([(0.99, 10), (0.6, 10), (0.2, 10)])
    assert best_thresholds(patterns, Costs(wrong_merge=1, missed=1, minute=1e6)).waiting == 0


def test_free_review_reviews_all_that_is_in_doubt():
    patterns = table([(1.0, 10), (0.6, 10), (0.2, 10), (0.0, 1000)])
    best = best_thresholds(patterns, Costs(wrong_merge=1, missed=1, minute=0))
    assert (best.waiting, best.wrong, best.missed) == (20, 0, 0)


def test_known_matches_count_instead_of_expected_ones():
    patterns = table([(0.9, 100), (0.3, 100)])
    turned = best_thresholds(patterns, Costs(minute=1e6), matches=np.array([0.0, 0.0]))
    assert turned.wrong == 0
    assert turned.merge > 0.9


def test_what_blocking_missed_is_paid_for():
    patterns = table([(0.9, 100)])
    without, with_missed = (best_thresholds(patterns, Costs(), missed_by_blocking=m) for m in (0.0, 7.0))
    assert with_missed.total - without.total == pytest.approx(7 * Costs().missed)
    assert (with_missed.merge, with_missed.review) == (without.merge, without.review)


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_a_cost_that_is_none_is_refused(wrong):
    with pytest.raises(RulesError, match="cost"):
        best_thresholds(table([(0.5, 1)]), costs.Costs(missed=wrong))
