"""Intervals: judgements on a few pairs → what may be said of all pairs, as draws of the number of matches by score.

The score orders the pairs well but its probabilities may be off. So the true probability of a match is taken to be
`(1 - twins) · logistic(shift + slope · the model's log-odds + u)`: a hierarchical logistic calibration (Gelman & Hill
2007, ch. 12–14). `u` is a deviation of each stratum of the score, `twins` the share of pairs that agree on everything
and still are two; far down, where lost fields hide matches, the log-odds fall more slowly by the factor `tail`. All of
these are drawn from their posterior on a grid. Strata with many judgements then speak for themselves, those with few
lean on the others, and the millions of pairs at the bottom that nobody can judge follow the trend, with its
uncertainty. Judged pairs are known; only the others are drawn, each cell as a finite number of pairs.

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
BEND = -4.0  # log-odds below which the tail begins
SHIFTS = np.arange(-5.0, 5.01, 0.5)
SLOPES = np.array([0.35, 0.5, 0.65, 0.8, 1.0, 1.25, 1.6])
TAILS = np.array([0.55, 0.75, 1.0])
TWINS = np.array([0.0005, 0.003, 0.01, 0.03, 0.08])
TWINS_LIKELY = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
TAILS_LIKELY = np.array([0.05, 0.2, 0.75])
SPREADS = np.array([0.15, 0.5, 1.0, 1.7])
SHIFT_SPREAD, SLOPE_SPREAD, SPREAD_MEAN = 1.1, 0.4, 0.35  # how far off a model is expected to be
_NODES = np.linspace(-3.2, 3.2, 17)  # standard deviations at which a stratum's deviation is tried
_OFFSETS = np.arange(-11.0, 11.01, 0.2)


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


def pool(
    patterns: pl.DataFrame, judged: tuple[Matrix, Matrix], *, cuts: Sequence[float], apart: Matrix | None = None
) -> Cells:
    """Scored patterns, judged matches and non-matches per pattern → cells; none of them spans one of the `cuts`.

    `apart`: a small whole number per pattern; patterns with different ones never share a cell.
    """
    p, n = patterns["match_probability"].to_numpy(), patterns["pairs"].to_numpy().astype(float)
    inner = np.concatenate([np.arange(-FARTHEST, FARTHEST, CELL), STRATA])
    bounds = np.unique(np.concatenate([[0.0], _probability(inner), np.asarray(cuts, float)]))
    place = np.searchsorted(bounds, p, side="right") - 1
    kinds = 1 if apart is None else int(apart.max(initial=0)) + 1
    joint = place if apart is None else place * kinds + apart
    there, of_pattern = np.unique(joint, return_inverse=True)
    there = there // kinds
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
    curves = [(slope, tail, twins) for slope in SLOPES for tail in TAILS for twins in TWINS]
    likely = _likelihoods(cells, strata, curves)
    node_prior = -0.5 * _NODES**2 - np.log(np.exp(-0.5 * _NODES**2).sum())
    # Axes from here on: strata, curves, shifts, spreads, nodes.
    offset = SHIFTS[:, None, None] + SPREADS[None, :, None] * _NODES
    place = np.clip((offset - _OFFSETS[0]) / (_OFFSETS[1] - _OFFSETS[0]), 0, len(_OFFSETS) - 1.001)
    below, part = place.astype(np.int64), place % 1
    at_node = likely[:, :, below] * (1 - part) + likely[:, :, below + 1] * part + node_prior
    joint = _log_sum(at_node).sum(axis=0) + _prior(curves)
    weight = np.exp(joint - joint.max()).ravel()
    curve, shift, spread = np.unravel_index(rng.choice(len(weight), count, p=weight / weight.sum()), joint.shape)
    deviation = np.empty((count, len(strata)))
    step = _NODES[1] - _NODES[0]
    for s in range(len(strata)):
        node = at_node[s, curve, shift, spread]
        cumulative = np.exp(node - node.max(axis=1, keepdims=True)).cumsum(axis=1)
        chosen = (cumulative < rng.random((count, 1)) * cumulative[:, -1:]).sum(axis=1)
        deviation[:, s] = (_NODES[chosen] + rng.uniform(-step / 2, step / 2, count)) * SPREADS[spread]
    half = (SHIFTS[1] - SHIFTS[0]) / 2
    shifted = SHIFTS[shift] + rng.uniform(-half, half, count)
    trend = np.array([_trend(cells.log_odds, slope, tail) for slope, tail, _twins in curves])
    odds = shifted[:, None] + trend[curve] + deviation[:, np.searchsorted(strata, cells.stratum)]
    share = _probability(odds) * (1 - np.array([twins for _s, _t, twins in curves])[curve])[:, None]
    left = np.maximum(cells.pairs - cells.yes - cells.no, 0).astype(np.int64)
    return np.asarray(cells.yes + rng.binomial(left, share))


def _trend(log_odds: Matrix, slope: float, tail: float) -> Matrix:
    return np.asarray(slope * (np.maximum(log_odds, BEND) + tail * np.minimum(log_odds - BEND, 0.0)))


def _likelihoods(cells: Cells, strata: Matrix, curves: Sequence[tuple[float, float, float]]) -> Matrix:
    """Cells → log-likelihood of the judgements in each stratum: (strata, curves, offsets)."""
    out = np.zeros((len(strata), len(curves), len(_OFFSETS)))
    twins = np.array([twins for _s, _t, twins in curves])[:, None]
    judged = np.flatnonzero(cells.yes + cells.no)
    trend = np.array([_trend(cells.log_odds[judged], slope, tail) for slope, tail, _twins in curves])
    for at, c in enumerate(judged):
        match = _probability(trend[:, at, None] + _OFFSETS) * (1 - twins)
        match = np.clip(match, 1e-12, 1 - 1e-12)
        said = cells.yes[c] * np.log(match) + cells.no[c] * np.log1p(-match)
        out[np.searchsorted(strata, cells.stratum[c])] += said
    return out


def _prior(curves: Sequence[tuple[float, float, float]]) -> Matrix:
    """→ log prior of (curve, shift, spread): the model is right, give or take."""
    slopes = np.array([slope for slope, _t, _twins in curves])
    shape = np.tile((np.log(TAILS_LIKELY)[:, None] + np.log(TWINS_LIKELY)).ravel(), len(SLOPES))
    return np.asarray(
        shape[:, None, None]
        - 0.5 * (np.log(slopes) / SLOPE_SPREAD)[:, None, None] ** 2
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
