"""Looking up candidate pairs, which stand in the order of their left record, then of their right one."""

import numpy as np
import polars as pl


def numbers(pairs: pl.DataFrame, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Candidate pairs, pairs of record rows (left < right) → the row number of each, −1 for no candidate."""
    lefts = np.unique(left)
    row = _of(pairs, lefts)
    known = _joint(pairs["left"].to_numpy()[row], pairs["right"].to_numpy()[row])
    wanted = _joint(left, right)
    at = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    if not len(known):
        return np.full(len(left), -1, np.int64)
    return np.where(known[at] == wanted, row[at], -1)


def among(pairs: pl.DataFrame, records: np.ndarray, *, of: int) -> np.ndarray:
    """Candidate pairs, record rows in order, number of all records → rows of the pairs that have both ends there."""
    row = _of(pairs, records)
    there = np.zeros(of, bool)
    there[records] = True
    return np.asarray(row[there[pairs["right"].to_numpy()[row]]])


def _of(pairs: pl.DataFrame, lefts: np.ndarray) -> np.ndarray:
    """Candidate pairs, record rows in order → the rows of all pairs that have one of them on the left."""
    left = pairs["left"].to_numpy()
    wanted = lefts.astype(left.dtype)
    first, last = np.searchsorted(left, wanted, side="left"), np.searchsorted(left, wanted, side="right")
    count = last - first
    return np.asarray(np.repeat(first - np.r_[0, np.cumsum(count)[:-1]], count) + np.arange(int(count.sum())))


def _joint(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64)
