"""Explanation: why two records match or not, as a sum of parts, and what would change it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from engine.errors import InputError
from engine.match import compare, conditions, weigh
from engine.match.encode import raw_values
from engine.rules import MISSING, Comparison

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
    left, right = _row(match, left_id), _row(match, right_id)
    comparisons = match.rules.comparisons
    rows = np.array([left]), np.array([right])
    similar = {c.name: compare.similarity(match.encoded[c.name], *rows) for c in comparisons}
    compare.read_swapped_names(match.encoded, similar, *rows)
    codes = {c.name: int(compare.levels(c, similar[c.name])[0]) for c in comparisons}
    parts, prior = _parts(match, codes)
    shown = {c.name: raw_values(match.records[[left, right]], c.columns).to_list() for c in comparisons}
    scored = _score(match, [codes]).row(0, named=True)
    found_by = tuple(rule.name for rule in match.rules.blocking if _agree(match, rule.keys, left, right))
    verdict, decided_by = _laid_down(match, (left_id, right_id), similar, codes)
    return Explanation(
        left_id,
        right_id,
        scored["match_probability"],
        scored["match_weight"],
        scored["looks_like"],
        prior,
        tuple(
            Part(
                comparison=c.name,
                level=_level_name(c, codes[c.name]),
                left=shown[c.name][0],
                right=shown[c.name][1],
                similarity=None if similar[c.name][0] == MISSING else int(similar[c.name][0]),
                weight=parts[c.name],
                ignored=_ignored(match, c.name, shown[c.name]) if similar[c.name][0] == MISSING else None,
            )
            for c in comparisons
            if c.enabled
        ),
        found_by,
        () if found_by else _would_find(match, left, right),
        _would_match(match, codes),
        verdict,
        decided_by,
    )


def _laid_down(
    match: "Match", ids: tuple[str, str], similar: dict[str, np.ndarray], codes: dict[str, int]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """→ what is laid down for these two whatever they weigh, and by what."""
    rules = match.rules
    never = [("veto", v.comparison) for v in rules.vetoes
             if (s := int(similar[v.comparison][0])) <= v.at_most and s != MISSING]  # fmt: skip
    never += [("exclusion", e.reason) for e in rules.exclusions if e.pair is not None and set(e.pair) == set(ids)]
    if never:
        return conditions.NAMES[conditions.NEVER], tuple(never)
    frame = _frame([codes])
    code = int(conditions.verdicts(conditions.with_verdicts(rules, frame))[0])
    names = conditions.decided_by(rules, frame)[0]
    return conditions.NAMES[code], tuple(("keys", "") if n == conditions.KEYS else ("condition", n) for n in names)


def _ignored(match: "Match", comparison: str, shown: list[str | None]) -> str | None:
    """→ why the value of one of the two records does not count, None when it is simply not there."""
    told = match.placeholders.filter((pl.col("comparison") == comparison) & pl.col("value").is_in(shown))
    return None if told.is_empty() else str(told["reason"][0])


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


def _frame(codes: list[dict[str, int]]) -> pl.DataFrame:
    return pl.DataFrame(codes).cast(pl.UInt8)


def _score(match: "Match", codes: list[dict[str, int]]) -> pl.DataFrame:
    return conditions.with_verdicts(
        match.rules, weigh.score(match.rules.comparisons, match.rules.weights, _frame(codes))
    )


def _parts(match: "Match", codes: dict[str, int]) -> tuple[dict[str, float], float]:
    """Level codes of a pair → bits each comparison adds given those before it, and the bits before any of them."""
    order = list(codes)
    steps = [{name: codes[name] if position < taken else 0 for position, name in enumerate(order)}
             for taken in range(len(order) + 1)]  # fmt: skip
    weights = _score(match, steps)["match_weight"].to_numpy()
    return dict(zip(order, np.diff(weights).tolist(), strict=True)), float(weights[0])


def _would_match(match: "Match", codes: dict[str, int]) -> tuple[tuple[str, str, float], ...]:
    """Single level changes after which the pair stands at or above the merge threshold, the smallest of each
    comparison first."""
    assert match.rules.thresholds.merge is not None
    tried = [(c, code) for c in match.rules.comparisons if c.enabled
             for code in range(1, len(c.levels) + 1) if code != codes[c.name]]  # fmt: skip
    scored = _score(match, [{**codes, c.name: code} for c, code in tried])
    enough = conditions.merged(scored, match.rules.thresholds.merge).tolist()
    weights = scored["match_weight"].to_list()
    first: dict[str, tuple[str, str, float]] = {}
    for (comparison, code), over, weight in zip(tried, enough, weights, strict=True):
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
