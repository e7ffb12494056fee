"""The match pipeline: encode → block → compare → weigh → cluster, and the short ways round when only part changed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

import msgspec
import numpy as np
import polars as pl

from engine.match import block as blocking
from engine.match import bonds as binding
from engine.match import chance, choose, cluster, compare, conditions, learn, weigh
from engine.match.encode import Encoded, encode
from engine.match.judged import judged_counts
from engine.match.kinds import KINDS, contradicting, expected_levels
from engine.progress import Progress, silent
from engine.rules import Comparison, Rules, Thresholds, Weights, validate

_T = TypeVar("_T")


@dataclass(frozen=True)
class Match:
    """Everything one run found out. Rows of `records` are what `left` and `right` count; see docs/architecture.md."""

    rules: Rules  # completed: weights and thresholds filled in
    records: pl.DataFrame
    encoded: Mapping[str, Encoded] = field(repr=False)
    pairs: pl.DataFrame  # left, right, found_by, pattern
    similarities: Mapping[str, np.ndarray] = field(repr=False)
    patterns: pl.DataFrame  # pattern, level columns, pairs, match_weight, match_probability, looks_like, verdict
    forest: pl.DataFrame
    label: np.ndarray = field(repr=False)
    splits: pl.DataFrame  # left, right, reason: pairs above the threshold kept apart
    placeholders: pl.DataFrame
    blocking: pl.DataFrame
    source: np.ndarray | None = field(repr=False)
    judgements: pl.DataFrame | None = field(repr=False)
    seconds: dict[str, float]
    ground: cluster.Ground = field(repr=False)
    bonds: binding.Bonds = field(repr=False)

    @cached_property
    def clusters(self) -> pl.DataFrame:
        """The cluster of every record: record_id, cluster_id (the id of its first record)."""
        ids = self.records["record_id"]
        return pl.DataFrame({"record_id": ids, "cluster_id": ids.gather(self.label)})

    @property
    def group_sizes(self) -> np.ndarray:
        """Number of records of each cluster of two or more."""
        size = np.bincount(self.label)
        return np.asarray(size[size > 1])

    @property
    def oversized(self) -> pl.DataFrame:
        """Clusters larger than the rules' `max_size`, to be looked at before any merge: cluster_id, records."""
        size = self.clusters.group_by("cluster_id").agg(pl.len().alias("records")).sort("records", descending=True)
        return size.filter(pl.col("records") > self.rules.clustering.max_size)

    @property
    def weight(self) -> np.ndarray:
        """Match weight of each pair (log2 odds)."""
        return np.asarray(self.patterns["match_weight"].to_numpy()[self.pairs["pattern"].to_numpy()])

    @property
    def probability(self) -> np.ndarray:
        """Match probability of each pair."""
        return np.asarray(self.patterns["match_probability"].to_numpy()[self.pairs["pattern"].to_numpy()])


