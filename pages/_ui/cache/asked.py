"""What is asked of a match or of rules: the bench's figures, steps, rule tests, mutations, what to judge next."""

from collections.abc import Sequence
from typing import Any

import msgspec
import polars as pl
import streamlit as st

from engine import rules as rule_files
from engine.match import costs, evaluate, exclusions, explain, mutate, sampling, steps, switches
from engine.match import outcomes as every_threshold
from engine.match import rule_tests as engine_tests
from engine.match.costs import Best, Costs
from engine.match.explain import Explanation
from engine.match.outcomes import Outcomes
from engine.match.rule_tests import Result
from engine.match.run import Match
from engine.match.steps import Steps
from engine.progress import Progress
from engine.rules import Exclusion, Rules, Thresholds, Veto
from pages._ui import state
from pages._ui.cache import held, matching
from pages._ui.cache.held import FEW, MANY, SOME
from pages._ui.components.live import packing


@st.cache_resource(show_spinner=False, max_entries=MANY)
def waterfall(language: str, steps: tuple[tuple[str, float, float, float, str], ...]) -> Any:
    """Language, steps of a pair's weight in it → their picture, which takes longer to make than all beside it."""
    from pages._ui import charts  # loads Altair, which the first figures do not wait for

    return charts.waterfall(pl.DataFrame(list(steps), schema=["part", "start", "end", "weight", "says"], orient="row"))


def tests(kept: list[dict[str, Any]] | None, region: str) -> pl.DataFrame:
    """→ the tests that were kept, as a table, else those that come along for a region."""
    return _tests(rule_files.digest(kept), region if kept is None else "", kept)


@st.cache_resource(show_spinner=False, max_entries=SOME)
def _tests(said: str, region: str, _kept: Any) -> pl.DataFrame:
    if _kept is None:
        return engine_tests.starter(region)
    return engine_tests.checked(pl.DataFrame(_kept, infer_schema_length=None))


def rule_tests(path: str, rules: Rules, table: pl.DataFrame) -> list[Result]:
    """→ what the rules say of each test; another threshold only reads the same results anew."""
    whole = msgspec.structs.replace(rules, thresholds=Thresholds(0.9, 0.5))
    results = _tested(path, rule_files.digest(whole), held.frame_digest(table), whole, table)
    return engine_tests.held_against(rules, results)


@st.cache_resource(show_spinner=False, max_entries=SOME)
def _tested(path: str, whole: str, said: str, _rules: Rules, _table: pl.DataFrame) -> list[Result]:
    # Nobody wants them any more where the rules were changed again meanwhile.
    return engine_tests.run_tests(
        _rules,
        _table,
        met=_met(path, matching.values_of(_rules), said, _rules, _table),
        progress=lambda _stage, _share: state.give_way(),
    )


@st.cache_resource(show_spinner=False, max_entries=SOME)
def _met(path: str, values: str, said: str, _rules: Rules, _table: pl.DataFrame) -> engine_tests.Met:
    return engine_tests.meet(_rules, _table)


def mutations(path: str, snapshot_id: str, entity: str, rules: Rules) -> pl.DataFrame:
    """→ recall by kind of error."""

    def work(progress: Progress) -> pl.DataFrame:
        return mutate.recall_by_mutation(held.snapshot(path, snapshot_id).frames[entity], rules, progress=progress)

    key = ("mutate", path, snapshot_id, entity, rule_files.digest(rules))
    found: pl.DataFrame = held.ask(key, work, slot=("mutate", entity))
    return found


def live_table(
    path: str, snapshot_id: str, entity: str, whole: Match, offered: tuple[Veto, ...], truth: pl.DataFrame | None
) -> bytes:
    """→ the pattern table, its pairs by rule and veto, its weights, as the browser reads it.

    Bits by hand and what counts are no part of it, unless on them depends which pairs are in memory.
    """
    rules = whole.rules
    if whole.parts is None:
        bare = tuple(
            msgspec.structs.replace(
                c, enabled=True, levels=tuple(msgspec.structs.replace(level, adjust=0.0) for level in c.levels)
            )
            for c in rules.comparisons
        )
        rules = msgspec.structs.replace(rules, comparisons=bare)
    offers = rule_files.digest(offered)
    basis, weight = matching.basis_of(rules), matching.weight_of(rules)
    return _live_table(path, snapshot_id, entity, basis, weight, offers, whole, offered, truth)


