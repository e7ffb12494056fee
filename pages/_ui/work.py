"""What the visitor works on: the chosen snapshot, entity, rules and judgements → the cached results. No drawing."""

import contextlib
import datetime as dt
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import yaml

from engine import rules as rule_files
from engine.errors import RulesError, WinnowError
from engine.match import costs, evaluate, tuning
from engine.match.costs import Best, Costs
from engine.match.judged import judged_counts
from engine.match.run import Match
from engine.plan import export
from engine.plan.build import Plan
from engine.plan.merges import Decision
from engine.plan.survivorship import Golden
from engine.progress import Progress
from engine.retention import schedule as schedules
from engine.retention.schedule import Hold, Schedule
from engine.rules import Rules, Thresholds
from engine.snapshot import map as mapping
from engine.snapshot import read
from engine.snapshot.mapping import Mapping
from engine.snapshot.table import Table
from pages._ui import cache, desk, meanings, sample, state

MATCHED = ("contact", "company")
LOWEST, HIGHEST = 0.02, 0.999  # between them thresholds move


def path() -> str:
    """→ the workspace's folder: WINNOW_WORKSPACE, else ./workspace."""
    return os.environ.get("WINNOW_WORKSPACE") or str(Path.cwd() / "workspace")


def workspace() -> Any:
    """→ the workspace."""
    return cache.workspace(path())


def snapshots() -> list[Any]:
    """→ what is known of each snapshot, the newest first."""
    return list(reversed(workspace().snapshots()))


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
        return export_day(snapshot_id())


def export_day(snapshot: str | None) -> dt.date:
    """→ the day on which a snapshot was exported; today when nobody said."""
    day = next((s.as_of for s in snapshots() if s.id == snapshot), None)
    return dt.date.fromisoformat(day) if day else dt.date.today()


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
    used: Rules = (
        state.get(f"rules:{snapshot_id()}:{of}") or version(of, state.get(f"version_{of}")) or starting_rules(of)
    )
    merge, review = state.get(f"merge_{of}"), state.get(f"review_{of}")
    merge = used.thresholds.merge if merge is None else float(np.clip(merge, LOWEST, HIGHEST))
    review = used.thresholds.review if review is None else float(np.clip(review, LOWEST, HIGHEST))
    if merge is not None and review is not None:
        review = min(review, merge)
    return msgspec.structs.replace(used, thresholds=Thresholds(merge, review))


def change(of: str, changed: Rules) -> None:
    """Use these rules from now on; their thresholds, if given, become those of the view."""
    name = f"rules:{snapshot_id()}:{of}"
    saved = version(of, state.get(f"version_{of}"))
    if saved and not state.get(name):  # so that undo leads back to the saved rules
        state.put(name, saved)
    state.put(f"version_{of}", None)
    state.put(name, msgspec.structs.replace(changed, thresholds=Thresholds()))
    for name in ("merge", "review"):
        given = getattr(changed.thresholds, name)
        if given is not None:
            state.put(f"{name}_{of}", given)


def learn(of: str) -> None:
    """Estimate the weights again, with the judgements as certain knowledge."""
    used = rules(of)
    empty = msgspec.structs.replace(used, weights=type(used.weights)())
    change(of, cache.learnt(path(), snapshot_id() or "", of, empty, judgements(of)))


def version(of: str, name: str | None) -> Rules | None:
    """→ the rules saved under a name, None when there are none for this entity."""
    with contextlib.suppress(WinnowError):
        kept = rule_files.load(workspace().rules(name)) if name else None
        if kept is not None and kept.entity == of:
            return kept
    return None


def reset(of: str) -> None:
    """Back to the rules before any change."""
    state.forget(f"version_{of}", f"rules:{snapshot_id()}:{of}", f"merge_{of}", f"review_{of}")


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


def live_table(of: str, found: Match) -> bytes:
    """→ what the tuning bench draws from in the browser."""
    known = truth(of)
    said = None if known is not None else judgements(of)
    return cache.live_table(path(), snapshot_id() or "", of, found, known, said)


