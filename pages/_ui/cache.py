"""What was computed once: the only module with `st.cache_*`. Engine functions by snapshot id and digest of the rules.

What may take longer than a moment is a job (`jobs.py`): such a function gives the result when it is there, and raises
`jobs.Waiting` when it is not there yet. The rest is worked out at once, in the visitor's own run.

Frames are never hashed and never copied: they hang on a snapshot's id, which is the hash of its content, and are
shared by all visitors, who must not change them. Arguments that begin with an underscore are not part of the key.
"""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import streamlit as st

from engine import rules as rule_files
from engine.match import mutate, run, spill, steps, suggest, switches
from engine.match import rule_tests as engine_tests
from engine.match.remembered import Remembered
from engine.match.rule_tests import Result
from engine.match.run import Match
from engine.match.steps import Steps
from engine.plan import build, make, survivorship
from engine.plan.build import Plan
from engine.plan.compile import capabilities
from engine.plan.merges import Decision
from engine.plan.survivorship import Golden
from engine.progress import Progress
from engine.retention import decide
from engine.retention.schedule import Hold, Schedule
from engine.rules import BlockingRule, Rules, Thresholds, Veto, Weights
from engine.snapshot import profile, read
from engine.snapshot.table import Table
from engine.snapshot.workspace import Workspace
from engine.storage import findings as storage_findings
from engine.storage import growth, links
from engine.storage import usage as storage_usage
from pages._ui import jobs, state
from pages._ui.components.live import packing

_FEW, _SOME, _MANY = 4, 24, 200
MEMORY_SHARE = 0.7  # of the machine's memory that matching may take unless something else is set


@st.cache_resource(show_spinner=False)
def workspace(path: str) -> Workspace:
    """A folder → its workspace, opened once for all visitors."""
    return Workspace(Path(path))


@st.cache_resource(show_spinner=False)
def room() -> jobs.Room:
    """→ the room in which the jobs of all visitors are done."""
    return jobs.Room()


def ask(key: jobs.Key, work: jobs.Work, *, slot: jobs.Key = (), patience: float | None = None) -> Any:
    """(key, work) → its result, or `jobs.Waiting` while it is done for this visitor."""
    return room().ask(key, work, who=state.who(), slot=slot, patience=patience)


def again(key: jobs.Key) -> None:
    """What this visitor cancelled, what failed, or what changed the workspace, is done anew when it is asked for."""
    room().again(key, state.who())


@st.cache_resource(show_spinner=False, max_entries=_FEW)
def snapshot(path: str, snapshot_id: str) -> Any:
    """→ the snapshot with its frames."""
    return workspace(path).load(snapshot_id)


def suggested(path: str, snapshot_id: str, entity: str) -> Rules:
    """→ the rules the engine suggests for these records; the match under them is known as well then."""

    def work(progress: Progress) -> Rules:
        records = snapshot(path, snapshot_id).frames[entity]
        found = suggest.suggest_and_match(
            records, entity=entity, room=_within(path, records), remembered=_remembered(path), progress=progress
        )
        open_ = msgspec.structs.replace(found.rules, weights=Weights(), thresholds=Thresholds())
        room().keep(_match_key(path, snapshot_id, entity, open_), (_weight(open_), found))
        return open_

    said: Rules = ask(("suggest", path, snapshot_id, entity), work, slot=("suggest", entity))
    return said


def match(
    path: str,
    snapshot_id: str,
    entity: str,
    rules: Rules,
    judgements: pl.DataFrame | None,
    *,
    base: tuple[BlockingRule, ...] = (),
    view: str = "match",
    patience: float | None = None,
) -> Match:
    """→ the `Match` under these rules and judgements; only what a changed part of the rules needs is done again.

    `base`: blocking rules, those of `rules` among them, under which pairs are found once for all that leave some out.
    `view`: who asks for the same view under other rules no longer waits for those before.
    """
    weighed = whole(path, snapshot_id, entity, rules, base, view=view, patience=patience)
    if weighed.rules.blocking != rules.blocking:
        kept = rule_files.digest(rules.blocking)
        weighed = _narrowed(path, snapshot_id, entity, _basis(weighed.rules), _weight(rules), kept, rules, weighed)
    said = frame_digest(judgements)
    return _clustered(path, snapshot_id, entity, rule_files.digest(rules), said, rules, weighed, judgements)


