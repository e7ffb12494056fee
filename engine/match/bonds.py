"""What binds the clusters whatever the evidence says: vetoes, conditions, one record per source, people.

What does not depend on the merge threshold is found once per set of weights (`prepared`).
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from engine.match import candidates, cluster, compare, conditions
from engine.match.cluster import Clustered, Ground
from engine.match.judged import judged_pairs
from engine.match.lives import NONE as NOBODY
from engine.match.lives import Lives, stretches
from engine.rules import MISSING, Rules

if TYPE_CHECKING:
    from engine.match.run import Match

LARGEST_CHECKED = 200  # components with more records are checked for vetoes among their candidate pairs only
LARGEST_PREPARED = 24  # in components with more records vetoes are looked for at the threshold in use only
PAIRS = {"left": pl.UInt32(), "right": pl.UInt32(), "reason": pl.String()}


@dataclass(frozen=True)
class Bonds:
    """`never`: left, right, reason, in components of few records at whatever threshold; `under`: for which rules."""

    under: tuple[Any, ...]
    never: pl.DataFrame


NONE = Bonds((), pl.DataFrame(schema=PAIRS))


def prepared(found: "Match", rules: Rules) -> Bonds:
    """Match with its Ground, rules → the pairs that vetoes and conditions keep apart in components of few records."""
    pairs = pl.DataFrame(schema={name: PAIRS[name] for name in ("left", "right")})
    if bind(rules):
        size = np.diff(np.r_[np.flatnonzero(found.ground.gap == 0.0), len(found.ground.gap)])
        pairs = every_two(found.ground.order, size, size <= LARGEST_PREPARED)
    return Bonds(_under(rules), forbidden(found, rules, pairs))


def bound(found: "Match", rules: Rules) -> "Match":
    """Match with its Ground, rules with other vetoes → the Match prepared for them, whatever the threshold will be."""
    return found if found.bonds.under == _under(rules) else replace(found, bonds=prepared(found, rules))


def _under(rules: Rules) -> tuple[Any, ...]:
    return rules.vetoes, rules.conditions, rules.comparisons, rules.clustering.one_per_source


def bind(rules: Rules) -> bool:
    """→ whether anything in the rules can keep two records apart that are no candidate pair."""
    never = any(c.then == "never" for c in rules.conditions)
    return bool(rules.vetoes) or never or rules.clustering.one_per_source


def every_two(order: np.ndarray, size: np.ndarray, some: np.ndarray) -> pl.DataFrame:
    """Records of components one after the other, size of each, which ones → every two records: left, right (UInt32)."""
    start, size = (np.cumsum(size) - size)[some], size[some]
    first, second = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for distance in range(1, int(size.max(initial=1))):
        start, size = start[size > distance], size[size > distance]
        count = size - distance
        at = np.repeat(start - np.r_[0, np.cumsum(count)[:-1]], count) + np.arange(int(count.sum()))
        first.append(order[at])
        second.append(order[at + distance])
    a, b = np.concatenate(first), np.concatenate(second)
    return pl.DataFrame({"left": np.minimum(a, b).astype(np.uint32), "right": np.maximum(a, b).astype(np.uint32)})


def forbidden(found: "Match", rules: Rules, pairs: pl.DataFrame) -> pl.DataFrame:
    """Match, rules, any pairs of records → those that a veto, a condition or their source keeps apart."""
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    parts = [pl.DataFrame(schema=PAIRS)]
    for veto in rules.vetoes if len(pairs) else ():
        s = compare.similarity(found.encoded[veto.comparison], left, right)
        parts.append(pairs.filter(pl.Series((s <= veto.at_most) & (s != MISSING))).with_columns(
            pl.lit(f"veto:{veto.comparison}").alias("reason")))  # fmt: skip
    parts += conditions.forbidden(found, rules, pairs)
    if rules.clustering.one_per_source and found.source is not None:
        same = pl.Series(found.source[left] == found.source[right])
        parts.append(pairs.filter(same).with_columns(pl.lit("one_per_source").alias("reason")))
    return pl.concat(parts)


def grow(found: "Match", rules: Rules, threshold: float) -> Clustered:
    """Match with its Ground (not above `threshold`), rules → clusters at a threshold, bound by all that binds them."""
    probability = conditions.deciding(found.patterns, threshold)
    judged = judged_pairs(found.records, found.judgements)
    forbidden = _never(found, rules, probability, threshold, judged)
    made = cluster.cluster(found.ground, probability, threshold=threshold, forbidden=forbidden)
    if judged is None:
        return made
    records, ground = judged_ground(found, judged)
    # Two patterns more: a pair that was judged a match, and one that was judged none.
    certain = cluster.cluster(ground, np.r_[probability, 1.0, 0.0], threshold=threshold, forbidden=forbidden)
    return _replaced(found, made, certain, records)


def _never(
    found: "Match", rules: Rules, probability: np.ndarray, threshold: float, judged: pl.DataFrame | None
) -> pl.DataFrame | None:
    """Match, rules → pairs of records that must never share a cluster: left, right, reason.

    Vetoes hold for every two records that the pairs above the threshold connect, candidates or not.
    """
    parts: list[pl.DataFrame] = []
    if bind(rules):
        known = found.bonds if found.bonds.under == _under(rules) else prepared(found, rules)
        part, place = found.ground.components(threshold)[0], found.ground.place
        ends = [part[place[known.never[side].to_numpy()]] for side in ("left", "right")]
        # What only a judgement connects, no veto parts again: somebody knows better.
        parts.append(known.never.filter(pl.Series(ends[0] == ends[1], dtype=pl.Boolean)))
        parts.append(forbidden(found, rules, _in_large(found.ground, found.pairs, probability, threshold)))
    if judged is not None:
        parts.append(judged.filter(verdict="non_match").select("left", "right", pl.lit("judged").alias("reason")))
    parts.append(excluded(found, rules))
    return pl.concat(parts) if any(len(part) for part in parts) else None


def lasting(found: "Match", rules: Rules, life: Lives) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Match, rules, the lives of its components → pairs that must never share a cluster: left, right, until which stop.

    At each stop they are those of `_never`, but for what vetoes forbid in components of more than `LARGEST_CHECKED`.
    """
    judged, order = judged_pairs(found.records, found.judgements), found.ground.order
    parts: list[pl.DataFrame] = []
    if bind(rules):
        known = found.bonds if found.bonds.under == _under(rules) else prepared(found, rules)
        tree = np.cumsum(found.ground.gap == 0.0) - 1
        large = (np.bincount(tree) > LARGEST_PREPARED)[tree] if len(tree) else np.zeros(0, bool)
        checked = large[life.start] & (life.size <= LARGEST_CHECKED)
        checked &= (life.parent == NOBODY) | ~checked[life.parent]  # each pair once, in the largest
        some = np.flatnonzero(checked)
        places = stretches(life.start[some], life.size[some])
        every = every_two(order[places], life.size[some], np.ones(len(some), bool))
        parts += [known.never, forbidden(found, rules, every)]
    ends = [pl.concat([pl.DataFrame(schema=PAIRS), *parts])[side].to_numpy() for side in ("left", "right")]
    at = life.smallest(*(found.ground.place[end] for end in ends))
    until = np.r_[life.high, 0][at]  # what no evidence connects, no veto parts
    said = [excluded(found, rules).drop("reason")]
    if judged is not None:
        said.append(judged.filter(verdict="non_match").select("left", "right"))
    always = pl.concat([one.cast(pl.UInt32) for one in said])
    left, right = (np.r_[end, always[side].to_numpy()] for end, side in zip(ends, ("left", "right"), strict=True))
    return left, right, np.r_[until, np.full(len(always), np.iinfo(np.int64).max)]


