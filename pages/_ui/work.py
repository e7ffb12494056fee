"""What the visitor works on: the chosen snapshot, entity, rules and judgements → the cached results. No drawing."""

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from engine.match import evaluate
from engine.match.run import Match, judged_counts
from engine.plan.survivorship import Golden
from engine.retention import schedule as schedules
from engine.retention.schedule import Hold, Schedule
from engine.rules import Rules, Thresholds
from pages._ui import cache, desk, sample, state

MATCHED = ("contact", "company")


def path() -> str:
    """→ the workspace's folder: WINNOW_WORKSPACE, else ./workspace."""
    return os.environ.get("WINNOW_WORKSPACE") or str(Path.cwd() / "workspace")


def workspace() -> Any:
    """→ the workspace."""
    return cache.workspace(path())


def snapshots() -> list[Any]:
    """→ what is known of each snapshot, the newest first."""
    return sorted(workspace().snapshots(), key=lambda s: (s.as_of, s.id), reverse=True)


def snapshot_id() -> str | None:
    """→ the chosen snapshot, else the newest, else None."""
    known = [s.id for s in snapshots()]
    wanted = state.get("snapshot")
    return wanted if wanted in known else known[0] if known else None


def snapshot() -> Any:
    """→ the snapshot in work, or None when the workspace is empty."""
    chosen = snapshot_id()
    return None if chosen is None else cache.snapshot(path(), chosen)


def as_of() -> dt.date:
    """→ the day the page looks from: the one chosen, else the snapshot's own."""
    wanted = state.get("as_of")
    try:
        return dt.date.fromisoformat(wanted)
    except (TypeError, ValueError):
        return next((s.as_of for s in snapshots() if s.id == snapshot_id()), dt.date.today())


def entities() -> list[str]:
    """→ the entities of the snapshot in which duplicates can be sought."""
    held = snapshot()
    return [] if held is None else [e for e in MATCHED if e in held.frames and held.frames[e].height > 1]


def entity() -> str | None:
    """→ the entity in work."""
    there = entities()
    wanted = state.get("entity")
    return wanted if wanted in there else there[0] if there else None


def starting_rules(of: str) -> Rules:
    """→ the rules before any change: those that belong to a sample account, else those the engine suggests."""
    return cache.suggested(path(), snapshot_id() or "", of)


def rules(of: str) -> Rules:
    """→ the rules in use, with the thresholds of this view."""
    used: Rules = state.get(f"rules:{snapshot_id()}:{of}") or starting_rules(of)
    merge, review = state.get(f"merge_{of}"), state.get(f"review_{of}")
    merge = used.thresholds.merge if merge is None else float(np.clip(merge, 0.02, 0.999))
    review = used.thresholds.review if review is None else float(np.clip(review, 0.01, 0.999))
    if merge is not None and review is not None:
        review = min(review, merge)
    return msgspec.structs.replace(used, thresholds=Thresholds(merge, review))


def change(of: str, changed: Rules) -> None:
    """Use these rules from now on; their thresholds, if given, become those of the view."""
    state.put(f"rules:{snapshot_id()}:{of}", msgspec.structs.replace(changed, thresholds=Thresholds()))
    for name in ("merge", "review"):
        given = getattr(changed.thresholds, name)
        if given is not None:
            state.put(f"{name}_{of}", given)


def learn(of: str) -> None:
    """Estimate the weights again, with the judgements as certain knowledge."""
    used = rules(of)
    empty = msgspec.structs.replace(used, weights=type(used.weights)())
    learnt = cache.learnt(path(), snapshot_id() or "", of, empty, judgements(of))
    change(of, msgspec.structs.replace(used, weights=learnt))


def reset(of: str) -> None:
    """Back to the rules before any change."""
    state.forget(f"rules:{snapshot_id()}:{of}", f"merge_{of}", f"review_{of}")


def judgements(of: str) -> pl.DataFrame:
    """→ everything that was judged in this workspace about this entity."""
    return workspace().judgements(of)