@st.cache_data(show_spinner=False, max_entries=FEW)
def _live_table(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, offers: str,
    _whole: Match, _offered: Any, _truth: Any,
) -> bytes:  # fmt: skip
    return packing.pack(_whole, offered=_offered, truth=_truth)


def standing(found: Match) -> str:
    """→ the digest of all but the thresholds that decides what merges: rules, judgements."""
    rules = msgspec.structs.replace(found.rules, thresholds=Thresholds())
    return rule_files.digest((rules, held.frame_digest(found.judgements)))


def live_known(
    path: str, snapshot_id: str, entity: str, whole: Match, found: Match, judgements: pl.DataFrame | None,
    outcomes: Outcomes | None,
) -> bytes:  # fmt: skip
    """→ what is known of the rules in use whatever the thresholds: what judgements say, and the groups if they are."""
    every, said = rule_files.digest(whole.rules.blocking), held.frame_digest(judgements)
    name, ready = standing(found), outcomes is not None
    return _live_known(path, snapshot_id, entity, name, every, said, ready, whole, found, judgements, outcomes)


@st.cache_data(show_spinner=False, max_entries=SOME)
def _live_known(
    path: str, snapshot_id: str, entity: str, name: str, every: str, said: str, ready: bool,
    _whole: Match, _found: Match, _said: Any, _outcomes: Any,
) -> bytes:  # fmt: skip
    steps = [n / 1000 for n in range(1, 1000)]
    return packing.known("=" + name[:15], _whole, found=_found, judgements=_said, thresholds=steps, outcomes=_outcomes)


def outcomes(path: str, snapshot_id: str, entity: str, found: Match, *, patience: float | None) -> Outcomes | None:
    """→ the groups that every merge threshold makes, worked out in the background; without patience: if they are."""

    def work(progress: Progress) -> Outcomes:
        return every_threshold.outcomes(found, progress=progress)

    key = ("outcomes", path, snapshot_id, entity, standing(found))
    if patience is None:
        kept: Outcomes | None = held.room().known(key)
        return kept
    made: Outcomes = held.ask(key, work, slot=("outcomes", entity), patience=patience)
    return made


def after_vetoes(path: str, snapshot_id: str, entity: str, found: Match) -> Match:
    """→ the match without the pairs that its vetoes keep apart: what precision and recall are measured of."""
    if not found.rules.vetoes:
        return found
    rules = found.rules
    left = rule_files.digest((rules.vetoes, rules.blocking))
    return _after_vetoes(path, snapshot_id, entity, matching.basis_of(rules), matching.weight_of(rules), left, found)


@st.cache_resource(show_spinner=False, max_entries=FEW)
def _after_vetoes(path: str, snapshot_id: str, entity: str, basis: str, weight: str, left: str, _found: Match) -> Match:
    return switches.after_vetoes(_found)


def cheapest(
    path: str, snapshot_id: str, entity: str, found: Match, left: Match, truth: pl.DataFrame | None, asked: Costs
) -> Best:
    """→ the thresholds that cost least; `left`: the match without the pairs that vetoes keep apart."""
    return _cheapest(path, snapshot_id, entity, standing(found), rule_files.digest(asked), left, truth, asked)


@st.cache_resource(show_spinner=False, max_entries=SOME)
def _cheapest(
    path: str, snapshot_id: str, entity: str, name: str, said: str, _left: Match, _truth: Any, _asked: Costs
) -> Best:
    if _truth is None:
        return costs.best_thresholds(_left.patterns, _asked)
    counted = evaluate.against(_left, _truth)
    missed = float(counted.in_table - counted.per_pattern.sum())
    return costs.best_thresholds(_left.patterns, _asked, matches=counted.per_pattern, missed_by_blocking=missed)


def live_similarity(path: str, snapshot_id: str, entity: str, comparison: str, found: Match) -> dict[str, list[float]]:
    """→ pairs and expected matches of one comparison by similarity."""
    weight = rule_files.digest((found.rules.comparisons, found.rules.weights))
    return _live_similarity(path, snapshot_id, entity, matching.basis_of(found.rules), weight, comparison, found)


