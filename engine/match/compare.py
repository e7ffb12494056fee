"""Comparison: candidate pairs → one similarity (uint8) per comparison → levels → patterns.

Each pair of *distinct keys* is compared once. Similarities up to 99 come from the kind's similarity function; equal
values are graded SAME…RAREST by how many records hold them (see `engine.rules`).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cpdist

from engine.match.encode import Encoded, rarity
from engine.match.remembered import Remembered, named
from engine.match.side_by_side import side_by_side
from engine.match.sides import Keys, Side
from engine.progress import Progress, silent
from engine.rules import MISSING, SAME, Comparison

CROSSWISE = ("given_name", "family_name")  # read in each other's column too
CHUNK = 250_000  # distinct key pairs compared at a time: bounds memory and lets a job be cancelled
COUNTED = 1 << 26  # possible values, up to which they are counted without sorting


def compare(
    encoded: Mapping[str, Encoded],
    pairs: pl.DataFrame,
    *,
    remembered: Remembered | None = None,
    progress: Progress = silent,
) -> dict[str, np.ndarray]:
    """Encoded comparisons, candidate pairs → similarity of each pair (uint8, MISSING where a value is missing).

    `remembered`: what earlier runs found of the same pairs of values.
    """
    nothing = np.zeros(0, np.uint32)
    return compare_with(encoded, pairs, (nothing, nothing), remembered=remembered, progress=progress)[0]


def compare_with(
    encoded: Mapping[str, Encoded],
    pairs: pl.DataFrame,
    others: tuple[np.ndarray, np.ndarray],
    *,
    remembered: Remembered | None = None,
    progress: Progress = silent,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What `compare` gives, and the similarities of other pairs (left and right rows), names not read crosswise.

    What a comparison has to work out of its table serves both.
    """
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()

    def compared(one: Encoded) -> np.ndarray:
        return _similarity(one, _codes(one, left, others[0]), _codes(one, right, others[1]), remembered)

    # The two with the most values, which take the most memory, are not compared at the same time.
    *small, large = sorted(encoded, key=lambda name: len(encoded[name].table))
    found = side_by_side("compare", {name: encoded[name] for name in (large, *small)}, compared, progress=progress)
    both = {name: found[name] for name in encoded}
    out = {name: similar[: len(pairs)] for name, similar in both.items()}
    read_swapped_names(encoded, out, left, right)
    return out, {name: similar[len(pairs) :] for name, similar in both.items()}


def similarity(
    one: Encoded, left: np.ndarray, right: np.ndarray, *, remembered: Remembered | None = None
) -> np.ndarray:
    """One encoded comparison, record rows of the pairs → their similarities (uint8)."""
    return _similarity(one, _codes(one, left), _codes(one, right), remembered)


def _codes(one: Encoded, *rows: np.ndarray) -> np.ndarray:
    """Record rows → their codes. In parts, because numpy makes an array of large numbers of all rows it is given."""
    out = np.empty(sum(map(len, rows)), np.int32)
    at = 0
    for some in rows:
        for start in range(0, len(some), CHUNK):
            part = some[start : start + CHUNK]
            out[at : at + len(part)] = one.codes[part]
            at += len(part)
    return out


def _similarity(one: Encoded, a: np.ndarray, b: np.ndarray, remembered: Remembered | None) -> np.ndarray:
    """Codes of both sides → similarities."""
    result = np.full(len(a), MISSING, np.uint8)
    present = (a >= 0) & (b >= 0)
    equal = present & (a == b)
    result[equal] = rarity(one.holders)[a[equal]]
    different = np.flatnonzero(present & (a != b)).astype(np.int32)
    del present, equal
    if len(different):
        a, b = a[different], b[different]
        low, high, back = _distinct(a, b, len(one.table))
        del a, b
        result[different] = _distinct_similarity(one, low, high, remembered)[back]
    return result