def whole(
    path: str,
    snapshot_id: str,
    entity: str,
    rules: Rules,
    base: tuple[BlockingRule, ...],
    *,
    view: str = "match",
    patience: float | None = None,
) -> Match:
    """→ the match with the levels and weights of these rules, under all blocking rules of `base`."""
    full = msgspec.structs.replace(rules, blocking=base or rules.blocking)
    compared = _compared(path, snapshot_id, entity, full, view, patience)
    return _weighed(path, snapshot_id, entity, _basis(full), _weight(full), full, compared)


@st.cache_resource(show_spinner=False, max_entries=_SOME)
def _narrowed(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, kept: str, _rules: Rules, _found: Match
) -> Match:
    return run.narrow(_found, _rules)


def _compared(
    path: str, snapshot_id: str, entity: str, rules: Rules, view: str, patience: float | None = None
) -> tuple[str, Match]:
    """→ the digest of the weights asked for at first, and the match under them."""

    def work(progress: Progress) -> tuple[str, Match]:
        records = snapshot(path, snapshot_id).frames[entity]
        found = run.match(records, rules, room=_within(path, records), remembered=_remembered(path), progress=progress)
        return _weight(rules), found

    key = _match_key(path, snapshot_id, entity, rules)
    found: tuple[str, Match] = ask(key, work, slot=(view, entity), patience=patience)
    return found


def memory_bytes(path: str) -> int:
    """→ how much memory matching may take: what was set for the workspace, else most of what this machine has."""
    return int(workspace(path).account().get("memory_bytes") or MEMORY_SHARE * spill.physical_memory())


def _within(path: str, records: pl.DataFrame) -> spill.Room:
    """→ the memory that may be taken; what does not fit waits in the workspace's folder, if its disk has the place."""
    within = spill.Room(memory_bytes(path), Path(path))
    if within.tight(len(records)):
        within.check_disk(len(records))
    return within


def _remembered(path: str) -> Remembered:
    """→ what earlier work in this workspace found out about values; the folder may have gone with a snapshot since."""
    return Remembered(workspace(path).remembered)


def _match_key(path: str, snapshot_id: str, entity: str, rules: Rules) -> jobs.Key:
    return ("match", path, snapshot_id, entity, _basis(rules))


@st.cache_resource(show_spinner=False, max_entries=_SOME)
def _weighed(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, _rules: Rules, _compared: tuple[str, Match]
) -> Match:
    known, found = _compared
    return found if known == weight else run.reweigh(found, _rules)


@st.cache_resource(show_spinner=False, max_entries=_SOME)
def _clustered(
    path: str, snapshot_id: str, entity: str, whole: str, said: str, _rules: Rules, _found: Match, _judgements: Any
) -> Match:
    completed = msgspec.structs.replace(_rules, weights=_found.rules.weights)
    return run.recluster(dataclasses.replace(_found, judgements=_judgements), completed)


def learnt(path: str, snapshot_id: str, entity: str, rules: Rules, judgements: pl.DataFrame) -> Rules:
    """→ the rules with weights estimated, and levels corrected, with the judgements taken as certain."""
    _known, compared = _compared(path, snapshot_id, entity, rules, "match")
    taught = run.reweigh(dataclasses.replace(compared, judgements=judgements), rules).rules
    return msgspec.structs.replace(rules, comparisons=taught.comparisons, weights=taught.weights)


def rule_tests(path: str, rules: Rules, table: pl.DataFrame) -> list[Result]:
    """→ what the rules say of each test; another threshold only reads the same results anew."""
    whole = msgspec.structs.replace(rules, thresholds=Thresholds(0.9, 0.5))
    results = _tested(path, rule_files.digest(whole), frame_digest(table), whole, table)
    return engine_tests.held_against(rules, results)


@st.cache_resource(show_spinner=False, max_entries=_SOME)
def _tested(path: str, whole: str, said: str, _rules: Rules, _table: pl.DataFrame) -> list[Result]:
    return engine_tests.run_tests(_rules, _table)


def mutations(path: str, snapshot_id: str, entity: str, rules: Rules) -> pl.DataFrame:
    """→ recall by kind of error."""

    def work(progress: Progress) -> pl.DataFrame:
        return mutate.recall_by_mutation(snapshot(path, snapshot_id).frames[entity], rules, progress=progress)

    key = ("mutate", path, snapshot_id, entity, rule_files.digest(rules))
    found: pl.DataFrame = ask(key, work, slot=("mutate", entity))
    return found


