"""Intervals: judgements on a few pairs → what may be said of all pairs, as draws of the number of matches by score.

The score orders the pairs well but its probabilities may be off. So the true log-odds of a match are taken to be
`a + b · (the model's log-odds) + u`, where `u` is a deviation of each stratum of the score (a hierarchical logistic
calibration; Gelman & Hill 2007, ch. 12–14). `a`, `b`, the size of the deviations and the deviations themselves are
drawn from their posterior on a grid. Strata with many judgements then speak for themselves, those with few lean on the
others, and the millions of pairs at the bottom that nobody can judge follow the trend, with its uncertainty. Judged pairs are
known; only the others are drawn, each cell as a finite number of pairs.

What it rests on: within a narrow range of the score, judged pairs were drawn at random (`sampling.next_pairs` does so),
and a judge's verdict is the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

Matrix = np.ndarray
# Log-odds between which the strata lie: narrow around even odds, wide where hardly any threshold stands.
STRATA = (-14.0, -10.0, -8.0, -6.5, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.5, 8.0, 10.0)
CELL = 0.5  # log-odds: pairs this close in score count as scored alike
FARTHEST = 25.0  # log-odds beyond which a score says no more
DRAWS = 2000
SHIFTS = np.arange(-5.0, 5.01, 0.25)
SLOPES = np.array([0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5])
SPREADS = np.array([0.1, 0.3, 0.6, 1.0, 1.5])
SHIFT_SPREAD, SLOPE_SPREAD, SPREAD_MEAN = 1.5, 0.5, 0.7  # how far off a model is expected to be
_NODES = np.linspace(-3.4, 3.4, 35)  # standard deviations at which a stratum's deviation is tried
_OFFSETS = np.arange(-11.0, 11.01, 0.1)


@dataclass(frozen=True)
class Cells:
    """The patterns pooled by score, the lowest first. `low`: the lower bound of each cell, a match probability."""

    of_pattern: Matrix
    low: Matrix
    stratum: Matrix
    log_odds: Matrix
    pairs: Matrix
    yes: Matrix
    no: Matrix


def pool(patterns: pl.DataFrame, judged: tuple[Matrix, Matrix], *, cuts: Sequence[float]) -> Cells:
    """Scored patterns, judged matches and non-matches per pattern → cells; none of them spans one of the `cuts`."""
    p, n = patterns["match_probability"].to_numpy(), patterns["pairs"].to_numpy().astype(float)
    inner = np.concatenate([np.arange(-FARTHEST, FARTHEST, CELL), STRATA])
    bounds = np.unique(np.concatenate([[0.0], _probability(inner), np.asarray(cuts, float)]))
    there, of_pattern = np.unique(np.searchsorted(bounds, p, side="right") - 1, return_inverse=True)
    size = len(there)
    pairs = np.bincount(of_pattern, n, minlength=size)
    mean = np.bincount(of_pattern, n * p, minlength=size) / np.maximum(pairs, 1e-300)
    yes, no = (np.bincount(of_pattern, side, minlength=size) for side in judged)
    return Cells(
        of_pattern, bounds[there], np.searchsorted(_probability(np.array(STRATA)), bounds[there], side="right"),
        _log_odds(mean), pairs, yes, no,
    )  # fmt: skip


def draws(cells: Cells, *, seed: int = 0, count: int = DRAWS) -> Matrix:
    """Cells → draws of the matches in each: shape (count, cells)."""
    rng = np.random.default_rng(seed)
    strata = np.unique(cells.stratum)
    likely = _likelihoods(cells, strata)
    node_prior = -0.5 * _NODES**2 - np.log(np.exp(-0.5 * _NODES**2).sum())
    # Axes from here on: strata, slopes, shifts, spreads, nodes.
    offset = SHIFTS[:, None, None] + SPREADS[None, :, None] * _NODES
    place = np.clip((offset - _OFFSETS[0]) / (_OFFSETS[1] - _OFFSETS[0]), 0, len(_OFFSETS) - 1.001)
    below, part = place.astype(np.int64), place % 1
    at_node = likely[:, :, below] * (1 - part) + likely[:, :, below + 1] * part + node_prior
    joint = _log_sum(at_node).sum(axis=0) + _prior()
    weight = np.exp(joint - joint.max()).ravel()
    slope, shift, spread = np.unravel_index(rng.choice(len(weight), count, p=weight / weight.sum()), joint.shape)
    deviation = np.empty((count, len(strata)))
    step = _NODES[1] - _NODES[0]
    for s in range(len(strata)):
        node = at_node[s, slope, shift, spread]
        cumulative = np.exp(node - node.max(axis=1, keepdims=True)).cumsum(axis=1)
        chosen = (cumulative < rng.random((count, 1)) * cumulative[:, -1:]).sum(axis=1)
        deviation[:, s] = (_NODES[chosen] + rng.uniform(-step / 2, step / 2, count)) * SPREADS[spread]
    shifted = SHIFTS[shift] + rng.uniform(-0.125, 0.125, count)
    odds = (
        shifted[:, None]
        + SLOPES[slope][:, None] * cells.log_odds
        + deviation[:, np.searchsorted(strata, cells.stratum)]
    )
    left = np.maximum(cells.pairs - cells.yes - cells.no, 0).astype(np.int64)
    return np.asarray(cells.yes + rng.binomial(left, _probability(odds)))


def _likelihoods(cells: Cells, strata: Matrix) -> Matrix:
    """Cells → log-likelihood of the judgements in each stratum: (strata, slopes, offsets)."""
    out = np.zeros((len(strata), len(SLOPES), len(_OFFSETS)))
    for c in np.flatnonzero(cells.yes + cells.no):
        odds = SLOPES[:, None] * cells.log_odds[c] + _OFFSETS
        said = -cells.yes[c] * np.logaddexp(0, -odds) - cells.no[c] * np.logaddexp(0, odds)
        out[np.searchsorted(strata, cells.stratum[c])] += said
    return out


def _prior() -> Matrix:
    """→ log prior of (slope, shift, spread): the model is right, give or take."""
    return np.asarray(
        -0.5 * (np.log(SLOPES) / SLOPE_SPREAD)[:, None, None] ** 2
        - 0.5 * (SHIFTS / SHIFT_SPREAD)[:, None] ** 2
        - SPREADS / SPREAD_MEAN
    )


def _log_sum(logs: Matrix) -> Matrix:
    top = logs.max(axis=-1)
    return np.asarray(top + np.log(np.exp(logs - top[..., None]).sum(axis=-1)))


def _probability(log_odds: Matrix) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _log_odds(probability: Matrix) -> Matrix:
    with np.errstate(divide="ignore"):
        odds = np.log(probability) - np.log1p(-probability)
    return np.asarray(np.clip(odds, -FARTHEST, FARTHEST))
