"""Clusters + evidence + holds + users' decisions → who merges into whom, with what values and what moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from engine.errors import PlanError
from engine.plan.policy import Policy
from engine.plan.survivorship import CHOSEN_FIELDS, CONFLICTS, GOLDEN, golden
from engine.progress import Progress, silent
from engine.schema import ORIGINAL
from engine.storage.links import deal_links, file_links, table

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot

LOSERS = {
    "entity": pl.String(),
    "record_id": pl.String(),
    "survivor_id": pl.String(),
    "cluster_id": pl.String(),
    "records": pl.UInt32(),
    "chosen_by": pl.String(),
    "through": pl.String(),  # the record that ties it in, when it is not the survivor itself
    "match_probability": pl.Float64(),
    "percent": pl.Float64(),
    "looks_like": pl.String(),
    "condition": pl.String(),  # that merges the two whatever they weigh
    "reason": pl.String(),  # duplicate_of_survivor | duplicate_through, each also with _by_condition | same_cluster
    "confidence": pl.String(),
}
BLOCKED = {"entity": pl.String(), "record_id": pl.String(), "cluster_id": pl.String(), "hold": pl.String()}
MOVES = {
    "entity": pl.String(),  # of the records it moves between
    "what": pl.String(),  # deal | file (from the loser to the survivor) | link (a kept file gets onto a record)
    "moved_id": pl.String(),
    "name": pl.String(),
    "from_id": pl.String(),
    "to_id": pl.String(),
    "by": pl.String(),  # id | name | shared_name: the export names the contact only, and others bear that name
}
EVIDENCE = {
    "left_id": pl.String(),
    "right_id": pl.String(),
    "match_probability": pl.Float64(),
    "looks_like": pl.String(),
    "condition": pl.String(),  # that merges the two whatever they weigh, else null
}
HIGH, MEDIUM = 0.95, 0.8  # match probabilities from which a merge is called sure, fairly sure


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a user decided on a cluster. `values`: field → id of the record whose value to take."""

    entity: str
    cluster_id: str
    verdict: str = "accept"  # accept | reject
    survivor_id: str | None = None
    without: tuple[str, ...] = ()
    values: dict[str, str] = {}


@dataclass(frozen=True)
class Merges:
    """All merges of a plan; `golden` and `conflicts` as in survivorship with `entity` first."""

    losers: pl.DataFrame
    blocked: pl.DataFrame
    golden: pl.DataFrame
    conflicts: pl.DataFrame
    moves: pl.DataFrame


def merges(
    snapshot: "Snapshot",
    clusters: Mapping[str, pl.DataFrame],
    evidence: Mapping[str, pl.DataFrame],
    kept: pl.DataFrame,
    decisions: Sequence[Decision],
    policy: Policy,
    progress: Progress = silent,
) -> Merges:
    """Clusters per entity → Merges. `kept`: entity, record_id, hold; a cluster with a held record does not merge."""
    for decision in decisions:
        _check(decision, clusters)
    losers, blocked, values, conflicts, moves = [], [], [], [], []
    deals, files = deal_links(snapshot), file_links(snapshot)
    for at, entity in enumerate(sorted(clusters)):

        def within(stage: str, share: float, done: int = at) -> None:
            progress(stage, (done + share) / len(clusters))

        mine = [d for d in decisions if d.entity == entity]
        there = table(snapshot, entity).select("record_id").unique()
        open_clusters = _apply(clusters[entity], mine).join(there, on="record_id", how="semi", maintain_order="left")
        holds = kept.filter(pl.col("entity") == entity).select("record_id", "hold")
        free, stopped = _block(open_clusters, holds)
        made = golden(
            table(snapshot, entity),
            free,
            policy,
            entity=entity,
            deals=deals.filter(pl.col("entity") == entity),
            extra=custom_columns(snapshot, entity),
            survivors={d.cluster_id: d.survivor_id for d in mine if d.survivor_id},
            chosen=pl.DataFrame(
                [(d.cluster_id, f, r) for d in mine for f, r in d.values.items()], schema=CHOSEN_FIELDS, orient="row"
            ),
            progress=within,
        )
        gone = free.join(made.survivors, on="cluster_id").filter(pl.col("record_id") != pl.col("survivor_id"))
        gone = _tie(gone, evidence.get(entity, pl.DataFrame(schema=EVIDENCE)))
        first = pl.lit(entity).alias("entity")
        losers.append(gone.with_columns(first).select(*LOSERS))
        blocked.append(stopped.with_columns(first).select(*BLOCKED))
        values.append(made.values.select(first, *GOLDEN))
        conflicts.append(made.conflicts.select(first, *CONFLICTS))
        moves.append(_moves(snapshot, entity, gone, deals, files))
    return Merges(
        losers=_all(losers, LOSERS),
        blocked=_all(blocked, BLOCKED),
        golden=_all(values, {"entity": pl.String(), **GOLDEN}),
        conflicts=_all(conflicts, {"entity": pl.String(), **CONFLICTS}),
        moves=_all(moves, MOVES),
    )


