"""What a threshold costs: exact with truth, an interval with judgements, called an estimate with neither."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import evaluate, weigh
from engine.match.evaluate import against, cluster_scores, curve
from tests.engine.match.planted import COMPARISONS, estimated, plant

THRESHOLDS = [0.02, 0.3, 0.5, 0.8, 0.99]


def test_with_truth_the_figures_are_those_of_a_naive_count(matched, truth):
    label = dict(truth.select("record_id", "cluster_id").rows())
    ids = [label.get(i) for i in matched.records["record_id"]]
    true = {(a, b) for a, b in combinations(range(len(ids)), 2) if ids[a] == ids[b]}
    pairs, probability = matched.pairs.select("left", "right").rows(), matched.probability.tolist()
    figures = curve(matched.patterns, truth=against(matched, truth), thresholds=THRESHOLDS)
    assert figures["basis"].unique().to_list() == ["exact"]
    for row in figures.to_dicts():
        above = {pair for pair, p in zip(pairs, probability, strict=True) if p >= row["threshold"]}
        assert row["pairs"] == len(above)
        assert row["precision"] == pytest.approx(len(above & true) / len(above))
        assert row["recall"] == pytest.approx(len(above & true) / len(true))
        assert row["precision_low"] is None


def test_records_without_truth_match_nothing(matched, truth):
    some = against(matched, truth.head(100))
    assert some.per_pattern.sum() <= against(matched, truth).per_pattern.sum()
    none = against(matched, truth.clear())
    assert (none.per_pattern.sum(), none.in_table) == (0, 0)


def test_without_truth_or_judgements_it_is_an_estimate(matched):
    figures = curve(matched.patterns, thresholds=THRESHOLDS)
    assert figures["basis"].unique().to_list() == ["estimate"]
    assert figures["precision_low"].null_count() == len(THRESHOLDS)
    p, n = matched.patterns["match_probability"].to_numpy(), matched.patterns["pairs"].to_numpy()
    for row in figures.to_dicts():
        above = p >= row["threshold"]
        assert row["matches"] == pytest.approx((p * n)[above].sum())
    assert figures["recall"].is_sorted(descending=True)
    assert figures["precision"].is_sorted()


def test_nothing_above_a_threshold_is_no_mistake(matched):
    row = curve(matched.patterns, thresholds=[1.1]).row(0, named=True)
    assert (row["pairs"], row["precision"], row["recall"]) == (0, 1.0, 0.0)


def simulated(seed: int, count: int) -> tuple[pl.DataFrame, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Seed, number of judgements → scored patterns of a planted account, its judgements, true matches per pattern."""
    account = plant(seed, 20_000)
    table = weigh.score(COMPARISONS, estimated(account), account.patterns)
    rng = np.random.default_rng(seed)
    # Judged at random within bands of the score, as many in each.
    band = np.digitize(table["match_probability"].to_numpy()[account.number], [0.001, 0.02, 0.2, 0.5, 0.8, 0.98])
    chosen = np.concatenate([rng.permutation(np.flatnonzero(band == b))[: count // 7] for b in range(7)])
    size = len(table)
    yes = np.bincount(account.number[chosen[account.is_match[chosen]]], minlength=size).astype(float)
    no = np.bincount(account.number[chosen[~account.is_match[chosen]]], minlength=size).astype(float)
    return table, (yes, no), account.matches


def test_intervals_from_judgements_hold_the_truth_and_narrow():
    inside, widths = [], {70: [], 700: []}
    for seed in range(8):
        for count, held in widths.items():
            table, judged, matches = simulated(seed, count)
            row = curve(table, judged=judged, thresholds=[0.5]).row(0, named=True)
            assert row["basis"] == "judged"
            above = (table["match_probability"] >= 0.5).to_numpy()
            precision = matches[above].sum() / table["pairs"].to_numpy()[above].sum()
            inside.append(row["precision_low"] <= precision <= row["precision_high"])
            assert row["precision_low"] <= row["precision"] <= row["precision_high"]
            held.append(row["precision_high"] - row["precision_low"])
    assert np.mean(inside) >= 0.8  # 95 % intervals, 16 of them
    assert np.mean(widths[700]) < np.mean(widths[70])


def test_every_pair_judged_leaves_no_doubt(matched, truth):
    n = matched.patterns["pairs"].to_numpy().astype(float)
    yes = against(matched, truth).per_pattern.astype(float)
    row = curve(matched.patterns, judged=(yes, n - yes), thresholds=[0.5]).row(0, named=True)
    above = (matched.patterns["match_probability"] >= 0.5).to_numpy()
    assert row["precision_low"] == row["precision_high"] == pytest.approx(yes[above].sum() / n[above].sum())


def test_the_histogram_holds_every_pair(matched, truth):
    known = against(matched, truth)
    for width in (0.5, 1.0, 4.0):
        bins = evaluate.histogram(matched.patterns, truth=known, width=width)
        assert bins["pairs"].sum() == len(matched.pairs)
        assert bins["matches"].sum() == known.per_pattern.sum()
    expected = evaluate.histogram(matched.patterns)
    assert expected["matches"].sum() == pytest.approx(matched.probability.sum())


def test_examples_are_pairs_nearest_to_the_threshold(matched):
    shown = evaluate.examples(matched, near=0.5, count=6)
    assert 0 < len(shown) <= 6
    assert shown.select("left_id", "right_id").is_unique().all()
    nearest = np.sort(np.abs(matched.patterns["match_probability"].to_numpy() - 0.5))[0]
    assert (shown["match_probability"] - 0.5).abs().min() == pytest.approx(nearest, abs=0.05)


labels = st.lists(st.integers(0, 4), min_size=1, max_size=12)


@given(labels, st.data())
@settings(max_examples=60, deadline=None)
def test_cluster_scores_are_those_of_a_naive_count(true, data):
    made = data.draw(st.lists(st.integers(0, 4), min_size=len(true), max_size=len(true)))
    ids = [str(i) for i in range(len(true))]
    scores = cluster_scores(
        pl.DataFrame({"record_id": ids, "cluster_id": [str(m) for m in made]}),
        pl.DataFrame({"record_id": ids, "cluster_id": [str(t) for t in true]}),
    )
    pairs = list(combinations(range(len(ids)), 2))
    together, same = {p for p in pairs if made[p[0]] == made[p[1]]}, {p for p in pairs if true[p[0]] == true[p[1]]}
    right = len(together & same)
    assert scores["precision"] == pytest.approx(right / len(together) if together else 1.0)
    assert scores["recall"] == pytest.approx(right / len(same) if same else 1.0)

    def mean(own: list[int], other: list[int]) -> float:
        parts = [
            sum(own[i] == own[j] and other[i] == other[j] for j in range(len(ids))) / own.count(own[i])
            for i in range(len(ids))
        ]
        return float(np.mean(parts))

    precision, recall = mean(made, true), mean(true, made)
    assert scores["b3"] == pytest.approx(2 * precision * recall / (precision + recall))


def test_records_that_no_cluster_names_are_alone():
    truth = pl.DataFrame({"record_id": ["a", "b", "c"], "cluster_id": ["1", "1", "2"]})
    made = pl.DataFrame({"record_id": ["a"], "cluster_id": ["x"]})
    assert cluster_scores(made, truth)["recall"] == 0.0
