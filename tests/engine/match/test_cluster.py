"""Clusters partition the records, resist chains, keep bonds, and are those of the plain way."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import cluster as clusters
from engine.match.cluster import Clustered, Ground, cluster, forest, ground, grounded_alone, logit
from tests.engine.match import plain

RECORDS = 9
edges = st.dictionaries(
    st.tuples(st.integers(0, RECORDS - 1), st.integers(0, RECORDS - 1)).filter(lambda p: p[0] < p[1]),
    st.floats(0.001, 0.999),
    max_size=25,
)


def frame(pairs: dict[tuple[int, int], float]) -> tuple[pl.DataFrame, np.ndarray]:
    """Pairs, each with a pattern of its own, in the order of candidate pairs."""
    schema = {"left": pl.UInt32, "right": pl.UInt32}
    table = pl.DataFrame(sorted(pairs), schema=schema, orient="row").with_row_index("pattern")
    return table, np.array([pairs[p] for p in sorted(pairs)])


def bits(probability: np.ndarray) -> np.ndarray:
    return np.asarray(logit(probability) / np.log(2))


def laid(table: pl.DataFrame, probability: np.ndarray, records: int, floor: float) -> Ground:
    grown = forest(table, probability, bits(probability), records)
    return ground(table, probability, grown, records=records, floor=floor)


def clustered(
    pairs: dict[tuple[int, int], float],
    records: int,
    *,
    threshold: float = 0.5,
    never: dict[tuple[int, int], str] | None = None,
) -> Clustered:
    table, probability = frame(pairs)
    return cluster(
        laid(table, probability, records, clusters.LOWEST), probability, threshold=threshold, forbidden=bonds(never)
    )


def bonds(never: dict[tuple[int, int], str] | None) -> pl.DataFrame | None:
    rows = [(a, b, reason) for (a, b), reason in (never or {}).items()]
    return pl.DataFrame(rows, schema={"left": pl.UInt32, "right": pl.UInt32, "reason": pl.String}, orient="row")


@settings(deadline=None)
@given(edges, st.floats(0.1, 0.9))
def test_clusters_partition_within_components(pairs, threshold):
    table, _ = frame(pairs)
    made = clustered(pairs, RECORDS, threshold=threshold)
    joined = [p for p in sorted(pairs) if pairs[p] >= threshold]
    whole = plain.components(joined, RECORDS)
    assert len(made.label) == RECORDS
    for record, label in enumerate(made.label.tolist()):
        assert whole[record] == whole[label]  # never across components
        assert made.label[label] == label  # a cluster is named after a member
    assert [table.row(i)[1:] for i in made.cut.tolist()] == [p for p in joined if made.label[p[0]] != made.label[p[1]]]


@settings(deadline=None)
@given(edges, st.floats(0.05, 0.95))
def test_the_forest_counts_removable_records(pairs, threshold):
    table, probability = frame(pairs)
    grown = forest(table, probability, bits(probability), RECORDS)
    above = int((probability[grown["pattern"].to_numpy()] >= threshold).sum())
    label = plain.components([p for p, v in pairs.items() if v >= threshold], RECORDS)
    assert above == RECORDS - len(set(label))


def random_table(seed: int, records: int) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """Records in groups of all sizes, many ties → candidate pairs with patterns, probability and weight of each."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, rng.integers(2, records), records)
    near = (group[:, None] == group) & (rng.random((records, records)) < rng.uniform(0.2, 1.0))
    a, b = np.nonzero(np.triu(near | (rng.random((records, records)) < 0.02), 1))
    probability = np.unique(np.r_[rng.beta(0.5, 0.5, rng.integers(2, 40)), 0.5, 1.0])
    number = rng.integers(0, len(probability), len(a))
    table = pl.DataFrame({"left": a, "right": b, "pattern": number}).cast(pl.UInt32)
    return table, probability, bits(probability)


@pytest.mark.parametrize("seed", range(40))
def test_forest_and_clusters_are_those_of_the_plain_way(seed, monkeypatch):
    """Random graphs with ties, bonds between candidates and others, thresholds on and between the probabilities."""
    monkeypatch.setattr("engine.match.spanning.PARALLEL", [2, 32][seed % 2])
    monkeypatch.setattr("engine.match.contraction.LARGEST_STACK", [100, 1 << 21][seed // 2 % 2])
    rng = np.random.default_rng(seed)
    records = int(rng.integers(5, 120))
    table, probability, weight = random_table(seed, records)
    number = table["pattern"].to_numpy()
    rows = [i for i in range(len(table)) if probability[number[i]] >= clusters.FOREST_FLOOR]
    strong = table[rows]
    kept = plain.forest(
        strong["left"].to_numpy(), strong["right"].to_numpy(), weight[strong["pattern"].to_numpy()], records
    )
    grown = forest(table, probability, weight, records)
    assert grown.drop("match_weight").rows() == strong[kept].rows()
    assert np.array_equal(grown["match_weight"].to_numpy(), weight[grown["pattern"].to_numpy()])
    on = ground(table, probability, grown, records=records)
    few = np.arange(len(table)), *(table[name].to_numpy() for name in ("left", "right", "pattern"))
    alone = grounded_alone(few, probability, records=records)
    for threshold in (0.02, 0.5, float(rng.choice(probability[probability >= 0.02])), float(rng.uniform(0.02, 0.99))):
        apart = {
            (int(min(a, b)), int(max(a, b))): f"reason {a % 3}" for a, b in rng.integers(0, records, (8, 2)) if a != b
        }
        apart |= {row[:2]: "judged" for row in table.sample(min(4, len(table)), seed=seed).rows()}
        for never in ({}, apart):
            label, cut, reasons = plain.cluster(table, probability[number], records, threshold, never)
            for under in (on, alone):
                made = cluster(under, probability, threshold=threshold, forbidden=bonds(never))
                assert made.label.tolist() == label
                assert made.cut.tolist() == cut
                assert made.cut_reason == reasons


def test_no_pairs_are_no_clusters():
    made = clustered({}, 3)
    assert made.label.tolist() == [0, 1, 2]
    assert len(made.cut) == 0


def test_a_chain_is_cut_where_its_ends_contradict_each_other():
    made = clustered({(0, 1): 0.99, (1, 2): 0.8, (0, 2): 0.0001}, 3)
    assert made.label.tolist() == [0, 0, 2]
    assert made.cut_reason == ["outvoted"]


def test_a_veto_holds_across_the_whole_cluster():
    made = clustered({(0, 1): 0.999, (1, 2): 0.999}, 3, never={(0, 2): "veto:tax_id"})
    assert made.label[0] != made.label[2]
    assert len(set(made.label.tolist())) == 2


def test_a_veto_on_a_lone_pair_holds_and_says_why():
    made = clustered({(0, 1): 0.999}, 2, never={(0, 1): "judged"})
    assert made.label.tolist() == [0, 1]
    assert made.cut_reason == ["judged"]


def test_of_several_reasons_the_last_is_given():
    table, probability = frame({(0, 1): 0.999})
    twice = pl.concat([bonds({(0, 1): "veto:tax_id"}), bonds({(0, 1): "judged"})])
    made = cluster(laid(table, probability, 2, 0.02), probability, threshold=0.5, forbidden=twice)
    assert made.cut_reason == ["judged"]


def test_contraction_adds_up_evidence():
    # 3 leans to 1 alone, but 1 and 2 together speak against it.
    p = {(1, 2): 0.9975, (1, 3): 0.88, (2, 3): 0.047}
    assert clustered(p, 4).label.tolist() == [0, 1, 1, 3]