def custom_columns(snapshot: "Snapshot", entity: str) -> list[str]:
    """(snapshot, entity) → original columns that no field is made of: custom fields, which a merge must not lose."""
    frame = table(snapshot, entity)
    parts = [part for source in snapshot.sources for part in source.mapping.entities if part.entity == entity]
    read = {ORIGINAL + column for part in parts for columns in part.fields.values() for column in columns}
    originals = [c for c in frame.columns if c.startswith(ORIGINAL) and c not in read] if parts else []
    # A column that says the same of every record, such as the kind of record, tells nothing apart.
    return [c for c in originals if frame.schema[c] == pl.String and frame[c].n_unique() > 1]


def _check(decision: Decision, clusters: Mapping[str, pl.DataFrame]) -> None:
    frame = clusters.get(decision.entity)
    place = f"the decision on {decision.entity} cluster {decision.cluster_id!r}"
    members = [] if frame is None else frame.filter(pl.col("cluster_id") == decision.cluster_id)["record_id"].to_list()
    if not members:
        raise PlanError(f"{place} fits no cluster any more; match again or drop the decision")
    if decision.verdict not in ("accept", "reject"):
        raise PlanError(f"{place} says {decision.verdict!r}; say accept or reject")
    named = {*decision.without, *decision.values.values(), *([decision.survivor_id] if decision.survivor_id else [])}
    if not named <= set(members):
        raise PlanError(f"{place} names a record that is not in the cluster; match again or drop the decision")
    if decision.survivor_id in decision.without:
        raise PlanError(f"{place} makes a record survive that it takes out; choose another survivor")


def _apply(frame: pl.DataFrame, decisions: list[Decision]) -> pl.DataFrame:
    rejected = [d.cluster_id for d in decisions if d.verdict == "reject"]
    without = [r for d in decisions for r in d.without]
    kept = frame.select("record_id", "cluster_id").filter(
        ~pl.col("cluster_id").is_in(rejected) & ~pl.col("record_id").is_in(without)
    )
    return kept.unique("record_id", keep="first", maintain_order=True)


