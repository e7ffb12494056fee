"""What the tuning bench asks agrees with the long way round."""

import datetime as dt
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RulesError
from engine.match import compare, evaluate, run, suggest, tuning
from engine.rules import Comparison, Level, validate
from engine.snapshot import map as mapping
from engine.snapshot.read import read_tables

BOUNDS = st.lists(st.integers(1, 120), min_size=1, max_size=3, unique=True).map(
    lambda b: tuple(sorted([*b, 0], reverse=True))
)


def comparison(name: str, bounds: tuple[int, ...]) -> Comparison:
    return Comparison(name, "city", (name,), tuple(Level(f"from {b}", b) for b in bounds))


@pytest.fixture(scope="module")
def found() -> run.Match:
    """The contacts of the small sample account, matched."""
    tables = read_tables([Path(__file__).parents[3] / "sample_data" / "zoho" / "contacts.csv"])
    made = mapping.apply(tables, [mapping.recognise(t) for t in tables], as_of=dt.date(2026, 10, 31))
    records = made.frames["contact"]
    return run.match(records, suggest.suggest(records, entity="contact"))


@given(st.tuples(BOUNDS, BOUNDS, BOUNDS), st.tuples(BOUNDS, BOUNDS, BOUNDS), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_regrouping_gives_what_grouping_anew_gives(before, after, seed):
    rng = np.random.default_rng(seed)
    similar = {n: rng.choice([0, 40, 80, 95, 110, 120, 255], 60).astype(np.uint8) for n in "abc"}
    old, new = ([comparison(n, b) for n, b in zip("abc", bounds, strict=True)] for bounds in (before, after))
    moved = [o.name for o, n in zip(old, new, strict=True) if o != n]
    table, number = compare.regrouped(new, similar, compare.patterns(old, similar), moved)
    expected, places = compare.patterns(new, similar)
    assert table.equals(expected)
    assert number.tolist() == places.tolist()


def test_merges_between_two_thresholds_are_the_difference_of_what_goes(found):
    bits = found.forest["match_weight"].to_numpy()
    low, high = (float(1 / (1 + 2.0**-b)) for b in (np.min(bits) - 0.01, np.mean(bits)))
    gone = evaluate.removable(found.forest, [low, high])["removable"].to_list()
    between = tuning.merges_between(found, low, high, count=10_000)
    assert between.height == tuning.count_between(found, low, high) == gone[0] - gone[1] > 0
    assert between["match_probability"].is_between(low, high, closed="left").all()
    assert between["match_weight"].is_sorted(descending=True)


def test_the_similarity_histogram_counts_every_pair_once(found):
    for name in found.similarities:
        pairs, matches = tuning.similarity_histogram(found, name)
        assert pairs.sum() == len(found.pairs)
        assert matches.sum() == pytest.approx(found.probability.sum())
        assert (matches <= pairs + 1e-9).all()


def test_a_moved_boundary_moves_pairs_and_only_this_comparison(found):
    name = found.rules.comparisons[0].name
    bounds = [level.at_least for level in found.rules.comparisons[0].levels]
    same = tuning.moved(found, name, bounds)
    assert same == found.rules
    bounds[-2] += 3
    rules = tuning.moved(found, name, bounds)
    validate(rules)
    quick = run.reweigh(found, rules)
    blank = msgspec.structs.replace(rules, thresholds=found.rules.thresholds)
    patterns, _ = compare.patterns(blank.comparisons, found.similarities)
    assert quick.patterns.select(patterns.columns).equals(patterns)
    for old, new in zip(found.rules.weights.classes, rules.weights.classes, strict=True):
        assert new.share == old.share
        assert sum(new.levels[name]) == pytest.approx(1, abs=1e-4)
        assert {k: v for k, v in new.levels.items() if k != name} == {k: v for k, v in old.levels.items() if k != name}


def test_an_unknown_comparison_is_refused(found):
    with pytest.raises(RulesError, match="no comparison"):
        tuning.moved(found, "shoe size", [0])
