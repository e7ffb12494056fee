"""Judgements by record id → what the match stages need of them: pairs of rows, counts per pattern."""

import numpy as np
import polars as pl

from engine.match import candidates


def judged_counts(
    records: pl.DataFrame, pairs: pl.DataFrame, patterns: int, judgements: pl.DataFrame | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Judgements on candidate pairs → judged matches and judged non-matches per pattern, None when there are none."""
    judged = judged_pairs(records, judgements)
    if judged is None:
        return None
    row = candidates.numbers(pairs, judged["left"].to_numpy(), judged["right"].to_numpy())
    if (row < 0).all():
        return None
    number = pairs["pattern"].to_numpy()
    counts = [
        np.bincount(number[row[(row >= 0) & (judged["verdict"] == verdict).to_numpy()]], minlength=patterns)
        for verdict in ("match", "non_match")
    ]
    return counts[0].astype(float), counts[1].astype(float)


def judged_pairs(records: pl.DataFrame, judgements: pl.DataFrame | None) -> pl.DataFrame | None:
    """Judgements by record id → left, right (row numbers, left < right), verdict; the latest of a pair counts."""
    if judgements is None or judgements.is_empty():
        return None
    named = pl.concat([judgements["left_id"], judgements["right_id"]]).unique()
    rows = records.select("record_id").with_row_index("row").filter(pl.col("record_id").is_in(named.implode()))
    return (
        judgements.join(rows.rename({"record_id": "left_id", "row": "a"}), on="left_id")
        .join(rows.rename({"record_id": "right_id", "row": "b"}), on="right_id")
        .filter(pl.col("a") != pl.col("b"))
        .select(left=pl.min_horizontal("a", "b"), right=pl.max_horizontal("a", "b"), verdict="verdict", at="judged_at")
        .sort("at")
        .unique(["left", "right"], keep="last", maintain_order=True)
        .select(pl.col("left", "right").cast(pl.UInt32), "verdict")
    )
