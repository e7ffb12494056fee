"""Clusters partition the records, resist chains, and keep what must not be together apart."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from engine.match.cluster import cluster, components, contract, forest

RECORDS = 9
edges = st.dictionaries(
    st.tuples(st.integers(0, RECORDS - 1), st.integers(0, RECORDS - 1)).filter(lambda p: p[0] < p[1]),
    st.floats(0.001, 0.999),
    max_size=25,
)


def frame(pairs: dict[tuple[int, int], float]) -> tuple[pl.DataFrame, np.ndarray]:
    schema = {"left": pl.UInt32, "right": pl.UInt32}
    return pl.DataFrame(list(pairs), schema=schema, orient="row"), np.array(list(pairs.values()))


def naive_components(pairs: list[tuple[int, int]]) -> list[int]:
    label = list(range(RECORDS))
    for _ in range(RECORDS):
        for a, b in pairs:
            label[a] = label[b] = min(label[a], label[b])
    return label


@given(edges, st.floats(0.1, 0.9))
def test_clusters_partition_within_components(pairs, threshold):
    table, probability = frame(pairs)
    made = cluster(table, probability, RECORDS, threshold=threshold)
    joined = [p for p, v in pairs.items() if v >= threshold]
    whole = naive_components(joined)
    assert len(made.label) == RECORDS
    for record, label in enumerate(made.label.tolist()):
        assert whole[record] == whole[label]  # never across components
        assert made.label[label] == label  # a cluster is named after a member
    assert len(made.cut) == sum(made.label[a] != made.label[b] for a, b in joined)


@given(edges)
def test_components_are_those_of_a_naive_union_find(pairs):
    table, _ = frame(pairs)
    found = components(table["left"].to_numpy(), table["right"].to_numpy(), RECORDS)
    assert found.tolist() == naive_components(list(pairs))


@given(edges, st.floats(0.05, 0.95))
def test_the_forest_counts_removable_records(pairs, threshold):
    table, probability = frame(pairs)
    weight = np.log2(probability / (1 - probability))
    grown = forest(table, probability, weight, RECORDS)
    above = int((grown["match_weight"] >= np.log2(threshold / (1 - threshold))).sum())
    label = naive_components(
        [p for p, v in pairs.items() if np.log2(v / (1 - v)) >= np.log2(threshold / (1 - threshold))]
    )
    assert above == RECORDS - len(set(label))


def test_a_chain_is_cut_where_its_ends_contradict_each_other():
    table, probability = frame({(0, 1): 0.99, (1, 2): 0.8, (0, 2): 0.0001})
    made = cluster(table, probability, 3, threshold=0.5)
    assert made.label.tolist() == [0, 0, 2]
    assert made.cut_reason == ["outvoted"]


def test_a_veto_holds_across_the_whole_cluster():
    table, probability = frame({(0, 1): 0.999, (1, 2): 0.999})
    never = pl.DataFrame({"left": [0], "right": [2], "reason": ["veto:tax_id"]})
    made = cluster(table, probability, 3, threshold=0.5, forbidden=never)
    assert made.label[0] != made.label[2]
    assert len(set(made.label.tolist())) == 2


def test_a_veto_on_a_lone_pair_holds_and_says_why():
    table, probability = frame({(0, 1): 0.999})
    never = pl.DataFrame({"left": [0], "right": [1], "reason": ["judged"]})
    made = cluster(table, probability, 2, threshold=0.5, forbidden=never)
    assert made.label.tolist() == [0, 1]
    assert made.cut_reason == ["judged"]


def test_contraction_adds_up_evidence():
    # 3 leans to 1 alone, but 1 and 2 together speak against it.
    assert contract([(1, 2, 6.0), (1, 3, 2.0), (2, 3, -3.0)], {}) == {1: 1, 2: 1, 3: 3}