def _in_large(on: Ground, pairs: pl.DataFrame, probability: np.ndarray, threshold: float) -> pl.DataFrame:
    """Every two records of one component at the threshold, where the component at the floor was not prepared."""
    tree = np.cumsum(on.gap == 0.0) - 1
    large = (np.bincount(tree) > LARGEST_PREPARED)[tree] if len(tree) else np.zeros(0, bool)
    part, size = on.components(threshold)
    begins = np.cumsum(size) - size
    every = every_two(on.order, size, large[begins] & (size <= LARGEST_CHECKED))
    some = slice(on.within(threshold))
    crowded = (size > LARGEST_CHECKED)[part[on.a[some]]] & (probability >= threshold)[on.pattern[some]]
    return pl.concat([every, pairs[np.sort(on.row[some][crowded])].select("left", "right")])


def excluded(found: "Match", rules: Rules) -> pl.DataFrame:
    """Match, rules → the pairs of records that somebody excluded."""
    named = [e.pair for e in rules.exclusions if e.pair is not None]
    if not named:
        return pl.DataFrame(schema=PAIRS)
    pairs = pl.DataFrame(named, schema={"a": pl.String, "b": pl.String}, orient="row").unique(maintain_order=True)
    ids = pl.concat([pairs["a"], pairs["b"]]).unique()
    rows = found.records.select("record_id").with_row_index("row").filter(pl.col("record_id").is_in(ids.implode()))
    return (
        pairs.join(rows.rename({"record_id": "a", "row": "x"}), on="a")
        .join(rows.rename({"record_id": "b", "row": "y"}), on="b")
        .select(left=pl.min_horizontal("x", "y"), right=pl.max_horizontal("x", "y"), reason=pl.lit("excluded"))
        .cast(PAIRS)  # type: ignore[arg-type]
    )


