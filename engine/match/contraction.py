"""Greedy additive edge contraction (Keuper et al. 2015) of many small graphs side by side.

Graphs of about the same size lie in one stack of square matrices; each round joins the two clusters of every graph that
have the most evidence for being one, until nowhere anything speaks for a join. Nodes stand in the order of their
records, so that of equal evidence the pair with the lowest records comes first. Evidence comes in whole grains: sums of
it are exact, so what is equal is equal in whatever order it was added up, here and in the browser.
"""

import numpy as np

GRAIN = 2.0**-32  # of evidence (natural log-odds)
STRANGERS = round(-0.2 / GRAIN) * GRAIN  # evidence of two records that no blocking rule brought together
SIZES = (3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)  # graphs up to each of these share a stack
LARGEST_STACK = 1 << 21  # cells


def grains(evidence: np.ndarray) -> np.ndarray:
    """Evidence → the same, rounded to whole grains."""
    return np.asarray(np.rint(evidence / GRAIN) * GRAIN)


def contract(graph: np.ndarray, a: np.ndarray, b: np.ndarray, evidence: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Pairs of many graphs → for each node of each graph the lowest node of its cluster, graph after graph.

    `graph[pair]`; `a`, `b`: nodes of that graph, a < b; `evidence`: −inf for what must never be together, whatever
    else is said of that pair; `sizes[graph]`: its number of nodes.

    >>> contract(np.zeros(3, int), np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([5.0, 4.0, -9.0]), np.array([3]))
    array([0, 0, 2])
    """
    return falling(graph, a, b, evidence, np.zeros(len(graph), np.int32), sizes)[0]


def falling(
    graph: np.ndarray, a: np.ndarray, b: np.ndarray, evidence: np.ndarray, falls: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The same, and which evidence falls as the threshold rises (1, else 0) → clusters; how far it may fall, per graph.

    While all evidence that falls has fallen by less than that, the same clusters come of it.
    """
    start = np.cumsum(sizes) - sizes
    out, holds = np.empty(int(sizes.sum()), np.int64), np.full(len(sizes), np.inf)
    stack = np.searchsorted(SIZES, sizes)
    order = np.argsort(stack[graph], kind="stable")
    ends = np.searchsorted(stack[graph][order], np.arange(len(SIZES) + 2))
    for number in np.unique(stack).tolist():
        which = np.flatnonzero(stack == number)
        width = int(sizes[which].max())
        pairs = order[ends[number] : ends[number + 1]]
        slot = np.zeros(len(sizes), np.int64)
        slot[which] = np.arange(len(which))
        at_once = max(1, LARGEST_STACK // (width * width))
        for first in range(0, len(which), at_once):
            some = which[first : first + at_once]
            own = pairs
            if len(which) > at_once:
                own = pairs[(slot[graph[pairs]] >= first) & (slot[graph[pairs]] < first + at_once)]
            pair = slot[graph[own]] - first, a[own], b[own]
            lowest, holds[some] = _stack(*pair, evidence[own], falls[own], (len(some), width))
            real = np.arange(width) < sizes[some][:, None]
            out[(start[some][:, None] + np.arange(width))[real]] = lowest[real]
    return out, holds


def _stack(
    graph: np.ndarray, a: np.ndarray, b: np.ndarray, evidence: np.ndarray, falls: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of graphs with at most `shape[1]` nodes → (graph, node): the lowest of its cluster; how far each holds."""
    graphs, nodes = shape
    total = np.full((graphs, nodes, nodes), STRANGERS)
    total[graph, a, b] = total[graph, b, a] = evidence
    holds = np.full(graphs, np.inf)
    fall = np.zeros((graphs, nodes, nodes) if falls.any() else (graphs, 0, 0), np.int32)
    if fall.size:
        fall[graph, a, b] = fall[graph, b, a] = falls
    never = np.flatnonzero(np.isneginf(evidence))
    total[graph[never], a[never], b[never]] = total[graph[never], b[never], a[never]] = -np.inf
    lowest = np.tile(np.arange(nodes), (graphs, 1))
    total[:, np.arange(nodes), np.arange(nodes)] = -np.inf
    active = np.arange(graphs)
    while len(active):
        best = total.reshape(len(total), -1).argmax(axis=1)
        row = np.arange(len(total))
        i, j = best // nodes, best % nodes
        go = total[row, i, j] > 0
        if not go.all():
            if 2 * np.count_nonzero(go) < len(go):  # most are done: go on with the others alone
                active, total, fall = (x[go] for x in (active, total, fall))
                i, j = i[go], j[go]
                row = np.arange(len(total))
            else:
                row, i, j = row[go], i[go], j[go]
        if not len(row):
            break
        whole = active[row]
        if fall.size:
            holds[whole] = np.minimum(holds[whole], _until(total[row], fall[row], i, j))
            fall[row, i] += fall[row, j]
            fall[row, :, i] = fall[row, i]
        lowest[whole] = np.where(lowest[whole] == j[:, None], i[:, None], lowest[whole])
        total[row, i] += total[row, j]  # what is gone or must never be together is −inf, and stays so
        total[row, :, i] = total[row, i]
        total[row, j], total[row, :, j] = -np.inf, -np.inf
    return lowest, holds


def _until(total: np.ndarray, fall: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Totals of graphs, how fast they fall, the pair that each joins → how far they may fall till it joins another."""
    row = np.arange(len(total))
    best, speed = total[row, i, j], fall[row, i, j]
    ahead, faster = best[:, None, None] - total, speed[:, None, None] - fall
    ahead[row, j, i] = ahead[row, i, j] = np.inf
    until = np.where(speed > 0, best / np.maximum(speed, 1), np.inf)
    meet = np.where(faster > 0, ahead / np.maximum(faster, 1), np.inf).reshape(len(row), -1).min(axis=1)
    return np.asarray(np.minimum(until, meet))
