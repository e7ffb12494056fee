"""Costs: what a wrong merge, a missed duplicate and a minute of review cost → the thresholds that cost least.

Works on the pattern table, so on expectations, or on known matches per pattern; never on pairs. The loss is that of
Fellegi & Sunter's decision rule with three outcomes (link, review, non-link), with money for the error rates: merged
pairs that are not matches, matches left apart, and the time a person spends on the pairs between the thresholds, who
is taken to judge them right.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from engine.errors import RulesError
from engine.match import conditions

CANDIDATES = tuple(round(t / 1000, 3) for t in range(20, 1000))


@dataclass(frozen=True)
class Costs:
    """In any one currency. `minutes`: how long a person takes to judge a pair."""

    wrong_merge: float = 500.0
    missed: float = 50.0
    minute: float = 10.0
    minutes: float = 0.5


@dataclass(frozen=True)
class Best:
    """The cheapest thresholds and what they mean: `total` = wrong merges + missed duplicates + review, in money."""

    merge: float
    review: float
    total: float
    wrong: float
    missed: float
    waiting: int
    hours: float


def best_thresholds(
    patterns: pl.DataFrame, costs: Costs, *, matches: np.ndarray | None = None, missed_by_blocking: float = 0.0
) -> Best:
    """Scored patterns, costs → the merge and review thresholds with the least cost, and what it consists of.

    `matches`: known matches per pattern, else those the model expects. `missed_by_blocking`: matches among no
    candidates; they cost the same whatever the thresholds. Thresholds are multiples of 0.001; of equally cheap ones the
    highest are taken.

    >>> table = pl.DataFrame({"match_probability": [0.99, 0.5, 0.01], "pairs": [100, 10, 1000]})
    >>> best = best_thresholds(table, Costs(wrong_merge=100, missed=100, minute=2, minutes=1))
    >>> best.waiting, round(best.wrong, 1), round(best.missed, 1)
    (10, 1.0, 10.0)
    """
    given = (costs.wrong_merge, costs.missed, costs.minute, costs.minutes)
    if not all(0 <= cost < float("inf") for cost in given):
        raise RulesError("a cost cannot be negative or endless: give a number from 0 on", code="costs_wrong")
    at, p = np.array(CANDIDATES), patterns["match_probability"].to_numpy()
    n = patterns["pairs"].to_numpy().astype(float)
    held = p * n if matches is None else np.asarray(matches, float)
    verdict = conditions.verdicts(patterns)
    by_rule = verdict == conditions.MERGE
    cell = np.searchsorted(at, p, side="right")  # how many candidates lie at or below the pattern
    cell = np.select([by_rule, verdict != conditions.OPEN], [len(at), 0], default=cell)
    pairs, same = (np.bincount(cell, weights=w, minlength=len(at) + 1)[::-1].cumsum()[::-1][1:] for w in (n, held))
    # Whatever the thresholds, a person settles the pairs that a condition puts before one: nothing is missed there.
    asked = verdict == conditions.REVIEW
    below = held[~asked].sum() - same
    # With both thresholds at one place nothing is reviewed; the two parts of the loss move apart from there.
    merging = costs.wrong_merge * (pairs - same) - costs.minute * costs.minutes * pairs
    leaving = costs.missed * below + costs.minute * costs.minutes * pairs
    lowest = np.minimum.accumulate(leaving)
    total = merging + lowest
    cheapest = np.flatnonzero(total <= total.min() + 1e-9 * max(1.0, abs(float(total.min()))))
    merge = int(cheapest[-1])
    review = int(np.flatnonzero(leaving[: merge + 1] <= lowest[merge] + 1e-9 * max(1.0, lowest[merge]))[-1])
    waiting = int(pairs[review] - pairs[merge] + n[asked].sum())
    return Best(
        merge=float(at[merge]),
        review=float(at[review]),
        total=float(total[merge] + costs.minute * costs.minutes * n[asked].sum() + costs.missed * missed_by_blocking),
        wrong=float(pairs[merge] - same[merge]),
        missed=float(below[review] + missed_by_blocking),
        waiting=waiting,
        hours=waiting * costs.minutes / 60,
    )
