"""Snapshot + rules + schedule → the plan's ZIP in a folder: what the `plan` verb does, start to finish."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from engine.files import write_atomically
from engine.match import conditions
from engine.match.account import match_account
from engine.match.remembered import Remembered
from engine.match.run import Match
from engine.plan.build import Plan, build
from engine.plan.compile import capabilities
from engine.plan.export import export
from engine.plan.merges import EVIDENCE, Decision
from engine.progress import Progress, silent
from engine.retention.decide import decide
from engine.retention.schedule import Hold, Schedule, default
from engine.rules import Rules
from engine.storage.findings import findings

if TYPE_CHECKING:
    from engine.snapshot.assemble import Snapshot


def make(
    snapshot: "Snapshot",
    out: Path,
    *,
    as_of: dt.date,
    rules: Mapping[str, Rules] | None = None,
    schedule: Schedule | None = None,
    holds: Sequence[Hold] = (),
    judgements: Mapping[str, pl.DataFrame] | None = None,
    decisions: Sequence[Decision] = (),
    target: str = "csv",
    limit: int | None = None,
    remembered: Remembered | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """(snapshot, folder) → writes plan.zip there, whole or not at all, and gives its figures back.

    Contacts and companies are matched with `rules` (suggested where not given); the schedule defaults to
    `schedule.default()`. `remembered`: as in `engine.match.run.match`.
    """
    schedule = schedule or default()
    matches = match_account(snapshot, rules, judgements=judgements, remembered=remembered, progress=progress)
    dispositions = decide(snapshot, schedule, holds, as_of=as_of, progress=progress)
    trash_counts = bool(capabilities().get(target, {}).get("trash_counts", False))
    plan = build(
        snapshot,
        {entity: found.clusters for entity, found in matches.items()},
        evidence={entity: evidence(found) for entity, found in matches.items()},
        dispositions=dispositions,
        findings=findings(snapshot, as_of=as_of, trash_counts=trash_counts),
        as_of=as_of,
        decisions=decisions,
        limit=limit,
        progress=progress,
    )
    used = {entity: found.rules for entity, found in matches.items()}
    progress("export", 0.0)
    content = export(plan, snapshot, rules=used, schedule=schedule, target=target)
    write_atomically(out / "plan.zip", lambda path: path.write_bytes(content))
    progress("export", 1.0)
    return figures(plan, len(content))


def evidence(found: Match) -> pl.DataFrame:
    """Match → EVIDENCE of the pairs inside clusters, the only ones a plan speaks of."""
    cluster = found.clusters["cluster_id"]
    ids = found.records["record_id"]
    pairs = found.pairs.filter(cluster.gather(found.pairs["left"]) == cluster.gather(found.pairs["right"]))
    patterns = found.patterns.select(
        "pattern", "match_probability", "looks_like", pl.Series("condition", conditions.merging(found), dtype=pl.String)
    )
    told = pairs.join(patterns, on="pattern", how="left")
    return told.select(
        left_id=ids.gather(told["left"]),
        right_id=ids.gather(told["right"]),
        match_probability=pl.col("match_probability").cast(EVIDENCE["match_probability"]),
        looks_like=pl.col("looks_like").cast(EVIDENCE["looks_like"]),
        condition="condition",
    )


def figures(plan: Plan, size: int) -> dict[str, Any]:
    """Plan, size of its ZIP → what the command line prints."""
    counts = dict(plan.items.group_by("action").len().sort("action").iter_rows())
    return {
        "snapshot": plan.snapshot_id,
        "as_of": plan.as_of.isoformat(),
        "items": plan.items.height,
        "actions": counts,
        "conflicts": plan.conflicts.height,
        "moves": plan.moves.height,
        "bytes_freed": int(plan.summary["bytes_freed"].sum()),
        "summary": plan.summary.to_dicts(),
        "zip_bytes": size,
    }
