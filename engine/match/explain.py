"""Explanation: why two records match or not, as a sum of parts, and what would change it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from engine.errors import InputError
from engine.match import compare, conditions, weigh
from engine.match.encode import raw_values
from engine.rules import MISSING, Comparison, Rules

if TYPE_CHECKING:
    from engine.match.run import Match


@dataclass(frozen=True)
class Part:
    """What one comparison adds: `weight` in bits; `similarity` None and `level` "missing" where a value is missing.

    `ignored`: why a value that is there does not count, a reason of `Match.placeholders` such as "excluded".
    """

    comparison: str
    level: str
    left: str | None
    right: str | None
    similarity: int | None
    weight: float
    ignored: str | None = None


@dataclass(frozen=True)
class Explanation:
    """`weight` = `prior` + the parts' weights (bits). `found_by`: blocking rules on whose keys the two agree.

    `would_find`: further blocking rules on which they agree, for a pair that none of the rules brought together.
    `would_match`: (comparison, level, weight then) for single changes that would lift the pair over the threshold.
    `verdict`: what conditions, key fields, exclusions and vetoes make of the pair, one of `conditions.NAMES`, and
    `decided_by` which of them: ("condition", name), ("keys", ""), ("exclusion", reason), ("veto", comparison).
    """

    left_id: str
    right_id: str
    probability: float
    weight: float
    looks_like: str
    prior: float
    parts: tuple[Part, ...]
    found_by: tuple[str, ...]
    would_find: tuple[str, ...]
    would_match: tuple[tuple[str, str, float], ...]
    verdict: str = conditions.NAMES[conditions.OPEN]
    decided_by: tuple[tuple[str, str], ...] = ()


def pair(match: "Match", left_id: str, right_id: str) -> Explanation:
    """Match, two record ids → why they match or do not; the two need not have been candidates.

    With several classes of non-matches the evidence of one comparison depends on the others. The parts are taken
    one after another, each given those before it, so they sum exactly to the weight; with two classes they are the
    Fellegi–Sunter weights.
    """
    return pairs(match, [(left_id, right_id)])[0]


def pairs(match: "Match", asked: Sequence[tuple[str, str]]) -> list[Explanation]:
    """Match, pairs of record ids → what `pair` says of each; many take little more time than one."""
    if not asked:
        return []
    rules = match.rules
    left, right = (np.array([_row(match, ids[side]) for ids in asked]) for side in (0, 1))
    similar = {c.name: compare.similarity(match.encoded[c.name], left, right) for c in rules.comparisons}
    compare.read_swapped_names(match.encoded, similar, left, right)
    codes = pl.DataFrame({c.name: compare.levels(c, similar[c.name]) for c in rules.comparisons})
    values = [_values(match, c, left, right, similar[c.name]) for c in rules.comparisons]
    steps = [_taken(row) for row in codes.iter_rows(named=True)]
    changes = [_changes(rules, row) for row in codes.iter_rows(named=True)]
    # All that is to be scored, of each pair what it is step by step and then what it could be, at once.
    rows = [[*taken, *(row for _c, _code, row in tried)] for taken, tried in zip(steps, changes, strict=True)]
    scored = _score(match, [row for some in rows for row in some])
    begin = np.cumsum([0, *map(len, rows)]).tolist()
    whole = scored[[start + len(taken) - 1 for start, taken in zip(begin[:-1], steps, strict=True)]]
    weight, merged = scored["match_weight"].to_list(), _merged(rules, scored)
    verdicts, names = conditions.verdicts(whole).tolist(), conditions.decided_by(rules, whole)
    told = []
    for at, (left_id, right_id) in enumerate(asked):
        start, end = begin[at], begin[at] + len(steps[at])
        bits = dict(zip(codes.columns, np.diff(weight[start:end]).tolist(), strict=True))
        found_by = tuple(rule.name for rule in rules.blocking if _agree(match, rule.keys, left[at], right[at]))
        never = _never(rules, (left_id, right_id), {name: int(s[at]) for name, s in similar.items()})
        decided = tuple(("keys", "") if n == conditions.KEYS else ("condition", n) for n in names[at])
        told.append(
            Explanation(
                left_id,
                right_id,
                whole["match_probability"][at],
                whole["match_weight"][at],
                whole["looks_like"][at],
                weight[start],
                tuple(
                    Part(
                        comparison=c.name,
                        level=_level_name(c, codes[c.name][at]),
                        left=shown[at][0],
                        right=shown[at][1],
                        similarity=None if similar[c.name][at] == MISSING else int(similar[c.name][at]),
                        weight=bits[c.name],
                        ignored=shown[at][2],
                    )
                    for c, shown in zip(rules.comparisons, values, strict=True)
                    if c.enabled
                ),
                found_by,
                () if found_by else _would_find(match, left[at], right[at]),
                _would_match(changes[at], merged[end : begin[at + 1]], weight[end : begin[at + 1]]),
                conditions.NAMES[conditions.NEVER if never else verdicts[at]],
                never or decided,
            )
        )
    return told


def _never(rules: Rules, ids: tuple[str, str], similar: dict[str, int]) -> tuple[tuple[str, str], ...]:
    """→ by what it is laid down that these two are no duplicates, whatever they weigh and whatever conditions say."""
    vetoes = (v for v in rules.vetoes if similar[v.comparison] <= v.at_most and similar[v.comparison] != MISSING)
    excluded = (e for e in rules.exclusions if e.pair is not None and set(e.pair) == set(ids))
    return (*(("veto", v.comparison) for v in vetoes), *(("exclusion", e.reason) for e in excluded))


def _values(
    match: "Match", comparison: Comparison, left: np.ndarray, right: np.ndarray, similar: np.ndarray
) -> list[tuple[str | None, str | None, str | None]]:
    """→ of each pair what stands on both sides, and why a value does not count; None when it is simply not there."""
    sides = [raw_values(match.records[rows], comparison.columns).to_list() for rows in (left, right)]
    missing = (similar == MISSING).tolist()
    ignored: list[tuple[str, str]] = []
    if any(missing):
        here = match.placeholders.filter(pl.col("comparison") == comparison.name)
        ignored = here.filter(pl.col("value").is_in(sides[0] + sides[1])).select("value", "reason").rows()
    return [
        (a, b, next((reason for value, reason in ignored if value in (a, b)), None) if gap else None)
        for a, b, gap in zip(*sides, missing, strict=True)
    ]


def _would_find(match: "Match", left: int, right: int) -> tuple[str, ...]:
    """Two records that no blocking rule brought together → the possible rules that would have."""
    from engine.match.suggest import possible_blocking

    return tuple(r.name for r in possible_blocking(match.rules.comparisons) if _agree(match, r.keys, left, right))


def _row(match: "Match", record_id: str) -> int:
    at = match.records["record_id"].index_of(record_id)
    if at is None:
        raise InputError(f"there is no record {record_id!r} in this table: check the id", code="unknown_record")
    return int(at)


def _level_name(comparison: Comparison, code: int) -> str:
    return "missing" if code == 0 else comparison.levels[len(comparison.levels) - code].name


def _score(match: "Match", codes: list[dict[str, int]]) -> pl.DataFrame:
    frame = pl.DataFrame(codes).cast(pl.UInt8)
    return conditions.with_verdicts(match.rules, weigh.score(match.rules.comparisons, match.rules.weights, frame))


def _taken(codes: dict[str, int]) -> list[dict[str, int]]:
    """Level codes of a pair → the codes after none of its comparisons, after the first, …, after all of them."""
    return [
        {name: code if position < taken else 0 for position, (name, code) in enumerate(codes.items())}
        for taken in range(len(codes) + 1)
    ]


def _changes(rules: Rules, codes: dict[str, int]) -> list[tuple[Comparison, int, dict[str, int]]]:
    """Level codes of a pair → every single change of a level: the comparison, its code then, all codes then."""
    return [
        (c, code, {**codes, c.name: code})
        for c in rules.comparisons
        if c.enabled
        for code in range(1, len(c.levels) + 1)
        if code != codes[c.name]
    ]


def _merged(rules: Rules, scored: pl.DataFrame) -> list[bool]:
    assert rules.thresholds.merge is not None
    merged: list[bool] = conditions.merged(scored, rules.thresholds.merge).tolist()
    return merged


def _would_match(
    tried: list[tuple[Comparison, int, dict[str, int]]], merged: list[bool], weights: list[float]
) -> tuple[tuple[str, str, float], ...]:
    """Single level changes → those after which the pair is merged, the smallest of each comparison first."""
    first: dict[str, tuple[str, str, float]] = {}
    for (comparison, code, _codes), over, weight in zip(tried, merged, weights, strict=True):
        if over and comparison.name not in first:
            first[comparison.name] = (comparison.name, _level_name(comparison, code), weight)
    return tuple(sorted(first.values(), key=lambda change: change[2]))


def _agree(match: "Match", keys: tuple[str, ...], left: int, right: int) -> bool:
    """Do the two records share a joint key of this rule?"""
    joint: list[set[int]] = [{0}, {0}]
    for key in keys:
        name, _, part = key.partition(".")
        encoded = match.encoded[name]
        row, hashed = encoded.blocking[part]
        for side, record in enumerate((left, right)):
            own = hashed[row == encoded.codes[record]].tolist() if encoded.codes[record] >= 0 else []
            joint[side] = {(a + b) % (1 << 64) for a in joint[side] for b in own}
    return bool(joint[0] & joint[1])
