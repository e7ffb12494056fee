"""The match pipeline: encode → block → compare → weigh → cluster, and the short ways round when only part changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import msgspec
import numpy as np
import polars as pl

from engine.match import block as blocking
from engine.match import bonds as binding
from engine.match import chance, choose, cluster, compare, conditions, learn, partitions, spill, weigh
from engine.match.encode import Encoded, encode
from engine.match.judged import judged_counts
from engine.match.kinds import KINDS, contradicting, expected_levels
from engine.match.remembered import Remembered
from engine.match.stages import Keys, Stages, kept_stages
from engine.memory import give_back
from engine.progress import Progress, Stopwatch, silent
from engine.rules import Comparison, Rules, Thresholds, Weights, validate
from engine.snapshot.columns import Frame

Table = pl.DataFrame | Frame


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
    # Within a memory limit all candidate pairs wait here; `pairs` and `similarities` are those that can have a say.
    parts: partitions.Partitions | None = field(default=None, repr=False)
    by_chance: Mapping[str, chance.Drawn] = field(default_factory=dict, repr=False)

    @cached_property
    def clusters(self) -> pl.DataFrame:
        """The cluster of every record: record_id, cluster_id (the id of its first record)."""
        ids = self.records["record_id"]
        return pl.DataFrame({"record_id": ids, "cluster_id": ids.gather(self.label)})

    @cached_property
    def group_sizes(self) -> np.ndarray:
        """Number of records of each cluster of two or more."""
        size = np.bincount(self.label)
        return np.asarray(size[size > 1])

    @property
    def cluster_count(self) -> int:
        """Number of clusters, records that stay alone included."""
        return int(np.count_nonzero(self.label == np.arange(len(self.label))))

    @property
    def oversized(self) -> pl.DataFrame:
        """Clusters larger than the rules' `max_size`, to be looked at before any merge: cluster_id, records."""
        size = np.bincount(self.label)
        large = np.flatnonzero(size > self.rules.clustering.max_size)
        found = pl.DataFrame({"cluster_id": self.records["record_id"].gather(large), "records": size[large]})
        return found.sort("records", descending=True)

    @property
    def candidates(self) -> int:
        """Number of candidate pairs, wherever they are kept."""
        return len(self.pairs) if self.parts is None else self.parts.size

    @property
    def weight(self) -> np.ndarray:
        """Match weight of each pair (log2 odds)."""
        return np.asarray(self.patterns["match_weight"].to_numpy()[self.pairs["pattern"].to_numpy()])

    @property
    def probability(self) -> np.ndarray:
        """Match probability of each pair."""
        return np.asarray(self.patterns["match_probability"].to_numpy()[self.pairs["pattern"].to_numpy()])


