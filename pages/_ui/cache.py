"""What was computed once: the only module with `st.cache_*`. Engine functions by snapshot id and digest of the rules.

Frames are never hashed and never copied: they hang on a snapshot's id, which is the hash of its content, and are
shared by all visitors, who must not change them. Arguments that begin with an underscore are not part of the key.
"""

import dataclasses
import datetime as dt
import hashlib
import threading
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import streamlit as st

from engine import rules as rule_files
from engine.match import evaluate, mutate, run, suggest
from engine.match import rule_tests as engine_tests
from engine.match.judged import judged_counts
from engine.match.rule_tests import Result
from engine.match.run import Match
from engine.plan import build, make, survivorship
from engine.plan.build import Plan
from engine.plan.compile import capabilities
from engine.plan.merges import Decision
from engine.plan.survivorship import Golden
from engine.retention import decide
from engine.retention.schedule import Hold, Schedule
from engine.rules import Rules, Thresholds
from engine.snapshot import profile, read
from engine.snapshot.table import Table
from engine.snapshot.workspace import Workspace
from engine.storage import findings as storage_findings
from engine.storage import growth, links
from engine.storage import usage as storage_usage
from pages._ui.components.live import packing

_FEW, _SOME, _MANY = 4, 24, 200


@st.cache_resource(show_spinner=False)
def workspace(path: str) -> Workspace:
    """A folder → its workspace, opened once for all visitors."""
    return Workspace(Path(path))


@st.cache_resource(show_spinner=False)
def lock(path: str) -> threading.Lock:
    """A folder → the lock that lets only one visitor at a time load files into it."""
    return threading.Lock()


@st.cache_resource(show_spinner=False, max_entries=_FEW)
def snapshot(path: str, snapshot_id: str) -> Any:
    """→ the snapshot with its frames."""
    return workspace(path).load(snapshot_id)


@st.cache_resource(show_spinner=False, max_entries=_SOME)
def suggested(path: str, snapshot_id: str, entity: str) -> Rules:
    """→ the rules the engine suggests for these records."""
    return suggest.suggest(snapshot(path, snapshot_id).frames[entity], entity=entity)


def match(path: str, snapshot_id: str, entity: str, rules: Rules, judgements: pl.DataFrame | None) -> Match:
    """→ the `Match` under these rules and judgements; only what a changed part of the rules needs is done again."""
    compared = _compared(path, snapshot_id, entity, _basis(rules), rules)
    weight = rule_files.digest((rules.comparisons, rules.weights))
    weighed = _weighed(path, snapshot_id, entity, _basis(rules), weight, rules, compared)
    said = frame_digest(judgements)
    return _clustered(path, snapshot_id, entity, rule_files.digest(rules), said, rules, weighed, judgements)


@st.cache_resource(show_spinner=False, max_entries=_FEW)
def _compared(path: str, snapshot_id: str, entity: str, basis: str, _rules: Rules) -> Match:
    return run.match(snapshot(path, snapshot_id).frames[entity], _rules)


@st.cache_resource(show_spinner=False, max_entries=_SOME)
def _weighed(path: str, snapshot_id: str, entity: str, basis: str, weight: str, _rules: Rules, _found: Match) -> Match:
    return run.reweigh(_found, _rules)


@st.cache_resource(show_spinner=False, max_entries=_SOME)
def _clustered(
    path: str, snapshot_id: str, entity: str, whole: str, said: str, _rules: Rules, _found: Match, _judgements: Any
) -> Match:
    completed = msgspec.structs.replace(_rules, weights=_found.rules.weights)
    return run.recluster(dataclasses.replace(_found, judgements=_judgements), completed)


def learnt(path: str, snapshot_id: str, entity: str, rules: Rules, judgements: pl.DataFrame) -> Rules:
    """→ the rules with weights estimated, and levels corrected, with the judgements taken as certain."""
    compared = _compared(path, snapshot_id, entity, _basis(rules), rules)
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
    return _mutated(path, snapshot_id, entity, rule_files.digest(rules), rules)


