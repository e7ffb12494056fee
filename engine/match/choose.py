"""What the engine chooses when the rules leave it open: thresholds."""

import numpy as np
import polars as pl

from engine.match import conditions
from engine.match.cluster import logit
from engine.rules import Thresholds

REVIEW_RECALL = 0.995  # of the matches expected among the candidates, so many stand at or above the review threshold
MERGE_BETWEEN = (0.4, 0.5)  # F1 is never greatest above one half; below, wrong merges cost too much trust


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
