"""A Ground, thresholds to stop at → its components, each with the stops at which it stands: its life.

Components nest: from a high threshold to a low one they only merge. So there are fewer lives than records, and what is
true of a component is true from the stop at which it comes together down to the one at which it is part of a larger.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.match.cluster import Ground

NONE = -1  # no life: of a place that stays alone, of what no other contains


@dataclass(frozen=True)
class Lives:
    """Components of two records or more, smaller ones before those that contain them.

    `start`, `end`: its places in the Ground, the second beyond the last; it stands at the stops `low` ≤ k < `high`;
    `parent`: the next larger one, `NONE` for the last. `first[place]`: the smallest component that holds it; at its end
    that of a record without a place.
    """

    start: np.ndarray
    end: np.ndarray
    low: np.ndarray
    high: np.ndarray
    parent: np.ndarray
    first: np.ndarray

    @property
    def size(self) -> np.ndarray:
        """Records of each."""
        return np.asarray(self.end - self.start)

    def smallest(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Two places of each pair (−1: none) → the smallest component that holds both, NONE where none does."""
        at = self.first[a].copy()
        far = np.flatnonzero(at != NONE)
        while len(far):
            here = at[far]
            far = far[(b[far] < self.start[here]) | (b[far] >= self.end[here])]
            at[far] = self.parent[at[far]]
            far = far[at[far] != NONE]
        return np.asarray(at)

    def upwards(self, at: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The smallest component of each thing → (which things, a component that holds them), up to the largest."""
        which = np.flatnonzero(at != NONE)
        while len(which):
            yield which, at[which]
            at = np.where(at == NONE, NONE, self.parent[at])
            which = which[at[which] != NONE]


def lives(on: Ground, stops: np.ndarray, *, without: np.ndarray | None = None) -> Lives:
    """A Ground, thresholds (ascending), records whose whole components are left out → the lives of its components.

    Places are gone through once; those before one that are linked better than it is stand on a pile, and come off it as
    components when it is reached.
    """
    level = np.searchsorted(stops, on.gap, side="right")  # it hangs together with what stands before it at k < level
    if without is not None:
        gone = np.zeros(len(on.place), bool)
        gone[without] = True
        level[gone[on.order]] = 0
    made: list[tuple[int, int, int, int]] = []
    pile: list[tuple[int, int]] = []  # where an open component starts, its level; levels rise
    parent: list[int] = []
    within: list[int] = []  # components that no other contains yet
    linked = np.flatnonzero(np.r_[level, 0] | np.r_[0, level])  # where something begins, goes on or ends
    for place, now in zip(linked.tolist(), np.r_[level, 0][linked].tolist(), strict=True):
        start = place - 1
        while pile and pile[-1][1] > now:
            start, high = pile.pop()
            low = max(now, pile[-1][1] if pile else 0)
            while within and made[within[-1]][0] >= start:
                parent[within.pop()] = len(made)
            within.append(len(made))
            made.append((start, place, low, high))
            parent.append(NONE)
        if now and (not pile or pile[-1][1] < now):
            pile.append((start, now))
    start_, end, low_, high_ = np.array(made, np.int64).reshape(-1, 4).T
    first = np.full(len(on.order) + 1, NONE, np.int64)
    larger_first = np.arange(len(made))[::-1]  # of several values written to one place the last stays
    size = (end - start_)[larger_first]
    first[stretches(start_[larger_first], size)] = np.repeat(larger_first, size)
    return Lives(start_, end, low_, high_, np.array(parent, np.int64), first)


def stretches(start: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Where stretches of whole numbers start, how long each is → all their numbers, one stretch after the other."""
    return np.asarray(np.arange(int(size.sum())) + np.repeat(start - (np.cumsum(size) - size), size))
