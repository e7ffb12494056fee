"""Components and nested orders are those of a naive union–find."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import spanning
from tests.engine.match import plain

NODES = 12
pairs = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda p: p[0] != p[1]))


def ends(edges: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(edges, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@settings(deadline=None)
@given(pairs)
def test_components_are_those_of_a_naive_union_find(edges):
    assert spanning.components(*ends(edges), NODES).tolist() == plain.components(edges, NODES)


@settings(deadline=None)
@given(pairs, st.data())
def test_nested_nodes_show_the_components_at_every_strength(edges, data):
    left, right = ends(edges)
    strength = np.sort(np.array(data.draw(st.lists(st.integers(1, 5), min_size=len(edges), max_size=len(edges)))))[::-1]
    kept, root = spanning.spanning(left, right, NODES)
    order, gap = spanning.nested(left[kept], right[kept], strength[kept].astype(np.int32), root)
    assert sorted(order.tolist()) == list(range(NODES))
    place = np.argsort(order)
    a, b = np.triu_indices(NODES, 1)
    connected = np.zeros((NODES, NODES), int)
    for at in range(5, 0, -1):
        label = plain.components([e for e, s in zip(edges, strength.tolist(), strict=True) if s >= at], NODES)
        stretch = np.cumsum(gap < at)[place]
        same = np.equal.outer(label, label)
        assert np.array_equal(np.equal.outer(stretch, stretch), same)
        connected[same & (connected == 0)] = at
    assert spanning.bottleneck(gap, place[a], place[b]).tolist() == connected[a, b].tolist()


@pytest.mark.parametrize("shape", ["chain", "star"])
def test_a_large_tree_is_nested_too(shape):
    nodes = 500
    right = np.arange(1, nodes)
    left = right - 1 if shape == "chain" else np.zeros(nodes - 1, np.int64)
    turn = np.random.default_rng(3).permutation(nodes - 1)
    left, right = left[turn], right[turn]
    strength = np.arange(nodes - 1, 0, -1, dtype=np.int32)
    kept, root = spanning.spanning(left, right, nodes)
    assert kept.tolist() == list(range(nodes - 1))
    order, gap = spanning.nested(left, right, strength, root)
    for at in (1, 100, 250, 499):
        label = np.array(
            plain.components(
                list(zip(left[strength >= at].tolist(), right[strength >= at].tolist(), strict=True)), nodes
            )
        )
        assert len(np.unique(label)) == np.count_nonzero(gap < at)
        assert np.array_equal(np.flatnonzero(gap < at), np.flatnonzero(np.r_[True, np.diff(label[order]) != 0]))
