"""The match under the rules in use; only what a changed part of the rules needs is done again."""

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import streamlit as st

from engine import rules as rule_files
from engine.match import bonds, run, spill, suggest
from engine.match.remembered import Remembered
from engine.match.run import Match
from engine.progress import Progress
from engine.rules import BlockingRule, Rules, Thresholds, Weights
from pages._ui import jobs
from pages._ui.cache import held
from pages._ui.cache.held import SOME


def suggested(path: str, snapshot_id: str, entity: str) -> Rules:
    """→ the rules the engine suggests for these records; the match under them is known as well then."""

    def work(progress: Progress) -> Rules:
        records = held.snapshot(path, snapshot_id).frames[entity]
        found = suggest.suggest_and_match(
            records,
            entity=entity,
            room=_within(path, records),
            remembered=_remembered(path, snapshot_id, entity),
            progress=progress,
        )
        open_ = msgspec.structs.replace(found.rules, weights=Weights(), thresholds=Thresholds())
        held.room().keep(_match_key(path, snapshot_id, entity, open_), (weight_of(open_), found))
        return open_

    said: Rules = held.ask(("suggest", path, snapshot_id, entity), work, slot=("suggest", entity))
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
        weighed = _narrowed(path, snapshot_id, entity, basis_of(weighed.rules), weight_of(rules), kept, rules, weighed)
    bound = rule_files.digest((rules.vetoes, rules.clustering.one_per_source))
    weighed = _bound(path, snapshot_id, entity, basis_of(weighed.rules), weight_of(rules), bound, rules, weighed)
    said = held.frame_digest(judgements)
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
    return _weighed(path, snapshot_id, entity, basis_of(full), weight_of(full), full, compared)


@st.cache_resource(show_spinner=False, max_entries=SOME)
def _narrowed(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, kept: str, _rules: Rules, _found: Match
) -> Match:
    return run.narrow(_found, _rules)


@st.cache_resource(show_spinner=False, max_entries=SOME)
def _bound(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, bound: str, _rules: Rules, _found: Match
) -> Match:
    """→ the match prepared for these vetoes, once for all thresholds."""
    return bonds.bound(_found, _rules)


def _compared(
    path: str, snapshot_id: str, entity: str, rules: Rules, view: str, patience: float | None = None
) -> tuple[str, Match]:
    """→ the digest of the weights asked for at first, and the match under them."""

    def work(progress: Progress) -> tuple[str, Match]:
        records = held.snapshot(path, snapshot_id).frames[entity]
        known = _remembered(path, snapshot_id, entity)
        found = run.match(records, rules, room=_within(path, records), remembered=known, progress=progress)
        return weight_of(rules), found

    key = _match_key(path, snapshot_id, entity, rules)
    found: tuple[str, Match] = held.ask(key, work, slot=(view, entity), patience=patience)
    return found


def _within(path: str, records: pl.DataFrame) -> spill.Room:
    """→ the memory that may be taken; what does not fit waits in the workspace's folder, if its disk has the place."""
    within = spill.Room(held.memory_bytes(path), Path(path))
    within.check_disk(len(records))
    return within


def _remembered(path: str, snapshot_id: str, entity: str) -> Remembered:
    """→ what earlier work in this workspace found out about values, and about these records; the folder may have gone
    with a snapshot since."""
    return Remembered(held.workspace(path).remembered, of=f"{snapshot_id}/{entity}")


def _match_key(path: str, snapshot_id: str, entity: str, rules: Rules) -> jobs.Key:
    return ("match", path, snapshot_id, entity, basis_of(rules))


@st.cache_resource(show_spinner=False, max_entries=SOME)
def _weighed(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, _rules: Rules, _compared: tuple[str, Match]
) -> Match:
    known, found = _compared
    return found if known == weight else run.reweigh(found, _rules)


@st.cache_resource(show_spinner=False, max_entries=SOME)
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


def weight_of(rules: Rules) -> str:
    """Rules → the digest of what decides the weights of the pairs."""
    return rule_files.digest((rules.comparisons, rules.weights, rules.conditions))


def basis_of(rules: Rules) -> str:
    """Rules → the digest of what decides which pairs there are and how alike they are."""
    return rule_files.digest((values_of(rules), rules.blocking))


def values_of(rules: Rules) -> str:
    """Rules → the digest of what decides how the values of records are read and compared."""
    compared = tuple((c.name, c.kind, c.columns) for c in rules.comparisons)
    values = tuple(e for e in rules.exclusions if e.pair is None)
    return rule_files.digest((rules.entity, rules.region, compared, values))
