"""Building blocks of similarities: everything on whole columns of distinct pairs, numbers 0…100 as uint8.

A pair in which a side is missing scores 0 here; whether a value is missing is decided before any similarity.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

Scores = NDArray[np.uint8]
Flags = NDArray[np.bool_]
SAME = 100
_MARK = np.left_shift(np.uint32(1), np.arange(256, dtype=np.uint32) & np.uint32(31))  # of each byte


def as_scores(values: Any) -> Scores:
    """Numbers 0…100 of any type → uint8."""
    return np.asarray(values).astype(np.uint8)


def best_of(*scores: Scores) -> Scores:
    """Several scores of the same pairs → the highest of each pair."""
    return as_scores(np.max(np.stack(scores), axis=0))


def same(left: pl.Series, right: pl.Series) -> Flags:
    """Two columns → whether both are present and equal, pair by pair."""
    return (left == right).fill_null(False).to_numpy()


def graded(size: int, levels: Sequence[tuple[int, Flags]], other: Scores | int = 0) -> Scores:
    """(pairs, (score, which pairs), strongest first, score of the rest) → for each pair its first score."""
    return np.select([flags for _, flags in levels], [np.full(size, s, np.uint8) for s, _ in levels], other).astype(
        np.uint8
    )


def alike(left: pl.Series, right: pl.Series) -> Scores:
    """Two columns of text → Jaro–Winkler similarity × 100, rounded down."""
    return _pairwise(left, right, JaroWinkler.normalized_similarity, dtype=np.float32, factor=100.0)


def edits(left: pl.Series, right: pl.Series, *, most: int) -> NDArray[np.uint8]:
    """Two columns of text → edits between them (a swap of neighbours is one); above `most`: most + 1.

    A missing side counts as above.
    """
    found = cpdist(*_present(left, right), scorer=OSA.distance, score_cutoff=most, dtype=np.uint8)
    missing = (left.is_null() | right.is_null()).to_numpy()
    return np.where(missing, np.uint8(most + 1), found).astype(np.uint8)


def letter_marks(values: pl.Series) -> NDArray[np.uint64]:
    """Text → a bit for each letter in it and, in the highest bits, its first one; 0 where it is not plain ASCII."""
    plain = values.is_not_null() & (values.str.len_bytes() == values.str.len_chars())
    text = values.set(~plain, "").fill_null("").to_arrow()
    joined = np.frombuffer(text.cast("large_binary").buffers()[2] or b"", np.uint8)
    ends = np.cumsum(pl.Series(text).str.len_bytes().to_numpy().astype(np.int64))
    starts = np.r_[0, ends[:-1]]
    out = np.zeros(len(values), np.uint64)
    some = np.flatnonzero(ends > starts)
    if len(some):
        marks = np.bitwise_or.reduceat(_MARK[joined[: ends[-1]]], starts[some]).astype(np.uint64)
        out[some] = marks | joined[starts[some]].astype(np.uint64) << np.uint64(32)
    return out


def may_be_alike(
    left: tuple[NDArray[np.uint64], NDArray[np.int64]],
    right: tuple[NDArray[np.uint64], NDArray[np.int64]],
    *,
    least: float,
) -> Flags:
    """(letter marks, letters) of both sides → whether their Jaro–Winkler similarity can reach `least` (0.7…1).

    Letters that only one side has cannot be matched, which bounds Jaro's share of matches; a common beginning, which
    needs the same first letter, adds at most 0.4 of what is missing. Text that is not plain ASCII may always be alike.
    """
    (marks, size), (others, other_size) = left, right
    low = np.uint64(0xFFFFFFFF)
    matched = np.minimum(
        size - np.bitwise_count(marks & ~others & low), other_size - np.bitwise_count(others & ~marks & low)
    )
    jaro = (matched / np.maximum(size, 1) + matched / np.maximum(other_size, 1) + 1) / 3
    begins = (marks >> np.uint64(32)) == (others >> np.uint64(32))
    possible = np.where(begins, jaro + 0.4 * (1 - jaro), jaro) >= least - 1e-6
    return np.asarray(possible | (marks == 0) | (others == 0))


def tokens_alike(left: pl.Series, right: pl.Series, scorer: Any) -> Scores:
    """Two columns of text, a scorer of rapidfuzz.fuzz (0…100) → its scores, rounded down."""
    return _pairwise(left, right, scorer, dtype=np.float32, factor=1.0)


def where(mask: Flags, score: Callable[[NDArray[np.int64]], Scores], size: int) -> Scores:
    """(pairs that need it, a function of their positions, pairs in all) → its scores there, 0 elsewhere."""
    out = np.zeros(size, np.uint8)
    rows = np.flatnonzero(mask)
    if len(rows):
        out[rows] = score(rows)
    return out


def _pairwise(left: pl.Series, right: pl.Series, scorer: Any, *, dtype: Any, factor: float) -> Scores:
    raw = cpdist(*_present(left, right), scorer=scorer, dtype=dtype)
    found = np.floor(raw * factor + 1e-4).astype(np.uint8)
    return np.where((left.is_null() | right.is_null()).to_numpy(), np.uint8(0), found)


def _present(left: pl.Series, right: pl.Series) -> tuple[list[str], list[str]]:
    return left.fill_null("").to_list(), right.fill_null("").to_list()