def match(
    records: Table,
    rules: Rules,
    *,
    judgements: pl.DataFrame | None = None,
    source: str | None = None,
    keys: tuple[Mapping[str, Encoded], pl.DataFrame] | None = None,
    room: spill.Room | None = None,
    remembered: Remembered | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Match:
    """Records (with record_id), rules → Match. Weights and thresholds that the rules leave open are estimated.

    `source`: a column that names each record's table; pairs are then made only across tables.
    `judgements`: schema.JUDGEMENTS; they refine the weights and bind the clusters. `keys`: what `encode` makes of these
    records and comparisons, when it is known already. `room`: the memory it may take, and where on disk the rest goes.
    `remembered`: what earlier runs found of the same values; not used where the keys wait on disk.
    """
    validate(rules)
    clock = Stopwatch(progress)
    tight = room is not None and room.tight(len(records))
    stages = kept_stages(remembered, rules) if source is None and not tight else None
    encoded, placeholders = keys or clock("encode", lambda: encode_all(
        records, rules, room=room, remembered=remembered, stages=stages, progress=progress))  # fmt: skip
    origin = None if source is None else records[source].fill_null("").rank("dense").to_numpy().astype(np.int64)
    if isinstance(encoded, spill.Keys):
        parts, report = clock("block", lambda: partitions.block(
            encoded, rules.blocking, records=len(records), source=origin, progress=progress))  # fmt: skip
        clock("compare", lambda: partitions.similarities(parts, encoded, progress=progress))
        base = _base(rules, named(records, source), encoded, pl.DataFrame(), {}, placeholders, report, origin,
                     judgements, clock.seconds)  # fmt: skip
        return reweigh(replace(base, parts=parts), rules, seed=seed, progress=progress)
    cache: dict[str, blocking.KeyColumn] = {}

    def key(name: str) -> blocking.KeyColumn:
        if name not in cache:
            comparison, _, part = name.partition(".")
            cache[name] = encoded[comparison].key_column(part)
        return cache[name]

    def made_pairs() -> tuple[pl.DataFrame, pl.DataFrame]:
        made = blocking.block(key, rules.blocking, source=origin, progress=progress)
        cache.clear()
        give_back()
        return made

    pairs, report = clock("block", lambda: stages.pairs(made_pairs) if stages else made_pairs())
    # Where random pairs will be wanted, they are compared along with the candidates.
    wanted = not rules.weights.classes and len(rules.comparisons) >= weigh.IDENTIFIABLE
    random = chance.random_pairs(len(records), origin, seed=seed, size=chance.RANDOM_PAIRS if wanted else 0)

    def compared(names: Sequence[str]) -> tuple[dict[str, np.ndarray], dict[str, chance.Drawn]]:
        some = {name: encoded[name] for name in names}
        similar, met = compare.compare_with(some, pairs, random, remembered=remembered, progress=progress)
        return similar, {name: chance.drawn(one, met[name]) for name, one in some.items()} if wanted else {}

    similarities, drawn = clock(
        "compare", lambda: stages.similarities(seed, compared) if stages else compared(list(encoded))
    )
    if not isinstance(records, pl.DataFrame):
        records = named(records, source)
    base = _base(rules, records, encoded, pairs, similarities, placeholders, report, origin, judgements, clock.seconds)
    return reweigh(replace(base, by_chance=drawn), rules, seed=seed, progress=progress)


def named(records: Table, source: str | None) -> pl.DataFrame:
    """Records, the column of their source if they have one → what a match needs of them once they are encoded."""
    return records.select(["record_id"] if source is None else ["record_id", source])


def _base(
    rules: Rules, records: pl.DataFrame, encoded: Mapping[str, Encoded], pairs: pl.DataFrame,
    similarities: Mapping[str, np.ndarray], placeholders: pl.DataFrame, report: pl.DataFrame,
    source: np.ndarray | None, judgements: pl.DataFrame | None, seconds: dict[str, float],
) -> Match:  # fmt: skip
    """What is known before any weights → a Match that waits for `reweigh`."""
    return Match(
        rules, records, encoded, pairs, similarities, pl.DataFrame(), pl.DataFrame(), np.arange(len(records)),
        pl.DataFrame(), placeholders, report, source, judgements, seconds, cluster.NOTHING, binding.NONE,
    )  # fmt: skip


def encode_all(
    records: Table,
    rules: Rules,
    *,
    room: spill.Room | None = None,
    remembered: Remembered | None = None,
    stages: Stages | None = None,
    progress: Progress = silent,
) -> Keys:
    """Records, rules → the keys of all comparisons, on disk where room is tight; the placeholders that were ignored."""

    def made(some: Sequence[Comparison], keep: spill.Keys | None = None) -> Keys:
        return encode(records, some, region=rules.region, exclusions=rules.exclusions, remembered=remembered,
                      keep=keep, progress=progress)  # fmt: skip

    if room is not None and room.tight(len(records)):
        keys = spill.Keys(room, [c.name for c in rules.comparisons], at_once=room.at_once(len(records)))
        return keys, made(rules.comparisons, keys)[1]
    return made(rules.comparisons) if stages is None else stages.keys(made)


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
    clock = Stopwatch(progress, found.seconds)
    found, patterns = clock("patterns", lambda: _with_patterns(found, rules))
    if not rules.weights.classes:
        judged = _judged(found, len(patterns))
        found, weights = clock("weigh", lambda: _estimate(found, rules, patterns, judged, seed, progress))
        rules = learn.refined(msgspec.structs.replace(rules, weights=weights), patterns, judged, seed=seed)
    patterns = conditions.with_verdicts(rules, weigh.score(rules.comparisons, rules.weights, patterns))
    fresh = _with_deciding(replace(found, rules=rules, patterns=patterns, seconds=clock.seconds))
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


def _with_patterns(found: Match, rules: Rules) -> tuple[Match, pl.DataFrame]:
    """→ the Match with the pattern of each pair, the pattern table; what is known under the same levels stays."""
    if found.parts is None:
        table, number = _patterns(found, rules)
        return replace(found, pairs=found.pairs.with_columns(pl.Series("pattern", number, dtype=pl.UInt32))), table
    if found.patterns.is_empty() or _levels(found.rules) != _levels(rules):
        parts, table = partitions.patterns(found.parts, rules.comparisons)
        return replace(found, parts=parts), table
    return found, found.patterns.select("pattern", *found.parts.similarities, "pairs")


def _levels(rules: Rules) -> list[tuple[str, list[int]]]:
    return [(c.name, [level.at_least for level in c.levels]) for c in rules.comparisons]


def _judged(found: Match, patterns: int) -> tuple[np.ndarray, np.ndarray] | None:
    """→ judged matches and non-matches of each pattern, over all candidate pairs."""
    if found.parts is None:
        return judged_counts(found.records, found.pairs, patterns, found.judgements)
    frames = (found.parts.frame(at) for at in range(len(found.parts) if found.judgements is not None else 0))
    counts = [judged_counts(found.records, frame, patterns, found.judgements) for frame in frames]
    known = [one for one in counts if one is not None]
    return (sum(one[0] for one in known), sum(one[1] for one in known)) if known else None  # type: ignore[return-value]


def _with_deciding(found: Match) -> Match:
    """A scored Match → the same; of pairs that wait on disk, those that can have a say are taken into memory."""
    if found.parts is None:
        return found
    floor = cluster.FOREST_FLOOR
    strength = np.maximum(found.patterns["match_probability"].to_numpy(), conditions.deciding(found.patterns, floor))
    pairs, similarities = partitions.deciding(found.parts, strength, records=len(found.records))
    return replace(found, pairs=pairs, similarities=similarities)


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
    clock = Stopwatch(progress, found.seconds)
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
        splits=found.pairs.select("left", "right")[grouped.cut].with_columns(
            pl.Series("reason", grouped.cut_reason, dtype=pl.String)
        ),
        seconds=clock.seconds,
    )


