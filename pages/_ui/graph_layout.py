"""Where the records of a group stand in its picture: alike records near each other, the same picture every time."""

import numpy as np

_ROUNDS = 150
_ACROSS = 1.7  # length of the weakest link; any other link is 1 long


def places(nodes: int, links: list[tuple[int, int]], weakest: tuple[int, int] | None) -> np.ndarray:
    """Links between nodes 0…n−1, the weakest of them → x and y of each node, 0…1: shape (nodes, 2).

    Distances in the picture follow the distances along the links (stress majorisation: Gansner, Koren & North 2004).
    The picture is turned so that the weakest link lies from left to right.
    """
    if nodes < 2:
        return np.full((nodes, 2), 0.5)
    far = _distances(nodes, links, weakest)
    at = np.column_stack([np.cos(np.arange(nodes) * 2.4), np.sin(np.arange(nodes) * 2.4)])
    at *= np.sqrt(np.arange(nodes) + 1)[:, None]  # a sunflower: no two on one place, none in one line
    weight = 1 / (far + np.eye(nodes)) ** 2 * (1 - np.eye(nodes))
    laplace = np.diag(weight.sum(axis=1)) - weight
    inverse = np.linalg.pinv(laplace)
    for _ in range(_ROUNDS):
        apart = np.linalg.norm(at[:, None] - at[None], axis=2) + np.eye(nodes)
        pull = -weight * far / apart
        np.fill_diagonal(pull, -pull.sum(axis=1))
        at = inverse @ (pull @ at)
    if weakest is not None:
        x, y = at[weakest[1]] - at[weakest[0]]
        turn = np.array([[x, -y], [y, x]]) / max(float(np.hypot(x, y)), 1e-9)
        at = at @ turn
    low, high = at.min(axis=0), at.max(axis=0)
    span = high - low
    flat = span < 0.05 * span.max()
    return np.where(flat, 0.5, (at - low) / np.where(flat, 1, span)).round(4)


def _distances(nodes: int, links: list[tuple[int, int]], weakest: tuple[int, int] | None) -> np.ndarray:
    """→ the length of the shortest way along the links between any two nodes (Floyd 1962)."""
    far = np.full((nodes, nodes), float(nodes))
    np.fill_diagonal(far, 0.0)
    for link in links:
        far[link] = far[link[::-1]] = _ACROSS if link == weakest else 1.0
    for middle in range(nodes):
        far = np.minimum(far, far[:, middle, None] + far[None, middle])
    return far