def match(of: str, *, judged: bool = True) -> Match:
    """→ the match under the rules in use; without judgements where the view must not move while one judges."""
    return cache.match(path(), snapshot_id() or "", of, rules(of), judgements(of) if judged else None)


def truth(of: str) -> pl.DataFrame | None:
    """→ record_id, cluster_id of a sample account, whose truth is known; None for any other."""
    held = snapshot()
    return None if held is None or of not in held.frames else sample.truth(of, held.frames[of])


def measures(of: str, found: Match, thresholds: list[float]) -> pl.DataFrame:
    """→ precision and recall at each threshold, on the best basis there is: truth, judgements, or the model."""
    known = truth(of)
    if known is not None:
        return evaluate.curve(found.patterns, truth=evaluate.against(found, known), thresholds=thresholds)
    judged = judged_counts(found.records, found.pairs, len(found.patterns), judgements(of))
    return evaluate.curve(found.patterns, judged=judged, thresholds=thresholds)


def decisions() -> dict[str, dict[str, str]]:
    """→ group key → what people decided about that group: verdict (accept | reject), survivor."""
    kept: dict[str, dict[str, str]] = desk.read(path(), "decisions", {})
    return kept


def decide(group: str, said: dict[str, str | None]) -> None:
    """Keep a decision about a group; None takes a part of it back."""
    kept = decisions()
    whole = {k: v for k, v in {**kept.get(group, {}), **said}.items() if v is not None}
    desk.write(
        path(), "decisions", {**{k: v for k, v in kept.items() if k != group}, **({group: whole} if whole else {})}
    )


def survivors(of: str) -> dict[str, str]:
    """→ cluster id → the record a person chose to survive."""
    kept = {k: v["survivor"] for k, v in decisions().items() if "survivor" in v}
    if not kept:
        return {}
    members = match(of).clusters.group_by("cluster_id").agg("record_id").filter(pl.col("record_id").list.len() > 1)
    keyed = ((c, desk.group_key(ids)) for c, ids in members.iter_rows())
    return {cluster: kept[key] for cluster, key in keyed if key in kept}


def rejected(of: str) -> list[str]:
    """→ cluster ids that people rejected."""
    kept = {k for k, v in decisions().items() if v.get("verdict") == "reject"}
    members = match(of).clusters.group_by("cluster_id").agg("record_id").filter(pl.col("record_id").list.len() > 1)
    return [cluster for cluster, ids in members.iter_rows() if kept and desk.group_key(ids) in kept]


def golden(of: str) -> Golden:
    """→ survivors, golden values with their sources, conflicts, of the groups in use."""
    found = match(of)
    said = cache.frame_digest(found.clusters.filter(pl.len().over("cluster_id") > 1))
    return cache.golden(path(), snapshot_id() or "", of, said, survivors(of), found)


def schedule() -> Schedule:
    """→ the retention schedule in use: the visitor's, else the bundled one."""
    text = state.get("schedule_text")
    return schedules.load(text) if text else schedules.default()


def holds() -> tuple[Hold, ...]:
    """→ the legal holds of the workspace."""
    return schedules.load_holds(json.dumps(desk.read(path(), "holds", [])))


def set_holds(kept: tuple[Hold, ...]) -> None:
    """Keep these holds, for everybody who works on this workspace."""
    desk.write(path(), "holds", msgspec.to_builtins(kept))


def dispositions() -> pl.DataFrame:
    """→ what the schedule and the holds say of every record and file on the day in use."""
    return cache.dispositions(path(), snapshot_id() or "", schedule(), holds(), as_of())


def judge(of: str, left_id: str, right_id: str, verdict: str, *, judge: str, now: dt.datetime) -> None:
    """Save a judgement at once."""
    row = {"entity": of, "left_id": left_id, "right_id": right_id, "verdict": verdict, "judge": judge}
    workspace().judge({**row, "judged_at": now.isoformat(timespec="milliseconds")})
