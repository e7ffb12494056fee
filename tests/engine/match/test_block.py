"""Blocking: every pair that shares a key, each once, ordered, and what a cap drops is counted."""

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LimitExceeded
from engine.match.block import KeyColumn, block
from engine.rules import BlockingRule


def columns(**keys: list[tuple[int, int]]):
    made = {
        name: KeyColumn(np.array([r for r, _ in rows], np.uint32), np.array([k for _, k in rows], np.uint64))
        for name, rows in keys.items()
    }
    return made.__getitem__


def naive(rows: list[tuple[int, int]], cap: int) -> set[tuple[int, int]]:
    members = defaultdict(set)
    for record, key in rows:
        members[key].add(record)
    return {pair for group in members.values() if len(group) <= cap for pair in combinations(sorted(group), 2)}


rows = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=40)


@given(rows, rows, st.integers(2, 8))
def test_pairs_are_those_of_a_naive_join(a, b, cap):
    rules = [BlockingRule("a", ("a",), cap), BlockingRule("b", ("b",), cap)]
    pairs, report = block(columns(a=a, b=b), rules)
    expected_a, expected_b = naive(a, cap), naive(b, cap)
    found = {(left, right): by for left, right, by in pairs.rows()}
    assert set(found) == expected_a | expected_b
    assert all(left < right for left, right in found)
    assert {p for p, by in found.items() if by & 1} == expected_a
    assert report["pairs"].to_list() == [len(expected_a), len(expected_b)]
    assert report["only_here"].to_list() == [len(expected_a - expected_b), len(expected_b - expected_a)]


def test_joint_keys_do_not_mind_the_order():
    given_key = [(0, 11), (1, 22)]
    family_key = [(0, 22), (1, 11)]
    pairs, _ = block(columns(g=given_key, f=family_key), [BlockingRule("both", ("g", "f"))])
    assert pairs.select("left", "right").rows() == [(0, 1)]


def test_what_a_cap_drops_is_counted():
    pairs, report = block(columns(a=[(i, 1) for i in range(10)]), [BlockingRule("a", ("a",), 5)])
    assert pairs.is_empty()
    assert report.row(0, named=True)["capped_values"] == 1
    assert report.row(0, named=True)["capped_pairs"] == 45


def test_pairs_within_one_source_are_left_out():
    source = np.array([0, 0, 1])
    pairs, _ = block(columns(a=[(0, 1), (1, 1), (2, 1)]), [BlockingRule("a", ("a",))], source=source)
    assert pairs.select("left", "right").rows() == [(0, 2), (1, 2)]


def test_too_many_pairs_are_refused_before_they_are_made():
    with pytest.raises(LimitExceeded, match="lower its cap"):
        block(columns(a=[(i, 1) for i in range(100)]), [BlockingRule("a", ("a",))], max_pairs=1000)