def live_table(
    path: str,
    snapshot_id: str,
    entity: str,
    whole: Match,
    found: Match,
    offered: tuple[Veto, ...],
    truth: pl.DataFrame | None,
    judgements: pl.DataFrame | None,
) -> bytes:
    """→ the pattern table, its pairs by rule and veto, its weights and what is known of it, as the browser reads it."""
    bound = None if judgements is None else found.rules.vetoes
    switched = rule_files.digest((found.rules.blocking, offered, bound))
    weight, said = _weight(found.rules), frame_digest(judgements)
    basis = _basis(whole.rules)
    return _live_table(
        path, snapshot_id, entity, basis, weight, switched, said, whole, found, offered, truth, judgements
    )


@st.cache_data(show_spinner=False, max_entries=_SOME)
def _live_table(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, switched: str, said: str,
    _whole: Match, _found: Match, _offered: Any, _truth: Any, _said: Any,
) -> bytes:  # fmt: skip
    steps = [n / 1000 for n in range(1, 1000)]
    return packing.pack(_whole, found=_found, offered=_offered, truth=_truth, judgements=_said, thresholds=steps)


def after_vetoes(path: str, snapshot_id: str, entity: str, found: Match) -> Match:
    """→ the match without the pairs that its vetoes keep apart: what precision and recall are measured of."""
    if not found.rules.vetoes:
        return found
    rules = found.rules
    left = rule_files.digest((rules.vetoes, rules.blocking))
    return _after_vetoes(path, snapshot_id, entity, _basis(rules), _weight(rules), left, found)


@st.cache_resource(show_spinner=False, max_entries=_FEW)
def _after_vetoes(path: str, snapshot_id: str, entity: str, basis: str, weight: str, left: str, _found: Match) -> Match:
    return switches.after_vetoes(_found)


def live_similarity(path: str, snapshot_id: str, entity: str, comparison: str, found: Match) -> dict[str, list[float]]:
    """→ pairs and expected matches of one comparison by similarity."""
    weight = rule_files.digest((found.rules.comparisons, found.rules.weights))
    return _live_similarity(path, snapshot_id, entity, _basis(found.rules), weight, comparison, found)


@st.cache_data(show_spinner=False, max_entries=_MANY)
def _live_similarity(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, comparison: str, _found: Match
) -> dict[str, list[float]]:
    return packing.similarity(_found, comparison)


def field_steps(
    path: str, snapshot_id: str, entity: str, comparison: str, axis: str, found: Match, truth: Any, judgements: Any
) -> Steps:
    """→ what a threshold on one comparison would let through; where a pair stands on the axis is found once."""
    weight, basis = rule_files.digest((found.rules.comparisons, found.rules.weights)), _basis(found.rules)
    at = _places(path, snapshot_id, entity, basis, comparison, axis, found)
    said = frame_digest(judgements)
    return _field_steps(path, snapshot_id, entity, basis, weight, said, comparison, axis, at, found, truth, judgements)


@st.cache_resource(show_spinner=False, max_entries=_FEW)
def _places(path: str, snapshot_id: str, entity: str, basis: str, comparison: str, axis: str, _found: Match) -> Any:
    return steps.values(_found, comparison, axis=axis)


@st.cache_resource(show_spinner=False, max_entries=_MANY)
def _field_steps(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, said: str, comparison: str, axis: str,
    _at: Any, _found: Match, _truth: Any, _said: Any,
) -> Steps:  # fmt: skip
    return steps.steps(_found, comparison, axis=axis, at=_at, truth=_truth, judgements=_said)


def _weight(rules: Rules) -> str:
    """Rules → the digest of what decides the weights of the pairs."""
    return rule_files.digest((rules.comparisons, rules.weights, rules.conditions))


def _basis(rules: Rules) -> str:
    """Rules → the digest of what decides which pairs there are and how alike they are."""
    compared = tuple((c.name, c.kind, c.columns) for c in rules.comparisons)
    values = tuple(e for e in rules.exclusions if e.pair is None)
    return rule_files.digest((rules.entity, rules.region, compared, rules.blocking, values))


def frame_digest(frame: pl.DataFrame | None) -> str:
    """A small frame → a digest of its content."""
    return hashlib.sha256(b"" if frame is None else frame.write_csv().encode()).hexdigest()[:16]


@st.cache_data(show_spinner=False, max_entries=_MANY)
def usage(path: str, snapshot_id: str, by: str, as_of: dt.date) -> pl.DataFrame:
    """→ bytes and files by group."""
    return storage_usage.usage(snapshot(path, snapshot_id), by, as_of=as_of)