def judged_ground(found: "Match", judged: pl.DataFrame) -> tuple[np.ndarray, Ground]:
    """Match, judged pairs → the records of components in which a candidate was judged, and their Ground as judged."""
    on, pairs = found.ground, found.pairs
    judged = judged.filter(pl.col("verdict").is_in(["match", "non_match"]))
    at = candidates.numbers(pairs, judged["left"].to_numpy(), judged["right"].to_numpy())
    is_match = (judged["verdict"] == "match").to_numpy()[at >= 0]
    at = at[at >= 0]
    touched = np.zeros(len(found.records), bool)
    for side in ("left", "right"):
        touched[pairs[side].to_numpy()[at]] = True
    if len(on.order):
        tree = np.cumsum(on.gap == 0.0) - 1
        mine = np.bincount(tree, weights=touched[on.order]) > 0
        touched[on.order] = mine[tree]
    records = np.flatnonzero(touched)
    row = candidates.among(pairs, records, of=len(found.records))
    left, right, pattern = (pairs[name].to_numpy()[row] for name in ("left", "right", "pattern"))
    pattern = pattern.astype(np.int64)
    pattern[np.searchsorted(row, at)] = np.where(is_match, len(found.patterns), len(found.patterns) + 1)
    return records, cluster.grounded_alone(
        (row, left, right, pattern), np.r_[conditions.deciding(found.patterns, on.floor), 1.0, 0.0],
        records=len(found.records), floor=on.floor,
    )  # fmt: skip


def _replaced(found: "Match", made: Clustered, certain: Clustered, records: np.ndarray) -> Clustered:
    """Two clusterings → the first, of some records the second."""
    label, mine = made.label.copy(), np.zeros(len(made.label), bool)
    label[records], mine[records] = certain.label[records], True
    kept = ~mine[found.pairs["left"].to_numpy()[made.cut]]
    cut = np.r_[made.cut[kept], certain.cut]
    reasons = [r for r, keep in zip(made.cut_reason, kept.tolist(), strict=True) if keep] + certain.cut_reason
    order = np.argsort(cut)
    return Clustered(label, cut[order], [reasons[i] for i in order.tolist()])
