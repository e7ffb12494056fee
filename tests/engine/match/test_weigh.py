"""The evidence model finds the classes that were planted, and says probabilities that come true."""

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import weigh
from engine.match.latent import Blocks, Indicators
from engine.rules import LatentClass, Level, Weights
from tests.engine.match.planted import COMPARISONS, FIELDS, Planted, estimated, plant


def scored(planted: Planted, weights: Weights) -> pl.DataFrame:
    return weigh.score(COMPARISONS, weights, planted.patterns)


@pytest.fixture(scope="module", params=[1, 2, 3])
def planted(request) -> Planted:
    return plant(request.param)


def test_planted_matches_are_found_without_a_label(planted):
    table = scored(planted, estimated(planted))
    above = (table["match_probability"] >= 0.5).to_numpy()
    found, made, true = planted.matches[above].sum(), table["pairs"].to_numpy()[above].sum(), planted.matches.sum()
    best = best_f1(planted)
    assert 2 * found / (made + true) > best - 0.03


def best_f1(planted: Planted) -> float:
    """The best F1 that any order of these patterns can reach."""
    n, matches = planted.patterns["pairs"].to_numpy(), planted.matches
    order = np.argsort(-matches / n)
    return float((2 * np.cumsum(matches[order]) / (np.cumsum(n[order]) + matches.sum())).max())


def test_probabilities_come_true(planted):
    table = scored(planted, estimated(planted))
    p, n = table["match_probability"].to_numpy(), table["pairs"].to_numpy()
    said, true = (p * n).sum(), planted.matches.sum()
    assert said == pytest.approx(true, rel=0.12)
    for low, high in ((0.0, 0.05), (0.95, 1.01)):
        part = (p >= low) & (p < high)
        assert (planted.matches[part].sum() / n[part].sum()) == pytest.approx(
            (p * n)[part].sum() / n[part].sum(), abs=0.05
        )


def test_colleagues_on_one_phone_are_no_match(planted):
    table = scored(planted, estimated(planted))
    colleagues = table.filter((pl.col("name") == 1) & (pl.col("phone") == 3) & (pl.col("company") == 3))
    assert (colleagues.filter(pl.col("email") < 3)["match_probability"] < 0.5).all()
    everything = table.filter(pl.all_horizontal(pl.col(f) == 3 for f in FIELDS))
    assert everything["match_probability"].item() > 0.99


def test_another_draw_of_the_same_account_gives_nearly_the_same_probabilities():
    first, second = plant(1), plant(2)
    one = scored(first, estimated(first))
    other = scored(first, estimated(second))
    off = ((one["match_probability"] - other["match_probability"]).abs() * one["pairs"]).sum() / one["pairs"].sum()
    assert off < 0.01


def test_judged_pairs_pull_their_pattern():
    planted = plant(1)
    free = scored(planted, estimated(planted))
    doubtful = free.filter(pl.col("pairs") > 20).sort((pl.col("match_probability") - 0.5).abs()).row(0, named=True)
    at = doubtful["pattern"]
    nothing = np.zeros(len(planted.patterns))
    all_of_it = nothing.copy()
    all_of_it[at] = doubtful["pairs"]
    yes = scored(planted, estimated(planted, judged=(all_of_it, nothing)))["match_probability"][at]
    no = scored(planted, estimated(planted, judged=(nothing, all_of_it)))["match_probability"][at]
    assert no < doubtful["match_probability"] < yes


def test_matches_come_first_and_every_class_is_a_distribution(planted):
    weights = estimated(planted)
    flags = [c.match for c in weights.classes]
    assert flags == sorted(flags, reverse=True)
    assert flags[0]
    assert not flags[-1]
    assert sum(c.share for c in weights.classes) == pytest.approx(1.0, abs=1e-5)
    assert len({c.name for c in weights.classes}) == len(weights.classes)
    for one in weights.classes:
        for field in FIELDS:
            assert sum(one.levels[field]) == pytest.approx(1.0, abs=1e-4)
            assert min(one.levels[field]) > 0


def two_classes(m: float, u: float, share: float = 0.1) -> Weights:
    """Two classes in which every comparison agrees with probability m and u."""
    made = [(True, share, m), (False, 1 - share, u)]
    levels = [dict.fromkeys(FIELDS, ((1 - p) * 0.75, (1 - p) * 0.25, p)) for _, _, p in made]
    return Weights(tuple(LatentClass(str(k), k, s, one) for (k, s, _), one in zip(made, levels, strict=True)))