def live_similarity(of: str, found: Match, comparison: str) -> dict[str, list[float]]:
    """→ the pairs of one comparison by similarity, and the matches expected among them."""
    return cache.live_similarity(path(), snapshot_id() or "", of, comparison, found)


def adopt(of: str, said: dict[str, Any]) -> None:
    """What was set on the tuning bench → the rules and thresholds in use; only what differs is changed."""
    found = match(of)
    used = found.rules
    try:
        merge, review = (round(float(np.clip(said[name], LOWEST, HIGHEST)), 3) for name in ("merge", "review"))
        tuned = tuning.tuned(found, adjust=said["adjust"], enabled=said["enabled"], at_least=said["bounds"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise RulesError("the page sent settings that cannot be read: reload it", code="settings_wrong") from error
    if tuned.comparisons != used.comparisons:
        change(of, msgspec.structs.replace(tuned, thresholds=Thresholds()))
    set_thresholds(of, merge, review)


def set_thresholds(of: str, merge: float, review: float) -> None:
    """Use these thresholds; what is in use already is no change."""
    used = match(of).rules.thresholds
    if merge != used.merge:
        state.put(f"merge_{of}", merge)
    if min(review, merge) != used.review:
        state.put(f"review_{of}", min(review, merge))


def cheapest(of: str, found: Match, asked: Costs) -> Best:
    """→ the thresholds that cost least, against the truth where it is known, else as the model expects."""
    known = truth(of)
    if known is None:
        return costs.best_thresholds(found.patterns, asked)
    counted = evaluate.against(found, known)
    missed = float(counted.in_table - counted.per_pattern.sum())
    return costs.best_thresholds(found.patterns, asked, matches=counted.per_pattern, missed_by_blocking=missed)


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
    return {cluster: survivor for cluster, _verdict, survivor in _decided(of) if survivor}


def golden(of: str) -> Golden:
    """→ survivors, golden values with their sources, conflicts, of the groups in use."""
    found = match(of)
    said = cache.frame_digest(found.clusters.filter(pl.len().over("cluster_id") > 1))
    return cache.golden(path(), snapshot_id() or "", of, said, survivors(of), found)


def schedule() -> Schedule:
    """→ the retention schedule in use: the visitor's, else the bundled one."""
    text = workspace().text("schedule")
    return schedules.load(text) if text else schedules.default()


def holds() -> tuple[Hold, ...]:
    """→ the legal holds of the workspace."""
    return schedules.load_holds(workspace().text("holds") or "[]")


def set_holds(kept: tuple[Hold, ...]) -> None:
    """Keep these holds, for everybody who works on this workspace."""
    workspace().save_text("holds", yaml.safe_dump(msgspec.to_builtins(kept), allow_unicode=True))


def set_schedule(used: Schedule) -> None:
    """Keep this schedule, for everybody who works on this workspace."""
    workspace().save_text("schedule", schedules.dump(used))


def quota_bytes() -> int | None:
    """→ the storage quota: the one set by hand, else the sample account's, else None."""
    by_hand = workspace().account().get("quota_bytes")
    return int(by_hand) or None if by_hand is not None else sample.quota_bytes(snapshot())


def set_quota(given: float) -> None:
    """Keep the storage quota, in bytes; 0: unknown."""
    workspace().save_account({**workspace().account(), "quota_bytes": int(given)})


def dispositions() -> pl.DataFrame:
    """→ what the schedule and the holds say of every record and file on the day in use."""
    return cache.dispositions(path(), snapshot_id() or "", schedule(), holds(), as_of())


def judge(of: str, left_id: str, right_id: str, verdict: str, *, judge: str, now: dt.datetime) -> None:
    """Save a judgement at once."""
    row = {"entity": of, "left_id": left_id, "right_id": right_id, "verdict": verdict, "judge": judge}
    workspace().judge({**row, "judged_at": now.isoformat(timespec="milliseconds")})


def unjudge(of: str, left_id: str, right_id: str, *, judge: str, now: dt.datetime) -> None:
    """Take a judgement back: nothing is ever erased, so it becomes `unsure`."""
    row = {"entity": of, "left_id": left_id, "right_id": right_id, "verdict": "unsure", "judge": judge}
    workspace().judge({**row, "judged_at": now.isoformat(timespec="milliseconds")})


def store_uploads(files: list[Any]) -> list[str]:
    """Uploaded files → their paths in a folder of their own; names are taken over only as names."""
    folder = Path(tempfile.mkdtemp(prefix="winnow-"))
    paths = []
    for at, file in enumerate(files):
        name = Path(file.name.replace("\\", "/")).name or f"file {at}"
        path = folder / str(at) / name
        path.parent.mkdir()
        path.write_bytes(file.getbuffer())
        paths.append(str(path))
    return paths


def inbox_folder() -> str:
    """→ where files too large to upload are put."""
    return str(workspace().inbox)


def inbox() -> dict[str, int]:
    """→ the files in the inbox: name → bytes."""
    inside = workspace().inbox.resolve()
    return {p.relative_to(inside).as_posix(): p.stat().st_size for p in workspace().inbox_files()}


def inbox_paths(names: list[str]) -> list[str]:
    """Names of inbox files → their paths."""
    return [str(workspace().inbox_file(name)) for name in names]


def keep_snapshot(tables: list[Table], mappings: list[Mapping], as_of: dt.date) -> None:
    """Tables and their mappings → a snapshot in the workspace, which becomes the one in work."""
    made = mapping.apply(tables, mappings, as_of=as_of)
    workspace().save(made)
    state.forget("snapshot", "as_of", "cluster", "pair")
    state.put("snapshot", made.id)


def forget_snapshot(which: str) -> None:
    """Delete a snapshot from the workspace."""
    workspace().delete(which)
    if state.get("snapshot") == which:
        state.forget("snapshot", "as_of", "cluster", "pair")


def is_new() -> bool:
    """→ whether nobody has worked here yet: the folder is not there or empty."""
    folder = Path(path())
    return not folder.exists() or not any(folder.iterdir())


def load_sample(progress: Progress) -> None:
    """The bundled sample account → snapshots in the workspace, one per export; one visitor at a time."""
    with cache.lock(path()):
        known = {s.as_of for s in snapshots()}
        exports = [e for e in sample.exports() if e.name not in known]
        for at, export in enumerate(exports):

            def part(stage: str, share: float, at: int = at) -> None:
                progress(stage, (at + share) / len(exports))

            tables = read.read_tables([export], progress=part)
            made = mapping.apply(
                tables, [mapping.recognise(t) for t in tables], as_of=dt.date.fromisoformat(export.name)
            )
            workspace().save(made)


def plan() -> Plan:
    """→ the plan that follows from all that was chosen."""
    matches = {of: match(of) for of in entities()}
    said = [
        Decision(entity=of, cluster_id=cluster, verdict=verdict, survivor_id=survivor)
        for of in matches
        for cluster, verdict, survivor in _decided(of)
    ]
    return cache.plan(path(), snapshot_id() or "", as_of(), state.get("target"), matches, dispositions(), said)


def plan_zip(made: Plan) -> bytes:
    """A plan → the ZIP, with its sentences in the language in use."""
    used = {of: match(of).rules for of in entities()}
    return export.export(
        made, snapshot(), rules=used, schedule=schedule(), target=state.get("target"), sentences=meanings.reason
    )


def _decided(of: str) -> list[tuple[str, str, str | None]]:
    """→ cluster, verdict and survivor of every group somebody decided about."""
    kept = decisions()
    members = match(of).clusters.group_by("cluster_id", maintain_order=True).agg("record_id")
    several = members.filter(pl.col("record_id").list.len() > 1).iter_rows() if kept else ()
    keyed = ((cluster, kept.get(desk.group_key(ids))) for cluster, ids in several)
    return [(c, said.get("verdict", "accept"), said.get("survivor")) for c, said in keyed if said]
