"""What follows of an account: its profile, storage, dispositions, golden records, the plan; the files of an export."""

import datetime as dt
from collections.abc import Mapping

import polars as pl
import streamlit as st

from engine import rules as rule_files
from engine.match.run import Match
from engine.plan import build, make, survivorship
from engine.plan.build import Plan
from engine.plan.compile import capabilities
from engine.plan.merges import Decision
from engine.plan.survivorship import Golden
from engine.progress import Progress
from engine.retention import decide
from engine.retention.schedule import Hold, Schedule
from engine.snapshot import profile, read
from engine.snapshot.table import Table
from engine.storage import findings as storage_findings
from engine.storage import growth, links
from engine.storage import usage as storage_usage
from pages._ui import sample
from pages._ui.cache import held
from pages._ui.cache.held import MANY, SOME


@st.cache_data(show_spinner=False, max_entries=MANY)
def usage(path: str, snapshot_id: str, by: str, as_of: dt.date) -> pl.DataFrame:
    """→ bytes and files by group."""
    return storage_usage.usage(held.snapshot(path, snapshot_id), by, as_of=as_of)


@st.cache_data(show_spinner=False, max_entries=SOME)
def findings(path: str, snapshot_id: str, as_of: dt.date) -> pl.DataFrame:
    """→ files that could go, with the bytes each would free."""
    return storage_findings.findings(held.snapshot(path, snapshot_id), as_of=as_of)


@st.cache_data(show_spinner=False, max_entries=SOME)
def difference(
    path: str, before: str, after: str, by: str, as_of_before: dt.date, as_of_after: dt.date
) -> pl.DataFrame:
    """→ what grew between two snapshots."""
    return growth.difference(
        held.snapshot(path, before), held.snapshot(path, after), by, as_of_before=as_of_before, as_of_after=as_of_after
    )


def golden(
    path: str, snapshot_id: str, entity: str, clusters: str, survivors: Mapping[str, str], found: Match
) -> Golden:
    """→ survivors and golden values of the clusters."""

    def work(progress: Progress) -> Golden:
        deals = links.deal_links(held.snapshot(path, snapshot_id)).filter(entity=entity)
        return survivorship.golden(
            found.records, found.clusters, entity=entity, deals=deals, survivors=survivors, progress=progress
        )

    key = ("golden", path, snapshot_id, entity, clusters, rule_files.digest(sorted(survivors.items())))
    made: Golden = held.ask(key, work, slot=("golden", entity))
    return made


def dispositions(
    path: str, snapshot_id: str, schedule: Schedule, holds: tuple[Hold, ...], as_of: dt.date
) -> pl.DataFrame:
    """→ what the schedule and the holds say of every record and file."""

    def work(progress: Progress) -> pl.DataFrame:
        return decide.decide(held.snapshot(path, snapshot_id), schedule, holds, as_of=as_of, progress=progress)

    key = ("due", path, snapshot_id, rule_files.digest((schedule, holds)), as_of.isoformat())
    decided: pl.DataFrame = held.ask(key, work, slot=("due",))
    return decided


def tables(paths: tuple[str, ...], encoding: str | None, delimiter: str | None) -> list[Table]:
    """→ the tables in these files; an upload has a folder of its own, so its paths name its content."""

    def work(progress: Progress) -> list[Table]:
        return read.read_tables(list(paths), encoding=encoding, delimiter=delimiter, progress=progress)

    found: list[Table] = held.ask(("tables", *paths, str(encoding), str(delimiter)), work, slot=("tables",))
    return found


@st.cache_data(show_spinner=False, max_entries=SOME)
def completeness(path: str, snapshot_id: str, entity: str) -> pl.DataFrame:
    """→ field, share of records with a value."""
    return profile.completeness(held.snapshot(path, snapshot_id).frames[entity], entity=entity)


@st.cache_data(show_spinner=False, max_entries=SOME)
def invalid(path: str, snapshot_id: str, entity: str) -> pl.DataFrame:
    """→ field, problem, values, records, examples."""
    whole = held.snapshot(path, snapshot_id)
    mappings = tuple(e for source in whole.sources for e in source.mapping.entities)
    return profile.invalid(whole.frames[entity], entity=entity, mappings=mappings)


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
    parts = [held.frame_digest(found.clusters) for found in matches.values()]
    said = rule_files.digest((parts, decisions, held.frame_digest(dispositions)))

    def work(progress: Progress) -> Plan:
        whole = held.snapshot(path, snapshot_id)
        trash_counts = bool(capabilities()[target].get("trash_counts", False))
        progress("evidence", 0.0)
        evidence = {entity: make.evidence(found) for entity, found in matches.items()}
        progress("findings", 0.0)
        found = storage_findings.findings(whole, as_of=as_of, trash_counts=trash_counts)
        return build.build(
            whole,
            {entity: one.clusters for entity, one in matches.items()},
            evidence=evidence,
            dispositions=dispositions,
            findings=found,
            as_of=as_of,
            decisions=decisions,
            progress=progress,
        )

    made: Plan = held.ask(("plan", path, snapshot_id, as_of.isoformat(), target, said), work, slot=("plan",))
    return made


@st.cache_resource(show_spinner=False, max_entries=SOME)
def truth(path: str, snapshot_id: str, entity: str) -> pl.DataFrame | None:
    """→ record_id, cluster_id of a sample account, whose truth is known; None for any other."""
    frames = held.snapshot(path, snapshot_id).frames
    return sample.truth(entity, frames[entity]) if entity in frames else None
