"""A cluster's graph agrees with slow ways round: every split tried, every pair looked up."""

from itertools import combinations

import msgspec
import numpy as np
import polars as pl
import pytest

from engine.errors import InputError
from engine.match import cluster_graph
from engine.match.run import Match, recluster
from engine.rules import Thresholds


@pytest.fixture(scope="module")
def loose(matched) -> Match:
    """The account at a low threshold, so that some clusters are large."""
    return recluster(matched, msgspec.structs.replace(matched.rules, thresholds=Thresholds(0.05, 0.02)))


@pytest.fixture(scope="module")
def members(loose) -> dict[str, list[str]]:
    grouped = loose.clusters.group_by("cluster_id", maintain_order=True).agg("record_id")
    return {cluster: ids for cluster, ids in grouped.iter_rows() if len(ids) > 1}


def weights(found: Match) -> dict[frozenset[str], float]:
    ids = found.records["record_id"].to_list()
    pairs = found.pairs.select("left", "right").iter_rows()
    return {frozenset((ids[a], ids[b])): float(w) for (a, b), w in zip(pairs, found.weight, strict=True)}


def test_its_edges_are_the_pairs_among_its_records(loose, members):
    known = weights(loose)
    assert max(map(len, members.values())) >= 4
    for cluster, ids in members.items():
        graph = cluster_graph.graph(loose, cluster)
        among = {frozenset(p): known[frozenset(p)] for p in combinations(ids, 2) if frozenset(p) in known}
        edges = graph.edges.select("left_id", "right_id", "match_weight").iter_rows()
        assert {frozenset((a, b)): w for a, b, w in edges} == pytest.approx(among)
        assert graph.nodes["record_id"].to_list() == ids
        assert graph.not_compared == len(ids) * (len(ids) - 1) // 2 - len(among)
        assert graph.edges["match_weight"].is_sorted(descending=True)
        assert graph.edges["role"].is_in(["tree", "weakest"]).sum() == len(ids) - 1


def test_the_weakest_link_is_where_the_cluster_splits_most_easily(loose, members):
    """Of all splits in two, the one whose strongest connecting pair is weakest: tried one by one."""
    known = weights(loose)
    tried = 0
    for cluster, ids in members.items():
        if len(ids) > 9:
            continue
        first, *rest = ids
        splits = [{first, *side} for size in range(len(rest)) for side in combinations(rest, size)]
        least = min(
            max(known.get(frozenset((a, b)), -np.inf) for a in side for b in set(ids) - side) for side in splits
        )
        graph = cluster_graph.graph(loose, cluster)
        assert graph.weakest["match_weight"] == pytest.approx(least)
        side = set(graph.nodes.filter(part=0)["record_id"])
        across = [known.get(frozenset((a, b)), -np.inf) for a in side for b in set(ids) - side]
        assert max(across) == pytest.approx(least)
        assert {graph.weakest["left_id"], graph.weakest["right_id"]} - side
        tried += 1
    assert tried > 10


def test_all_weakest_links_at_once_are_those_of_each(loose, members):
    links = {row["cluster_id"]: row for row in cluster_graph.weakest_links(loose).iter_rows(named=True)}
    assert set(links) == set(members)
    for cluster in members:
        weakest = cluster_graph.graph(loose, cluster).weakest
        for name in ("left_id", "right_id", "match_probability", "match_weight"):
            assert links[cluster][name] == weakest[name]


def test_a_judged_match_is_no_weak_link(loose, members):
    cluster = next(c for c, ids in members.items() if len(ids) > 2)
    weak = cluster_graph.graph(loose, cluster).weakest
    said = pl.DataFrame([{"left_id": weak["left_id"], "right_id": weak["right_id"], "verdict": "match",
                          "judged_at": "2026-01-01"}])  # fmt: skip
    import dataclasses

    graph = cluster_graph.graph(dataclasses.replace(loose, judgements=said), cluster)
    assert graph.edges.row(0, named=True)["judged"] == "match"
    assert (graph.weakest["left_id"], graph.weakest["right_id"]) != (weak["left_id"], weak["right_id"])


def test_a_record_on_its_own_has_no_link(loose, members):
    held = {i for ids in members.values() for i in ids}
    alone = loose.clusters.filter(~pl.col("record_id").is_in(list(held)))["cluster_id"][0]
    graph = cluster_graph.graph(loose, alone)
    assert graph.weakest is None
    assert (graph.nodes.height, graph.edges.height, graph.not_compared) == (1, 0, 0)


def test_an_unknown_cluster_is_named(loose):
    with pytest.raises(InputError, match="no cluster 'nowhere'"):
        cluster_graph.graph(loose, "nowhere")
