"""The 95 % intervals hold the truth about 95 times in 100: a small version of the study in tests/bench/coverage.py."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def held() -> list[Any]:
    """Intervals of a few small accounts, each held against its truth."""
    path = Path(__file__).parents[2] / "bench" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_study", path)
    assert spec and spec.loader
    study = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(study)
    return list(study.simulated(20, seed=5, most=6_000, judged=(100,)))


LEAST = 0.82  # of 40 intervals, in pairs of the same account: three standard errors below 95 %


def test_intervals_hold_the_truth(held: list[Any]) -> None:
    for measure in ("precision", "recall"):
        of = [h for h in held if h.measure == measure]
        assert len(of) == 40
        assert sum(h.covers for h in of) / len(of) >= LEAST
        # An interval that says nothing would hold too.
        assert sorted(h.high - h.low for h in of)[len(of) // 2] < 0.35


def test_intervals_a_quarter_as_wide_would_be_noticed(held: list[Any]) -> None:
    tight = [h._replace(low=(5 * h.low + 3 * h.high) / 8, high=(3 * h.low + 5 * h.high) / 8) for h in held]
    assert sum(h.covers for h in tight) / len(tight) < LEAST
