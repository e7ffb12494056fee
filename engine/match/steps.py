"""The threshold of one field as CRM people think of it: "the last N digits of the phone agree", "names this alike".

One pass over the pairs counts them by step and pattern; all else works on those counts. Where nobody knows the truth,
the matches at a step are the sum of the pairs' match probabilities, in which every field counts once, this one too.
Within a level of this field only the other fields tell its steps apart. (To leave this field out and let the others
alone say how many matches a step holds was tried on eight tables with known truth: better by a thousandth on the large
ones, worse by up to ten hundredths where fields depend on each other.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from engine.errors import RulesError
from engine.match import intervals, last_digits
from engine.match.encode import raw_values
from engine.match.judged import judged_pairs
from engine.rules import MISSING, RAREST, SAME, Comparison

if TYPE_CHECKING:
    from engine.match.run import Match

COARSE, FINE = range(0, 50, 10), range(50, RAREST + 1, 2)  # steps of similarity: few matches are less alike than half
ENOUGH = 30  # judged pairs in which both have a value, before they are trusted more than the model
EXAMPLES = 6  # pairs shown between two steps
_SPACE = 1 << 26  # counted in place up to so many combinations, by sorting beyond


@dataclass(frozen=True)
class Steps:
    """What a threshold on one comparison would let through, the loosest first.

    `axis`: `digits` (last N digits agree) or `similarity`. `table`: step, boundary (the similarity that comes nearest
    in the rules), pairs and matches at or above the step, precision, precision_low, precision_high; here and
    here_matches: pairs at this step that the next one loses, and matches among them (true, or else expected by the
    model). Steps of similarity at which no pair stands are left out. `basis` of matches and precision: exact, judged or
    estimate. `examples`: step, left_id, right_id, left, right (the values; by digits the numbers that agree best),
    match_probability: a sample of `here`, spread from the likeliest match to the least likely. `present`, `missing`:
    pairs in which both records have a value, and the others.
    """

    comparison: str
    axis: str
    basis: str
    table: pl.DataFrame
    examples: pl.DataFrame
    present: int
    missing: int


def axes(comparison: Comparison) -> tuple[str, ...]:
    """Comparison → the axes on which its threshold can be looked at, the most telling first."""
    return ("digits", "similarity") if comparison.kind == "phone" else ("similarity",)


def values(match: "Match", comparison: str, *, axis: str | None = None) -> np.ndarray:
    """Match, name of a comparison, axis (None: its first) → where each pair stands on that axis (uint8, MISSING)."""
    if _axis(_known(match, comparison), axis) == "digits":
        pairs = match.pairs
        return last_digits.agreeing(match.encoded[comparison], pairs["left"].to_numpy(), pairs["right"].to_numpy())
    return match.similarities[comparison]


def steps(
    match: "Match",
    comparison: str,
    *,
    axis: str | None = None,
    at: np.ndarray | None = None,
    truth: pl.DataFrame | None = None,
    judgements: pl.DataFrame | None = None,
    seed: int = 0,
) -> Steps:
    """Match, name of a comparison, axis (None: its first) → the steps of its threshold over the candidate pairs.

    `at`: what `values` gives, when it is known. Matches are counted where there is `truth` (record_id, cluster_id),
    estimated from `judgements` where at least ENOUGH of them are on pairs that both have a value (each step by the
    judged pairs at or above it, stratified by score, see `engine.match.intervals`), else expected by the model.
    """
    one = _known(match, comparison)
    axis = _axis(one, axis)
    at = values(match, comparison, axis=axis) if at is None else at
    marks = _marks(one, axis, at)
    patterns = len(match.patterns)
    space = (len(marks) + 2) * patterns
    place = np.searchsorted(marks, np.arange(256), side="right")  # 0: below the first step
    place[MISSING] = len(marks) + 1
    small = np.int32 if space < 1 << 31 else np.int64  # a pass over small numbers is faster
    joint = (place * patterns).astype(small)[at]
    joint += match.pairs["pattern"].to_numpy().astype(small)
    cells, count, first, last = _cells(joint, space)
    step, pattern = cells // patterns, cells % patterns
    low = high = np.full(len(marks), np.nan)
    if truth is not None:
        basis, expected = "exact", _true_matches(match, joint, cells, truth)
    else:
        basis, expected = "estimate", count * match.patterns["match_probability"].to_numpy()[pattern]
    pairs, matches = (
        np.bincount(step, weights=w, minlength=len(marks) + 2)[: len(marks) + 1] for w in (count, expected)
    )
    above, matched = (x[::-1].cumsum()[::-1][1:] for x in (pairs, matches))
    judged = None if truth is not None else _judged(match, judgements, place[at], len(marks))
    if judged is not None:
        basis = "judged"
        matched, low, high = _from_judgements(match, judged, (step, pattern, count), len(marks), seed)
    return Steps(
        comparison,
        axis,
        basis,
        _table(axis, marks, (above, matched, low, high), (pairs[1:], matches[1:])),
        _examples(match, one, axis, marks, (step, pattern, first, last)),
        int(pairs.sum()),
        int(len(at) - pairs.sum()),
    )


def movable(comparison: Comparison, boundary: int) -> list[str]:
    """Comparison, a similarity → names of the levels that may begin there: no other boundary stands between.

    Empty where a level begins there already, and at 0, where the last level always begins.
    """
    bounds = [level.at_least for level in comparison.levels]
    if boundary in bounds or not 0 < boundary <= RAREST:
        return []
    above = sum(bound > boundary for bound in bounds)  # levels before this one stay above
    near = [i for i in (above - 1, above) if 0 <= i < len(bounds) - 1]
    near.sort(key=lambda i: abs(bounds[i] - boundary))
    return [comparison.levels[i].name for i in near]


def _known(match: "Match", name: str) -> Comparison:
    one = next((c for c in match.rules.comparisons if c.name == name), None)
    if one is None:
        raise RulesError(f"there is no comparison {name!r} in these rules: choose one that is there")
    return one


def _axis(one: Comparison, axis: str | None) -> str:
    if axis is not None and axis not in axes(one):
        raise RulesError(f"comparison {one.name!r} has no steps by {axis!r}: choose one of {', '.join(axes(one))}")
    return axis or axes(one)[0]


def _marks(one: Comparison, axis: str, at: np.ndarray) -> np.ndarray:
    """→ the steps: all N of last digits; of similarities those at which pairs stand, and where a level begins."""
    if axis == "digits":
        return np.arange(last_digits.FEWEST, last_digits.MOST + 1)
    marks = np.array(sorted({*COARSE, *FINE, *(level.at_least for level in one.levels)}))
    pairs = np.bincount(at, minlength=MISSING + 1)[:MISSING]
    held = np.add.reduceat(pairs, marks) > 0
    return marks[held | np.isin(marks, [level.at_least for level in one.levels])]


def _boundary(axis: str, mark: int) -> int:
    """A step → the similarity at which the rules come nearest to it (see `engine.match.fields.phone`)."""
    if axis != "digits":
        return mark
    return 60 + 2 * mark if mark <= 10 else SAME


def _cells(joint: np.ndarray, space: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A number per pair → the distinct numbers, pairs of each, the first and the last pair of each."""
    if space > _SPACE:
        distinct, first, count = np.unique(joint, return_index=True, return_counts=True)
        last = len(joint) - 1 - np.unique(joint[::-1], return_index=True)[1]
        return distinct, count, first, last
    count = np.bincount(joint, minlength=space)
    rows = np.arange(len(joint), dtype=np.uint32)
    first, last = np.zeros(space, np.uint32), np.zeros(space, np.uint32)
    last[joint] = rows  # of several the last assignment stays
    first[joint[::-1]] = rows[::-1]
    distinct = np.flatnonzero(count)
    return distinct, count[distinct], first[distinct], last[distinct]


