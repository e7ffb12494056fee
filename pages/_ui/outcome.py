"""What comes of it all: decisions about groups, golden records, schedule, holds, quota, the plan. No drawing."""

import msgspec
import polars as pl
import yaml

from engine.plan import export
from engine.plan.build import Plan
from engine.plan.merges import Decision
from engine.plan.survivorship import Golden
from engine.retention import schedule as schedules
from engine.retention.schedule import Hold, Schedule
from pages._ui import cache, desk, meanings, sample, state, work


def decisions() -> dict[str, dict[str, str]]:
    """→ group key → what people decided about that group: verdict (accept | reject), survivor."""
    kept: dict[str, dict[str, str]] = desk.read(work.path(), "decisions", {})
    return kept


def decide(group: str, said: dict[str, str | None]) -> None:
    """Keep a decision about a group; None takes a part of it back."""
    kept = decisions()
    whole = {k: v for k, v in {**kept.get(group, {}), **said}.items() if v is not None}
    desk.write(
        work.path(), "decisions", {**{k: v for k, v in kept.items() if k != group}, **({group: whole} if whole else {})}
    )


def survivors(of: str) -> dict[str, str]:
    """→ cluster id → the record a person chose to survive."""
    return {cluster: survivor for cluster, _verdict, survivor in _decided(of) if survivor}


def golden(of: str) -> Golden:
    """→ survivors, golden values with their sources, conflicts, of the groups in use."""
    found = work.match(of)
    said = cache.frame_digest(found.clusters.filter(pl.len().over("cluster_id") > 1))
    return cache.golden(work.path(), work.snapshot_id() or "", of, said, survivors(of), found)


def schedule() -> Schedule:
    """→ the retention schedule in use: the visitor's, else the bundled one."""
    text = work.workspace().text("schedule")
    return schedules.load(text) if text else schedules.default()


def holds() -> tuple[Hold, ...]:
    """→ the legal holds of the workspace."""
    return schedules.load_holds(work.workspace().text("holds") or "[]")


def set_holds(kept: tuple[Hold, ...]) -> None:
    """Keep these holds, for everybody who works on this workspace."""
    work.workspace().save_text("holds", yaml.safe_dump(msgspec.to_builtins(kept), allow_unicode=True))


def set_schedule(used: Schedule) -> None:
    """Keep this schedule, for everybody who works on this workspace."""
    work.workspace().save_text("schedule", schedules.dump(used))


def quota_bytes() -> int | None:
    """→ the storage quota: the one set by hand, else the sample account's, else None."""
    by_hand = work.workspace().account().get("quota_bytes")
    return int(by_hand) or None if by_hand is not None else sample.quota_bytes(work.snapshot())


def set_quota(given: float) -> None:
    """Keep the storage quota, in bytes; 0: unknown."""
    work.workspace().save_account({**work.workspace().account(), "quota_bytes": int(given)})


def dispositions() -> pl.DataFrame:
    """→ what the schedule and the holds say of every record and file on the day in use."""
    return cache.dispositions(work.path(), work.snapshot_id() or "", schedule(), holds(), work.as_of())


def plan() -> Plan:
    """→ the plan that follows from all that was chosen; never from the rules before a change."""
    matches = work.matches(before_too=False)
    said = [
        Decision(entity=of, cluster_id=cluster, verdict=verdict, survivor_id=survivor)
        for of in matches
        for cluster, verdict, survivor in _decided(of)
    ]
    day, target = work.as_of(), state.get("target")
    return cache.plan(work.path(), work.snapshot_id() or "", day, target, matches, dispositions(), said)


def plan_zip(made: Plan) -> bytes:
    """A plan → the ZIP, with its sentences in the language in use."""
    used = {of: work.match(of).rules for of in work.entities()}
    return export.export(
        made, work.snapshot(), rules=used, schedule=schedule(), target=state.get("target"), sentences=meanings.reason
    )


def _decided(of: str) -> list[tuple[str, str, str | None]]:
    """→ cluster, verdict and survivor of every group somebody decided about."""
    kept = decisions()
    members = work.match(of).clusters.group_by("cluster_id", maintain_order=True).agg("record_id")
    several = members.filter(pl.col("record_id").list.len() > 1).iter_rows() if kept else ()
    keyed = ((cluster, kept.get(desk.group_key(ids))) for cluster, ids in several)
    return [(c, said.get("verdict", "accept"), said.get("survivor")) for c, said in keyed if said]
