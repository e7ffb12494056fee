"""Phone keys of candidate pairs → how many of their last digits agree, counted digit by digit."""

from itertools import product

import numpy as np
import polars as pl

from engine.match.encode import Encoded
from engine.rules import MISSING

FEWEST, MOST = 6, 15  # last digits that are told apart; an international number has at most 15
_KEPT = 18  # digits of a number that are looked at: as many as a 64-bit number holds
_CHUNK = 2_000_000


def agreeing(one: Encoded, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Encoded phones, record rows of the pairs → N for which the last N digits agree (uint8): 0, 6…15, MISSING.

    Numbers are read with the code of their country where it is known, without extensions, as `RIGHT(phone, N)` would
    read them in a table: a number shorter than N has to agree as a whole, so two equal numbers agree at every N. Of
    several numbers in a cell the two that agree best count. 0: fewer than six.
    """
    values, lengths, first, count = _numbers(one.table["numbers"])
    result = np.full(len(left), MISSING, np.uint8)
    for start in range(0, len(left), _CHUNK):
        part = slice(start, start + _CHUNK)
        a, b = one.codes[left[part]], one.codes[right[part]]
        present = np.flatnonzero((a >= 0) & (b >= 0))
        a, b = a[present], b[present]
        best = np.zeros(len(present), np.uint8)
        for i in range(int(count[a].max(initial=0))):
            for j in range(int(count[b].max(initial=0))):
                rows = np.flatnonzero((count[a] > i) & (count[b] > j))
                x, y = first[a[rows]] + i, first[b[rows]] + j
                best[rows] = np.maximum(best[rows], _shared(values[x], values[y], lengths[x], lengths[y]))
        result[start + present] = best
    return result


def closest(one: Encoded, left: int, right: int) -> tuple[str, str]:
    """Encoded phones, two records that have one → the number of each that agree in the most last digits."""
    sides = [one.table["numbers"][int(one.codes[row])].to_list() for row in (left, right)]

    def shared(pair: tuple[str, str]) -> int:
        a, b = (number.removeprefix("+")[::-1] for number in pair)
        return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))

    return max(product(*sides), key=shared)


def _numbers(cells: pl.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Lists of numbers → their last digits as whole numbers, how many digits each has; of each list: where it begins in
    those two, and how long it is."""
    digits = cells.explode(empty_as_null=False).str.strip_prefix("+")
    count = cells.list.len().fill_null(0).to_numpy().astype(np.int64)
    values = digits.str.tail(_KEPT).cast(pl.UInt64).to_numpy()
    return values, digits.str.len_bytes().to_numpy(), np.cumsum(count) - count, count


def _shared(x: np.ndarray, y: np.ndarray, x_length: np.ndarray, y_length: np.ndarray) -> np.ndarray:
    """Numbers of two sides with their lengths → last digits that agree, 0 or FEWEST…MOST."""
    apart = np.maximum(x, y) - np.minimum(x, y)
    shorter = np.minimum(x_length, y_length)
    shared = np.zeros(len(x), np.uint8)
    left = np.arange(len(x))
    for n in range(FEWEST, MOST + 1):
        left = left[(apart[left] % np.uint64(10**n) == 0) & (shorter[left] >= n)]
        shared[left] = n
    shared[(apart == 0) & (x_length == y_length)] = MOST
    return shared