def _block(clusters: pl.DataFrame, holds: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Clusters → (free to merge, those with a held record: record_id, cluster_id, hold)."""
    several = clusters.filter(pl.len().over("cluster_id") > 1)
    held = several.join(holds, on="record_id").group_by("cluster_id").agg(pl.col("hold").sort().first())
    stopped = several.join(held, on="cluster_id", maintain_order="left")
    return several.join(held, on="cluster_id", how="anti", maintain_order="left"), stopped


def _tie(losers: pl.DataFrame, evidence: pl.DataFrame) -> pl.DataFrame:
    """Losers → with the evidence that ties each to its survivor, or else to another record of the cluster."""
    by = pl.col("condition").cast(pl.String) if "condition" in evidence.columns else pl.lit(None, pl.String)
    pairs = evidence.select(
        "left_id", "right_id", pl.col("match_probability").cast(pl.Float64), pl.col("looks_like").cast(pl.String),
        by.alias("condition"),
    )  # fmt: skip
    other_way = pairs.rename({"left_id": "right_id", "right_id": "left_id"}).select(pairs.columns)
    both = pl.concat([pairs, other_way])
    cluster = pl.concat(
        [losers.select("cluster_id", "record_id"), losers.select("cluster_id", record_id="survivor_id").unique()]
    )
    ties = losers.select("record_id", "cluster_id", "survivor_id").join(both, left_on="record_id", right_on="left_id")
    ties = ties.join(cluster.select("cluster_id", right_id="record_id"), on=["cluster_id", "right_id"])
    direct = pl.col("right_id") == pl.col("survivor_id")
    ties = ties.sort("record_id", ~direct, -pl.col("match_probability"), "right_id", nulls_last=True)
    ties = ties.unique("record_id", keep="first", maintain_order=True)
    best = ties.select(
        "record_id", "match_probability", "looks_like", "condition", through=pl.when(~direct).then("right_id")
    )
    p = pl.col("match_probability")
    tied = losers.join(best, on="record_id", how="left", maintain_order="left")
    return tied.with_columns(
        percent=(p * 100).round(1),
        reason=pl.when(p.is_null()).then(pl.lit("same_cluster"))
        .when(pl.col("through").is_null()).then(pl.lit("duplicate_of_survivor"))
        .otherwise(pl.lit("duplicate_through"))
        + pl.when(pl.col("condition").is_null()).then(pl.lit("")).otherwise(pl.lit("_by_condition")),
        confidence=pl.when(p.is_null()).then(pl.lit("unknown")).when(p >= HIGH).then(pl.lit("high"))
        .when(p >= MEDIUM).then(pl.lit("medium")).otherwise(pl.lit("low")),
    )  # fmt: skip


def _moves(
    snapshot: "Snapshot", entity: str, losers: pl.DataFrame, deals: pl.DataFrame, files: pl.DataFrame
) -> pl.DataFrame:
    to = losers.select("record_id", "survivor_id")
    names = {
        e: table(snapshot, e).select(moved_id="record_id", name="name").unique("moved_id") for e in ("deal", "file")
    }
    links = {"deal": _one_owner(deals.filter(pl.col("entity") == entity), to).rename({"deal_id": "moved_id"})}
    links["file"] = files.filter(pl.col("entity") == entity).select(
        "entity", "record_id", moved_id="file_id", by=pl.lit("id")
    )
    moved = []
    for what, on in links.items():
        mine = on.join(to, on="record_id").join(names[what], on="moved_id", how="left")
        moved.append(
            mine.select("entity", "moved_id", "name", "by", what=pl.lit(what), from_id="record_id", to_id="survivor_id")
        )
    return pl.concat([m.select(*MOVES) for m in moved]).sort("what", "to_id", "from_id", "moved_id")


def _one_owner(deals: pl.DataFrame, to: pl.DataFrame) -> pl.DataFrame:
    """Deal links of an entity → each deal once per record it ends at; a name whose bearers all merge is not shared."""
    ends = deals.join(to, on="record_id", how="left").with_columns(end=pl.coalesce("survivor_id", "record_id"))
    alone = (pl.col("by") == "shared_name") & (pl.col("end").n_unique().over("deal_id") == 1)
    ends = ends.with_columns(by=pl.when(alone).then(pl.lit("name")).otherwise("by"))
    first = ends.sort("deal_id", pl.col("survivor_id").is_null(), "record_id")
    return first.unique(["deal_id", "end"], keep="first", maintain_order=True).select(deals.columns)


def _all(frames: list[pl.DataFrame], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.concat(
        [pl.DataFrame(schema=dict(schema)), *[f.select(pl.col(c).cast(t) for c, t in schema.items()) for f in frames]]
    )
