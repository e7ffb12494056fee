"""Clusters made the plain way, pair by pair: what the fast ways are held against."""

import heapq
from collections import defaultdict

import numpy as np
import polars as pl

from engine.match.cluster import AGAINST, STRONGEST, speaking
from engine.match.contraction import STRANGERS


class Roots:
    """Union–find."""

    def __init__(self, size: int) -> None:
        self.parent = list(range(size))

    def find(self, node: int) -> int:
        while self.parent[node] != node:
            node = self.parent[node]
        return node

    def join(self, a: int, b: int) -> bool:
        a, b = self.find(a), self.find(b)
        self.parent[max(a, b)] = min(a, b)
        return a != b


def forest(left: np.ndarray, right: np.ndarray, weight: np.ndarray, records: int) -> list[int]:
    """Kruskal's algorithm → row numbers of the edges, strongest first."""
    root = Roots(records)
    order = np.lexsort((right, left, -weight))
    return [i for i in order.tolist() if root.join(int(left[i]), int(right[i]))]


def components(edges: list[tuple[int, int]], records: int) -> list[int]:
    root = Roots(records)
    for a, b in edges:
        root.join(a, b)
    return [root.find(i) for i in range(records)]


def cluster(
    pairs: pl.DataFrame, probability: np.ndarray, records: int, threshold: float, never: dict[tuple[int, int], str]
) -> tuple[list[int], list[int], list[str]]:
    """Pairs, probability of each pair → label of each record, rows of pairs cut, their reasons."""
    rows = list(zip(pairs["left"].to_list(), pairs["right"].to_list(), strict=True))
    evidence = np.clip(speaking(probability) - speaking(threshold), -AGAINST, STRONGEST).tolist()
    joins = np.flatnonzero(probability >= threshold).tolist()
    component = components([rows[i] for i in joins], records)
    label = list(component)
    edges: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for (a, b), e in zip(rows, evidence, strict=True):
        if component[a] == component[b]:
            edges[component[a]].append((a, b, e))
    for inside in edges.values():
        a, b, _ = inside[0]
        if component.count(component[a]) == 2:  # nobody else has a say
            label[b] = b if (a, b) in never else a
            continue
        for node, top in contract(inside, never).items():
            label[node] = top
    cut = [i for i in joins if label[rows[i][0]] != label[rows[i][1]]]
    return label, cut, [never.get(rows[i], "outvoted") for i in cut]


def contract(edges: list[tuple[int, int, float]], never: dict[tuple[int, int], str]) -> dict[int, int]:
    """One component's pairs (a < b, evidence) → node to the lowest node of its cluster."""
    links: dict[int, dict[int, float]] = defaultdict(dict)
    for a, b, weight in edges:
        links[a][b] = links[b][a] = weight
    known: dict[tuple[int, int], int] = defaultdict(int)
    for a, b, _ in edges:
        known[a, b] = 1
    for a, b in never:
        if a in links and b in links:
            links[a][b] = links[b][a] = -np.inf
    size = dict.fromkeys(links, 1)
    members = {n: [n] for n in links}

    def total(a: int, b: int) -> float:
        return links[a][b] + STRANGERS * (size[a] * size[b] - known[min(a, b), max(a, b)])

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
            known[min(a, other), max(a, other)] += known.pop((min(b, other), max(b, other)), 0)
        size[a] += size.pop(b)
        members[a] += members.pop(b)
        for other in links[a]:
            if total(a, other) > 0:
                heapq.heappush(heap, (-total(a, other), min(a, other), max(a, other)))
    return {node: min(group) for group in members.values() for node in group}
