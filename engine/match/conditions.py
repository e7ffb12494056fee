"""Conditions: what people know of pairs in so many words → a verdict per pattern, beside what the evidence weighs.

A condition speaks of comparison levels, so it is a statement about patterns: its cost does not grow with the pairs.
The verdict *decides* (what is merged, what goes to a person); it is no evidence. A pair merged because a rule says so
is not for that more probably a match, so `match_probability` stays the model's, and every estimate of precision and
recall is made of it; which pairs are merged and which wait is asked here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from engine.match import candidates, compare
from engine.match.judged import judged_pairs
from engine.rules import SAME, Comparison, Condition, Rules, Test

if TYPE_CHECKING:
    from engine.match.run import Match

# What becomes of a pair: the evidence decides; it is merged; it is not merged by itself; it goes to a person; it is no
# duplicate. Where several conditions speak, the later of these wins.
OPEN, MERGE, APART, REVIEW, NEVER = range(5)
NAMES = ("open", "merge", "apart", "review", "never")
KEYS = "keys"  # the name under which key fields decide
CERTAIN = 60.0  # bits at which a pair that a condition merges stands in the spanning forest
NAME_KINDS = ("given_name", "family_name")
_CODE = {"merge": MERGE, "review": REVIEW, "never": NEVER}


def asked(rules: Rules) -> bool:
    """→ whether these rules have conditions or key fields at all."""
    return bool(rules.conditions) or any(c.role for c in rules.comparisons)


def with_verdicts(rules: Rules, scored: pl.DataFrame) -> pl.DataFrame:
    """Rules, scored patterns → the same with `verdict` (UInt8): OPEN, MERGE, APART, REVIEW or NEVER."""
    verdict = np.zeros(len(scored), np.uint8)
    for _name, code, decided in _decided(rules, scored):
        verdict = np.maximum(verdict, np.where(decided, code, OPEN).astype(np.uint8))
    return scored.with_columns(pl.Series("verdict", verdict, dtype=pl.UInt8))


def decided_by(rules: Rules, patterns: pl.DataFrame) -> list[tuple[str, ...]]:
    """Rules, pattern table → per pattern the names of the conditions that make its verdict (KEYS: key fields)."""
    verdict = verdicts(with_verdicts(rules, patterns))
    names: list[tuple[str, ...]] = [()] * len(patterns)
    for name, code, decided in _decided(rules, patterns):
        for at in np.flatnonzero(decided & (verdict == code)).tolist():
            names[at] = (*names[at], name)
    return names


def merging(match: "Match") -> list[str | None]:
    """Match → for each pattern the condition that merges its pairs, None where none does."""
    if not (verdicts(match.patterns) == MERGE).any():
        return [None] * len(match.patterns)
    merges = (verdicts(match.patterns) == MERGE).tolist()
    return [", ".join(n) if m else None for n, m in zip(decided_by(match.rules, match.patterns), merges, strict=True)]


def _decided(rules: Rules, patterns: pl.DataFrame) -> Iterable[tuple[str, int, np.ndarray]]:
    """→ each condition's name, the verdict it gives, and the patterns to which it gives it."""
    read = blanks_read(rules.comparisons, patterns)
    known = {c.name: c for c in rules.comparisons}
    for condition in rules.conditions:
        held = holds(condition, known, read)
        if condition.then == "needed":
            yield condition.name, APART, ~held
        else:
            yield condition.name, _CODE[condition.then], held
    if any(c.role for c in rules.comparisons):
        yield KEYS, APART, ~keys_agree(rules.comparisons, read)


