"""Estimation of the evidence model: expectation–maximisation on the pattern table, with two classes or several.

Everything here works on indicators (one row per pattern) and on how many pairs each pattern holds, so its
cost does not grow with the number of pairs. What the classes mean is said in `engine.match.weigh`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from engine.rules import Comparison

Matrix = np.ndarray
MOST_CONTRADICTING = 0.02  # of the matches have names that look like those of two people
PRIOR_PAIRS = 20.0  # how many imaginary matches the expected levels of a match are worth
ROUNDS = 200  # of expectation and maximisation, at most
ALONE, ROW_STEP = 1 << 18, 64  # multiplications that OpenBLAS leaves to one thread; rows in a block are a multiple
SMOOTH = 0.5  # imaginary pairs spread over the levels of each class: no probability is ever 0


@dataclass(frozen=True)
class Layout:
    """Where each comparison's levels stand in the indicator matrix: columns `start[c] : start[c] + width[c]`."""

    names: tuple[str, ...]
    start: tuple[int, ...]
    width: tuple[int, ...]

    @classmethod
    def of(cls, comparisons: Sequence[Comparison]) -> "Layout":
        """Comparisons → layout; the column of level code c (≥ 1) is start + c − 1."""
        width = tuple(len(c.levels) for c in comparisons)
        return cls(tuple(c.name for c in comparisons), tuple(np.cumsum((0, *width[:-1])).tolist()), width)

    def indicators(self, patterns: pl.DataFrame) -> "Indicators":
        """Pattern table → which level of each comparison each pattern reaches."""
        nothing = sum(self.width)
        columns = np.empty((len(patterns), len(self.names)), np.int64)
        for place, (name, start) in enumerate(zip(self.names, self.start, strict=True)):
            code = patterns[name].to_numpy().astype(np.int64)
            columns[:, place] = np.where(code > 0, start + code - 1, nothing)
        return Indicators(columns, nothing)

    def normalised(self, counts: Matrix) -> Matrix:
        """Counts of shape (…, columns) → probabilities that sum to 1 within each comparison."""
        out = np.empty_like(counts)
        for start, width in zip(self.start, self.width, strict=True):
            block = counts[..., start : start + width]
            out[..., start : start + width] = block / block.sum(axis=-1, keepdims=True)
        return out


@dataclass(frozen=True)
class Indicators:
    """A sparse matrix of ones: row p has a one in the columns `columns[p]`; the column `width` stands for "missing"."""

    columns: np.ndarray  # (patterns, comparisons)
    width: int

    def sums(self, values: Matrix) -> Matrix:
        """Values of the columns, (columns,) or (classes, columns) → their sum per pattern: (patterns[, classes])."""
        padded = np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1).T
        out = padded[self.columns[:, 0]]
        for place in range(1, self.columns.shape[1]):
            out = out + padded[self.columns[:, place]]
        return np.asarray(out)

    def counts(self, weights: Matrix) -> Matrix:
        """A weight for each pattern → their total per column: (columns,)."""
        flat = self.columns.T.ravel()
        return np.bincount(flat, np.tile(weights, self.columns.shape[1]), self.width + 1)[:-1]


