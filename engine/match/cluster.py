"""Clusters: scored pairs → groups of records that are one entity, resisting chains.

Connected components chain A–B–C together although A and C contradict each other. Here every pair inside a component
speaks, for or against, with the log-odds of its probability relative to the merge threshold, and clusters grow by
greedy additive edge contraction (Keuper et al. 2015, correlation clustering): the two clusters with the most evidence
for being one are joined first, their evidence about third clusters adds up, and joining stops when nothing speaks
for more. A veto is evidence that nothing outweighs.
"""

import heapq
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import polars as pl

STRANGERS = -0.2  # evidence (natural log-odds) of two records that no blocking rule brought together
STRONGEST = 12.0  # evidence for one pair is held below this
# Evidence against is held closer: inside a cluster the probability of a pair, made from that pair alone, understates
# what the others say. Three spellings of one person in three scripts agree two by two at very different strengths.
AGAINST = 2.0
FOREST_FLOOR = 0.01  # pairs below this match probability can join no cluster at any sensible threshold


def logit(p: np.ndarray | float) -> np.ndarray:
    """Probabilities → natural log-odds, finite at 0 and 1."""
    p = np.clip(p, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p / (1 - p)))


def forest(pairs: pl.DataFrame, probability: np.ndarray, weight: np.ndarray, records: int) -> pl.DataFrame:
    """Pairs with their probability and weight → maximum spanning forest: left, right, match_weight, strongest first.

    It has at most records − 1 edges and answers, for every threshold at once, how many records connected components
    would remove: the number of its edges at or above the threshold.
    """
    at = np.flatnonzero(probability >= FOREST_FLOOR)
    left, right = pairs["left"].to_numpy()[at], pairs["right"].to_numpy()[at]
    order = np.lexsort((right, left, -weight[at]))
    root = _Roots(records)
    kept = [i for i in order.tolist() if root.join(int(left[i]), int(right[i]))]
    return pl.DataFrame({"left": left[kept], "right": right[kept], "match_weight": weight[at][kept]})


class _Roots:
    """Union–find with path halving."""

    def __init__(self, size: int) -> None:
        self.parent = list(range(size))

    def find(self, node: int) -> int:
        parent = self.parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def join(self, a: int, b: int) -> bool:
        a, b = self.find(a), self.find(b)
        if a == b:
            return False
        self.parent[max(a, b)] = min(a, b)
        return True


def components(left: np.ndarray, right: np.ndarray, records: int) -> np.ndarray:
    """Edges between record rows → for each record the lowest row it is connected to."""
    label = np.arange(records)
    touched = np.unique(np.concatenate([left, right]))
    roots = _Roots(records)
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        roots.join(a, b)
    label[touched] = [roots.find(i) for i in touched.tolist()]
    return label


@dataclass(frozen=True)
class Clustered:
    """`label[record]`: the lowest record row of its cluster. `cut`: row numbers of pairs at or above the threshold
    whose records ended in different clusters, with the reason of each."""

    label: np.ndarray
    cut: np.ndarray
    cut_reason: list[str]


def cluster(
    pairs: pl.DataFrame,
    probability: np.ndarray,
    records: int,
    *,
    threshold: float,
    forbidden: pl.DataFrame | None = None,
) -> Clustered:
    """Pairs with probabilities → clusters. `forbidden`: left, right (left < right), reason: never in one cluster."""
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    never = {}
    if forbidden is not None:
        never = dict(zip(zip(forbidden["left"].to_list(), forbidden["right"].to_list(), strict=True),
                         forbidden["reason"].to_list(), strict=True))  # fmt: skip
    evidence = np.clip(logit(probability) - logit(threshold), -AGAINST, STRONGEST)
    joins = np.flatnonzero(probability >= threshold)
    component = components(left[joins], right[joins], records)
    size = np.bincount(component, minlength=records)
    crowded = (component[left] == component[right]) & (size[component[left]] > 2)
    label = component.copy()
    members: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for i in np.flatnonzero(crowded).tolist():
        members[int(component[left[i]])].append((int(left[i]), int(right[i]), float(evidence[i])))
    for edges in members.values():
        for node, top in contract(edges, never).items():
            label[node] = top
    for i in joins[size[component[left[joins]]] == 2].tolist():
        if (int(left[i]), int(right[i])) in never:
            label[right[i]] = right[i]
    cut = joins[label[left[joins]] != label[right[joins]]]
    reasons = [never.get((int(left[i]), int(right[i])), "outvoted") for i in cut.tolist()]
    return Clustered(label, cut, reasons)


def contract(edges: list[tuple[int, int, float]], never: dict[tuple[int, int], str]) -> dict[int, int]:
    """One component's pairs (a < b, evidence) → node to the lowest node of its cluster.

    >>> contract([(1, 2, 5.0), (2, 3, 4.0), (1, 3, -9.0)], {})
    {1: 1, 2: 1, 3: 3}
    """
    links: dict[int, dict[int, float]] = defaultdict(dict)
    for a, b, weight in edges:
        blocked = (a, b) in never
        links[a][b] = links[b][a] = -np.inf if blocked else weight
    size = dict.fromkeys(links, 1)
    seen = {n: set(links[n]) for n in links}  # neighbours whose evidence is counted pair by pair
    for a, b in never:
        if a in links and b in links:
            links[a][b] = links[b][a] = -np.inf
    pairs_known: dict[tuple[int, int], int] = defaultdict(int)
    for a in seen:
        for b in seen[a]:
            if a < b:
                pairs_known[a, b] = 1
    members = {n: [n] for n in links}

    def total(a: int, b: int) -> float:
        known = pairs_known[min(a, b), max(a, b)]
        return links[a][b] + STRANGERS * (size[a] * size[b] - known)

    heap = [(-total(a, b), a, b) for a in links for b in links[a] if a < b and total(a, b) > 0]
    heapq.heapify(heap)
    while heap:
        gain, a, b = heapq.heappop(heap)
        if a not in links or b not in links or b not in links[a] or -gain != total(a, b):
            continue
        for other, weight in links.pop(b).items():  # b melts into a
            links[other].pop(b, None)
            if other == a:
                continue
            links[a][other] = links[other][a] = links[a].get(other, 0.0) + weight
            moved = pairs_known.pop((min(b, other), max(b, other)), 0)
            pairs_known[min(a, other), max(a, other)] += moved
        size[a] += size.pop(b)
        members[a] += members.pop(b)
        for other in links[a]:
            now = total(a, other)
            if now > 0:
                heapq.heappush(heap, (-now, min(a, other), max(a, other)))
    return {node: min(group) for group in members.values() for node in sorted(group)}