@st.cache_data(show_spinner=False, max_entries=_SOME)
def _mutated(path: str, snapshot_id: str, entity: str, whole: str, _rules: Rules) -> pl.DataFrame:
    return mutate.recall_by_mutation(snapshot(path, snapshot_id).frames[entity], _rules)


def live_table(
    path: str, snapshot_id: str, entity: str, found: Match, truth: pl.DataFrame | None, judgements: pl.DataFrame | None
) -> bytes:
    """→ the pattern table, its weights and what is known of it, as the browser reads it."""
    weight = rule_files.digest((found.rules.comparisons, found.rules.weights))
    return _live_table(
        path, snapshot_id, entity, _basis(found.rules), weight, frame_digest(judgements), found, truth, judgements
    )


@st.cache_data(show_spinner=False, max_entries=_SOME)
def _live_table(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, said: str, _found: Match, _truth: Any, _said: Any
) -> bytes:
    known = None if _truth is None else evaluate.against(_found, _truth)
    judged = judged_counts(_found.records, _found.pairs, len(_found.patterns), _said)
    return packing.pack(_found, truth=known, judged=judged, thresholds=[n / 1000 for n in range(1, 1000)])


def live_similarity(path: str, snapshot_id: str, entity: str, comparison: str, found: Match) -> dict[str, list[float]]:
    """→ pairs and expected matches of one comparison by similarity."""
    weight = rule_files.digest((found.rules.comparisons, found.rules.weights))
    return _live_similarity(path, snapshot_id, entity, _basis(found.rules), weight, comparison, found)


@st.cache_data(show_spinner=False, max_entries=_MANY)
def _live_similarity(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, comparison: str, _found: Match
) -> dict[str, list[float]]:
    return packing.similarity(_found, comparison)


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


@st.cache_resource(show_spinner=False, max_entries=_SOME)
def golden(path: str, snapshot_id: str, entity: str, clusters: str, survivors: dict[str, str], _found: Match) -> Golden:
    """→ survivors and golden values of the clusters."""
    deals = links.deal_links(snapshot(path, snapshot_id)).filter(entity=entity)
    return survivorship.golden(_found.records, _found.clusters, entity=entity, deals=deals, survivors=survivors)


def dispositions(
    path: str, snapshot_id: str, schedule: Schedule, holds: tuple[Hold, ...], as_of: dt.date
) -> pl.DataFrame:
    """→ what the schedule and the holds say of every record and file."""
    return _decided(path, snapshot_id, rule_files.digest((schedule, holds)), as_of, schedule, holds)


@st.cache_resource(show_spinner=False, max_entries=_SOME)
def _decided(path: str, snapshot_id: str, said: str, as_of: dt.date, _schedule: Schedule, _holds: Any) -> pl.DataFrame:
    return decide.decide(snapshot(path, snapshot_id), _schedule, _holds, as_of=as_of)


@st.cache_resource(show_spinner=False, max_entries=_FEW)
def tables(paths: tuple[str, ...], encoding: str | None, delimiter: str | None) -> list[Table]:
    """→ the tables in these files; an upload has a folder of its own, so its paths name its content."""
    return read.read_tables(list(paths), encoding=encoding, delimiter=delimiter)


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
    return _built(path, snapshot_id, as_of, target, said, matches, dispositions, decisions)


@st.cache_resource(show_spinner=False, max_entries=_FEW)
def _built(
    path: str, snapshot_id: str, as_of: dt.date, target: str, said: str, _matches: Any, _due: Any, _decisions: Any
) -> Plan:
    trash_counts = bool(capabilities()[target].get("trash_counts", False))
    return build.build(
        snapshot(path, snapshot_id),
        {entity: found.clusters for entity, found in _matches.items()},
        evidence={entity: make.evidence(found) for entity, found in _matches.items()},
        dispositions=_due,
        findings=storage_findings.findings(snapshot(path, snapshot_id), as_of=as_of, trash_counts=trash_counts),
        as_of=as_of,
        decisions=_decisions,
    )
