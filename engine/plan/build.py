"""Clusters + dispositions + findings + decisions → one plan in which no record is treated twice.

Precedence, said in the items' reasons: a hold blocks merging and deleting; a record that is merged away is not also
deleted; a record that others merge into is not deleted by the same plan; of several reasons to delete a file the
schedule's comes first; a copy is not deleted when the file it duplicates goes.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from engine.errors import PlanLimitExceeded
from engine.plan.merges import Decision, Merges, merges
from engine.plan.policy import DEFAULT, Policy
from engine.progress import Progress, silent
from engine.retention.decide import DECISIONS
from engine.storage.findings import FINDINGS
from engine.storage.links import file_links, table

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot

ACTIONS = ("merge", "delete", "archive", "anonymise", "review")
ITEMS = {
    "item_id": pl.String(),  # the same for the same action on the same record, in every plan
    "action": pl.String(),
    "entity": pl.String(),  # contact | company | deal | file | file_version (the older versions of a file)
    "record_id": pl.String(),
    "survivor_id": pl.String(),  # of a merge, where the record goes; of a copied file, the one that stays
    "reason": pl.String(),
    "details": pl.String(),  # JSON, fills the reason's sentence
    "match_probability": pl.Float64(),
    "confidence": pl.String(),  # certain | high | medium | low | probable | possible | unknown
    "reversible": pl.Boolean(),  # whether the usual CRM can bring it back; null: depends on the target
    "bytes": pl.Int64(),  # freed
}
SUMMARY = {
    "entity": pl.String(),
    "before": pl.Int64(),
    **{name: pl.Int64() for name in ("merged", "deleted", "archived", "anonymised", "review", "after")},
    **{name: pl.Int64() for name in ("bytes_before", "bytes_freed", "bytes_after")},
}


@dataclass(frozen=True)
class Plan:
    """What is to be done, in frames: ITEMS; golden, conflicts and moves as in `merges`; DECISIONS; SUMMARY."""

    snapshot_id: str
    as_of: dt.date
    items: pl.DataFrame
    golden: pl.DataFrame
    conflicts: pl.DataFrame
    moves: pl.DataFrame
    dispositions: pl.DataFrame
    summary: pl.DataFrame


def build(
    snapshot: "Snapshot",
    clusters: Mapping[str, pl.DataFrame],
    *,
    evidence: Mapping[str, pl.DataFrame] | None = None,
    dispositions: pl.DataFrame | None = None,
    findings: pl.DataFrame | None = None,
    as_of: dt.date,
    decisions: Sequence[Decision] = (),
    policy: Policy = DEFAULT,
    limit: int | None = None,
    progress: Progress = silent,
) -> Plan:
    """Snapshot, clusters per entity, their evidence, DECISIONS, FINDINGS, users' decisions → Plan.

    Raises PlanLimitExceeded when more than `limit` records or files would be changed (reviews change nothing), and
    PlanError for a decision that does not fit the clusters.
    """
    due = pl.DataFrame(schema=DECISIONS) if dispositions is None else dispositions
    found = pl.DataFrame(schema=FINDINGS) if findings is None else findings
    merged = merges(snapshot, clusters, evidence or {}, _kept(due), decisions, policy, progress)
    progress("items", 0.0)
    records = _record_items(due, merged)
    files = _file_items(snapshot, due, found)
    progress("items", 0.4)
    items = pl.concat([_merge_items(merged, due), records, files])
    rank = pl.col("action").replace_strict(ACTIONS, range(len(ACTIONS)), return_dtype=pl.Int32)
    items = _named(items.sort(rank, "entity", "survivor_id", "record_id", nulls_last=True))
    selected = items.filter(pl.col("action") != "review").height
    if limit is not None and selected > limit:
        raise PlanLimitExceeded(selected=selected, limit=limit)
    progress("items", 0.7)
    plan = Plan(
        snapshot_id=snapshot.id,
        as_of=as_of,
        items=items,
        golden=merged.golden,
        conflicts=merged.conflicts,
        moves=pl.concat([merged.moves, _relinks(snapshot, items)]),
        dispositions=due,
        summary=_summary(snapshot, items),
    )
    progress("items", 1.0)
    return plan


def _kept(due: pl.DataFrame) -> pl.DataFrame:
    """Dispositions → entity and record_id of all that a hold keeps."""
    return due.filter(pl.col("reason") == "hold").select("entity", "record_id", hold="rule")


def _merge_items(merged: Merges, due: pl.DataFrame) -> pl.DataFrame:
    """Losers and blocked clusters → items; what the schedule wanted of a loser is told in its details."""
    wanted = due.filter(pl.col("disposition").is_in(["delete", "anonymise", "archive"]))
    wanted = wanted.select("entity", "record_id", also_due="disposition")
    losers = merged.losers.join(wanted, on=["entity", "record_id"], how="left")
    told = ("cluster_id", "records", "chosen_by", "through", "looks_like", "percent", "also_due")
    details = (
        pl.when(pl.col("condition").is_null())
        .then(pl.struct(*told).struct.json_encode())
        .otherwise(pl.struct(*told, "condition").struct.json_encode())
    )
    items = losers.select(
        "entity", "record_id", "survivor_id", "reason", "match_probability", "confidence",
        action=pl.lit("merge"),
        details=details,
        reversible=pl.lit(None, pl.Boolean()),
        bytes=pl.lit(0, pl.Int64()),
    )  # fmt: skip
    blocked = merged.blocked.select(
        "entity", "record_id",
        survivor_id=pl.lit(None, pl.String()),
        reason=pl.lit("merge_blocked_by_hold"),
        match_probability=pl.lit(None, pl.Float64()),
        confidence=pl.lit("certain"),
        action=pl.lit("review"),
        details=pl.struct("cluster_id", "hold").struct.json_encode(),
        reversible=pl.lit(None, pl.Boolean()),
        bytes=pl.lit(0, pl.Int64()),
    )  # fmt: skip
    return pl.concat([_shape(items), _shape(blocked)])


def _record_items(due: pl.DataFrame, merged: Merges) -> pl.DataFrame:
    """Dispositions of contacts, companies and deals → items, without those that a merge speaks of already."""
    act = due.filter((pl.col("disposition") != "retain") & (pl.col("entity") != "file"))
    act = act.join(merged.losers, on=["entity", "record_id"], how="anti")
    act = act.join(merged.blocked, on=["entity", "record_id"], how="anti")
    survivors = merged.losers.select("entity", record_id="survivor_id", merged_into=pl.lit(True)).unique()
    act = act.join(survivors, on=["entity", "record_id"], how="left")
    postponed = pl.col("merged_into").fill_null(False) & (pl.col("disposition") != "review")
    return _shape(
        act.with_columns(
            action=pl.when(postponed).then(pl.lit("review")).otherwise("disposition"),
            reason=pl.when(postponed).then(pl.lit("survivor_is_due")).otherwise(_schedule_reason()),
            details=_schedule_details(),
            survivor_id=pl.lit(None, pl.String()),
            match_probability=pl.lit(None, pl.Float64()),
            confidence=pl.lit("certain"),
            reversible=pl.lit(None, pl.Boolean()),
        )
    )


def _file_items(snapshot: "Snapshot", due: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Dispositions of files and findings → one item per file, and one for the older versions of a file that stays."""
    protected = _protected_files(snapshot, due)
    act = due.filter((pl.col("disposition") != "retain") & (pl.col("entity") == "file"))
    scheduled = act.with_columns(
        action=pl.when(pl.col("disposition") == "delete").then(pl.lit("delete")).otherwise(pl.lit("review")),
        reason=_schedule_reason(),
        details=_schedule_details(),
        survivor_id=pl.lit(None, pl.String()),
        confidence=pl.lit("certain"),
        reversible=pl.lit(True),
        order=pl.lit(0),
    )
    version = pl.col("finding") == "old_versions"
    # The largest files are there to be looked at; nothing is wrong with them.
    seen = found.filter(pl.col("finding") != "large_file").with_columns(
        entity=pl.when(version).then(pl.lit("file_version")).otherwise(pl.lit("file")),
        record_id="file_id",
        survivor_id="keep_id",
        confidence="certainty",
        order=pl.lit(1),
    )
    columns = [
        "entity",
        "record_id",
        "survivor_id",
        "action",
        "reason",
        "details",
        "confidence",
        "reversible",
        "bytes",
        "order",
    ]
    both = pl.concat([scheduled.select(*columns).cast({"order": pl.Int32}), seen.select(*columns)])
    both = both.join(protected, on="record_id", how="left")
    stop = pl.col("protected").is_not_null() & (pl.col("action") == "delete")
    both = both.with_columns(
        action=pl.when(stop).then(pl.lit("review")).otherwise("action"),
        details=pl.when(stop).then(pl.struct("protected", wanted="reason").struct.json_encode()).otherwise("details"),
        reason=pl.when(stop).then(pl.lit("file_kept")).otherwise("reason"),
    )
    both = _spare_last_copies(both)
    both = both.sort(
        "entity", "record_id", pl.col("action") != "delete", "order", -pl.col("bytes"), maintain_order=True
    )
    both = both.unique(["entity", "record_id"], keep="first", maintain_order=True)
    gone = both.filter((pl.col("entity") == "file") & (pl.col("action") == "delete")).select("record_id")
    stays = both.filter(pl.col("entity") == "file_version").join(gone, on="record_id", how="anti")
    both = pl.concat([both.filter(pl.col("entity") == "file"), stays])
    return _shape(both.with_columns(match_probability=pl.lit(None, pl.Float64())))