def holds(condition: Condition, comparisons: Mapping[str, Comparison], patterns: pl.DataFrame) -> np.ndarray:
    """A condition, comparisons by name, pattern table → the patterns for which it holds.

    >>> from engine.rules import Level
    >>> phone = Comparison("phone", "phone", ("phone",), (Level("same", 100), Level("different", 0)))
    >>> same = Condition(name="one phone", then="merge", all_of=(Test("phone", at_least="same"),))
    >>> holds(same, {"phone": phone}, pl.DataFrame({"phone": [0, 1, 2]})).tolist()
    [False, False, True]
    """
    result = np.ones(len(patterns), bool)
    for test in condition.all_of:
        result &= _holds(test, comparisons[test.comparison], patterns)
    if condition.any_of:
        count = np.sum([_holds(t, comparisons[t.comparison], patterns) for t in condition.any_of], axis=0)
        result &= count >= condition.how_many
    return result


def _holds(test: Test, comparison: Comparison, patterns: pl.DataFrame) -> np.ndarray:
    code = patterns[test.comparison].to_numpy()
    levels = [level.name for level in comparison.levels]
    least = 1 if test.at_least is None else len(levels) - levels.index(test.at_least)
    most = len(levels) if test.at_most is None else len(levels) - levels.index(test.at_most)
    inside = (code >= least) & (code <= most)
    return np.asarray(inside | (code == 0) if test.blank == "passes" else inside)


def keys_agree(comparisons: Sequence[Comparison], patterns: pl.DataFrame) -> np.ndarray:
    """Comparisons with roles, pattern table → where a primary key agrees, or two secondary ones do.

    A key agrees at the levels of equal values (`SAME` and more), or at its strongest where no level begins there.
    """
    agree: dict[str, list[np.ndarray]] = {"primary": [], "secondary": []}
    for comparison in comparisons:
        if comparison.role:
            same = max(1, sum(level.at_least >= SAME for level in comparison.levels))
            code = patterns[comparison.name].to_numpy()
            agree[comparison.role].append(code > len(comparison.levels) - same)
    none = np.zeros(len(patterns), np.int64)
    primary = np.sum([none, *agree["primary"]], axis=0)
    secondary = np.sum([none, *agree["secondary"]], axis=0)
    return np.asarray((primary >= 1) | (secondary >= 2))


def blanks_read(comparisons: Sequence[Comparison], patterns: pl.DataFrame) -> pl.DataFrame:
    """Comparisons, pattern table → the same, a missing value read as the weakest level where `blank` says "differs".

    Weights are estimated from values that are there and are read so afterwards: were missing values counted as
    different ones before, a real difference would weigh no more than a gap.
    """
    differs = [c.name for c in comparisons if c.blank == "differs"]
    if not differs:
        return patterns
    return patterns.with_columns(pl.col(differs).replace(0, 1))


def verdicts(patterns: pl.DataFrame) -> np.ndarray:
    """Pattern table → the verdict of each pattern, OPEN throughout where no conditions were asked."""
    if "verdict" in patterns.columns:
        return patterns["verdict"].to_numpy()
    return np.zeros(len(patterns), np.uint8)


def merged(patterns: pl.DataFrame, merge: float) -> np.ndarray:
    """Scored patterns, merge threshold → the patterns whose pairs are merged."""
    verdict = verdicts(patterns)
    return np.asarray((verdict == MERGE) | (verdict == OPEN) & (patterns["match_probability"].to_numpy() >= merge))


def waiting(patterns: pl.DataFrame, review: float, merge: float) -> np.ndarray:
    """Scored patterns, thresholds → the patterns whose pairs are for a person to look at."""
    p, verdict = patterns["match_probability"].to_numpy(), verdicts(patterns)
    return np.asarray((verdict == REVIEW) | (verdict == OPEN) & (p >= review) & (p < merge))


def deciding(patterns: pl.DataFrame, merge: float) -> np.ndarray:
    """Scored patterns, merge threshold → the probability with which each pattern's pairs speak when clusters grow.

    1 where a condition merges, and just below the threshold where a pair must not merge by itself: a missing key, or a
    doubt that a person should settle, is no evidence of two different records. Forbidden pairs keep theirs and are
    cut, like those of a veto (`forbidden`).
    """
    p, verdict = patterns["match_probability"].to_numpy(), verdicts(patterns)
    kept_below = [1.0, np.minimum(p, np.nextafter(merge, 0.0))]
    return np.asarray(np.select([verdict == MERGE, held_back(patterns)], kept_below, p))


