"""Pattern tables drawn from classes that are known, so that an estimate can be held against them."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from engine.match import weigh
from engine.match.compare import patterns
from engine.match.kinds import expected_levels
from engine.rules import Comparison, Weights
from tests.engine.match.tables import compared

# Probabilities of the levels (weakest first) of each comparison, and how often its value is missing.
FIELDS = ("name", "phone", "company", "email")
MISSING_SHARE = 0.15
KINDS = {"match": 0.03, "colleagues": 0.12, "namesakes": 0.05, "strangers": 0.8}
AGREE = {
    kind: dict(zip(FIELDS, levels, strict=True))
    for kind, levels in {
        "match": ((0.04, 0.16, 0.8), (0.12, 0.05, 0.83), (0.1, 0.2, 0.7), (0.15, 0.1, 0.75)),
        "colleagues": ((0.97, 0.02, 0.01), (0.1, 0.1, 0.8), (0.05, 0.15, 0.8), (0.7, 0.28, 0.02)),
        "namesakes": ((0.02, 0.08, 0.9), (0.97, 0.02, 0.01), (0.95, 0.04, 0.01), (0.96, 0.03, 0.01)),
        "strangers": ((0.95, 0.04, 0.01), (0.98, 0.015, 0.005), (0.96, 0.03, 0.01), (0.98, 0.015, 0.005)),
    }.items()
}
COMPARISONS: tuple[Comparison, ...] = tuple(compared(name, "city", 100, 80, 0) for name in FIELDS)
ALL_PAIRS = 2_000_000.0


@dataclass(frozen=True)
class Planted:
    """A pattern table, true matches of each pattern, and level counts of random pairs."""

    patterns: pl.DataFrame
    number: np.ndarray
    is_match: np.ndarray
    by_chance: dict[str, list[float]]

    @property
    def matches(self) -> np.ndarray:
        return np.bincount(self.number[self.is_match], minlength=len(self.patterns)).astype(float)


def plant(seed: int, pairs: int = 40_000) -> Planted:
    """Seed → candidate pairs drawn from the classes above."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(list(KINDS), pairs, p=list(KINDS.values()))
    similar = {}
    for field in FIELDS:
        values = np.empty(pairs, np.uint8)
        for name in KINDS:
            at = kind == name
            values[at] = rng.choice(np.array([0, 80, 100], np.uint8), at.sum(), p=AGREE[name][field])
        values[rng.random(pairs) < MISSING_SHARE] = 255
        similar[field] = values
    table, number = patterns(COMPARISONS, similar)
    by_chance = {f: [1e5 * p for p in AGREE["strangers"][f]] for f in FIELDS}
    return Planted(table, number, kind == "match", by_chance)


def estimated(
    planted: Planted,
    *,
    judged: tuple[np.ndarray, np.ndarray] | None = None,
    comparisons: tuple[Comparison, ...] = COMPARISONS,
) -> Weights:
    """Planted pairs → the classes that the estimation finds in them."""
    return weigh.estimate(
        comparisons,
        planted.patterns,
        expected={c.name: expected_levels(c) for c in comparisons},
        by_chance=planted.by_chance,
        all_pairs=ALL_PAIRS,
        contradicting={"name": 1},
        judged=judged,
    )