def _true_matches(match: "Match", joint: np.ndarray, cells: np.ndarray, truth: pl.DataFrame) -> np.ndarray:
    """Cell of each pair, truth → true matches of each cell."""
    known = truth.select("record_id", "cluster_id").unique("record_id")
    ids = match.records.select("record_id").join(known, on="record_id", how="left", maintain_order="left")
    code = ids["cluster_id"].rank("dense").fill_null(0).to_numpy().astype(np.int64)
    left, right = code[match.pairs["left"].to_numpy()], code[match.pairs["right"].to_numpy()]
    same = joint[(left == right) & (left > 0)]
    return np.bincount(np.searchsorted(cells, same), minlength=len(cells)).astype(float)


def _judged(match: "Match", judgements: pl.DataFrame | None, place: np.ndarray, last: int) -> pl.DataFrame | None:
    """Judgements, step of each pair → step, pattern, verdict of the judged pairs; None while they are too few."""
    said = judged_pairs(match.records, judgements)
    if said is None:
        return None
    rows = match.pairs.select("left", "right", "pattern").with_row_index("row").join(said, on=["left", "right"])
    rows = rows.filter(pl.col("verdict").is_in(["match", "non_match"]))
    rows = rows.with_columns(pl.Series("step", place[rows["row"].to_numpy()], dtype=pl.Int64))
    rows = rows.filter(pl.col("step") <= last)
    return rows if rows.height >= ENOUGH else None