def _protected_files(snapshot: "Snapshot", due: pl.DataFrame) -> pl.DataFrame:
    """Files that a hold or a keeping rule protects, themselves or through a record → record_id, protected."""
    binding = due.filter(pl.col("reason").is_in(["hold", "retained"])).with_columns(protected="rule")
    own = binding.filter(pl.col("entity") == "file").select("record_id", "protected")
    on = (
        file_links(snapshot)
        .join(binding, on=["entity", "record_id"])
        .select(record_id="file_id", protected="protected")
    )
    return pl.concat([own, on]).sort("record_id", "protected").unique("record_id", keep="first", maintain_order=True)


def _spare_last_copies(files: pl.DataFrame) -> pl.DataFrame:
    """A copy whose original is deleted by this plan is not deleted as a copy: for review."""
    gone = files.filter((pl.col("action") == "delete") & (pl.col("entity") == "file")).select(survivor_id="record_id")
    gone = gone.unique().with_columns(original_goes=pl.lit(True))
    joined = files.join(gone, on="survivor_id", how="left", maintain_order="left")
    spare = pl.col("original_goes").fill_null(False) & (pl.col("action") == "delete")
    return joined.with_columns(
        action=pl.when(spare).then(pl.lit("review")).otherwise("action"),
        reason=pl.when(spare).then(pl.lit("original_goes")).otherwise("reason"),
    ).drop("original_goes")


