"""What the tuning bench asks: the merges between two thresholds, a level boundary moved.

All of it is answered from what a match already holds; no pair is compared again.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import polars as pl

from engine.errors import RulesError
from engine.match import weigh
from engine.match.cluster import logit
from engine.match.latent import SMOOTH
from engine.rules import MISSING, Comparison, Rules, Weights, validate

if TYPE_CHECKING:
    from engine.match.run import Match

CODES = 256  # a similarity is one byte
MOST_BITS = 20.0  # that a level may be given by hand


def merges_between(match: "Match", low: float, high: float, *, count: int = 50) -> pl.DataFrame:
    """Match, two match probabilities → the merges that appear when the threshold falls from `high` to `low`.

    Each row is an edge of the spanning forest, so one record that goes: left_id, right_id, match_probability,
    match_weight; the strongest first, at most `count` of them.
    """
    between = _edges_between(match, low, high).head(count)
    ids = match.records["record_id"]
    weight = between["match_weight"]
    return pl.DataFrame(
        {
            "left_id": ids.gather(between["left"]),
            "right_id": ids.gather(between["right"]),
            "match_probability": 1 / (1 + np.exp2(-weight.to_numpy().clip(-500, 500))),
            "match_weight": weight,
        }
    )


def count_between(match: "Match", low: float, high: float) -> int:
    """Match, two match probabilities → how many merges appear when the threshold falls from `high` to `low`."""
    return len(_edges_between(match, low, high))


def _edges_between(match: "Match", low: float, high: float) -> pl.DataFrame:
    bits = match.forest["match_weight"]
    return match.forest.filter((bits >= _bits(low)) & (bits < _bits(high)))


def _bits(probability: float) -> float:
    return float(logit(probability) / np.log(2))


def similarity_histogram(match: "Match", comparison: str) -> tuple[np.ndarray, np.ndarray]:
    """Match, name of a comparison → pairs, and expected matches, at each similarity 0…255 (255: a value is missing)."""
    similar = match.similarities[comparison]
    return (
        np.bincount(similar, minlength=CODES),
        np.bincount(similar, weights=match.probability, minlength=CODES),
    )


def moved(match: "Match", comparison: str, at_least: Sequence[int], *, rules: Rules | None = None) -> Rules:
    """Match, name of a comparison, new lower bounds of its levels (strongest first) → its rules, or `rules`, with them.

    The weights of this comparison follow its new levels: every pair is a match, or one of the kinds of others, with the
    probability that it had before, and each class's level probabilities are counted anew from that (one maximisation
    step of the latent class model). All other weights stay.
    """
    rules = rules or match.rules
    index = next((i for i, c in enumerate(rules.comparisons) if c.name == comparison), None)
    if index is None:
        raise RulesError(f"there is no comparison {comparison!r} in these rules: choose one that is there")
    before = rules.comparisons[index]
    if len(at_least) != len(before.levels):
        raise RulesError(f"comparison {comparison!r} has {len(before.levels)} levels: give a bound for each")
    levels = tuple(
        msgspec.structs.replace(level, at_least=int(bound))
        for level, bound in zip(before.levels, at_least, strict=True)
    )
    after = msgspec.structs.replace(before, levels=levels)
    comparisons = (*rules.comparisons[:index], after, *rules.comparisons[index + 1 :])
    changed = msgspec.structs.replace(rules, comparisons=comparisons)
    validate(changed)
    if levels == before.levels:
        return changed
    return msgspec.structs.replace(changed, weights=_counted_anew(match, after, rules.weights))


def tuned(
    match: "Match",
    *,
    adjust: Mapping[str, Sequence[float]],
    enabled: Mapping[str, bool],
    at_least: Mapping[str, Sequence[int]],
) -> Rules:
    """Match; per comparison its bits by hand, whether it counts, its lower bounds (strongest level first) → the rules.

    Raises RulesError where they contradict each other or do not fit the comparisons.
    """
    rules = match.rules
    for comparison in match.rules.comparisons:
        rules = moved(match, comparison.name, at_least[comparison.name], rules=rules)
    comparisons = []
    for comparison in rules.comparisons:
        bits = [float(b) for b in adjust[comparison.name]]
        if len(bits) != len(comparison.levels) or not all(-MOST_BITS <= b <= MOST_BITS for b in bits):
            raise RulesError(f"comparison {comparison.name!r}: give each level from {-MOST_BITS} to {MOST_BITS} bits")
        levels = tuple(
            msgspec.structs.replace(level, adjust=b) for level, b in zip(comparison.levels, bits, strict=True)
        )
        comparisons.append(msgspec.structs.replace(comparison, levels=levels, enabled=bool(enabled[comparison.name])))
    return msgspec.structs.replace(rules, comparisons=tuple(comparisons))


def _counted_anew(match: "Match", comparison: Comparison, weights: Weights) -> Weights:
    """Match, a comparison with other bounds → the weights, this comparison's level probabilities counted anew."""
    joint = match.pairs["pattern"].to_numpy().astype(np.int64) * CODES + match.similarities[comparison.name]
    counted = np.bincount(joint)
    there = np.flatnonzero(counted)
    pattern, similar, pairs = there // CODES, there % CODES, counted[there]
    log_likely = weigh.log_likelihoods(match.rules.comparisons, match.rules.weights, match.patterns)
    likely = np.exp(log_likely - log_likely.max(axis=1, keepdims=True))
    share = likely / likely.sum(axis=1, keepdims=True)
    # No matrix product: its threads wait for each other while others use the cores.
    by_class = np.stack([np.bincount(similar, pairs * one[pattern], minlength=CODES) for one in share.T])
    bounds = [level.at_least for level in reversed(comparison.levels)]
    counts = np.add.reduceat(by_class[:, :MISSING], bounds, axis=1) + SMOOTH
    share = counts / counts.sum(axis=1, keepdims=True)
    return Weights(
        tuple(
            msgspec.structs.replace(
                one, levels={**one.levels, comparison.name: tuple(float(f"{p:.6g}") for p in share[k])}
            )
            for k, one in enumerate(weights.classes)
        )
    )
