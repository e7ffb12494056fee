"""What holds a cluster together: the pairs inside it, its maximum spanning tree and its weakest link."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from engine.errors import InputError
from engine.match.judged import judged_pairs

if TYPE_CHECKING:
    from engine.match.run import Match


@dataclass(frozen=True)
class ClusterGraph:
    """One cluster as a graph.

    `nodes`: record_id, part (0 or 1: on which side of the weakest link). `edges`: left_id, right_id,
    match_probability, match_weight (bits), judged (the verdict, or null), role (`weakest`, `tree` or `other`), the
    strongest first; a pair judged to match counts as the strongest, one judged not to as the weakest. `not_compared`:
    pairs of its records that no blocking rule brought together; they are in one cluster through others only.
    """

    cluster_id: str
    nodes: pl.DataFrame
    edges: pl.DataFrame
    not_compared: int

    @property
    def weakest(self) -> dict[str, object] | None:
        """The edge whose removal splits the cluster in two at the least cost; None in a cluster of one record."""
        return next(self.edges.filter(role="weakest").iter_rows(named=True), None)


def graph(match: "Match", cluster_id: str) -> ClusterGraph:
    """Match, a cluster → its graph: records, the pairs among them, its weakest link and the two parts beside it.

    The weakest link is the edge of the maximum spanning tree with the least weight: of all ways to split the cluster
    in two, the one whose strongest connecting pair is weakest.
    """
    rows = np.flatnonzero((match.clusters["cluster_id"] == cluster_id).to_numpy())
    if not len(rows):
        raise InputError(f"there is no cluster {cluster_id!r} in this match: choose one that is there")
    inside = _inside(match, (match.clusters["cluster_id"] == cluster_id).to_numpy())
    place = np.zeros(len(match.records), np.int64)
    place[rows] = np.arange(len(rows))
    left, right = (place[inside[side].to_numpy()] for side in ("left", "right"))
    tree = inside["tree"].to_numpy()
    role = np.where(tree, "tree", "other").astype(object)
    part = np.zeros(len(rows), np.uint8)
    if tree.any():
        last = int(np.flatnonzero(tree)[-1])
        role[last] = "weakest"
        kept = tree.copy()
        kept[last] = False
        part = _part(left[kept].tolist(), right[kept].tolist(), len(rows))
    ids = match.records["record_id"]
    return ClusterGraph(
        cluster_id,
        pl.DataFrame({"record_id": ids.gather(rows), "part": part}),
        inside.select(
            left_id=ids.gather(inside["left"]),
            right_id=ids.gather(inside["right"]),
            match_probability="match_probability",
            match_weight="match_weight",
            judged="judged",
            role=pl.Series(role.tolist(), dtype=pl.String),
        ),
        len(rows) * (len(rows) - 1) // 2 - len(inside),
    )


def weakest_links(match: "Match") -> pl.DataFrame:
    """Match → the weakest link of every cluster of two or more: cluster_id, left_id, right_id, match_probability,
    match_weight."""
    inside = _inside(match, None).filter("tree")
    ids = match.records["record_id"]
    return (
        inside.with_columns(cluster_id=match.clusters["cluster_id"].gather(inside["left"]))
        .unique("cluster_id", keep="last", maintain_order=True)
        .select(
            "cluster_id",
            pl.col("left").map_batches(ids.gather, return_dtype=pl.String).alias("left_id"),
            pl.col("right").map_batches(ids.gather, return_dtype=pl.String).alias("right_id"),
            "match_probability",
            "match_weight",
        )
    )


def _inside(match: "Match", wanted: np.ndarray | None) -> pl.DataFrame:
    """Match, which records (None: all) → pairs inside clusters, the strongest first: left, right, match_probability,
    match_weight, judged, tree."""
    left, right = match.pairs["left"].to_numpy(), match.pairs["right"].to_numpy()
    if wanted is not None:
        among = np.flatnonzero(wanted[left] & wanted[right])
    else:
        cluster = match.clusters["cluster_id"].hash(seed=3).to_numpy()
        among = np.flatnonzero(cluster[left] == cluster[right])
    rows = match.pairs.select("left", "right", "pattern")[among]
    said = judged_pairs(match.records, match.judgements)
    known = pl.lit(None, pl.String).alias("verdict")
    rows = (
        rows.with_columns(known)
        if said is None
        else rows.join(said, on=["left", "right"], how="left", maintain_order="left")
    )
    rows = rows.select(
        "left",
        "right",
        match_probability=match.patterns["match_probability"].gather(rows["pattern"]),
        match_weight=match.patterns["match_weight"].gather(rows["pattern"]),
        judged="verdict",
        sure=pl.col("verdict").replace_strict({"match": 1, "non_match": -1}, default=0, return_dtype=pl.Int8),
    ).sort("sure", "match_weight", "left", "right", descending=[True, True, False, False])
    tree = _spanning(rows["left"].to_list(), rows["right"].to_list())
    return rows.drop("sure").with_columns(tree=pl.Series(tree, dtype=pl.Boolean))


def _spanning(left: list[int], right: list[int]) -> list[bool]:
    """Edges, strongest first → which of them make the maximum spanning forest (Kruskal 1956)."""
    root: dict[int, int] = {}

    def find(node: int) -> int:
        while (above := root.setdefault(node, node)) != node:
            root[node] = node = root[above]
        return node

    taken = []
    for a, b in zip(left, right, strict=True):
        a, b = find(a), find(b)
        root[b] = a
        taken.append(a != b)
    return taken


def _part(left: list[int], right: list[int], nodes: int) -> np.ndarray:
    """Edges of a forest over nodes 0…nodes−1 → 0 for the nodes connected with the first one, 1 for the others."""
    near: dict[int, list[int]] = {node: [] for node in range(nodes)}
    for a, b in zip(left, right, strict=True):
        near[a].append(b)
        near[b].append(a)
    part, reached = np.ones(nodes, np.uint8), [0]
    while reached:
        node = reached.pop()
        part[node] = 0
        reached += [other for other in near[node] if part[other]]
    return part
