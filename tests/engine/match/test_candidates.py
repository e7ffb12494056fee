"""Looking up pairs finds what a dictionary finds."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import candidates

pair = st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda p: p[0] < p[1])


def table(pairs: set[tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame(sorted(pairs), schema={"left": pl.UInt32, "right": pl.UInt32}, orient="row")


@settings(deadline=None)
@given(st.sets(pair), st.lists(pair))
def test_the_numbers_of_pairs(pairs, asked):
    place = {p: i for i, p in enumerate(sorted(pairs))}
    wanted = np.array(asked, np.uint32).reshape(-1, 2)
    found = candidates.numbers(table(pairs), wanted[:, 0], wanted[:, 1])
    assert found.tolist() == [place.get(p, -1) for p in asked]


@settings(deadline=None)
@given(st.sets(pair), st.sets(st.integers(0, 9)))
def test_pairs_among_some_records(pairs, records):
    found = candidates.among(table(pairs), np.array(sorted(records), np.int64), of=10)
    assert found.tolist() == [i for i, p in enumerate(sorted(pairs)) if records.issuperset(p)]
