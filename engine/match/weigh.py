"""Weights: pattern table → the evidence model (latent classes) → match weight and probability of each pattern.

In a CRM two classes of pairs are not enough: colleagues share a phone *and* a company, relatives a surname *and* an
address, so non-matches agree on several fields together and a plain Fellegi–Sunter model calls them matches. Here the
candidate pairs are a mixture of one class of matches and several classes of non-matches; within a class the
comparisons are independent (latent class analysis: Lazarsfeld & Henry 1968; Larsen & Rubin 2001 for linkage). With a
single class of non-matches it is Fellegi & Sunter's model. Everything is estimated by expectation–maximisation on the
pattern counts, so its cost does not grow with the number of pairs.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import polars as pl

from engine.match.conditions import blanks_read
from engine.match.latent import SMOOTH, Fit, Indicators, Layout, Matrix, fellegi_sunter, known_shares, latent_classes
from engine.progress import Progress, silent
from engine.rules import Comparison, LatentClass, Weights

IDENTIFIABLE = 3  # with fewer comparisons latent classes cannot be told apart: two classes, u from chance
# Classes of matches and of non-matches, of which Akaike's information criterion chooses. (The Bayesian one is too
# thrifty: a hundred relatives among a thousand pairs are worth a class.)
CLASSES = ((1, 1), (1, 2), (1, 3), (2, 3), (1, 5), (2, 5), (1, 7), (2, 7))
AGREES = 80  # similarity from which values count as agreeing when pairs are first sorted into kinds


def estimate(
    comparisons: Sequence[Comparison],
    patterns: pl.DataFrame,
    *,
    expected: Mapping[str, Sequence[float]],
    by_chance: Mapping[str, Sequence[float] | np.ndarray],
    all_pairs: float,
    contradicting: Mapping[str, int] = MappingProxyType({}),
    personal: Sequence[str] = (),
    judged: tuple[np.ndarray, np.ndarray] | None = None,
    progress: Progress = silent,
) -> Weights:
    """Pattern table → latent classes, those of matches first.

    `expected`: per comparison the levels (codes 1…k) a match is expected to reach, a weak prior; `by_chance`: level
    counts of random pairs; `all_pairs`: how many pairs the table has in all; `contradicting`: per comparison of names,
    how many of its lowest levels say that two people are meant, unless one of the `personal` comparisons agrees;
    `judged`: judged matches and judged non-matches per pattern, taken as certain.
    """
    layout = Layout.of(comparisons)
    x = layout.indicators(patterns)
    n = patterns["pairs"].to_numpy().astype(float)
    m = layout.normalised(np.concatenate([np.asarray(expected[c], float) + 1e-4 for c in layout.names]))
    u = layout.normalised(np.concatenate([np.asarray(by_chance[c], float) + SMOOTH for c in layout.names]))
    known = known_shares(n, judged)
    identifiable = len(comparisons) >= IDENTIFIABLE
    named = {name: count for name, count in contradicting.items() if count}
    agree = _agreeing(comparisons, patterns)
    strangers = _strangers(patterns, named if identifiable else {}, [agree[name] for name in personal])
    rare = _columns(layout, named)
    simple, posterior = fellegi_sunter(layout, x, n, m, u, all_pairs, known, strangers, learn=not identifiable)
    if not identifiable or not n.sum():
        return _as_weights(layout, simple, np.array([True, False]))
    kinds_of_pairs = _kinds_of_pairs(agree, named)
    best, best_matches, best_score = simple, np.array([True, False]), np.inf
    halves = _halves(patterns, comparisons, posterior)
    for tried, (matches, others) in enumerate(CLASSES, start=1):
        rest = _start(kinds_of_pairs, n * (1 - posterior), others) * (1 - posterior)[:, None]
        start = np.column_stack([posterior if matches == 1 else halves, rest])
        fit = latent_classes(layout, x, n, start, m, u, matches=matches, known=known, rare=rare)
        free = (matches + others) * (sum(layout.width) - len(layout.width) + 1) - 1
        score = 2 * free - 2 * fit.log_likelihood
        progress("weigh", tried / len(CLASSES))
        is_match = _speaks_for_match(fit, x, n, m, u, all_pairs, strangers)
        # Without enough classes of their own, colleagues can take the one that began as the matches.
        if score < best_score and is_match.any() and not is_match.all():
            best, best_matches, best_score = fit, is_match, score
    return _as_weights(layout, best, best_matches)


def _agreeing(comparisons: Sequence[Comparison], patterns: pl.DataFrame) -> dict[str, np.ndarray]:
    """Pattern table → per comparison, whether its level counts as agreement."""
    return {
        c.name: patterns[c.name].to_numpy() > sum(level.at_least < AGREES for level in c.levels) for c in comparisons
    }


def _kinds_of_pairs(agree: Mapping[str, np.ndarray], named_by: Mapping[str, int]) -> np.ndarray:
    """What agrees → for each pattern what kind of pair it is, one number: which names agree, and how much else."""
    others = np.sum([agree[name] for name in agree if name not in named_by], axis=0, dtype=np.int64)
    names = np.zeros_like(next(iter(agree.values())), np.int64)
    for name in named_by:
        names = 2 * names + agree[name]
    return np.asarray(names * 3 + np.minimum(others, 2))


def _halves(patterns: pl.DataFrame, comparisons: Sequence[Comparison], posterior: Matrix) -> Matrix:
    """P(match) of each pattern → the same in two columns: matches that agree throughout, and those that moved on.

    Who changed the firm has another phone, address and mail domain at once: matches are not of one kind either.
    """
    differs = np.sum([patterns[c.name].to_numpy() == 1 for c in comparisons], axis=0) > 0
    part = np.where(differs, 0.1, 0.9)
    return np.column_stack([posterior * part, posterior * (1 - part)])


def _start(kind: np.ndarray, mass: Matrix, classes: int) -> Matrix:
    """Kind of pair of each pattern, its non-matches → where each pattern starts: one class for each common kind.

    Classes are dealt out in turn, to the commonest kind of each agreement of names first: millions of pairs of
    strangers must not leave the few relatives and namesakes, who look most like matches, without a class.
    """
    weight = np.bincount(kind, mass)
    ranked = sorted(np.flatnonzero(weight).tolist(), key=lambda k: -weight[k])
    turn: dict[int, int] = {}
    order: list[tuple[int, int, int]] = []
    for one in ranked:
        order.append((turn.setdefault(one // 3, 0), len(order), one))
        turn[one // 3] += 1
    place = {one: min(position, classes - 1) for position, (_, _, one) in enumerate(sorted(order))}
    split = np.full((len(kind), classes), 0.1 / classes)
    split[np.arange(len(kind)), [place.get(int(k), classes - 1) for k in kind]] += 0.9
    return np.asarray(split)


def _strangers(patterns: pl.DataFrame, named: Mapping[str, int], personal: Sequence[np.ndarray]) -> np.ndarray:
    """Pattern table, contradicting levels, personal agreement → patterns in which a name contradicts and nothing
    personal agrees: brothers share an address, but neither a passport nor, but for twins, a birthday.
    """
    out = np.zeros(len(patterns), bool)
    for name, lowest in named.items():
        code = patterns[name].to_numpy()
        out |= (code > 0) & (code <= lowest)
    for agrees in personal:
        out &= ~agrees
    return out


def _columns(layout: Layout, named: Mapping[str, int]) -> list[np.ndarray]:
    """Contradicting levels per comparison → their columns, one array for each comparison."""
    return [
        np.arange(start, start + named[name])
        for name, start in zip(layout.names, layout.start, strict=True) if name in named
    ]  # fmt: skip


def _speaks_for_match(
    fit: Fit, x: Indicators, n: Matrix, m: Matrix, u: Matrix, all_pairs: float, strangers: np.ndarray
) -> np.ndarray:
    """Fitted classes → which of them are matches: those whose average pair Fellegi–Sunter would call a match.

    Matches are not all alike (names swapped, fields retyped), so a class that started as non-matches may turn out to
    be another kind of match. Its average pair then agrees on nearly everything, far beyond chance; colleagues and
    relatives agree on what they share and differ in the rest, which leaves their average far below. A class most of
    whose pairs are strangers by name is never one of matches.
    """
    joint = x.sums(np.log(fit.levels)) + np.log(fit.share)
    weight = np.exp(joint - joint.max(axis=1, keepdims=True))
    weight = weight / weight.sum(axis=1, keepdims=True) * n[:, None]
    evidence = x.sums(np.log(m) - np.log(u))
    average = (weight * evidence[:, None]).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
    strange = (weight * strangers[:, None]).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
    prior = np.log(fit.share[0] * n.sum() / all_pairs)
    return np.asarray((average + prior > 0) & (strange < 0.5))


def _as_weights(layout: Layout, fit: Fit, is_match: np.ndarray) -> Weights:
    """Fitted classes → rules; probabilities rounded so that a rule file reads well and gives the same back."""
    made = []
    order = sorted(range(len(fit.share)), key=lambda i: (not is_match[i], -fit.share[i]))
    for position, index in enumerate(order):
        levels = {
            name: tuple(float(f"{p:.6g}") for p in fit.levels[index, start : start + width])
            for name, start, width in zip(layout.names, layout.start, layout.width, strict=True)
        }
        alike = is_match[index] == is_match
        name = f"{'match' if is_match[index] else 'other'} {1 + int(alike[order[:position]].sum())}"
        made.append(LatentClass(name, bool(is_match[index]), float(f"{fit.share[index]:.8g}"), levels))
    return Weights(tuple(made))


def log_likelihoods(comparisons: Sequence[Comparison], weights: Weights, patterns: pl.DataFrame) -> Matrix:
    """Pattern table → log(share · P(pattern | class)) for each pattern and class; disabled comparisons left out."""
    used, shares = [c for c in comparisons if c.enabled], np.log([c.share for c in weights.classes])
    if not used:  # nothing is compared: every pair is what any pair is
        return np.tile(shares, (len(patterns), 1))
    layout, patterns = Layout.of(used), blanks_read(used, patterns)
    log_levels = np.log([[p for name in layout.names for p in cls.levels[name]] for cls in weights.classes])
    return layout.indicators(patterns).sums(log_levels) + shares


def score(comparisons: Sequence[Comparison], weights: Weights, patterns: pl.DataFrame) -> pl.DataFrame:
    """Pattern table → the same with match_weight (log2 odds), match_probability and looks_like (the likeliest class).

    A level's `adjust` (bits) is added to the weight of the patterns that reach it.
    """
    joint = log_likelihoods(comparisons, weights, patterns)
    is_match = np.array([c.match for c in weights.classes])
    weight = (_log_sum(joint[:, is_match]) - _log_sum(joint[:, ~is_match])) / np.log(2) + adjustments(
        comparisons, patterns
    )
    likeliest = np.where((weight > 0)[:, None] == is_match, joint, -np.inf).argmax(axis=1)
    names = np.array([c.name for c in weights.classes])
    return patterns.with_columns(
        pl.Series("match_weight", weight),
        pl.Series("match_probability", 1 / (1 + np.exp2(-np.clip(weight, -500, 500)))),
        pl.Series("looks_like", names[likeliest]),
    )


def _log_sum(logs: Matrix) -> Matrix:
    top = logs.max(axis=1)
    return np.asarray(top + np.log(np.exp(logs - top[:, None]).sum(axis=1)))


def adjustments(comparisons: Sequence[Comparison], patterns: pl.DataFrame) -> Matrix:
    """Pattern table → bits added by hand to each pattern (`Level.adjust`)."""
    added = np.zeros(len(patterns))
    patterns = blanks_read(comparisons, patterns)
    for comparison in comparisons:
        if comparison.enabled and any(level.adjust for level in comparison.levels):
            by_code = np.array([0.0, *(level.adjust for level in reversed(comparison.levels))])
            added += by_code[patterns[comparison.name].to_numpy()]
    return added
