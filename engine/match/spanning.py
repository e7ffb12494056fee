"""Graphs of records as arrays: spanning forests, connected components, and the order in which components nest.

No loop over edges: a round takes the strongest edge of every component at once (Borůvka 1926), and few rounds do.
"""

import numpy as np

PARALLEL = 32  # merges of one component that are done for all components at once; larger ones go on one by one


def spanning(left: np.ndarray, right: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges, strongest first, between nodes 0…nodes−1 → which edges make the spanning forest, a root for each node.

    They are those that Kruskal's algorithm takes when it goes through the edges in the order given.
    """
    edge = np.arange(len(left), dtype=np.int32)
    u, v = left.astype(np.int32), right.astype(np.int32)
    taken = np.zeros(len(left), bool)
    rounds = []  # of each: the root of every node, the roots that go on, which are numbered anew
    while len(edge):
        best = np.minimum(_first(u, nodes), _first(v, nodes))
        at = np.flatnonzero(best < len(edge)).astype(np.int32)
        strongest = best[at]
        other = u[strongest] + v[strongest] - at
        parent = np.arange(nodes, dtype=np.int32)
        parent[at] = other
        mutual = at[(parent[other] == at) & (at < other)]
        parent[mutual] = mutual
        taken[edge[strongest]] = True
        parent = _followed(parent)
        u, v = parent[u], parent[v]
        between = np.flatnonzero(u != v)
        edge, u, v = edge[between], u[between], v[between]
        there = np.zeros(nodes, bool)
        there[u] = there[v] = True
        going, number = np.flatnonzero(there), np.cumsum(there, dtype=np.int32) - 1
        rounds.append((parent, going))
        nodes, u, v = len(going), number[u], number[v]
    root = np.arange(nodes, dtype=np.int32)
    for parent, going in reversed(rounds):
        up = np.arange(len(parent), dtype=np.int32)
        up[going] = going[root]
        root = up[parent]
    return np.flatnonzero(taken), root


def _first(node: np.ndarray, nodes: int) -> np.ndarray:
    """One end of each edge → for each node the first edge that has it, or the number of edges."""
    first = np.full(nodes, len(node), np.int32)
    # Of several values written to one place the last stays.
    first[node[::-1]] = np.arange(len(node) - 1, -1, -1, dtype=np.int32)
    return first


def _followed(parent: np.ndarray) -> np.ndarray:
    """Parent of each node, roots their own → root of each node."""
    while True:
        up = parent[parent]
        if np.array_equal(parent, up):
            return np.asarray(up)
        parent = up


def components(left: np.ndarray, right: np.ndarray, records: int) -> np.ndarray:
    """Edges between record rows → for each record the lowest row it is connected to."""
    _, root = spanning(left, right, records)
    return np.asarray(_first(root, records)[root], np.int64)


def bottleneck(gap: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`gap` of nested nodes (see `nested`), two places of each pair → the greatest strength that connects the two.

    That is the least gap between them, read from the least of stretches of 1, 2, 4, … places.
    """
    low, high = np.minimum(a, b), np.maximum(a, b)
    power = np.frexp(high - low)[1] - 1
    out = np.empty(len(a), gap.dtype)
    for step in range(int(power.max(initial=-1)) + 1):
        at = np.flatnonzero(power == step)
        out[at] = np.minimum(gap[low[at] + 1], gap[high[at] - (1 << step) + 1])
        if step < power.max():
            gap = np.minimum(gap[: -(1 << step)], gap[1 << step :])
    return out


def nested(
    left: np.ndarray, right: np.ndarray, strength: np.ndarray, root: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Edges of a forest, strongest first, their strength (> 0), the root of each node's tree → nested: order, gap.

    In this order the components at every threshold stand together; `gap[place]` is the strength at which a node hangs
    together with what stands before it, 0 where a tree begins. So the components at a threshold are the stretches
    without a lower strength inside. They merge as in single linkage, the smaller placed behind the larger. A merge is
    kept at the node that then ceases to be the head of its component: its head from now on, how far behind that it
    begins, at which strength.
    """
    nodes = len(root)
    tree = root[left]
    parent, offset = np.arange(nodes, dtype=np.int32), np.zeros(nodes, np.int32)
    size, met = np.ones(nodes, np.int32), np.zeros(nodes, strength.dtype)
    rest = np.arange(len(tree))
    for _ in range(PARALLEL):  # of each tree the strongest edge that is left
        if not len(rest):
            break
        mine = _first(tree[rest], nodes)[tree[rest]] == np.arange(len(rest))
        edge, rest = rest[mine], rest[~mine]
        a, b = _root(parent, left[edge]), _root(parent, right[edge])
        a, b = np.where(size[a] >= size[b], a, b), np.where(size[a] >= size[b], b, a)
        parent[b], offset[b], met[b] = a, size[a], strength[edge]
        size[a] += size[b]
    ends, at = np.unique(np.r_[_root(parent, left[rest]), _root(parent, right[rest])], return_inverse=True)
    parent_at, offset[ends], size[ends], where = _one_by_one(at[: len(rest)], at[len(rest) :], size[ends])
    parent[ends] = ends[parent_at]
    met[ends[where]] = strength[rest]
    first = np.zeros(nodes, np.int32)
    heads = np.flatnonzero(parent == np.arange(nodes))
    first[heads] = np.cumsum(size[heads]) - size[heads]
    place, up = offset, parent
    while True:  # offsets add up along the way to the head
        place = place + place[up]
        further = up[up]
        if np.array_equal(up, further):
            break
        up = further
    place += first[up]
    order, gap = np.empty(nodes, np.int64), np.empty(nodes, strength.dtype)
    order[place] = np.arange(nodes)
    gap[place] = met
    return order, gap


def _root(parent: np.ndarray, node: np.ndarray) -> np.ndarray:
    while True:
        up = parent[node]
        if np.array_equal(up, node):
            return node
        node = up


def _one_by_one(
    left: np.ndarray, right: np.ndarray, size: np.ndarray
) -> tuple[list[int], list[int], list[int], list[int]]:
    """Merges in turn, between heads of components of these sizes → parent, offset, size, the head each merge ended."""
    parent, sizes, offset = list(range(len(size))), size.tolist(), [0] * len(size)
    ended = []
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        while parent[a] != a:
            a = parent[a]
        while parent[b] != b:
            b = parent[b]
        if sizes[a] < sizes[b]:
            a, b = b, a
        parent[b], offset[b] = a, sizes[a]
        sizes[a] += sizes[b]
        ended.append(b)
    return parent, offset, sizes, ended
