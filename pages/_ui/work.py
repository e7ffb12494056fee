"""What the visitor works on: the chosen snapshot, entity, rules and judgements → the cached results. No drawing."""

import contextlib
import datetime as dt
import os
import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import polars as pl

from engine import rules as rule_files
from engine.errors import RulesError, WinnowError
from engine.match import evaluate, switches, tuning
from engine.match.costs import Best, Costs
from engine.match.explain import Explanation
from engine.match.judged import judged_counts
from engine.match.run import Match
from engine.match.steps import Steps
from engine.rules import BlockingRule, Exclusion, Rules, Thresholds, Veto
from pages._ui import cache, jobs, state
from pages._ui.jobs import Job

MATCHED = ("contact", "company")
LOWEST, HIGHEST = 0.02, 0.999  # between them thresholds move
MOST_BLOCKING = 32  # rules of which can be told at each pair which found it
_missed: ContextVar[list[Job] | None] = ContextVar("missed", default=None)


def path() -> str:
    """→ the workspace's folder: WINNOW_WORKSPACE, else ./workspace."""
    return os.environ.get("WINNOW_WORKSPACE") or str(Path.cwd() / "workspace")


def workspace() -> Any:
    """→ the workspace."""
    return cache.workspace(path())


def snapshots() -> list[Any]:
    """→ what is known of each snapshot, the newest first."""
    known: list[Any] = state.once(f"snapshots:{path()}", lambda: list(reversed(workspace().snapshots())))
    return known


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
    with state.one_step():
        state.put(f"version_{of}", None)
        state.put(f"rules:{snapshot_id()}:{of}", msgspec.structs.replace(changed, thresholds=Thresholds()))
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
    return cache.judgements(path(), of)


def memory_bytes() -> int:
    """→ how much memory matching may take."""
    return cache.memory_bytes(path())


def set_memory(given: int) -> None:
    """Keep how much memory matching may take, in bytes, for everybody who works on this workspace."""
    workspace().save_account({**workspace().account(), "memory_bytes": given})


def match(of: str, *, judged: bool = True, patience: float | None = None, before_too: bool = True) -> Match:
    """→ the match under the rules in use; without judgements where the view must not move while one judges.

    While it is under way, the last one shown of these records, under the rules before (`watching` tells). Raises
    `jobs.Waiting` where there is none, or `before_too` is False.
    """
    shown = f"shown:{snapshot_id()}:{of}:{judged}"
    said = judgements(of) if judged else None
    try:
        used = rules(of)
        found = cache.match(path(), snapshot_id() or "", of, used, said, base=base(of, used), patience=patience)
    except jobs.Waiting as waiting:
        before = state.get(shown)
        last = before and before[1]()
        if last is None or not before_too:
            raise
        state.put(f"behind:{of}", True)
        if (missed := _missed.get()) is not None:
            missed += [job for job in waiting.jobs if job not in missed]
        return cast(Match, last)
    state.put(f"behind:{of}", None)
    state.put(shown, (used, weakref.ref(found)))  # kept alive by the results of the room alone
    return found


def matches(*, before_too: bool = True) -> dict[str, Match]:
    """→ the match of each entity; all of them are under way before the first is waited for."""
    found, missing = {}, []
    for of in entities():
        try:
            found[of] = match(of, before_too=before_too, patience=0.0 if missing else None)
        except jobs.Waiting as waiting:
            missing += waiting.jobs
    if missing:
        raise jobs.Waiting(missing)
    return found


@contextlib.contextmanager
def watching() -> Iterator[list[Job]]:
    """→ the jobs for which matches inside had to be given under the rules before."""
    missed: list[Job] = []
    token = _missed.set(missed)
    try:
        yield missed
    finally:
        _missed.reset(token)


def is_behind(of: str) -> bool:
    """→ whether the last match that was shown is of the rules before a change."""
    return state.get(f"behind:{of}") is not None


def back(of: str) -> None:
    """Use the rules of the last match that was shown, in place of changed ones whose comparison was stopped."""
    kept = state.get(f"shown:{snapshot_id()}:{of}:True") or state.get(f"shown:{snapshot_id()}:{of}:False")
    if kept:
        change(of, kept[0])


def base(of: str, used: Rules) -> tuple[BlockingRule, ...]:
    """→ the blocking rules that can be switched on and off here: those suggested for this account, and those in use."""
    name = f"base:{snapshot_id()}:{of}"
    kept: tuple[BlockingRule, ...] = state.get(name, ())
    if not set(used.blocking) <= set(kept):
        own, compared = {rule.name: rule for rule in used.blocking}, {c.name for c in used.comparisons}
        suggested = {
            rule.name: own.get(rule.name, rule)
            for rule in starting_rules(of).blocking
            if {key.partition(".")[0] for key in rule.keys} <= compared
        }
        every = tuple((suggested | own).values())
        kept = every if len(every) <= MOST_BLOCKING else used.blocking
        state.put(name, kept)
    return kept


