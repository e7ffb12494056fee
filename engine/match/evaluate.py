"""Evaluation: what a threshold does, exactly where there is truth, as an interval where there are judgements, and as
the model's expectation, called an estimate, where there is neither. All of it works on patterns, not on pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from engine.match import conditions, intervals
from engine.match.cluster import logit

if TYPE_CHECKING:
    from engine.match.run import Match

THRESHOLDS = tuple(round(t, 3) for t in (*np.arange(0.02, 0.98, 0.02), 0.98, 0.985, 0.99, 0.995, 0.999))

LIKELY = 0.5  # the least match probability of pairs that count when blocking is judged by what it found


@dataclass(frozen=True)
class Truth:
    """True matches per pattern, and in the whole table (also those that blocking did not find)."""

    per_pattern: np.ndarray
    in_table: int


def against(match: "Match", truth: pl.DataFrame) -> Truth:
    """Match, truth (record_id, cluster_id) → true matches of each pattern. Records without truth match nothing."""
    same, in_table = true_matches(match, truth)
    per_pattern = np.bincount(match.pairs["pattern"].to_numpy()[same], minlength=len(match.patterns))
    return Truth(per_pattern, in_table)


def true_matches(match: "Match", truth: pl.DataFrame) -> tuple[np.ndarray, int]:
    """Match, truth → which of its pairs are true matches, and how many of those there are in the whole table."""
    ids = match.records.select("record_id").join(
        truth.select("record_id", "cluster_id").unique("record_id"), on="record_id", how="left", maintain_order="left"
    )
    code = ids["cluster_id"].rank("dense").fill_null(0).to_numpy().astype(np.int64)
    left, right = code[match.pairs["left"].to_numpy()], code[match.pairs["right"].to_numpy()]
    size = np.bincount(code[code > 0]).astype(np.int64)
    return (left == right) & (left > 0), int((size * (size - 1) // 2).sum())


def curve(
    patterns: pl.DataFrame,
    *,
    truth: Truth | None = None,
    judged: tuple[np.ndarray, np.ndarray] | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    blocked: float = 0.0,
    seed: int = 0,
) -> pl.DataFrame:
    """Scored patterns → per threshold: pairs, matches, precision, recall, f1, their 95 % bounds, and basis.

    basis: `exact` (truth), `judged` (judged matches and non-matches per pattern, see `engine.match.intervals`; how
    often the bounds hold is on docs/coverage.md) or `estimate` (the model's expectation, no bounds). Recall counts
    matches among the candidates; with truth, also those that blocking missed; `blocked`: for each match among the
    candidates so many are taken to be elsewhere (see `blocked_out`). Conditions decide which pairs are merged; how many
    of those are matches is asked of the truth, the judgements or the model all the same.
    """
    p, n = patterns["match_probability"].to_numpy(), patterns["pairs"].to_numpy().astype(float)
    at = np.asarray(thresholds, float)
    matching = p * n if truth is None else truth.per_pattern.astype(float)
    pairs, matches = _merged(patterns, at, np.array([n, matching]))
    frame = pl.DataFrame({"threshold": at, "pairs": pairs.astype(np.int64)})
    if truth is not None:
        draws, total, basis = matches[None, :], np.array([float(truth.in_table)]), "exact"
    elif judged is not None and judged[0].sum() + judged[1].sum() > 0:
        draws, total = _judged_draws(patterns, judged, at, seed)
        basis = "judged"
    else:
        draws, total, basis = matches[None, :], np.array([(p * n).sum()]), "estimate"
    if truth is None:
        total = total * (1 + blocked)
    precision = draws / np.maximum(pairs, 1e-9)
    recall = draws / np.maximum(total[:, None], 1e-9)
    f1 = 2 * draws / np.maximum(pairs + total[:, None], 1e-9)
    nothing = pairs == 0
    columns = {"matches": draws.mean(axis=0)}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        values = np.where(nothing & (name == "precision"), 1.0, values)
        columns[name] = values.mean(axis=0)
        bounded = basis == "judged"
        columns[f"{name}_low"] = np.quantile(values, 0.025, axis=0) if bounded else np.full(len(at), np.nan)
        columns[f"{name}_high"] = np.quantile(values, 0.975, axis=0) if bounded else np.full(len(at), np.nan)
    return frame.with_columns(**{k: pl.Series(v).fill_nan(None) for k, v in columns.items()}, basis=pl.lit(basis))


def _merged(patterns: pl.DataFrame, thresholds: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Scored patterns, thresholds, things counted per pattern → how much of each is merged at each threshold."""
    p, verdict = patterns["match_probability"].to_numpy(), conditions.verdicts(patterns)
    open_ = np.flatnonzero(verdict == conditions.OPEN)
    order = open_[np.argsort(-p[open_], kind="stable")]
    added = np.cumsum(np.c_[counts[:, verdict == conditions.MERGE].sum(axis=1), counts[:, order]], axis=1)
    return np.asarray(added[:, np.searchsorted(-p[order], -thresholds, side="right")])


def _judged_draws(
    patterns: pl.DataFrame, judged: tuple[np.ndarray, np.ndarray], thresholds: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Judgements per pattern → draws of the number of matches above each threshold, and of all matches."""
    verdict = conditions.verdicts(patterns)
    cells = intervals.pool(patterns, judged, cuts=thresholds.tolist(), apart=verdict)
    drawn = intervals.draws(cells, seed=seed)
    of_cell = np.zeros(len(cells.low), np.uint8)
    of_cell[cells.of_pattern] = verdict
    above = cells.low[:, None] >= thresholds[None, :]
    above = np.where((of_cell == conditions.OPEN)[:, None], above, (of_cell == conditions.MERGE)[:, None])
    return drawn @ above, drawn.sum(axis=1)


@dataclass(frozen=True)
class BlockedOut:
    """Matches that no blocking rule found: how many are expected, and how many for each match that was found.

    `assumption`, a code: `ways_independent` (that one way finds a match says nothing of whether another does) or
    `one_way` (a single way of finding pairs tells nothing of what it misses; `missed` and `share` are then None).
    """

    missed: float | None
    share: float | None
    assumption: str


def blocked_out(match: "Match") -> BlockedOut:
    """Match → an estimate of the matches that blocking cannot see, by capture and recapture.

    A way of finding is all the blocking rules that begin with the same comparison. From the likely matches that exactly
    one way found and those that exactly two found follow those that none found (Chao 1987, bias-corrected). Where some
    records are hard to find by any way, more are missed than this says.
    """
    ways: dict[str, int] = {}
    for bit, rule in enumerate(match.rules.blocking):
        way = rule.keys[0].partition(".")[0]
        ways[way] = ways.get(way, 0) | 1 << bit
    if len(ways) < 2:
        return BlockedOut(None, None, "one_way")
    number, probability = match.pairs["pattern"].to_numpy(), match.patterns["match_probability"].to_numpy()
    row = _rows(match, probability >= LIKELY)
    likely, weight = match.pairs["found_by"].to_numpy()[row], probability[number[row]]
    times = np.sum([(likely & np.uint32(mask)) > 0 for mask in ways.values()], axis=0)
    once, twice = float(weight[times == 1].sum()), float(weight[times == 2].sum())
    missed = (len(ways) - 1) / len(ways) * once * max(once - 1, 0.0) / (2 * (twice + 1))
    return BlockedOut(missed, missed / max(float(weight.sum()), 1e-9), "ways_independent")


def _rows(match: "Match", wanted: np.ndarray) -> np.ndarray:
    """Match, which patterns → the rows of their pairs. The few that can merge stand in the Ground already."""
    on, number = match.ground, match.pairs["pattern"].to_numpy()
    there = conditions.deciding(match.patterns, on.floor) >= on.floor
    if on.pairs == len(number) and there[wanted].all():
        return np.sort(on.row[wanted[on.pattern]])
    return np.flatnonzero(wanted[number])


def histogram(patterns: pl.DataFrame, *, truth: Truth | None = None, width: float = 1.0) -> pl.DataFrame:
    """Scored patterns → weight (lower edge of bins `width` bits wide), pairs, matches (true, or else expected)."""
    matches = (
        truth.per_pattern.astype(float) if truth else (patterns["match_probability"] * patterns["pairs"]).to_numpy()
    )
    return (
        patterns.select("pairs", weight=(pl.col("match_weight").clip(-40, 40) / width).floor() * width, matches=matches)
        .group_by("weight").agg(pl.col("pairs", "matches").sum()).sort("weight")
    )  # fmt: skip


def removable(forest: pl.DataFrame, thresholds: Sequence[float]) -> pl.DataFrame:
    """Spanning forest (strongest first) → per threshold: removable, what connected components would merge away."""
    bits = logit(np.asarray(thresholds, float)) / np.log(2)
    above = np.searchsorted(-forest["match_weight"].to_numpy(), -bits, side="right")
    return pl.DataFrame({"threshold": list(thresholds), "removable": above})


def examples(match: "Match", *, near: float, count: int = 10) -> pl.DataFrame:
    """Match → pairs whose probability is nearest to `near`: left_id, right_id, match_probability, match_weight.

    They come from different patterns where there are enough, so that each shows something else.
    """
    distance = np.abs(logit(match.patterns["match_probability"].to_numpy()) - logit(near))
    distance[conditions.verdicts(match.patterns) != conditions.OPEN] = np.inf  # no threshold moves these
    nearest = match.patterns.select("pattern", "match_probability", "match_weight").with_columns(
        pl.Series("distance", distance)
    ).sort("distance", "pattern").head(count)  # fmt: skip
    ids = match.records["record_id"]
    wanted = np.zeros(len(match.patterns), bool)
    wanted[nearest["pattern"].to_numpy()] = True
    chosen = (
        match.pairs[_rows(match, wanted)]
        .with_columns(turn=pl.int_range(pl.len()).over("pattern"))
        .join(nearest, on="pattern").sort("turn", "distance", "pattern").head(count)
    )  # fmt: skip
    return chosen.sort("match_weight", descending=True).select(
        left_id=ids.gather(chosen.sort("match_weight", descending=True)["left"]),
        right_id=ids.gather(chosen.sort("match_weight", descending=True)["right"]),
        match_probability="match_probability",
        match_weight="match_weight",
    )


def cluster_scores(clusters: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float]:
    """Clusters and truth (record_id, cluster_id) → pairwise precision, recall, f1 and b3 (B-cubed F1).

    Records of the truth that no cluster names count as alone. B³: Bagga & Baldwin 1998.

    >>> one = pl.DataFrame({"record_id": ["a", "b", "c"], "cluster_id": ["1", "1", "2"]})
    >>> cluster_scores(one, one)["f1"]
    1.0
    """
    both = truth.select("record_id", t="cluster_id").join(
        clusters.select("record_id", p="cluster_id"), on="record_id", how="left"
    ).with_columns(pl.col("p").fill_null("alone " + pl.col("record_id")))  # fmt: skip

    def pairs(keys: list[str]) -> int:
        size = both.group_by(keys).len()["len"].cast(pl.Int64)
        return int((size * (size - 1) // 2).sum())

    agreed, made, true = pairs(["t", "p"]), pairs(["p"]), pairs(["t"])
    cell = both.with_columns(
        c=pl.len().over("t", "p").cast(pl.Float64), nt=pl.len().over("t"), np=pl.len().over("p")
    )  # fmt: skip
    bp, br = ((cell["c"] / cell[size]).mean() for size in ("np", "nt"))
    precision, recall = agreed / made if made else 1.0, agreed / true if true else 1.0
    return {"precision": precision, "recall": recall, "f1": _f1(precision, recall), "b3": _f1(bp, br)}  # type: ignore[arg-type]


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