@st.cache_data(show_spinner=False, max_entries=MANY)
def _live_similarity(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, comparison: str, _found: Match
) -> dict[str, list[float]]:
    return packing.similarity(_found, comparison)


def field_steps(
    path: str, snapshot_id: str, entity: str, comparison: str, axis: str, found: Match, truth: Any, judgements: Any
) -> Steps:
    """→ what a threshold on one comparison would let through; where a pair stands on the axis is found once."""
    weight, basis = rule_files.digest((found.rules.comparisons, found.rules.weights)), matching.basis_of(found.rules)
    at = _places(path, snapshot_id, entity, basis, comparison, axis, found)
    said = held.frame_digest(judgements)
    return _field_steps(path, snapshot_id, entity, basis, weight, said, comparison, axis, at, found, truth, judgements)


@st.cache_resource(show_spinner=False, max_entries=FEW)
def _places(path: str, snapshot_id: str, entity: str, basis: str, comparison: str, axis: str, _found: Match) -> Any:
    return steps.values(_found, comparison, axis=axis)


@st.cache_resource(show_spinner=False, max_entries=MANY)
def _field_steps(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, said: str, comparison: str, axis: str,
    _at: Any, _found: Match, _truth: Any, _said: Any,
) -> Steps:  # fmt: skip
    return steps.steps(_found, comparison, axis=axis, at=_at, truth=_truth, judgements=_said)


def next_pairs(
    path: str, snapshot_id: str, entity: str, found: Match, judgements: pl.DataFrame,
    *, around: Sequence[float], count: int, seed: int,
) -> pl.DataFrame:  # fmt: skip
    """→ the pairs to judge next."""
    basis, weight, said = matching.basis_of(found.rules), matching.weight_of(found.rules), held.frame_digest(judgements)
    at = tuple(around)
    return _next_pairs(path, snapshot_id, entity, basis, weight, said, at, count, seed, found, judgements)


@st.cache_data(show_spinner=False, max_entries=SOME)
def _next_pairs(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, said: str, around: tuple[float, ...],
    count: int, seed: int, _found: Match, _said: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    return sampling.next_pairs(_found, _said, around=around, count=count, seed=seed)


def needed(
    path: str, snapshot_id: str, entity: str, found: Match, judgements: pl.DataFrame, *, around: float, points: float
) -> int | None:
    """→ how many more judgements until precision and recall are known to ± `points`."""
    basis, weight, said = matching.basis_of(found.rules), matching.weight_of(found.rules), held.frame_digest(judgements)
    return _needed(path, snapshot_id, entity, basis, weight, said, around, points, found, judgements)


@st.cache_data(show_spinner=False, max_entries=SOME)
def _needed(
    path: str, snapshot_id: str, entity: str, basis: str, weight: str, said: str, around: float, points: float,
    _found: Match, _said: pl.DataFrame,
) -> int | None:  # fmt: skip
    return sampling.needed(_found, _said, around=around, points=points)


def explained(path: str, snapshot_id: str, found: Match, left_id: str, right_id: str) -> Explanation:
    """→ why two records match or do not, under the rules of the match."""
    return _explained(path, snapshot_id, rule_files.digest(found.rules), left_id, right_id, found)


@st.cache_resource(show_spinner=False, max_entries=MANY)
def _explained(path: str, snapshot_id: str, rules: str, left_id: str, right_id: str, _found: Match) -> Explanation:
    return explain.pair(_found, left_id, right_id)


def shared(path: str, snapshot_id: str, rules: Rules, pair: Explanation) -> list[Exclusion]:
    """→ the values and domains that two records share and that may prove nothing."""
    kinds = [(c.name, c.kind) for c in rules.comparisons]
    shown = [(part.comparison, part.left, part.right, part.ignored) for part in pair.parts]
    return _shared(path, snapshot_id, rule_files.digest((rules.region, kinds, shown)), rules, pair)


@st.cache_data(show_spinner=False, max_entries=MANY)
def _shared(path: str, snapshot_id: str, shown: str, _rules: Rules, _pair: Explanation) -> list[Exclusion]:
    return list(exclusions.offered(_rules.comparisons, _pair.parts, region=_rules.region))
