"""A Match → what every merge threshold makes of its records: groups by size, records that go. Exactly, all at once.

Asked one by one, a thousand thresholds would be clustered a thousand times. But a component changes only where it
merges with another (`lives`), and one in which every two records speak for each other is one group. Only the others
have to be contracted, and of these the same joins come at many thresholds in a row: evidence moves by as much
everywhere, so how far is known when they are made (`contraction.falling`), and they are contracted again where that
ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.match import bonds, conditions, contraction
from engine.match.cluster import AGAINST, STRONGEST, Ground, speaking
from engine.match.judged import judged_pairs
from engine.match.lives import NONE, Lives, lives, stretches
from engine.progress import Progress, silent

if TYPE_CHECKING:
    from engine.match.run import Match

STOPS = tuple(n / 1000 for n in range(20, 1000))  # where the thumb of the merge threshold can stand
LARGEST = 6  # groups with so many records or more are counted together
EFFORT = 1e9  # cells of matrices that are gone through, from the highest threshold down; then it is left at that
AT_ONCE = 64  # stops at which a component is contracted at once, at most
MARGIN = 1e-9  # evidence (natural log-odds): nearer to a change than that, it is made anew


@dataclass(frozen=True)
class Outcomes:
    """`groups[k, i]`: groups of i + 2 records at stop k, the last: of LARGEST or more; `gone[k]`: records merged away.

    `known`: from this stop on; below there are too many or too large components to go through at every threshold.
    """

    stops: np.ndarray
    groups: np.ndarray
    gone: np.ndarray
    known: int


def outcomes(match: "Match", *, stops: Sequence[float] = STOPS, progress: Progress = silent) -> Outcomes:
    """Match → its outcomes at each threshold (ascending, none below the floor of its Ground).

    They are those of `run.recluster` at that threshold: after vetoes, conditions, judgements and evidence against.
    """
    at = np.asarray(stops, float)
    probability = conditions.deciding(match.patterns, float(at[0]))
    held = conditions.held_back(match.patterns)
    strong = speaking(np.where(held, match.patterns["match_probability"].to_numpy(), probability))
    whole = lives(match.ground, at)
    never = bonds.lasting(match, match.rules, whole)
    tally = _Tally(at, never, bonds.bind(match.rules), progress)
    judged = judged_pairs(match.records, match.judgements)
    if judged is None:
        tally.count(match.ground, whole, strong, held)
    else:
        records, ground = bonds.judged_ground(match, judged)
        tally.count(match.ground, lives(match.ground, at, without=records), strong, held)
        # Two patterns more: a pair that was judged a match, and one that was judged none.
        certain = speaking(np.array([1.0, 0.0]))
        tally.count(ground, lives(ground, at), np.r_[strong, certain], np.r_[held, False, False])
    groups, gone = np.cumsum(tally.groups, axis=0)[:-1], np.cumsum(tally.gone)[:-1]
    return Outcomes(at, groups, gone, tally.known)


class _Tally:
    """Adds up groups by size and records that go, as differences from stop to stop."""

    def __init__(
        self, stops: np.ndarray, never: tuple[np.ndarray, np.ndarray, np.ndarray], binds: bool, progress: Progress
    ) -> None:
        self.stops, self.bits = stops, np.array([float(speaking(t)) for t in stops.tolist()])
        self.just_below = np.array([float(speaking(np.nextafter(t, 0.0))) for t in stops.tolist()])
        self.never, self.binds, self.progress = never, binds, progress
        self.groups = np.zeros((len(stops) + 1, LARGEST - 1), np.int64)
        self.gone = np.zeros(len(stops) + 1, np.int64)
        self.known = 0

    def add(self, size: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Sizes of groups, from which stop to which they are there."""
        there = (size > 1) & (low < high)
        size, low, high = size[there], low[there], high[there]
        kind = np.minimum(size, LARGEST) - 2
        for at, sign in ((low, 1), (high, -1)):
            np.add.at(self.groups, (at, kind), sign)
            np.add.at(self.gone, at, sign * (size - 1))

    def count(self, on: Ground, life: Lives, strong: np.ndarray, held: np.ndarray) -> None:
        """A Ground, its lives, evidence (log-odds) of each pattern, which are held back → what becomes of them."""
        place = life.smallest(on.a, on.b)
        against = np.where(held, -np.inf, strong)[on.pattern]
        pairs, least = np.zeros(len(life.size), np.int64), np.full(len(life.size), np.inf)
        for which, at in life.upwards(place):
            pairs += np.bincount(at, minlength=len(pairs))
            np.minimum.at(least, at, against[which])
        least[pairs < life.size * (life.size - 1) // 2] = -np.inf
        contested = np.where(life.size > 2, np.searchsorted(self.bits, least), life.high).clip(life.low, life.high)
        until = life.high.copy()
        left, right, ends = self.never
        never_a, never_b = on.place[left], on.place[right]
        never_at = life.smallest(never_a, never_b)
        barred = np.zeros(len(life.size), np.int64)  # until which stop something bars a join
        for which, at in life.upwards(never_at):
            np.maximum.at(barred, at, ends[which])
        there = barred > life.low
        contested[there] = life.low[there]
        alone = there & (life.size == 2)  # two records whom nothing else bars are one
        until[alone] = np.minimum(until, barred)[alone]
        large = life.size > bonds.LARGEST_CHECKED
        dark = large & (self.binds | (contested < until))
        self.known = max(self.known, int(until[dark].max(initial=0)))
        self.add(life.size, life.low, contested)
        self.add(life.size, until, life.high)
        some = np.flatnonzero((contested < until) & ~large)
        # A component changes at most where one of its pairs does, and is then gone through once for each join.
        span = np.maximum(until - contested, 1)[some]
        effort = life.size[some] ** 3 * np.minimum(1.0, pairs[some] / span)
        each = np.zeros(len(self.stops) + 1)
        np.add.at(each, contested[some], effort)
        np.add.at(each, until[some], -effort)
        down = np.cumsum(np.cumsum(each)[-2::-1])  # the stops from the last one on, down to each
        self.known = max(self.known, len(self.stops) - int(np.searchsorted(down, EFFORT, side="right")))
        contested = np.maximum(contested, self.known)
        some = some[contested[some] < until[some]]
        self.contract(_Contested.of(on, life, some, place, never_at, (never_a, never_b, ends)), contested[some],
                      until[some], strong, held)  # fmt: skip

    def contract(
        self, inside: "_Contested", low: np.ndarray, high: np.ndarray, strong: np.ndarray, held: np.ndarray
    ) -> None:
        """Components to contract, from which stop to which → their groups, each time until other joins may come.

        One that held for a single stop is next contracted at several at once, so that few rounds do.
        """
        graph, at, width = np.arange(len(low)), low, np.ones(len(low), np.int64)
        while len(graph):
            sizes = inside.size[graph]
            lowest, after = self.joined(inside, graph, at, strong, held)
            last = np.r_[graph[1:] != graph[:-1], True]
            after = np.where(last, np.minimum(after, high[graph]), at + 1)
            begins = np.repeat(np.cumsum(sizes) - sizes, sizes)
            size = np.bincount(begins + lowest, minlength=int(sizes.sum()))
            self.add(size, np.repeat(at, sizes), np.repeat(after, sizes))
            on = last & (after < high[graph])
            width[graph] = np.where(after == at + 1, np.minimum(2 * width[graph], AT_ONCE), 1)
            graph, at = graph[on], after[on]
            count = np.minimum(width[graph], high[graph] - at)
            self.progress("outcomes", 1 - float((high[graph] - at).sum()) / float((high - low).sum()))
            graph, at = np.repeat(graph, count), stretches(at, count)

    def joined(
        self, inside: "_Contested", graph: np.ndarray, at: np.ndarray, strong: np.ndarray, held: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Components, each with a stop → the lowest node of each node's group; the next stop at which it may change."""
        pair, item = inside.pairs(graph)
        there = (inside.pattern[pair] >= 0) | (inside.until[pair] > at[item])
        pair, item = pair[there], item[there]
        p, stop = inside.pattern[pair], at[item]
        bars = p < 0
        doubt = held[p] & ~bars
        reach = np.where(doubt, np.minimum(strong[p], self.just_below[stop]), strong[p]) - self.bits[stop]
        evidence = np.where(bars, -np.inf, np.clip(reach, -AGAINST, STRONGEST))
        falls = ~bars & (reach > -AGAINST) & (reach < STRONGEST)
        lowest, holds = contraction.falling(
            item, inside.a[pair], inside.b[pair], evidence, falls.astype(np.int32), inside.size[graph]
        )
        turn = np.where(reach >= STRONGEST, reach - STRONGEST, np.where(falls, reach + AGAINST, np.inf))
        np.minimum.at(holds, item, np.where(bars, np.inf, np.where(doubt, 0.0, turn)))
        after = np.maximum(np.searchsorted(self.bits, self.bits[at] + holds - MARGIN), at + 1)
        np.minimum.at(after, item[bars], inside.until[pair[bars]])
        return lowest, after


@dataclass(frozen=True)
class _Contested:
    """Components to contract: `size[graph]`; `begins[graph]`: its first pair, and one more for the end. Of each pair
    inside: its nodes `a` < `b`, in the order of their records, its `pattern`, −1 where the two must not be one, and
    `until`, the stop up to which that holds."""

    size: np.ndarray
    begins: np.ndarray
    a: np.ndarray
    b: np.ndarray
    pattern: np.ndarray
    until: np.ndarray

    def pairs(self, graph: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Components → the numbers of their pairs, one component after the other; the place of each in `graph`."""
        count = np.diff(self.begins)[graph]
        return stretches(self.begins[graph], count), np.repeat(np.arange(len(graph)), count)

    @staticmethod
    def of(
        on: Ground, life: Lives, some: np.ndarray, place: np.ndarray, never_at: np.ndarray, never: Sequence[np.ndarray]
    ) -> "_Contested":
        """A Ground, some of its lives; the smallest that holds each pair, each pair that must not be one → those."""
        number = np.full(len(life.size), NONE)
        number[some] = np.arange(len(some))
        size = life.size[some]
        begins = np.cumsum(size) - size
        of_node = np.repeat(np.arange(len(some)), size)
        places = stretches(life.start[some], size)
        by_record = np.lexsort((on.order[places], of_node))
        node = np.empty(len(places), np.int64)
        node[by_record] = np.arange(len(places)) - begins[of_node]
        never_a, never_b, ends = never
        nobody, always = np.full(len(never_a), NONE), np.zeros(len(place), np.int64)
        parts = [(place, on.a, on.b, on.pattern.astype(np.int64), always), (never_at, never_a, never_b, nobody, ends)]
        columns: list[list[np.ndarray]] = [[np.zeros(0, np.int64)] for _ in range(5)]
        for smallest, a, b, pattern, until in parts:
            for which, at in life.upwards(smallest):
                which, graph = which[number[at] != NONE], number[at[number[at] != NONE]]
                ends_of = [node[begins[graph] + one[which] - life.start[some][graph]] for one in (a, b)]
                both = np.minimum(*ends_of), np.maximum(*ends_of)
                for column, one in zip(columns, (graph, *both, pattern[which], until[which]), strict=True):
                    column.append(one)
        graph, *others = (np.concatenate(column) for column in columns)
        order = np.argsort(graph, kind="stable")
        begins = np.searchsorted(graph[order], np.arange(len(some) + 1))
        return _Contested(size, begins, *(column[order] for column in others))