def held_back(patterns: pl.DataFrame) -> np.ndarray:
    """Pattern table → the patterns whose pairs must not merge by themselves."""
    verdict = verdicts(patterns)
    return np.asarray((verdict == APART) | (verdict == REVIEW))


def ranking(patterns: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Scored patterns → probability and weight (bits) by which the spanning forest ranks their pairs.

    A pair that a condition merges stands above every threshold, one that is held back below every threshold.
    """
    verdict, weight = verdicts(patterns), patterns["match_weight"].to_numpy()
    certain, barred = verdict == MERGE, (verdict != OPEN) & (verdict != MERGE)
    p = np.select([certain, barred], [1.0, 0.0], default=patterns["match_probability"].to_numpy())
    return np.asarray(p), np.asarray(np.select([certain, barred], [np.maximum(weight, CERTAIN), -CERTAIN], weight))


def forbidden(match: "Match", rules: Rules, pairs: pl.DataFrame) -> list[pl.DataFrame]:
    """Match, rules, any pairs of records (left, right) → those that a `never` condition forbids, with its reason."""
    never = [c for c in rules.conditions if c.then == "never"]
    asked = {t.comparison for c in never for t in (*c.all_of, *c.any_of)}
    if not never or pairs.is_empty():
        return []
    known = {c.name: c for c in rules.comparisons}
    if any(known[name].kind in NAME_KINDS for name in asked):  # they are read together: typed crosswise
        asked |= {c.name for c in rules.comparisons if c.kind in NAME_KINDS}
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    encoded = {c.name: match.encoded[c.name] for c in rules.comparisons if c.name in asked}
    similar = {name: compare.similarity(one, left, right) for name, one in encoded.items()}
    compare.read_swapped_names(encoded, similar, left, right)
    codes = pl.DataFrame({name: compare.levels(known[name], similar[name]) for name in encoded})
    codes = blanks_read([known[name] for name in encoded], codes)
    return [
        pairs.filter(pl.Series(holds(c, known, codes))).with_columns(pl.lit(f"condition:{c.name}").alias("reason"))
        for c in never
    ]


def for_a_person(match: "Match", judgements: pl.DataFrame | None) -> pl.DataFrame:
    """Match, judgements so far → the pairs that a condition sends to a person and nobody has judged: left_id, right_id.

    The likeliest match first.
    """
    chosen = (verdicts(match.patterns) == REVIEW)[match.pairs["pattern"].to_numpy()]
    rows = match.pairs.filter(pl.Series(chosen, dtype=pl.Boolean)).select("left", "right", "pattern")
    said = judged_pairs(match.records, judgements)
    if said is not None:
        rows = rows.join(said, on=["left", "right"], how="anti", maintain_order="left")
    weight = match.patterns["match_weight"].gather(rows["pattern"])
    rows = rows.with_columns(weight=weight).sort("weight", descending=True, maintain_order=True)
    ids = match.records["record_id"]
    return pl.DataFrame({"left_id": ids.gather(rows["left"]), "right_id": ids.gather(rows["right"])})


def of_pairs(match: "Match", left_ids: pl.Series, right_ids: pl.Series) -> np.ndarray:
    """Match, ids of pairs → the verdict of each; OPEN for records that are no candidate pair."""
    if not asked(match.rules) or not len(left_ids):
        return np.zeros(len(left_ids), np.uint8)
    rows = pl.DataFrame({"record_id": match.records["record_id"]}).with_row_index("row")
    ends = [
        pl.DataFrame({"record_id": ids}).join(rows, on="record_id", how="left", maintain_order="left")["row"].to_numpy()
        for ids in (left_ids, right_ids)
    ]
    at = candidates.numbers(match.pairs, np.minimum(*ends), np.maximum(*ends))
    found = np.zeros(len(at), np.uint8)
    found[at >= 0] = verdicts(match.patterns)[match.pairs["pattern"].to_numpy()[at[at >= 0]]]
    return found