def test_two_classes_weigh_as_fellegi_and_sunter_say():
    table = pl.DataFrame({f: [3, 0] for f in FIELDS}, schema=dict.fromkeys(FIELDS, pl.UInt8))
    weight = weigh.score(COMPARISONS, two_classes(0.9, 0.01, 0.1), table)["match_weight"].to_list()
    prior = np.log2(0.1 / 0.9)
    assert weight[0] == pytest.approx(prior + 4 * np.log2(0.9 / 0.01))
    assert weight[1] == pytest.approx(prior)  # everything missing: nothing learned


def test_an_adjustment_is_added_to_the_patterns_that_reach_its_level():
    planted, weights = plant(1), two_classes(0.9, 0.05)
    phone = next(c for c in COMPARISONS if c.name == "phone")
    raised = (Level("same", 100, adjust=-2.5), *phone.levels[1:])
    adjusted = tuple(msgspec.structs.replace(c, levels=raised) if c is phone else c for c in COMPARISONS)
    before = weigh.score(COMPARISONS, weights, planted.patterns)["match_weight"]
    after = weigh.score(adjusted, weights, planted.patterns)["match_weight"]
    expected = np.where(planted.patterns["phone"].to_numpy() == 3, -2.5, 0.0)
    assert np.allclose((after - before).to_numpy(), expected)


def test_a_disabled_comparison_says_nothing():
    planted, weights = plant(1), two_classes(0.9, 0.05)
    off = tuple(msgspec.structs.replace(c, enabled=c.name != "phone") for c in COMPARISONS)
    table = weigh.score(off, weights, planted.patterns)
    alike = table.group_by([f for f in FIELDS if f != "phone"]).agg(pl.col("match_weight").n_unique())
    assert alike["match_weight"].max() == 1
    assert table["match_weight"].n_unique() > 10


def test_with_every_comparison_off_each_pair_is_what_any_pair_is():
    planted, weights = plant(1), two_classes(0.9, 0.05)
    off = tuple(msgspec.structs.replace(c, enabled=False) for c in COMPARISONS)
    table = weigh.score(off, weights, planted.patterns)
    share = sum(c.share for c in weights.classes if c.match)
    assert table["match_probability"].to_list() == pytest.approx([share] * len(planted.patterns))


@given(st.lists(st.floats(0.001, 0.999), min_size=2, max_size=2, unique=True), st.floats(0.001, 0.5))
@settings(deadline=None, max_examples=50)
def test_weight_and_probability_say_the_same(agree, share):
    table = weigh.score(COMPARISONS, two_classes(max(agree), min(agree), share), plant(1, 300).patterns)
    p, weight = table["match_probability"].to_numpy(), table["match_weight"].to_numpy()
    assert p == pytest.approx(1 / (1 + 2.0**-weight))
    assert ((weight > 0) == (table["looks_like"] == "True").to_numpy()).all()


def test_a_table_of_one_comparison_learns_from_chance_alone():
    planted = plant(1)
    name = COMPARISONS[:1]
    weights = estimated(planted, comparisons=name)
    assert [c.match for c in weights.classes] == [True, False]
    weight = weigh.score(name, weights, pl.DataFrame({"name": [1, 2, 3]}).cast(pl.UInt8))["match_weight"].to_list()
    assert weight == sorted(weight)


@given(st.integers(1, 700), st.integers(1, 9), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_blocks_count_and_sum_as_the_indicators_do(patterns, classes, seed):
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 4, (patterns, 4))  # of three levels each; the fourth stands for a missing value
    x = Indicators(np.where(level < 3, level + 3 * np.arange(4), 12), 12)
    weights, values = rng.random((classes, patterns)), rng.random((classes, 12))
    blocks = Blocks(x, classes)
    counted = blocks.counts(blocks.laid(weights))
    assert np.allclose(counted, [x.counts(one) for one in weights])
    assert np.allclose(blocks.taken(blocks.sums(values)), x.sums(values).T)
    assert np.array_equal(blocks.taken(blocks.laid(weights)), weights)