def _with_chance(found: Match, rules: Rules, seed: int) -> Match:
    """→ the Match with what random pairs of its records say, which is the same under any levels and weights."""
    if all(c.name in found.by_chance for c in rules.comparisons):
        return found
    pairs = chance.random_pairs(len(found.records), found.source, seed=seed)
    recombined = len(rules.comparisons) < weigh.IDENTIFIABLE
    drawn = {
        c.name: chance.draw(c, found.encoded[c.name], pairs, recombined=recombined, region=rules.region, seed=seed)
        for c in rules.comparisons
    }
    return replace(found, by_chance=drawn)


def _estimate(
    found: Match, rules: Rules, patterns: pl.DataFrame, judged: tuple[np.ndarray, np.ndarray] | None, seed: int,
    progress: Progress,
) -> tuple[Match, Weights]:  # fmt: skip
    """→ the Match with what random pairs of its records say, the weights."""
    found, records = _with_chance(found, rules, seed), len(found.records)
    weights = weigh.estimate(
        rules.comparisons,
        patterns,
        expected={c.name: expected_levels(c) for c in rules.comparisons},
        by_chance={c.name: chance.level_counts(c, found.by_chance[c.name]) for c in rules.comparisons},
        all_pairs=records * (records - 1) / 2 * chance.share_across(found.source, seed=seed),
        contradicting={c.name: contradicting(c) for c in rules.comparisons},
        personal=[c.name for c in rules.comparisons if KINDS[c.kind].personal],
        judged=judged,
        progress=progress,
    )
    return found, weights