def whole(of: str, found: Match) -> Match:
    """→ the match with all blocking rules of `base` on, under the same levels and weights."""
    every = base(of, found.rules)
    if every == found.rules.blocking:
        return found
    return cache.whole(path(), snapshot_id() or "", of, found.rules, every)


def offered(of: str, used: Rules) -> tuple[Veto, ...]:
    """→ the vetoes that can be switched on and off: those that were in use on this visit, and those that could be."""
    name = f"vetoes:{snapshot_id()}:{of}"
    every = switches.on_offer(used, state.get(name, ()))
    state.put(name, every)
    return every


def truth(of: str) -> pl.DataFrame | None:
    """→ record_id, cluster_id of a sample account, whose truth is known; None for any other."""
    chosen = snapshot_id()
    return None if chosen is None else cache.truth(path(), chosen, of)


def after_vetoes(of: str, found: Match) -> Match:
    """→ the match without the pairs that its vetoes keep apart."""
    return cache.after_vetoes(path(), snapshot_id() or "", of, found)


def measures(of: str, found: Match, thresholds: list[float]) -> pl.DataFrame:
    """→ precision and recall at each threshold, on the best basis there is: truth, judgements, or the model."""
    known, left = truth(of), after_vetoes(of, found)
    if known is not None:
        return evaluate.curve(left.patterns, truth=evaluate.against(left, known), thresholds=thresholds)
    judged = judged_counts(left.records, left.pairs, len(left.patterns), judgements(of))
    elsewhere = switches.elsewhere(whole(of, found), left)
    return evaluate.curve(left.patterns, judged=judged, thresholds=thresholds, blocked=elsewhere)


def explained(found: Match, left_id: str, right_id: str) -> Explanation:
    """→ why two records of a match are one or are not."""
    return cache.explained(path(), snapshot_id() or "", found, left_id, right_id)


def shared(found: Match, pair: Explanation) -> list[Exclusion]:
    """→ what the two records of a pair share and may be told to prove nothing."""
    return cache.shared(path(), snapshot_id() or "", found.rules, pair)


def field_steps(of: str, found: Match, comparison: str, axis: str) -> Steps:
    """→ what a threshold on one comparison would let through, on the best basis there is."""
    known = truth(of)
    said = None if known is not None else judgements(of)
    return cache.field_steps(path(), snapshot_id() or "", of, comparison, axis, found, known, said)


def move_level(of: str, found: Match, comparison: str, level: str, boundary: int) -> None:
    """Let a level of a comparison begin at another similarity, from now on."""
    one = next(c for c in found.rules.comparisons if c.name == comparison)
    bounds = [boundary if x.name == level else x.at_least for x in one.levels]
    change(of, msgspec.structs.replace(tuning.moved(found, comparison, bounds), thresholds=Thresholds()))


def adopt(of: str, said: dict[str, Any]) -> None:
    """What was set on the tuning bench → the rules and thresholds in use; only what differs is changed."""
    found = match(of)
    used = found.rules
    try:
        merge, review = (round(float(np.clip(said[name], LOWEST, HIGHEST)), 3) for name in ("merge", "review"))
        tuned = tuning.tuned(found, adjust=said["adjust"], enabled=said["enabled"], at_least=said["bounds"])
        vetoes, blocking = offered(of, used), base(of, used)
        tuned = switches.switched(tuned, vetoes=vetoes, blocking=blocking, on=dict(said["on"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise RulesError("the page sent settings that cannot be read: reload it", code="settings_wrong") from error
    changed = (tuned.comparisons, tuned.blocking, set(tuned.vetoes)) != (
        used.comparisons, used.blocking, set(used.vetoes)
    )  # fmt: skip
    with state.one_step():
        if changed and not is_behind(of):  # a change that is being compared stays
            change(of, msgspec.structs.replace(tuned, thresholds=Thresholds()))
        set_thresholds(of, merge, review)


def set_thresholds(of: str, merge: float, review: float) -> None:
    """Use these thresholds; what is in use already is no change."""
    used = match(of).rules.thresholds
    with state.one_step():
        if merge != used.merge:
            state.put(f"merge_{of}", merge)
        if min(review, merge) != used.review:
            state.put(f"review_{of}", min(review, merge))


def cheapest(of: str, found: Match, asked: Costs) -> Best:
    """→ the thresholds that cost least, against the truth where it is known, else as the model expects."""
    return cache.cheapest(path(), snapshot_id() or "", of, found, after_vetoes(of, found), truth(of), asked)


def judge(of: str, left_id: str, right_id: str, verdict: str, *, judge: str, now: dt.datetime) -> dict[str, str]:
    """Save a judgement at once → the row that was saved."""
    row = {"entity": of, "left_id": left_id, "right_id": right_id, "verdict": verdict, "judge": judge}
    row["judged_at"] = now.isoformat(timespec="milliseconds")
    workspace().judge(row)
    return row


def unjudge(row: dict[str, str]) -> None:
    """Take a judgement back: what stood before it stands again."""
    workspace().take_back(row)