@st.cache_data(show_spinner=False, max_entries=_SOME)
def findings(path: str, snapshot_id: str, as_of: dt.date) -> pl.DataFrame:
    """→ files that could go, with the bytes each would free."""
    return storage_findings.findings(snapshot(path, snapshot_id), as_of=as_of)


@st.cache_data(show_spinner=False, max_entries=_SOME)
def difference(
    path: str, before: str, after: str, by: str, as_of_before: dt.date, as_of_after: dt.date
) -> pl.DataFrame:
    """→ what grew between two snapshots."""
    return growth.difference(
        snapshot(path, before), snapshot(path, after), by, as_of_before=as_of_before, as_of_after=as_of_after
    )


@st.cache_data(show_spinner=False, max_entries=_SOME)
def history(path: str, snapshot_id: str, as_of: dt.date) -> pl.DataFrame:
    """→ bytes in use at the end of each month."""
    return growth.history(snapshot(path, snapshot_id), as_of=as_of)


def golden(
    path: str, snapshot_id: str, entity: str, clusters: str, survivors: Mapping[str, str], found: Match
) -> Golden:
    """→ survivors and golden values of the clusters."""

    def work(_progress: Progress) -> Golden:
        deals = links.deal_links(snapshot(path, snapshot_id)).filter(entity=entity)
        return survivorship.golden(found.records, found.clusters, entity=entity, deals=deals, survivors=survivors)

    key = ("golden", path, snapshot_id, entity, clusters, rule_files.digest(sorted(survivors.items())))
    made: Golden = ask(key, work, slot=("golden", entity))
    return made


def dispositions(
    path: str, snapshot_id: str, schedule: Schedule, holds: tuple[Hold, ...], as_of: dt.date
) -> pl.DataFrame:
    """→ what the schedule and the holds say of every record and file."""

    def work(_progress: Progress) -> pl.DataFrame:
        return decide.decide(snapshot(path, snapshot_id), schedule, holds, as_of=as_of)

    key = ("due", path, snapshot_id, rule_files.digest((schedule, holds)), as_of.isoformat())
    decided: pl.DataFrame = ask(key, work, slot=("due",))
    return decided


def tables(paths: tuple[str, ...], encoding: str | None, delimiter: str | None) -> list[Table]:
    """→ the tables in these files; an upload has a folder of its own, so its paths name its content."""

    def work(progress: Progress) -> list[Table]:
        return read.read_tables(list(paths), encoding=encoding, delimiter=delimiter, progress=progress)

    found: list[Table] = ask(("tables", *paths, str(encoding), str(delimiter)), work, slot=("tables",))
    return found


@st.cache_data(show_spinner=False, max_entries=_SOME)
def completeness(path: str, snapshot_id: str, entity: str) -> pl.DataFrame:
    """→ field, share of records with a value."""
    return profile.completeness(snapshot(path, snapshot_id).frames[entity], entity=entity)


@st.cache_data(show_spinner=False, max_entries=_SOME)
def invalid(path: str, snapshot_id: str, entity: str) -> pl.DataFrame:
    """→ field, problem, values, records, examples."""
    held = snapshot(path, snapshot_id)
    mappings = tuple(e for source in held.sources for e in source.mapping.entities)
    return profile.invalid(held.frames[entity], entity=entity, mappings=mappings)


def plan(
    path: str,
    snapshot_id: str,
    as_of: dt.date,
    target: str,
    matches: dict[str, Match],
    dispositions: pl.DataFrame,
    decisions: list[Decision],
) -> Plan:
    """→ the plan; built again only when a cluster, a disposition or a decision has changed."""
    parts = [frame_digest(found.clusters) for found in matches.values()]
    said = rule_files.digest((parts, decisions, frame_digest(dispositions)))

    def work(_progress: Progress) -> Plan:
        held = snapshot(path, snapshot_id)
        trash_counts = bool(capabilities()[target].get("trash_counts", False))
        return build.build(
            held,
            {entity: found.clusters for entity, found in matches.items()},
            evidence={entity: make.evidence(found) for entity, found in matches.items()},
            dispositions=dispositions,
            findings=storage_findings.findings(held, as_of=as_of, trash_counts=trash_counts),
            as_of=as_of,
            decisions=decisions,
        )

    made: Plan = ask(("plan", path, snapshot_id, as_of.isoformat(), target, said), work, slot=("plan",))
    return made