class Blocks:
    """Indicators laid out for estimation: patterns in blocks, and what each class says of them in (block, class, row).

    A product of one block is too small for the linear algebra library to share it out among threads, which would
    make the last digits differ from run to run and fight over the cores with everything else.
    """

    def __init__(self, x: Indicators, classes: int) -> None:
        self.patterns = len(x.columns)
        longest = max(ROW_STEP, ALONE // (classes * x.width) // ROW_STEP * ROW_STEP)
        self.rows = min(longest, -(-self.patterns // ROW_STEP) * ROW_STEP)
        padded = -(-self.patterns // self.rows) * self.rows
        dense = np.zeros((padded, x.width + 1))
        dense[np.arange(self.patterns)[:, None], x.columns] = 1.0
        self.ones = np.ascontiguousarray(dense[:, :-1].reshape(-1, self.rows, x.width))
        self.across = np.ascontiguousarray(self.ones.transpose(0, 2, 1))

    def laid(self, values: Matrix) -> Matrix:
        """(classes, patterns) → (blocks, classes, rows); the rows beyond the last pattern are 0."""
        out = np.zeros((len(values), len(self.ones) * self.rows))
        out[:, : self.patterns] = values
        return np.ascontiguousarray(out.reshape(len(values), -1, self.rows).transpose(1, 0, 2))

    def taken(self, values: Matrix) -> Matrix:
        """(blocks, classes, rows) → (classes, patterns)."""
        return values.transpose(1, 0, 2).reshape(values.shape[1], -1)[:, : self.patterns]

    def counts(self, weights: Matrix) -> Matrix:
        """(blocks, classes, rows) → total per column: (classes, columns)."""
        return np.asarray(np.matmul(weights, self.ones).sum(axis=0))

    def sums(self, values: Matrix) -> Matrix:
        """(classes, columns) → sum of each pattern's columns: (blocks, classes, rows)."""
        return np.asarray(np.matmul(values, self.across))


@dataclass(frozen=True)
class Fit:
    """Estimated classes: how common each is, how likely it makes each level, and whose each pattern is."""

    log_likelihood: float
    share: Matrix  # (classes,)
    levels: Matrix  # (classes, columns)
    responsibility: Matrix  # (patterns, classes)


def _held_down(levels: Matrix, layout: Layout, rare: Sequence[np.ndarray]) -> None:
    """Level probabilities of the matches, in place → contradicting names no likelier than MOST_CONTRADICTING."""
    for columns in rare:
        index = next(i for i, start in enumerate(layout.start) if start == columns[0])
        block = levels[layout.start[index] : layout.start[index] + layout.width[index]]
        against = block[: len(columns)].sum()
        if against > MOST_CONTRADICTING:
            block[: len(columns)] *= MOST_CONTRADICTING / against
            block[len(columns) :] *= (1 - MOST_CONTRADICTING) / (1 - against)


def known_shares(n: Matrix, judged: tuple[np.ndarray, np.ndarray] | None) -> tuple[Matrix, Matrix] | None:
    """Judged counts per pattern → their shares of the pattern's pairs."""
    if judged is None:
        return None
    return judged[0] / np.maximum(n, 1), judged[1] / np.maximum(n, 1)


def _with_known(posterior: Matrix, known: tuple[Matrix, Matrix] | None) -> Matrix:
    """P(match) per pattern → the same with judged pairs taken as what they were judged to be."""
    if known is None:
        return posterior
    match, other = known
    return np.asarray(np.clip(posterior * (1 - match - other) + match, 0.0, 1.0))


def fellegi_sunter(
    layout: Layout,
    x: Indicators,
    n: Matrix,
    m: Matrix,
    u: Matrix,
    all_pairs: float,
    known: tuple[Matrix, Matrix] | None,
    strangers: np.ndarray,
    *,
    learn: bool,
) -> tuple[Fit, Matrix]:
    """The two-class model in the space of all pairs, u from random pairs → it, and P(match) of each pattern.

    Only the candidates were looked at, but u is of random pairs, so the share of matches is counted among *all*
    pairs. It is the start for the latent classes. Strangers by name start as non-matches: colleagues who share phone,
    company and mail domain, or a married couple, would else look like matches. `learn`: whether m is estimated or
    stays as expected; learning it lets namesakes and relatives, who outnumber the matches, teach the model their ways.
    """
    prior = m * PRIOR_PAIRS
    share = float(np.clip(0.1 * n.sum() / max(all_pairs, 1.0), 1e-12, 0.5))
    log_u = x.sums(np.log(u))
    posterior = np.zeros(len(n))
    for _ in range(30):
        odds = np.log(share / (1 - share)) + x.sums(np.log(m)) - log_u
        posterior = np.where(strangers, 0.0, 1 / (1 + np.exp(-np.clip(odds, -500, 500))))
        posterior = _with_known(posterior, known)
        share = float(np.clip((n * posterior).sum() / max(all_pairs, 1.0), 1e-12, 0.5))
        if learn:
            m = layout.normalised(x.counts(n * posterior) + prior)
    both = np.column_stack([posterior, 1 - posterior])
    return Fit(0.0, np.array([share, 1 - share]), np.vstack([m, u]), both), posterior


def latent_classes(
    layout: Layout,
    x: Indicators,
    n: Matrix,
    start: Matrix,
    m: Matrix,
    u: Matrix,
    *,
    matches: int,
    known: tuple[Matrix, Matrix] | None,
    rare: Sequence[np.ndarray],
    rounds: int = ROUNDS,
    tolerance: float = 1e-7,
) -> Fit:
    """Indicators, counts, P(class) of each pattern to start from → fitted classes, the first `matches` of matches.

    `known`: judged shares of each pattern, held fixed. `rare`: columns of contradicting levels, held down in the
    classes of matches. `m` and `u` are weak priors of the classes of matches and of the others.
    """
    classes = start.shape[1]
    blocks = Blocks(x, classes)
    responsibility, pairs = blocks.laid(start.T), blocks.laid(n[None])
    known = None if known is None else (blocks.laid(known[0][None]), blocks.laid(known[1][None]))
    prior = (
        np.vstack([np.tile(m * PRIOR_PAIRS, (matches, 1)), np.tile(u * SMOOTH * 4, (classes - matches, 1))])
        + SMOOTH / 10
    )
    before = -np.inf
    total = n.sum()
    for _ in range(rounds):
        weighted = responsibility * pairs
        share = (weighted.sum(axis=(0, 2)) + 1.0) / (total + classes)
        levels = layout.normalised(blocks.counts(weighted) + prior)
        for of_matches in levels[:matches]:
            _held_down(of_matches, layout, rare)
        joint = blocks.sums(np.log(levels))
        joint += np.log(share)[:, None]
        top = joint.max(axis=1, keepdims=True)
        joint -= top
        responsibility = np.exp(joint, out=joint)
        norm = responsibility.sum(axis=1, keepdims=True)
        log_likelihood = float((pairs * (top + np.log(norm))).sum())
        responsibility /= norm
        if known is not None:
            before_known = responsibility[:, :matches].sum(axis=1, keepdims=True)
            match = _with_known(before_known, known)
            responsibility[:, :matches] *= match / np.maximum(before_known, 1e-300)
            responsibility[:, matches:] *= (1 - match) / np.maximum(1 - before_known, 1e-300)
        if abs(log_likelihood - before) < tolerance * abs(log_likelihood):
            break
        before = log_likelihood
    return Fit(log_likelihood, share, levels, blocks.taken(responsibility).T)
