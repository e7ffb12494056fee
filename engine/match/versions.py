"""Versions: two matches of the same records under two sets of rules → what changes from one to the other."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from engine.errors import InputError
from engine.match import conditions

if TYPE_CHECKING:
    from engine.match.run import Match

PAIRS = {
    "left_id": pl.String(),
    "right_id": pl.String(),
    "change": pl.String(),  # gained | lost
    "before": pl.Float64(),  # match probability under the first rules; null: the two were no candidates
    "after": pl.Float64(),
}
CLUSTERS = {"change": pl.String(), "cluster_id": pl.String(), "records": pl.List(pl.String())}


@dataclass(frozen=True)
class Difference:
    """`figures`: measure, before, after. `pairs`: PAIRS, two records that share a cluster under one set of rules alone.
    `clusters`: CLUSTERS, groups of two or more records that exist under one set of rules alone.
    """

    figures: pl.DataFrame
    pairs: pl.DataFrame
    clusters: pl.DataFrame


def difference(before: "Match", after: "Match") -> Difference:
    """Two matches of the same records → pairs and clusters gained and lost, and the figures of both side by side."""
    if not before.records["record_id"].equals(after.records["record_id"]):
        raise InputError(
            "the two matches are of different records: compare rules on one snapshot", code="two_snapshots"
        )
    together = [_together(m) for m in (before, after)]
    gained = together[1].join(together[0], on=["left", "right"], how="anti").with_columns(change=pl.lit("gained"))
    lost = together[0].join(together[1], on=["left", "right"], how="anti").with_columns(change=pl.lit("lost"))
    ids = before.records["record_id"]
    changed = pl.concat([gained, lost]).sort("change", "left", "right")
    for name, match in (("before", before), ("after", after)):
        scored = match.pairs.select("left", "right").with_columns(pl.Series(name, match.probability))
        changed = changed.join(scored, on=["left", "right"], how="left", maintain_order="left")
    pairs = changed.select(
        left_id=ids.gather(changed["left"]), right_id=ids.gather(changed["right"]),
        change="change", before="before", after="after",
    )  # fmt: skip
    return Difference(_figures(before, after, len(gained), len(lost)), pairs, _groups(before, after))


def _together(match: "Match") -> pl.DataFrame:
    """Match → every two records of one cluster: left, right (row numbers)."""
    rows = match.clusters.select("cluster_id", row=pl.int_range(pl.len(), dtype=pl.UInt32))
    several = rows.filter(pl.len().over("cluster_id") > 1)
    both = several.join(several, on="cluster_id", suffix="_b").filter(pl.col("row") < pl.col("row_b"))
    return both.select(left="row", right="row_b")


def _members(match: "Match") -> pl.DataFrame:
    grouped = match.clusters.group_by("cluster_id", maintain_order=True).agg(pl.col("record_id").sort())
    several = grouped.filter(pl.col("record_id").list.len() > 1)
    return several.with_columns(key=pl.col("record_id").list.join("\x1f"))


def _groups(before: "Match", after: "Match") -> pl.DataFrame:
    was, now = _members(before), _members(after)
    parts = [
        side.join(other, on="key", how="anti", maintain_order="left").select(
            change=pl.lit(change), cluster_id="cluster_id", records="record_id"
        )
        for change, side, other in (("gained", now, was), ("lost", was, now))
    ]
    return pl.concat(parts).cast(CLUSTERS)  # type: ignore[arg-type]


def _figures(before: "Match", after: "Match", gained: int, lost: int) -> pl.DataFrame:
    rows = [
        ("merge_threshold", before.rules.thresholds.merge, after.rules.thresholds.merge),
        ("review_threshold", before.rules.thresholds.review, after.rules.thresholds.review),
        *(
            (name, float(one), float(other))
            for (name, one), (_name, other) in zip(_sizes(before), _sizes(after), strict=True)
        ),
        ("pairs_only_here", float(lost), float(gained)),
    ]
    return pl.DataFrame(rows, schema={"measure": pl.String, "before": pl.Float64, "after": pl.Float64}, orient="row")


def _sizes(match: "Match") -> list[tuple[str, int]]:
    size = match.clusters.group_by("cluster_id").len()["len"]
    several = size.filter(size > 1)
    pairs = match.patterns["pairs"].to_numpy()
    merge, review = match.rules.thresholds.merge or 1.0, match.rules.thresholds.review or 1.0
    return [
        ("candidate_pairs", len(match.pairs)),
        ("pairs_merged", int(pairs[conditions.merged(match.patterns, merge)].sum())),
        ("pairs_to_review", int(pairs[conditions.waiting(match.patterns, review, merge)].sum())),
        ("groups", len(several)),
        ("removable", int(several.sum() - len(several))),
        ("largest_group", int(np.max(size.to_numpy(), initial=0))),
    ]