def match(
    records: pl.DataFrame,
    rules: Rules,
    *,
    judgements: pl.DataFrame | None = None,
    source: str | None = None,
    keys: tuple[Mapping[str, Encoded], pl.DataFrame] | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Match:
    """Records (with record_id), rules → Match. Weights and thresholds that the rules leave open are estimated.

    `source`: a column that names each record's table; pairs are then made only across tables.
    `judgements`: schema.JUDGEMENTS; they refine the weights and bind the clusters. `keys`: what `encode` makes of these
    records and comparisons, when it is known already.
    """
    validate(rules)
    clock = _Stopwatch(progress)
    encoded, placeholders = keys or clock("encode", lambda: encode_all(records, rules, progress=progress))
    origin = None if source is None else records[source].fill_null("").rank("dense").to_numpy().astype(np.int64)
    cache: dict[str, blocking.KeyColumn] = {}

    def key(name: str) -> blocking.KeyColumn:
        if name not in cache:
            comparison, _, part = name.partition(".")
            cache[name] = encoded[comparison].key_column(part)
        return cache[name]

    pairs, report = clock("block", lambda: blocking.block(key, rules.blocking, source=origin, progress=progress))
    cache.clear()
    similarities = clock("compare", lambda: compare.compare(encoded, pairs, progress=progress))
    base = Match(
        rules, records, encoded, pairs, similarities, pl.DataFrame(), pl.DataFrame(), np.arange(len(records)),
        pl.DataFrame(), placeholders, report, origin, judgements, clock.seconds, cluster.NOTHING, binding.NONE,
    )  # fmt: skip
    return reweigh(base, rules, seed=seed, progress=progress)


def encode_all(
    records: pl.DataFrame, rules: Rules, *, progress: Progress = silent
) -> tuple[Mapping[str, Encoded], pl.DataFrame]:
    """Records, rules → the keys of all comparisons and the placeholders that were ignored."""
    return encode(records, rules.comparisons, region=rules.region, exclusions=rules.exclusions, progress=progress)


def narrow(found: Match, rules: Rules, *, seed: int = 0, progress: Progress = silent) -> Match:
    """A Match, rules with fewer of its blocking rules → the Match under them; nothing is blocked or compared again."""
    place = {rule.name: bit for bit, rule in enumerate(found.rules.blocking)}
    before = found.pairs["found_by"].to_numpy()
    by = np.zeros(len(before), np.uint32)
    for bit, rule in enumerate(rules.blocking):
        by |= ((before >> np.uint32(place[rule.name])) & np.uint32(1)) << np.uint32(bit)
    kept = by > 0
    pairs = found.pairs.filter(pl.Series(kept)).with_columns(pl.Series("found_by", by[kept])).drop("pattern")
    alone = pl.DataFrame(
        {
            "rule": [rule.name for rule in rules.blocking],
            "only_here": [int(np.count_nonzero(by == np.uint32(1 << bit))) for bit in range(len(rules.blocking))],
        },
        schema={name: blocking.REPORT[name] for name in ("rule", "only_here")},
    )
    report = alone.join(found.blocking.drop("only_here"), on="rule", maintain_order="left")
    fewer = replace(
        found,
        pairs=pairs,
        similarities={name: similar[kept] for name, similar in found.similarities.items()},
        patterns=pl.DataFrame(),
        blocking=report.select(list(blocking.REPORT)),
    )
    return reweigh(fewer, rules, seed=seed, progress=progress)


def reweigh(found: Match, rules: Rules, *, seed: int = 0, progress: Progress = silent) -> Match:
    """A Match, rules with other levels, weights or thresholds → the Match under them; pairs are not compared again."""
    clock = _Stopwatch(progress, found.seconds)
    patterns, number = clock("patterns", lambda: _patterns(found, rules))
    pairs = found.pairs.with_columns(pl.Series("pattern", number, dtype=pl.UInt32))
    if not rules.weights.classes:
        judged = judged_counts(found.records, pairs, len(patterns), found.judgements)
        weights = clock("weigh", lambda: _estimate(found, rules, patterns, judged, seed, progress))
        rules = learn.refined(msgspec.structs.replace(rules, weights=weights), patterns, judged, seed=seed)
    patterns = conditions.with_verdicts(rules, weigh.score(rules.comparisons, rules.weights, patterns))
    fresh = replace(found, rules=rules, pairs=pairs, patterns=patterns, seconds=clock.seconds)
    return recluster(clock("forest", lambda: _prepared(fresh, rules)), rules, progress=progress)


def _prepared(found: Match, rules: Rules, floor: float = cluster.LOWEST) -> Match:
    """A scored Match → the same with its forest, and with what makes it ready for merge thresholds from `floor` up."""
    records, (probability, weight) = len(found.records), conditions.ranking(found.patterns)
    forest = cluster.forest(found.pairs, probability, weight, records, floor=min(floor, cluster.FOREST_FLOOR))
    strength, edges = conditions.deciding(found.patterns, floor), forest
    if conditions.NEVER in conditions.verdicts(found.patterns):  # no edge of the forest, but connected, then cut
        edges = cluster.forest(found.pairs, strength, strength, records, floor=floor)
    ground = cluster.ground(found.pairs, strength, edges, records=records, floor=floor)
    ready = replace(found, forest=forest, ground=ground)
    return replace(ready, bonds=binding.prepared(ready, rules))


def _patterns(found: Match, rules: Rules) -> tuple[pl.DataFrame, np.ndarray]:
    """→ pattern table and pattern of each pair; what the Match knows under the same levels is not done again."""
    if found.patterns.is_empty() or [c.name for c in found.rules.comparisons] != [c.name for c in rules.comparisons]:
        return compare.patterns(rules.comparisons, found.similarities)
    known = found.patterns.select("pattern", *found.similarities, "pairs"), found.pairs["pattern"].to_numpy()
    moved = [
        new.name
        for old, new in zip(found.rules.comparisons, rules.comparisons, strict=True)
        if [level.at_least for level in old.levels] != [level.at_least for level in new.levels]
    ]
    return compare.regrouped(rules.comparisons, found.similarities, known, moved) if moved else known


def recluster(found: Match, rules: Rules, *, progress: Progress = silent) -> Match:
    """A Match, rules with other thresholds or clustering → the Match under them; weights stay."""
    clock = _Stopwatch(progress, found.seconds)
    threshold, review = rules.thresholds.merge, rules.thresholds.review
    if threshold is None or review is None:
        chosen = choose.thresholds(found.patterns, len(found.records))
        assert chosen.merge is not None and chosen.review is not None
        threshold = chosen.merge if threshold is None else threshold
        review = min(chosen.review if review is None else review, threshold)
        rules = msgspec.structs.replace(rules, thresholds=Thresholds(threshold, review))
    if threshold < found.ground.floor:
        found = _prepared(found, rules, threshold)
    grouped = clock("cluster", lambda: binding.grow(found, rules, threshold))
    return replace(
        found,
        rules=rules,
        label=grouped.label,
        splits=found.pairs[grouped.cut]
        .select("left", "right")
        .with_columns(pl.Series("reason", grouped.cut_reason, dtype=pl.String)),
        seconds=clock.seconds,
    )


def _estimate(
    found: Match, rules: Rules, patterns: pl.DataFrame, judged: tuple[np.ndarray, np.ndarray] | None, seed: int,
    progress: Progress,
) -> Weights:  # fmt: skip
    records = len(found.records)
    drawn = chance.random_pairs(records, found.source, seed=seed)
    recombined = len(rules.comparisons) < weigh.IDENTIFIABLE

    def by_chance(one: Comparison) -> np.ndarray:
        keys = found.encoded[one.name]
        return chance.counts(one, keys, found.records, drawn, recombined=recombined, region=rules.region, seed=seed)

    return weigh.estimate(
        rules.comparisons,
        patterns,
        expected={c.name: expected_levels(c) for c in rules.comparisons},
        by_chance={c.name: by_chance(c) for c in rules.comparisons},
        all_pairs=records * (records - 1) / 2 * chance.share_across(found.source, seed=seed),
        contradicting={c.name: contradicting(c) for c in rules.comparisons},
        personal=[c.name for c in rules.comparisons if KINDS[c.kind].personal],
        judged=judged,
        progress=progress,
    )


class _Stopwatch:
    """Runs a stage and notes its seconds. Measuring is not a hidden clock: nothing computed depends on it."""

    def __init__(self, progress: Progress, seconds: Mapping[str, float] = MappingProxyType({})) -> None:
        self.progress, self.seconds = progress, dict(seconds)

    def __call__(self, stage: str, work: Callable[[], _T]) -> _T:
        self.progress(stage, 0.0)
        start = time.perf_counter()
        result = work()
        self.seconds[stage] = round(time.perf_counter() - start, 3)
        self.progress(stage, 1.0)
        return result
