"""Greedy additive edge contraction (Keuper et al. 2015) of many small graphs side by side.

Graphs of about the same size lie in one stack of square matrices; each round joins the two clusters of every graph that
have the most evidence for being one, until nowhere anything speaks for a join. Nodes stand in the order of their
records, so that of equal evidence the pair with the lowest records comes first.
"""

import numpy as np

STRANGERS = -0.2  # evidence (natural log-odds) of two records that no blocking rule brought together
SIZES = (3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)  # graphs up to each of these share a stack
LARGEST_STACK = 1 << 21  # cells


def contract(graph: np.ndarray, a: np.ndarray, b: np.ndarray, evidence: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Pairs of many graphs → for each node of each graph the lowest node of its cluster, graph after graph.

    `graph[pair]`; `a`, `b`: nodes of that graph, a < b; `evidence`: −inf for what must never be together, whatever
    else is said of that pair; `sizes[graph]`: its number of nodes.

    >>> contract(np.zeros(3, int), np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([5.0, 4.0, -9.0]), np.array([3]))
    array([0, 0, 2])
    """
    start = np.cumsum(sizes) - sizes
    out = np.empty(int(sizes.sum()), np.int64)
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
            lowest = _stack(slot[graph[own]] - first, a[own], b[own], evidence[own], (len(some), width))
            real = np.arange(width) < sizes[some][:, None]
            out[(start[some][:, None] + np.arange(width))[real]] = lowest[real]
    return out


def _stack(graph: np.ndarray, a: np.ndarray, b: np.ndarray, evidence: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pairs of graphs with at most `shape[1]` nodes → (graph, node): the lowest node of its cluster."""
    graphs, nodes = shape
    link = np.zeros((graphs, nodes, nodes))
    known = np.zeros((graphs, nodes, nodes), np.int32)
    link[graph, a, b] = link[graph, b, a] = evidence
    known[graph, a, b] = known[graph, b, a] = 1
    never = np.flatnonzero(np.isneginf(evidence))
    link[graph[never], a[never], b[never]] = link[graph[never], b[never], a[never]] = -np.inf
    size = np.ones((graphs, nodes), np.int64)
    lowest = np.tile(np.arange(nodes), (graphs, 1))
    total = link + STRANGERS * (1 - known)
    total[:, np.arange(nodes), np.arange(nodes)] = -np.inf
    active = np.arange(graphs)
    while len(active):
        best = total.reshape(len(total), -1).argmax(axis=1)
        row = np.arange(len(total))
        i, j = best // nodes, best % nodes
        go = total[row, i, j] > 0
        if not go.all():
            if 2 * np.count_nonzero(go) < len(go):  # most are done: go on with the others alone
                active, total, link, known, size = (x[go] for x in (active, total, link, known, size))
                i, j = i[go], j[go]
                row = np.arange(len(total))
            else:
                row, i, j = row[go], i[go], j[go]
        if not len(row):
            break
        whole = active[row]
        lowest[whole] = np.where(lowest[whole] == j[:, None], i[:, None], lowest[whole])
        link[row, i] += link[row, j]
        known[row, i] += known[row, j]
        link[row, :, i], known[row, :, i] = link[row, i], known[row, i]
        size[row, i] += size[row, j]
        size[row, j] = 0
        now = link[row, i] + STRANGERS * (size[row, i][:, None] * size[row] - known[row, i])
        now[size[row] == 0] = -np.inf
        now[np.arange(len(row)), i] = -np.inf
        total[row, i], total[row, :, i] = now, now
        total[row, j], total[row, :, j] = -np.inf, -np.inf
    return lowest
