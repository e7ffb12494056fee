"""What the engine chooses when the rules leave it open: thresholds; and what binds the clusters: vetoes, judgements."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from engine.match import compare, conditions
from engine.match.cluster import components, logit
from engine.match.judged import judged_pairs
from engine.rules import MISSING, Rules, Thresholds

if TYPE_CHECKING:
    from engine.match.run import Match

REVIEW_RECALL = 0.995  # of the matches expected among the candidates, so many stand at or above the review threshold
MERGE_BETWEEN = (0.4, 0.5)  # F1 is never greatest above one half; below, wrong merges cost too much trust
LARGEST_CHECKED = 200  # components with more records are checked for vetoes among their candidate pairs only


def thresholds(patterns: pl.DataFrame, records: int) -> Thresholds:
    """Scored patterns → the merge threshold with the best estimated F1, and a review threshold below it.

    Precision and recall are expectations under the model: the sum of probabilities above the threshold over the
    pairs above it, and over the sum of all probabilities. Pairs that a condition merges are merged at any threshold.
    """
    verdict = pl.Series(conditions.verdicts(patterns))
    by_rule = patterns.filter(verdict == conditions.MERGE)
    ranked = patterns.filter((pl.col("pairs") > 0) & (verdict == conditions.OPEN))
    ranked = ranked.sort("match_probability", descending=True)
    p, n = ranked["match_probability"].to_numpy(), ranked["pairs"].to_numpy()
    found, made = np.cumsum(p * n), np.cumsum(n)
    if len(p) == 0 or found[-1] < 1e-9:
        return Thresholds(0.9, 0.5)
    total = (
        float((patterns["match_probability"] * patterns["pairs"]).sum()) if len(ranked) < len(patterns) else found[-1]
    )
    sure = float((by_rule["match_probability"] * by_rule["pairs"]).sum())
    f1 = 2 * (found + sure) / (made + int(by_rule["pairs"].sum()) + total)
    last = int(np.argmax(f1))
    below = p[last + 1] if last + 1 < len(p) else 0.0
    # Halfway, in log-odds, to the next pattern below: the pairs above it are the same, with room on both sides.
    merge = float(1 / (1 + np.exp(-(logit(p[last]) + logit(below)) / 2)))
    reach = int(np.searchsorted(found, REVIEW_RECALL * found[-1]))
    review = float(p[min(reach, len(p) - 1)])
    merge = min(max(merge, MERGE_BETWEEN[0]), MERGE_BETWEEN[1])
    return Thresholds(round(merge, 3), round(min(max(review, 0.02), merge), 3))


def with_judgements(found: "Match", probability: np.ndarray) -> np.ndarray:
    """Match, probability of its pairs → the same with judged pairs at 0 or 1."""
    judged = judged_pairs(found.records, found.judgements)
    if judged is None:
        return probability
    certain = found.pairs.select("left", "right").with_row_index("at").join(judged, on=["left", "right"])
    out = probability.copy()
    for verdict, value in (("match", 1.0), ("non_match", 0.0)):
        out[certain.filter(verdict=verdict)["at"].to_numpy()] = value
    return out


def forbidden_pairs(found: "Match", rules: Rules, probability: np.ndarray, threshold: float) -> pl.DataFrame | None:
    """Match, rules → pairs of records that must never share a cluster: left, right, reason.

    Vetoes hold for every two records that the pairs above the threshold connect, candidates or not.
    """
    parts: list[pl.DataFrame] = []
    if rules.vetoes or rules.clustering.one_per_source or any(c.then == "never" for c in rules.conditions):
        together = _connected_pairs(found, probability >= threshold)
        left, right = together["left"].to_numpy(), together["right"].to_numpy()
        for veto in rules.vetoes:
            s = compare.similarity(found.encoded[veto.comparison], left, right)
            parts.append(together.filter(pl.Series((s <= veto.at_most) & (s != MISSING))).with_columns(
                pl.lit(f"veto:{veto.comparison}").alias("reason")))  # fmt: skip
        parts += conditions.forbidden(found, rules, together)
        if rules.clustering.one_per_source and found.source is not None:
            same = pl.Series(found.source[left] == found.source[right])
            parts.append(together.filter(same).with_columns(pl.lit("one_per_source").alias("reason")))
    judged = judged_pairs(found.records, found.judgements)
    if judged is not None:
        parts.append(judged.filter(verdict="non_match").select("left", "right", pl.lit("judged").alias("reason")))
    excluded = {e.pair for e in rules.exclusions if e.pair is not None}
    if excluded:
        rows = dict(zip(found.records["record_id"].to_list(), range(len(found.records)), strict=True))
        known = [(rows[a], rows[b]) for a, b in excluded if a in rows and b in rows]
        parts.append(pl.DataFrame({"left": [min(p) for p in known], "right": [max(p) for p in known]},
                                  schema={"left": pl.UInt32, "right": pl.UInt32}).with_columns(
                                      pl.lit("excluded").alias("reason")))  # fmt: skip
    return pl.concat(parts) if parts else None


def _connected_pairs(found: "Match", joined: np.ndarray) -> pl.DataFrame:
    """Match, which pairs join → every two records of one connected component: left, right (UInt32)."""
    edges = found.pairs.filter(pl.Series(joined))
    label = components(edges["left"].to_numpy(), edges["right"].to_numpy(), len(found.records))
    member = pl.DataFrame({"component": label}).with_row_index("row").filter(pl.len().over("component") > 1)
    small = member.filter(pl.len().over("component") <= LARGEST_CHECKED)
    every = small.join(small, on="component", suffix="_b").filter(pl.col("row") < pl.col("row_b"))
    large = member.filter(pl.len().over("component") > LARGEST_CHECKED)["component"]
    some = edges.filter(pl.Series(np.isin(label[edges["left"].to_numpy()], large.to_numpy())))
    return pl.concat([every.select(left="row", right="row_b"), some.select("left", "right")]).sort("left", "right")
