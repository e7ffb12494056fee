"""Learning from judgements: what people said of some pairs → bits that each comparison level gains or loses.

The evidence model is estimated from all pairs, the judgements are few but sure. So the model's weight stays and a
correction is added to it, the same for every pair that reaches a level: a logistic regression of the verdicts on the
levels, with the model's weight as the offset and every correction drawn towards 0 (ridge; le Cessie & van Houwelingen
1992). How strongly is chosen by cross-validation, and "no correction at all" is among the choices: judgements that
teach nothing change nothing. The correction of a level is its `adjust`, so a rule file shows it and a hand can undo it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import polars as pl

from engine.match.latent import Layout
from engine.match.weigh import score
from engine.rules import Comparison, Rules, Weights

Matrix = np.ndarray
FEWEST = 30  # judgements below which nothing is learnt, and of each verdict at least …
FEWEST_OF_EACH = 5
SPREADS = (0.25, 0.5, 1.0, 2.0)  # bits that a level may be off, as one expects it to be
SHIFT = 1.5  # the same for all pairs together, in spreads
FOLDS = 10
BETTER = 1.64  # standard errors by which a correction must win over none
MOST = 6.0  # bits: no level is corrected by more


@dataclass(frozen=True)
class Correction:
    """`shift`: bits that every pair gains; `levels`: per comparison, bits for the level codes 1…k."""

    shift: float
    levels: dict[str, tuple[float, ...]]


def refined(rules: Rules, patterns: pl.DataFrame, judged: tuple[Matrix, Matrix] | None, *, seed: int = 0) -> Rules:
    """Rules with weights, patterns, judged matches and non-matches of each → rules that have learnt from them."""
    if judged is None:
        return rules
    scored = score(rules.comparisons, rules.weights, patterns)
    learnt = correction(rules.comparisons, scored, judged, seed=seed)
    if learnt is None:
        return rules
    comparisons, weights = apply(rules.comparisons, rules.weights, learnt)
    return msgspec.structs.replace(rules, comparisons=comparisons, weights=weights)


def correction(
    comparisons: Sequence[Comparison], patterns: pl.DataFrame, judged: tuple[Matrix, Matrix], *, seed: int = 0
) -> Correction | None:
    """Scored patterns, judged matches and non-matches of each → what to add to the weights, None: nothing."""
    yes, no = judged
    if yes.sum() + no.sum() < FEWEST or min(yes.sum(), no.sum()) < FEWEST_OF_EACH:
        return None
    used = [c for c in comparisons if c.enabled]
    layout = Layout.of(used)
    at = np.flatnonzero(yes + no)
    x = _levels(layout, patterns[at])
    offset = patterns["match_weight"].to_numpy()[at] * np.log(2)
    data = _Judged(x, offset, yes[at], no[at])
    spread = _best_spread(data, seed)
    if spread is None:
        return None
    bits = np.clip(_fit(data, spread) / np.log(2), -MOST, MOST).round(2)
    levels = {
        name: tuple(float(b) for b in bits[1 + start : 1 + start + width])
        for name, start, width in zip(layout.names, layout.start, layout.width, strict=True)
    }
    return Correction(float(bits[0]), levels)


def apply(
    comparisons: Sequence[Comparison], weights: Weights, learnt: Correction
) -> tuple[tuple[Comparison, ...], Weights]:
    """Comparisons and weights → the same corrected: levels by their `adjust`, all pairs by the share of matches."""
    adjusted = []
    for comparison in comparisons:
        bits = learnt.levels.get(comparison.name)
        if bits is not None:
            levels = tuple(
                msgspec.structs.replace(level, adjust=round(level.adjust + more, 2))
                for level, more in zip(comparison.levels, reversed(bits), strict=True)
            )
            comparison = msgspec.structs.replace(comparison, levels=levels)
        adjusted.append(comparison)
    share = [c.share * 2.0 ** (learnt.shift if c.match else 0.0) for c in weights.classes]
    classes = tuple(
        msgspec.structs.replace(c, share=float(f"{s / sum(share):.8g}"))
        for c, s in zip(weights.classes, share, strict=True)
    )
    return tuple(adjusted), Weights(classes)


@dataclass(frozen=True)
class _Judged:
    """Judged patterns: levels (a first column of ones), the model's log-odds, judged matches, judged non-matches."""

    x: Matrix
    offset: Matrix
    yes: Matrix
    no: Matrix

    def loss(self, beta: Matrix) -> Matrix:
        odds = self.offset + self.x @ beta
        return np.asarray(self.yes * np.logaddexp(0, -odds) + self.no * np.logaddexp(0, odds))


def _levels(layout: Layout, patterns: pl.DataFrame) -> Matrix:
    """Patterns → a column of ones, then one per level: 1.0 where it is reached."""
    x = np.zeros((len(patterns), 1 + sum(layout.width)))
    x[:, 0] = 1.0
    for name, start in zip(layout.names, layout.start, strict=True):
        code = patterns[name].to_numpy().astype(np.int64)
        x[code > 0, start + code[code > 0]] = 1.0
    return x


def _best_spread(data: _Judged, seed: int) -> float | None:
    """Judged patterns → the spread with the least loss on judgements held back; None when none does better."""
    rng = np.random.default_rng(seed)
    pattern = np.concatenate([np.repeat(np.arange(len(n)), n.astype(np.int64)) for n in (data.yes, data.no)])
    match = np.arange(len(pattern)) < int(data.yes.sum())
    fold = rng.permutation(len(pattern)) % FOLDS
    loss = np.zeros((len(SPREADS) + 1, len(pattern)))
    for held in range(FOLDS):
        inside = fold != held
        part = _Judged(
            data.x, data.offset,
            np.bincount(pattern[inside & match], minlength=len(data.yes)).astype(float),
            np.bincount(pattern[inside & ~match], minlength=len(data.yes)).astype(float),
        )  # fmt: skip
        tried = [np.zeros(data.x.shape[1]), *(_fit(part, spread) for spread in SPREADS)]
        for number, beta in enumerate(tried):
            odds = (data.offset + data.x @ beta)[pattern[~inside]]
            loss[number, ~inside] = np.logaddexp(0, np.where(match[~inside], -odds, odds))
    best = 1 + int(loss[1:].sum(axis=1).argmin())
    gain = loss[0] - loss[best]
    sure = gain.sum() > BETTER * gain.std() * np.sqrt(len(gain))
    return SPREADS[best - 1] if sure else None


def _fit(data: _Judged, spread: float, rounds: int = 50) -> Matrix:
    """Judged patterns, spread in bits → corrections (natural log-odds) by Newton's method with halved steps."""
    scale = np.full(data.x.shape[1], spread * np.log(2))
    scale[0] *= SHIFT
    ridge = 1 / scale**2
    beta = np.zeros(data.x.shape[1])
    total = data.yes + data.no

    def cost(at: Matrix) -> float:
        return float(data.loss(at).sum() + 0.5 * (ridge * at**2).sum())

    now = cost(beta)
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(data.offset + data.x @ beta, -500, 500)))
        gradient = data.x.T @ (total * p - data.yes) + ridge * beta
        curvature = (data.x.T * (total * p * (1 - p))) @ data.x + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-6 and cost(beta - size * step) > now:
            size /= 2
        beta = beta - size * step
        before, now = now, cost(beta)
        if before - now < 1e-9 * max(1.0, before):
            break
    return beta