def _relinks(snapshot: "Snapshot", items: pl.DataFrame) -> pl.DataFrame:
    """Copies that go → the records on which the file that stays must hang instead."""
    copies = items.filter(
        (pl.col("entity") == "file") & (pl.col("action") == "delete") & pl.col("survivor_id").is_not_null()
    )
    links = file_links(snapshot).select("file_id", "entity", "record_id")
    needed = copies.select(file_id="record_id", keep="survivor_id").join(links, on="file_id")
    has = links.rename({"file_id": "keep"})
    needed = needed.join(has, on=["keep", "entity", "record_id"], how="anti").sort("file_id", "entity", "record_id")
    return needed.select(
        "entity",
        what=pl.lit("link"),
        moved_id="keep",
        name=pl.lit(None, pl.String()),
        from_id="file_id",
        to_id="record_id",
        by=pl.lit("id"),
    )


def _schedule_reason() -> pl.Expr:
    return pl.when(pl.col("reason") == "due").then(pl.lit("schedule_due")).otherwise("reason")


def _schedule_details() -> pl.Expr:
    day = [pl.col(c).dt.strftime("%Y-%m-%d") for c in ("trigger_at", "due")]
    return pl.struct("rule", "disposition", "trigger", *day).struct.json_encode()


def _named(items: pl.DataFrame) -> pl.DataFrame:
    """Items → with ids: 12 hex digits of SHA-256 over action, entity, record and survivor."""
    keys = items.select(
        pl.concat_str(pl.col("action", "entity", "record_id", "survivor_id").fill_null(""), separator="\x1f")
    ).to_series()
    ids = [hashlib.sha256(key.encode()).hexdigest()[:12] for key in keys]
    return items.with_columns(item_id=pl.Series(ids, dtype=pl.String)).select(*ITEMS)


def _shape(items: pl.DataFrame) -> pl.DataFrame:
    return items.select(pl.col(name).cast(dtype) for name, dtype in ITEMS.items() if name != "item_id")


def _summary(snapshot: "Snapshot", items: pl.DataFrame) -> pl.DataFrame:
    """Snapshot, items → SUMMARY per entity. Bytes are those of files in use; a freed file counts its versions."""
    rows = []
    for entity in ("contact", "company", "deal", "file"):
        records = table(snapshot, entity)
        trash = pl.col("is_trashed").fill_null(False)
        used = (
            records.filter(~trash).select(pl.col("bytes", "versions_bytes").sum()).sum_horizontal()[0]
            if entity == "file"
            else 0
        )
        mine = items.filter(pl.col("entity").is_in([entity, "file_version"] if entity == "file" else [entity]))
        counts = dict(mine.filter(pl.col("entity") == entity).group_by("action").len().iter_rows())
        freed = int(mine.filter(pl.col("action") == "delete")["bytes"].sum())
        gone = counts.get("merge", 0) + counts.get("delete", 0)
        rows.append(
            (
                entity, records.height, counts.get("merge", 0), counts.get("delete", 0), counts.get("archive", 0),
                counts.get("anonymise", 0), counts.get("review", 0), records.height - gone, used, freed, used - freed,
            )
        )  # fmt: skip
    return pl.DataFrame(rows, schema=SUMMARY, orient="row")
