"""Clusters: scored pairs → groups of records that are one entity, resisting chains.

Connected components chain A–B–C together although A and C contradict each other. Here every pair inside a component
speaks, for or against, with the log-odds of its probability relative to the merge threshold, and clusters grow by
greedy additive edge contraction (Keuper et al. 2015, correlation clustering): the two clusters with the most evidence
for being one are joined first, their evidence about third clusters adds up, and joining stops when nothing speaks
for more. A veto is evidence that nothing outweighs.

What no threshold changes is done once per set of weights: the spanning forest, and the `Ground`, which holds the
components at every threshold and the few pairs that can have a say. A threshold then never looks at all pairs.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from engine.match.contraction import contract, grains
from engine.match.spanning import bottleneck, nested, spanning

STRONGEST = 12.0  # evidence (natural log-odds) for one pair is held below this
# Evidence against is held closer: inside a cluster the probability of a pair, made from that pair alone, understates
# what the others say. Three spellings of one person in three scripts agree two by two at very different strengths.
AGAINST = 2.0
FOREST_FLOOR = 0.01  # pairs below this match probability can join no cluster at any sensible threshold
LOWEST = 0.02  # the least merge threshold that is prepared for; a lower one is answered too, but not at once


def logit(p: np.ndarray | float) -> np.ndarray:
    """Probabilities → natural log-odds, finite at 0 and 1."""
    p = np.clip(p, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p / (1 - p)))


def speaking(p: np.ndarray | float) -> np.ndarray:
    """Probabilities → log-odds as evidence is made of them, in whole grains."""
    return grains(logit(p))


def forest(
    pairs: pl.DataFrame, probability: np.ndarray, weight: np.ndarray, records: int, *, floor: float = FOREST_FLOOR
) -> pl.DataFrame:
    """Pairs, probability and weight of each pattern → maximum spanning forest, strongest first.

    Its columns: left, right, pattern, match_weight. It has at most records − 1 edges and answers, for every threshold
    at once, how many records connected components would remove: the number of its edges at or above the threshold.
    Pairs below the probability `floor` are left out.
    """
    number = pairs["pattern"].to_numpy()
    row = np.flatnonzero((probability >= floor)[number])
    rank = np.unique(-weight, return_inverse=True)[1]
    row = row[by_rank(rank[number[row]])]
    left, right = pairs["left"].to_numpy()[row], pairs["right"].to_numpy()[row]
    nodes, place = _numbered(left, right, records)
    kept = spanning(place[left], place[right], len(nodes))[0]
    of = number[row[kept]]
    return pl.DataFrame({"left": left[kept], "right": right[kept], "pattern": of, "match_weight": weight[of]})


def by_rank(rank: np.ndarray) -> np.ndarray:
    """Whole numbers → the order that sorts them; equal ones stay as they are. Small numbers are sorted much faster."""
    small = rank.max(initial=0) < 1 << 16
    return np.argsort(rank.astype(np.uint16) if small else rank, kind="stable")


def _numbered(left: np.ndarray, right: np.ndarray, records: int) -> tuple[np.ndarray, np.ndarray]:
    """Record rows of edges → the records that have an edge, in order, and for each record its number among them."""
    there = np.zeros(records, bool)
    there[left] = there[right] = True
    return np.flatnonzero(there), np.cumsum(there, dtype=np.int32) - 1


@dataclass(frozen=True)
class Ground:
    """What clusters can grow on at any threshold from `floor` up: records, nested, and the pairs inside components.

    `order`: records with a pair at or above the floor, so that the components at every threshold stand together;
    `gap[i]`: the probability that connects `order[i]` with what stands before it, 0.0 where a component begins.
    `place[record]`: its place in `order`, −1 where it has none. Pairs, those first that are connected first: `row` (of
    the candidate pairs), `a` and `b` (places), `pattern`, `joined` (the greatest threshold at which both ends are in
    one component); `pairs`: the number of all candidate pairs.
    """

    floor: float
    order: np.ndarray
    gap: np.ndarray
    place: np.ndarray = field(repr=False)
    row: np.ndarray
    a: np.ndarray
    b: np.ndarray
    pattern: np.ndarray
    joined: np.ndarray
    pairs: int = 0

    def components(self, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """A threshold → number of the component at each place, size of each component."""
        begins = self.gap < threshold
        return np.cumsum(begins, dtype=np.int32) - 1, np.diff(np.r_[np.flatnonzero(begins), len(begins)])

    def within(self, threshold: float) -> int:
        """A threshold → how many pairs, from the first, have both ends in one component."""
        return int(np.searchsorted(-self.joined, -threshold, side="right"))


def ground(
    pairs: pl.DataFrame, probability: np.ndarray, forest: pl.DataFrame, *, records: int, floor: float = LOWEST
) -> Ground:
    """Pairs, probability of each pattern, their forest → what clusters grow on at thresholds from `floor` up."""
    edges = forest.filter(pl.Series(probability[forest["pattern"].to_numpy()] >= floor))
    laid = nest(edges["left"].to_numpy(), edges["right"].to_numpy(), probability[edges["pattern"].to_numpy()], records)
    # Only a component of three records or more can hold a pair that is not itself above the floor.
    size = np.diff(np.r_[np.flatnonzero(laid.level == 0), len(laid.level)])
    crowded = np.zeros(records, bool)
    crowded[laid.order] = np.repeat(size > 2, size)
    left, right, number = (pairs[name].to_numpy() for name in ("left", "right", "pattern"))
    wanted = (probability >= floor)[number]
    within = np.flatnonzero(crowded[left])
    wanted[within[crowded[right[within]]]] = True
    row = np.flatnonzero(wanted)
    made = grounded(floor, laid, (row, left[row], right[row], number[row]))
    return replace(made, pairs=len(pairs))


_NONE = np.zeros(0, np.int64)
NOTHING = Ground(1.0, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE)  # before there are any weights


def grounded_alone(
    pairs: tuple[np.ndarray, ...], probability: np.ndarray, *, records: int, floor: float = LOWEST
) -> Ground:
    """Row, left, right, pattern of a few pairs, probability of each pattern → the Ground of these pairs alone."""
    _, left, right, pattern = pairs
    strength = probability[pattern]
    edge = np.flatnonzero(strength >= floor)
    edge = edge[np.argsort(-strength[edge], kind="stable")]
    nodes, number = _numbered(left[edge], right[edge], records)
    edge = edge[spanning(number[left[edge]], number[right[edge]], len(nodes))[0]]
    return grounded(floor, nest(left[edge], right[edge], strength[edge], records), pairs)


@dataclass(frozen=True)
class Laid:
    """`order` and `place` of a Ground; `strengths`: distinct probabilities, ascending, and 0.0 before them; `level[i]`:
    which of those connects `order[i]` with what stands before it."""

    order: np.ndarray
    place: np.ndarray
    strengths: np.ndarray
    level: np.ndarray


def nest(left: np.ndarray, right: np.ndarray, strength: np.ndarray, records: int) -> Laid:
    """Edges of a forest, strongest first, and their probability → their records, laid out for a Ground."""
    nodes, number = _numbered(left, right, records)
    a, b = number[left], number[right]
    new = np.r_[True, strength[1:] != strength[:-1]][: len(strength)]
    level = np.count_nonzero(new) + 1 - np.cumsum(new, dtype=np.int32)
    order, level = nested(a, b, level.astype(np.int32), spanning(a, b, len(nodes))[1])
    place = np.full(records, -1, np.int32)
    place[nodes[order]] = np.arange(len(order))
    return Laid(nodes[order], place, np.r_[0.0, strength[new][::-1]], level)


def grounded(floor: float, laid: Laid, pairs: tuple[np.ndarray, ...]) -> Ground:
    """Records laid out; row, left, right, pattern of pairs → the Ground, with the pairs inside components alone."""
    row, left, right, pattern = pairs
    tree = np.r_[np.cumsum(laid.level == 0, dtype=np.int32), 0]  # the last: of records without a place, −1
    a, b = laid.place[left], laid.place[right]
    inside = np.flatnonzero((tree[a] > 0) & (tree[a] == tree[b]))
    a, b = a[inside], b[inside]
    joined = bottleneck(laid.level, a, b)
    first = by_rank(len(laid.strengths) - joined)
    kept = inside[first]
    gap, joined = laid.strengths[laid.level], laid.strengths[joined[first]]
    return Ground(floor, laid.order, gap, laid.place, row[kept], a[first], b[first], pattern[kept], joined)


@dataclass(frozen=True)
class Clustered:
    """`label[record]`: the lowest record row of its cluster. `cut`: row numbers of pairs at or above the threshold
    whose records ended in different clusters, with the reason of each."""

    label: np.ndarray
    cut: np.ndarray
    cut_reason: list[str]


def cluster(
    on: Ground, probability: np.ndarray, *, threshold: float, forbidden: pl.DataFrame | None = None
) -> Clustered:
    """A Ground, probability of each pattern → clusters. `threshold` is not below the floor of the Ground.

    `forbidden`: left, right (left < right), reason: never in one cluster.

    A component in which every two records speak for each other is one cluster whatever the order of joining; only the
    others are contracted.
    """
    label = np.arange(len(on.place))
    part, size = on.components(threshold)
    if len(size):
        label[on.order] = np.repeat(np.minimum.reduceat(on.order, np.cumsum(size) - size), size)
    some = on.within(threshold)
    evidence = np.clip(speaking(probability) - speaking(threshold), -AGAINST, STRONGEST)[on.pattern[:some]]
    component = part[on.a[:some]]
    agreed = np.bincount(component[evidence > 0], minlength=len(size))
    contested = (agreed < size * (size - 1) // 2) & (size > 2)
    never_a, never_b = _places(on, part, forbidden)
    contested[part[never_a]] = True
    said = np.flatnonzero(contested[component])
    a, b = np.r_[on.a[said], never_a], np.r_[on.b[said], never_b]
    for_and_against = np.r_[evidence[said], np.full(len(never_a), -np.inf)]
    place, top = _contracted(on.order, part, contested, (a, b, for_and_against))
    label[on.order[place]] = on.order[top]
    left, right = on.order[on.a[said]], on.order[on.b[said]]
    apart = np.flatnonzero((probability >= threshold)[on.pattern[said]] & (label[left] != label[right]))
    apart = apart[np.argsort(on.row[said[apart]])]
    return Clustered(label, on.row[said[apart]], _reasons(left[apart], right[apart], forbidden))


def _places(on: Ground, part: np.ndarray, forbidden: pl.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """Forbidden pairs → the places of those whose records are in one component."""
    if forbidden is None:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    a, b = on.place[forbidden["left"].to_numpy()], on.place[forbidden["right"].to_numpy()]
    inside = np.flatnonzero((a >= 0) & (b >= 0))
    inside = inside[part[a[inside]] == part[b[inside]]]
    return a[inside], b[inside]


def _contracted(
    order: np.ndarray, part: np.ndarray, contested: np.ndarray, pairs: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Components to contract, pairs inside them (two places, evidence) → each place and the lowest of its cluster."""
    place = np.flatnonzero(contested[part])
    graph = np.cumsum(contested) - 1
    place = place[np.argsort(order[place])]
    place = place[by_rank(graph[part[place]])]  # by record within each component
    sizes = np.bincount(graph[part[place]], minlength=int(contested.sum()))
    start = np.cumsum(sizes) - sizes
    node = np.zeros(len(order), np.int64)
    node[place] = np.arange(len(place)) - np.repeat(start, sizes)
    a, b, evidence = pairs
    lowest = contract(graph[part[a]], np.minimum(node[a], node[b]), np.maximum(node[a], node[b]), evidence, sizes)
    return place, place[np.repeat(start, sizes) + lowest]


def _reasons(left: np.ndarray, right: np.ndarray, forbidden: pl.DataFrame | None) -> list[str]:
    """Pairs → why they are apart; of several reasons the last that was given."""
    pairs = pl.DataFrame({"left": left, "right": right}, schema={"left": pl.UInt32, "right": pl.UInt32})
    if forbidden is None:
        return ["outvoted"] * len(pairs)
    known = forbidden.select(pl.col("left", "right").cast(pl.UInt32), "reason")
    known = known.join(pairs, on=["left", "right"], how="semi", maintain_order="left")
    last = known.unique(["left", "right"], keep="last")
    named = pairs.join(last, on=["left", "right"], how="left", maintain_order="left")
    return named["reason"].fill_null("outvoted").to_list()