def _from_judgements(
    match: "Match", judged: pl.DataFrame, cells: tuple[np.ndarray, np.ndarray, np.ndarray], marks: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Judged pairs by step and pattern → matches at or above each step, and the 95 % bounds of the precision there."""
    step, pattern, count = cells
    matched, low, high = np.zeros(marks), np.full(marks, np.nan), np.full(marks, np.nan)
    size = len(match.patterns)
    known: dict[int, int] = {}
    for mark in range(marks):
        above = (step > mark) & (step <= marks)
        pairs = np.bincount(pattern[above], weights=count[above], minlength=size)
        total = int(pairs.sum())
        if total in known:  # nothing stands between this step and the one before
            matched[mark], low[mark], high[mark] = (x[known[total]] for x in (matched, low, high))
            continue
        known[total] = mark
        if total:
            said = judged.filter(pl.col("step") > mark)
            verdicts = [
                np.bincount(said.filter(verdict=v)["pattern"].to_numpy(), minlength=size)[pairs > 0].astype(float)
                for v in ("match", "non_match")
            ]
            table = match.patterns.with_columns(pl.Series("pairs", pairs)).filter(pl.Series(pairs > 0))
            drawn = intervals.draws(intervals.pool(table, (verdicts[0], verdicts[1]), cuts=[]), seed=seed).sum(axis=1)
            matched[mark] = drawn.mean()
            low[mark], high[mark] = np.quantile(drawn / total, [0.025, 0.975])
    return np.minimum.accumulate(matched), low, high


def _table(
    axis: str, marks: np.ndarray, above: Sequence[np.ndarray], here: tuple[np.ndarray, np.ndarray]
) -> pl.DataFrame:
    """Steps; pairs, matches and bounds at or above each; pairs and matches at each → the table of `Steps`."""
    pairs, matched, low, high = above
    return pl.DataFrame(
        {
            "step": marks.astype(np.int64),
            "boundary": [_boundary(axis, int(mark)) for mark in marks],
            "pairs": pairs.astype(np.int64),
            "matches": matched,
            "precision": np.where(pairs > 0, matched / np.maximum(pairs, 1), np.nan),
            "precision_low": low,
            "precision_high": high,
            "here": here[0].astype(np.int64),
            "here_matches": here[1],
        }
    ).with_columns(pl.col("precision", "precision_low", "precision_high").fill_nan(None))


def _examples(
    match: "Match", one: Comparison, axis: str, marks: np.ndarray, cells: Sequence[np.ndarray]
) -> pl.DataFrame:
    """Cells (step, pattern, first and last pair) → a few pairs of each step, the likeliest match first.

    The patterns at a step stand in the order of their probability; of evenly spaced ones the first and the last pair.
    """
    step, pattern, first, last = cells
    probability = match.patterns["match_probability"].to_numpy()
    chosen: list[tuple[int, int]] = []
    for at, mark in enumerate(marks, start=1):
        here = np.flatnonzero(step == at)
        here = here[np.argsort(-probability[pattern[here]], kind="stable")]
        if len(here) > EXAMPLES:
            here = here[np.linspace(0, len(here) - 1, EXAMPLES).round().astype(int)]
        both = list(dict.fromkeys([*first[here].tolist(), *last[here].tolist()]))[:EXAMPLES]
        chosen += [(int(mark), row) for row in both]
    rows = match.pairs[[row for _, row in chosen]]
    ids = match.records["record_id"]
    sides = {
        side: raw_values(match.records[rows[side].to_numpy()], one.columns).to_list() for side in ("left", "right")
    }
    if axis == "digits":  # of several numbers the two that were held against each other
        best = [
            last_digits.closest(match.encoded[one.name], *both) for both in rows.select("left", "right").iter_rows()
        ]
        sides = {"left": [a for a, _ in best], "right": [b for _, b in best]}
    return pl.DataFrame(
        {
            "step": [mark for mark, _ in chosen],
            "left_id": ids.gather(rows["left"]),
            "right_id": ids.gather(rows["right"]),
            "left": pl.Series(sides["left"], dtype=pl.String),
            "right": pl.Series(sides["right"], dtype=pl.String),
            "match_probability": match.patterns["match_probability"].gather(rows["pattern"]),
        }
    ).sort("step", "match_probability", descending=[False, True], maintain_order=True)