def _distinct(a: np.ndarray, b: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of both sides in a table of `size` → lower and higher row of each distinct pair, and the pair each is.

    Where the numbers fit, the place of a pair is sorted along in the low bits: many times faster than sorting places
    by pairs.
    """
    bits, place_bits = np.uint64(max(size - 1, 1).bit_length()), np.uint64(max(len(a) - 1, 1).bit_length())
    pair = np.minimum(a, b).astype(np.uint64)
    pair <<= bits
    pair |= np.maximum(a, b).astype(np.uint64)
    if int(2 * bits + place_bits) > 64:
        distinct, back = np.unique(pair, return_inverse=True)
    else:
        pair <<= place_bits
        pair |= np.arange(len(pair), dtype=np.uint64)
        pair.sort()
        key = pair >> place_bits
        fresh = np.r_[True, key[1:] != key[:-1]]
        distinct = key[fresh]
        del key
        pair &= (np.uint64(1) << place_bits) - np.uint64(1)
        back = np.empty(len(pair), np.int32)
        back[pair] = np.cumsum(fresh, dtype=np.int32) - np.int32(1)
    low = (distinct >> bits).astype(np.int32)
    return low, (distinct & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int32), back


def _distinct_similarity(one: Encoded, low: np.ndarray, high: np.ndarray, remembered: Remembered | None) -> np.ndarray:
    if remembered is None or not remembered.worth(one.comparison.kind, len(low)):
        score = _compared(one, low, high)
    else:
        told = one.kind.told(one.table, one.context) if one.kind.told else None
        score = remembered.similarities(
            one.comparison.kind, named(one.table, told), low, high, lambda at: _compared(one, low[at], high[at])
        )
    same = score >= SAME
    # The same value in two spellings: graded by the more common of the two.
    score[same] = rarity(np.maximum(one.holders[low[same]], one.holders[high[same]]))
    return score


def _compared(one: Encoded, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """One encoded comparison, rows of its table → what the kind says of them (uint8), equal values not yet graded."""
    table, a, b = one.table, low, high
    if 2 * len(low) < len(table):  # of a few pairs, look at their values alone
        wanted = np.unique(np.concatenate([low, high]))
        table, a, b = table[wanted], np.searchsorted(wanted, low), np.searchsorted(wanted, high)
    keys = Keys(table)
    out = np.empty(len(low), np.uint8)
    for start in range(0, len(low), CHUNK):
        part = slice(start, start + CHUNK)
        left, right = (Side(keys, rows[part].astype(np.int64)) for rows in (a, b))
        out[part] = one.kind.similarity(left, right, **one.context_argument)
    return out


def read_swapped_names(
    encoded: Mapping[str, Encoded], out: dict[str, np.ndarray], left: np.ndarray, right: np.ndarray
) -> None:
    """Given and family name typed into each other's column: read crosswise where that agrees better."""
    given = next((e for e in encoded.values() if e.comparison.kind == "given_name"), None)
    family = next((e for e in encoded.values() if e.comparison.kind == "family_name"), None)
    if given is None or family is None:
        return
    sg, sf = out[given.comparison.name], out[family.comparison.name]
    words = pl.concat([given.table["fold"], family.table["fold"]]).cast(pl.Categorical).to_physical().to_numpy()
    given_word, family_word = words[: len(given.table)], words[len(given.table) :]
    at = np.flatnonzero((sg < 90) & (sf < 90))  # both present, neither agrees
    gl, gr = given.codes[left[at]], given.codes[right[at]]
    fl, fr = family.codes[left[at]], family.codes[right[at]]
    one_way, other_way = given_word[gl] == family_word[fr], family_word[fl] == given_word[gr]
    at, gl, gr, fl, fr = (x[one_way | other_way] for x in (at, gl, gr, fl, fr))
    if len(at) == 0:
        return
    cross_a = _alike(given.table["fold"][gl], family.table["fold"][fr])
    cross_b = _alike(family.table["fold"][fl], given.table["fold"][gr])
    better = (np.minimum(cross_a, cross_b) >= 85) & (
        cross_a.astype(int) + cross_b > sg[at].astype(int) + sf[at].astype(int)
    )
    # Of the two readings the one in which the words are commoner is the right one; it says how rare the names are.
    for similar, one, a, b, cross in ((sg, given, gl, gr, cross_a), (sf, family, fl, fr, cross_b)):
        same = rarity(np.maximum(one.holders[a[better]], one.holders[b[better]]))
        similar[at[better]] = np.where(cross[better] >= SAME, same, cross[better])


def _alike(a: pl.Series, b: pl.Series) -> np.ndarray:
    score = cpdist(a.to_list(), b.to_list(), scorer=JaroWinkler.similarity, score_multiplier=100, dtype=np.uint8)
    return np.asarray(score)


def levels(comparison: Comparison, similarities: np.ndarray) -> np.ndarray:
    """Comparison, similarities → level codes (uint8): 0 missing, 1 the last level, …, k the first.

    >>> from engine.rules import Level
    >>> c = Comparison("city", "city", ("city",), (Level("same", 100), Level("close", 85), Level("different", 0)))
    >>> levels(c, np.array([255, 0, 84, 85, 120], np.uint8)).tolist()
    [0, 1, 1, 2, 3]
    """
    bounds = np.array([level.at_least for level in reversed(comparison.levels)], np.int16)
    table = np.searchsorted(bounds, np.arange(256), side="right").astype(np.uint8)
    table[MISSING] = 0
    return np.asarray(table[similarities])


def patterns(
    comparisons: Sequence[Comparison], similarities: Mapping[str, np.ndarray]
) -> tuple[pl.DataFrame, np.ndarray]:
    """Comparisons, similarities of all pairs → pattern table, pattern number of each pair (uint32).

    Pattern table: pattern (UInt32), one UInt8 level column per comparison named after it, pairs (Int64).
    """
    size = len(next(iter(similarities.values())))
    if _too_wide(comparisons):
        return _wide_patterns(comparisons, similarities)
    joint = np.zeros(size, np.uint64)
    for comparison in comparisons:
        joint *= np.uint64(len(comparison.levels) + 1)
        joint += levels(comparison, similarities[comparison.name])
    distinct, number, count = _count(joint)
    return _table(comparisons, _split(comparisons, distinct), count), number


def _too_wide(comparisons: Sequence[Comparison]) -> bool:
    """Comparisons → whether their levels together make more combinations than one 64-bit number can name."""
    return math.prod(len(c.levels) + 1 for c in comparisons) >= 1 << 63


def _wide_patterns(
    comparisons: Sequence[Comparison], similarities: Mapping[str, np.ndarray]
) -> tuple[pl.DataFrame, np.ndarray]:
    """`patterns` of a table with very many comparisons: the patterns of each half first, then which halves meet."""
    middle = len(comparisons) // 2
    left, at_left = patterns(comparisons[:middle], similarities)
    right, at_right = patterns(comparisons[middle:], similarities)
    distinct, number, count = _count(at_left.astype(np.uint64) * np.uint64(len(right)) + at_right)
    rows = [(distinct // np.uint64(len(right))).astype(np.int64), (distinct % np.uint64(len(right))).astype(np.int64)]
    codes = {
        c.name: half[c.name].to_numpy()[at]
        for half, at, part in ((left, rows[0], comparisons[:middle]), (right, rows[1], comparisons[middle:]))
        for c in part
    }
    return _table(comparisons, codes, count), number


def regrouped(
    comparisons: Sequence[Comparison],
    similarities: Mapping[str, np.ndarray],
    known: tuple[pl.DataFrame, np.ndarray],
    moved: Sequence[str],
) -> tuple[pl.DataFrame, np.ndarray]:
    """What `patterns` gives, made from the pattern table of other level boundaries, in which only `moved` differ.

    Only the levels of the comparisons moved are read again, whatever the number of the others.
    """
    table, number = known
    rest = [c for c in comparisons if c.name not in moved]
    again = [c for c in comparisons if c.name in moved]
    size = math.prod(len(c.levels) + 1 for c in again)
    if _too_wide(comparisons) or len(table) * size > COUNTED:
        return patterns(comparisons, similarities)
    # A cell is an old pattern and the levels of what moved: few of them, and cells that come to the same are one.
    cell = number.astype(np.intp)
    for c in again:
        cell *= len(c.levels) + 1
        cell += levels(c, similarities[c.name])
    count = np.bincount(cell, minlength=len(table) * size)
    cells = np.flatnonzero(count)
    joint, place = np.unique(
        _joint(rest, {c.name: table[c.name].to_numpy() for c in rest}, len(table)), return_inverse=True
    )
    example = np.zeros(len(joint), np.int64)
    example[place] = np.arange(len(table))
    new = place[cells // size] * size + cells % size
    distinct, of_cell = np.unique(new, return_inverse=True)
    held = {c.name: table[c.name].to_numpy()[example[distinct // size]] for c in rest}
    held |= _split(again, (distinct % size).astype(np.uint64))
    order = np.argsort(_joint(comparisons, held, len(distinct)), kind="stable")
    turned = np.empty(len(order), np.uint32)
    turned[order] = np.arange(len(order), dtype=np.uint32)
    now = np.zeros(len(count), np.uint32)
    now[cells] = turned[of_cell]
    pairs = np.bincount(of_cell, weights=count[cells])
    return _table(comparisons, {name: codes[order] for name, codes in held.items()}, pairs[order]), now[cell]


def _joint(comparisons: Sequence[Comparison], codes: Mapping[str, np.ndarray], size: int) -> np.ndarray:
    """Level codes → one number per row that names them all."""
    joint = np.zeros(size, np.uint64)
    for comparison in comparisons:
        joint *= np.uint64(len(comparison.levels) + 1)
        joint += codes[comparison.name]
    return joint


def _split(comparisons: Sequence[Comparison], joint: np.ndarray) -> dict[str, np.ndarray]:
    """What `_joint` gives → the level codes it was made of."""
    codes: dict[str, np.ndarray] = {}
    for comparison in reversed(comparisons):
        base = np.uint64(len(comparison.levels) + 1)
        codes[comparison.name] = (joint % base).astype(np.uint8)
        joint = joint // base
    return codes


def _table(comparisons: Sequence[Comparison], codes: Mapping[str, np.ndarray], count: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "pattern": np.arange(len(count), dtype=np.uint32),
            **{c.name: codes[c.name] for c in comparisons},
            "pairs": count.astype(np.int64),
        }
    )


def _count(joint: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pattern of each pair as one number → distinct patterns in order, pattern index of each pair, pairs of each."""
    space = int(joint.max(initial=0)) + 1
    if space <= COUNTED:  # in place, without sorting millions of pairs
        count = np.bincount(joint.astype(np.int64), minlength=space)
        distinct = np.flatnonzero(count)
        position = np.zeros(space, np.uint32)
        position[distinct] = np.arange(len(distinct), dtype=np.uint32)
        return distinct.astype(np.uint64), position[joint.astype(np.int64)], count[distinct]
    values, number, count = np.unique(joint, return_inverse=True, return_counts=True)
    return values, number.astype(np.uint32), count
