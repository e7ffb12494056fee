"""Sampling: which pairs to judge next, how many more are needed, and which judgements contradict each other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from engine.match import intervals
from engine.match.judged import judged_counts, judged_pairs
from engine.match.spanning import components

if TYPE_CHECKING:
    from engine.match.run import Match

MOST = 5_000  # more judgements than this nobody makes
SURE = 1.96  # standard deviations on each side of a 95 % interval


def next_pairs(
    match: "Match",
    judgements: pl.DataFrame | None,
    *,
    around: float | Sequence[float],
    count: int = 1,
    seed: int = 0,
) -> pl.DataFrame:
    """Match, judgements so far → pairs to judge next: left_id, right_id, match_probability, match_weight.

    Pairs are pooled by score. The next judgement goes to the group in which it is expected to take most off the
    variance of precision and recall at the thresholds `around` (Neyman's allocation, one judgement after another);
    which pair of the group is left to chance (`seed`), so that estimates from the judgements are not biased. A pair
    that anybody has judged, in whatever way, does not come again.
    """
    thresholds = _thresholds(around)
    judged = judged_counts(match.records, match.pairs, len(match.patterns), judgements)
    cells = intervals.pool(match.patterns, judged or _none(match), cuts=thresholds)
    said = judged_pairs(match.records, judgements)
    free = np.ones(len(match.pairs), bool)
    if said is not None:
        at = match.pairs.select("left", "right").with_row_index("at").join(said, on=["left", "right"], how="semi")["at"]
        free[at.to_numpy()] = False
    allocation = _Allocation(cells, thresholds)
    of_pair = allocation.group[cells.of_pattern][match.pairs["pattern"].to_numpy()]
    wanted = allocation.spend(count, np.bincount(of_pair[free], minlength=len(allocation.one)))
    # Another draw after each judgement, else the same places would come up again and again.
    rng = np.random.default_rng([seed, 0 if said is None else len(said)])
    drawn = [
        rng.choice(np.flatnonzero(free & (of_pair == group)), int(wanted[group]), replace=False)
        for group in np.flatnonzero(wanted)
    ]
    # The order is left to chance too: who stops halfway has judged a sample of the same shape.
    rows = rng.permutation(np.concatenate(drawn)) if drawn else np.zeros(0, np.int64)
    ids, pairs = match.records["record_id"], match.pairs[rows]
    return pl.DataFrame(
        {
            "left_id": ids.gather(pairs["left"]),
            "right_id": ids.gather(pairs["right"]),
            "match_probability": match.patterns["match_probability"].gather(pairs["pattern"]),
            "match_weight": match.patterns["match_weight"].gather(pairs["pattern"]),
        }
    )


def needed(
    match: "Match", judgements: pl.DataFrame | None, *, around: float | Sequence[float], points: float = 3
) -> int | None:
    """Match, judgements so far → how many more until precision and recall at `around` are known to ± `points` in 100.

    It is a forecast: every further judgement is taken to be as informative as expected now. None: not to be had, since
    even all pairs worth judging would not do.
    """
    thresholds = _thresholds(around)
    judged = judged_counts(match.records, match.pairs, len(match.patterns), judgements)
    cells = intervals.pool(match.patterns, judged or _none(match), cuts=thresholds)
    return _Allocation(cells, thresholds).until((points / 100 / SURE) ** 2)


class _Allocation:
    """How uncertain the shares of matches are in each group of pairs, and what one more judgement takes off that.

    A group is a stratum of the score, cut where a threshold cuts it. `spread` is the covariance of the groups' shares:
    a judgement in one says something of the others too. With `S²` the variance of a single pair of group g, a judgement
    there brings the covariance down by `spread[g] · spread[g]ᵀ / (spread[g, g] + S²)` (a Gaussian update), and the
    variance of a measure that is the sum `w` of the shares by `(spread[g] · w)² / (spread[g, g] + S²)`.
    """

    def __init__(self, cells: intervals.Cells, thresholds: Sequence[float]) -> None:
        side = np.searchsorted(thresholds, cells.low, side="right")
        known, self.group = np.unique(np.column_stack([cells.stratum, side]), axis=0, return_inverse=True)
        self.group = self.group.ravel()
        groups = np.eye(len(known))[self.group]
        drawn, pairs_of = intervals.draws(cells) @ groups, cells.pairs @ groups
        low = np.full(len(known), np.inf)
        np.minimum.at(low, self.group, cells.low)
        size = np.maximum(pairs_of, 1.0)
        share = np.clip(drawn.mean(axis=0) / size, 1e-12, 1 - 1e-12)
        self.one = share * (1 - share)
        self.spread = np.atleast_2d(np.cov(drawn / size, rowvar=False))
        # What chance alone makes of a group's pairs is not uncertainty about its share.
        own = np.maximum(np.diag(self.spread) - self.one / size, 0.0)
        self.spread[np.diag_indices_from(self.spread)] = own + 1e-15
        total = max(float(drawn.sum(axis=1).mean()), 1e-9)
        measures = []
        for threshold in thresholds:
            above = low >= threshold
            pairs = max(float(pairs_of[above].sum()), 1.0)
            recall = float(drawn[:, above].sum(axis=1).mean()) / total
            measures.append(np.where(above, pairs_of / pairs, 0.0))
            measures.append(np.where(above, 1 - recall, -recall) * pairs_of / total)
        self.measures = np.array(measures)

    def _judge(self, group: int) -> None:
        row = self.spread[group].copy()
        self.spread -= np.outer(row, row / (row[group] + self.one[group]))

    def _gains(self) -> np.ndarray:
        """→ what a judgement in each group takes off the variance of each measure: (measures, groups)."""
        return np.asarray((self.measures @ self.spread) ** 2 / (np.diag(self.spread) + self.one))

    def _variances(self) -> np.ndarray:
        return np.asarray(((self.measures @ self.spread) * self.measures).sum(axis=1))

    def spend(self, count: int, room: np.ndarray) -> np.ndarray:
        """How many judgements, unjudged pairs per group → how many go to each."""
        wanted = np.zeros(len(room), np.int64)
        for _ in range(min(count, int(room.sum()))):
            best = int(np.argmax(np.where(wanted < room, self._gains().sum(axis=0), -1.0)))
            wanted[best] += 1
            self._judge(best)
        return wanted

    def until(self, variance: float) -> int | None:
        """The variance that every measure may have → how many judgements that takes, None if more than `MOST`."""
        for made in range(MOST):
            over = self._variances() > variance
            if not over.any():
                return made
            self._judge(int(np.argmax(self._gains()[over].sum(axis=0))))
        return None


def contradictions(judgements: pl.DataFrame) -> pl.DataFrame:
    """Judgements → those that cannot all be true: left_id, right_id (judged apart) and `path`, the ids that matches
    lead through from one to the other (A=B, B=C, A≠C), or the two alone when they were judged both ways.

    >>> said = [("a", "b", "match"), ("b", "c", "match"), ("a", "c", "non_match")]
    >>> frame = pl.DataFrame(said, schema=["left_id", "right_id", "verdict"], orient="row")
    >>> contradictions(frame)["path"].to_list()
    [['a', 'b', 'c']]
    """
    schema = {"left_id": pl.String(), "right_id": pl.String(), "path": pl.List(pl.String())}
    same = judgements.filter(verdict="match").select("left_id", "right_id").unique(maintain_order=True)
    apart = judgements.filter(verdict="non_match").select("left_id", "right_id").unique(maintain_order=True)
    if same.is_empty() or apart.is_empty():
        return pl.DataFrame(schema=schema)
    ids = pl.concat([same["left_id"], same["right_id"]]).unique(maintain_order=True)
    row = {one: at for at, one in enumerate(ids)}
    left, right = (np.array([row[i] for i in same[side]], np.int64) for side in ("left_id", "right_id"))
    label = components(left, right, len(ids))
    neighbours: dict[str, list[str]] = {}
    for a, b in same.iter_rows():
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    found = [
        (a, b, _path(neighbours, a, b)) for a, b in apart.iter_rows()
        if a in row and b in row and label[row[a]] == label[row[b]]
    ]  # fmt: skip
    return pl.DataFrame(found, schema=schema, orient="row")


def _path(neighbours: dict[str, list[str]], start: str, end: str) -> list[str]:
    """The shortest way from one record to another over matches."""
    came: dict[str, str] = {start: start}
    open_ = [start]
    for here in open_:
        for there in neighbours[here]:
            if there not in came:
                came[there] = here
                open_.append(there)
    way = [end]
    while way[-1] != start:
        way.append(came[way[-1]])
    return way[::-1]


def _thresholds(around: float | Sequence[float]) -> list[float]:
    return [float(around)] if isinstance(around, int | float) else sorted({float(t) for t in around})


def _none(match: "Match") -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(len(match.patterns)), np.zeros(len(match.patterns))
