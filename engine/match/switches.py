"""Vetoes and blocking rules switched on and off: pairs counted so that every combination of them adds up.

No pair is found or compared again: which blocking rules found a pair and which vetoes forbid it is known of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import polars as pl

from engine.errors import RulesError
from engine.match import compare
from engine.match.kinds import KINDS
from engine.rules import MISSING, BlockingRule, Comparison, Rules, Veto

if TYPE_CHECKING:
    from engine.match.run import Match

MOST = 400_000  # groups: beyond, those that very many rules found are put together
MANY = 0xFFFFFFFF  # `found_by` of pairs that were put together: more rules than can be told apart


def on_offer(rules: Rules, known: Sequence[Veto] = ()) -> tuple[Veto, ...]:
    """Rules, vetoes offered before → their vetoes and those, and one that each other comparison could have.

    That one begins where values of its kind contradict each other, else at the weakest of the kind's usual levels. They
    come in the order of the comparisons, whichever are in use.
    """
    place = {comparison.name: at for at, comparison in enumerate(rules.comparisons)}
    own = {*rules.vetoes, *(veto for veto in known if veto.comparison in place)}
    taken = {veto.comparison for veto in own}
    every = [*own, *(Veto(c.name, _differs(c)) for c in rules.comparisons if c.name not in taken)]
    return tuple(sorted(every, key=lambda veto: (place[veto.comparison], veto.at_most)))


def _differs(comparison: Comparison) -> int:
    """→ the greatest similarity at which two values of this kind are still different ones."""
    kind = KINDS[comparison.kind]
    if kind.veto is not None:
        return kind.veto
    if kind.contradiction is not None:
        return kind.contradiction - 1
    return min(at_least for _, at_least in kind.levels if at_least > 0) - 1


def name(veto: Veto) -> str:
    """Veto → its name among switches."""
    return f"{veto.comparison}≤{veto.at_most}"


def switched(
    rules: Rules,
    *,
    vetoes: Sequence[Veto],
    blocking: Sequence[BlockingRule],
    on: Mapping[str, bool],
) -> Rules:
    """Rules, what can be switched, name → on or off → the rules with what is on; a name not given is off.

    Raises RulesError when no blocking rule is left: then no pair would be found.
    """
    kept = tuple(rule for rule in blocking if on.get(rule.name))
    if not kept:
        raise RulesError("every blocking rule is switched off, so no pair would be found: leave one on")
    return msgspec.structs.replace(rules, blocking=kept, vetoes=tuple(veto for veto in vetoes if on.get(name(veto))))


def vetoed_by(match: "Match", vetoes: Sequence[Veto], row: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Match, vetoes → for each of its pairs, or those in some rows, which of them forbid it (uint32, bit i: veto i)."""
    pairs = match.pairs[row]
    kinds = {c.name: c.kind for c in match.rules.comparisons}
    known = {  # a veto reads names as they stand
        name: similar[row] for name, similar in match.similarities.items() if kinds[name] not in compare.CROSSWISE
    }
    return barred_by(match, vetoes, pairs["left"].to_numpy(), pairs["right"].to_numpy(), known=known)


def barred_by(
    match: "Match", vetoes: Sequence[Veto], left: np.ndarray, right: np.ndarray, *,
    known: Mapping[str, np.ndarray] | None = None,
) -> np.ndarray:  # fmt: skip
    """Match, vetoes, any two records of each pair, similarities that are known → which forbid it, as in `vetoed_by`."""
    bits = np.zeros(len(left), np.uint32)
    for bit, veto in enumerate(vetoes):
        similar = (known or {}).get(veto.comparison)
        if similar is None:
            similar = compare.similarity(match.encoded[veto.comparison], left, right)
        bits |= ((similar <= veto.at_most) & (similar != MISSING)).astype(np.uint32) << np.uint32(bit)
    return bits


def groups(
    match: "Match", barred: np.ndarray, *, matches: np.ndarray | None = None, most: int = MOST
) -> tuple[pl.DataFrame, int]:
    """Match, which vetoes forbid each pair, which are true matches → the pairs counted, and how far that is exact.

    One row for each pattern, set of blocking rules that found its pairs, and set of vetoes that forbid them: pattern,
    found_by, vetoed_by, pairs, matches (only where known). Whatever is switched off, the pairs left are the rows whose
    `found_by` still holds a rule that is on. Were there more than `most` rows, pairs that more than k rules found are
    put together as `MANY`: exact while at most k rules are off, which is the second result.
    """
    pairs = match.pairs
    told = pairs.select("pattern", "found_by").with_columns(
        pl.Series("vetoed_by", barred, dtype=pl.UInt32),
        pl.Series("matches", np.zeros(len(pairs), bool) if matches is None else matches, dtype=pl.Boolean),
    )
    table = told.group_by(_TOLD).agg(pl.len().alias("pairs"), pl.col("matches").cast(pl.UInt32).sum()).sort(_TOLD)
    exact = len(match.rules.blocking)
    while len(table) > most and exact > 1:
        exact -= 1
        table = _together(table, exact).group_by(_TOLD).agg(pl.col("pairs", "matches").sum()).sort(_TOLD)
    return table if matches is not None else table.drop("matches"), exact


_TOLD = ["pattern", "found_by", "vetoed_by"]


def of_pairs(match: "Match", barred: np.ndarray, groups: pl.DataFrame, exact: int, row: np.ndarray) -> np.ndarray:
    """Match, which vetoes forbid each pair, what `groups` gave, rows of pairs → their rows of `groups`."""
    some = match.pairs.select("pattern", "found_by")[row]
    some = _together(some.with_columns(pl.Series("vetoed_by", barred[row])), exact)
    of = some.join(groups.select(_TOLD).with_row_index("group"), on=_TOLD, how="left", maintain_order="left")
    return of["group"].to_numpy()


def _together(table: pl.DataFrame, exact: int) -> pl.DataFrame:
    """Pairs or groups → the same, `found_by` of those that more than `exact` rules found `MANY`."""
    many = pl.col("found_by").bitwise_count_ones() > exact
    return table.with_columns(pl.when(many).then(pl.lit(MANY, pl.UInt32)).otherwise("found_by").alias("found_by"))


def after_vetoes(match: "Match") -> "Match":
    """Match → the same without the candidate pairs that its vetoes keep apart, in pairs and in pattern counts.

    So what is measured of it is measured of the pairs that can merge. Forest and clusters are those of the whole match.
    """
    barred = vetoed_by(match, match.rules.vetoes) > 0
    if not barred.any():
        return match
    gone = np.bincount(match.pairs["pattern"].to_numpy()[barred], minlength=len(match.patterns))
    return replace(
        match,
        pairs=match.pairs.filter(pl.Series(~barred)),
        similarities={name: similar[~barred] for name, similar in match.similarities.items()},
        patterns=match.patterns.with_columns(pl.col("pairs") - pl.Series(gone, dtype=pl.Int64)),
    )


def elsewhere(whole: "Match", left: "Match") -> float:
    """A Match, the same with fewer pairs → for each match expected among these, how many more the whole holds.

    What `evaluate.curve` takes as `blocked`: so that recall does not rise because a rule was switched off.
    """
    there, here = (float((m.patterns["match_probability"] * m.patterns["pairs"]).sum() or 0.0) for m in (whole, left))
    return max(0.0, there - here) / max(here, 1e-9)
