"""Candidate pairs that wait on disk, in partitions by their left record: made, compared and reduced to patterns.

Each stage takes one partition at a time and puts what it found beside it; what is kept in memory in the end are the
patterns and the few pairs that can have a say in the clusters.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from engine.match import block as blocking
from engine.match import compare
from engine.match.cluster import FOREST_FLOOR
from engine.match.side_by_side import side_by_side
from engine.match.spanning import components
from engine.match.spill import Arrays, Keys
from engine.progress import Progress, silent
from engine.rules import BlockingRule, Comparison

BINS = 512  # slices of the left records, of which partitions are put together


@dataclass
class Partitions:
    """`pairs`: as `blocking.united` gives them; `similarities` per comparison; `number`: the pattern of each pair."""

    folder: Path
    size: int
    pairs: Arrays
    found_by: Arrays
    similarities: dict[str, Arrays] = field(default_factory=dict)
    number: Arrays | None = None

    def __len__(self) -> int:
        return len(self.pairs)

    def ends(self, at: int) -> tuple[np.ndarray, np.ndarray]:
        """Number of a partition → left and right records of its pairs."""
        pair = self.pairs[at]
        return blocking.lefts(pair), blocking.rights(pair)

    def frame(self, at: int) -> pl.DataFrame:
        """Number of a partition → its pairs: left, right, found_by, pattern."""
        assert self.number is not None
        left, right = self.ends(at)
        return pl.DataFrame({"left": left, "right": right, "found_by": self.found_by[at], "pattern": self.number[at]})


def block(
    keys: Keys, rules: Sequence[BlockingRule], *, records: int, source: np.ndarray | None = None,
    progress: Progress = silent,
) -> tuple[Partitions, pl.DataFrame]:  # fmt: skip
    """Keys on disk, blocking rules → candidate pairs in partitions, report of each rule (see `blocking.block`)."""
    folder = keys.room.folder
    edges = np.linspace(0, records, BINS + 1).astype(np.uint64) << (blocking.RECORD_BITS + blocking.RULE_BITS)
    pieces, bounds, capped = Arrays(folder), [], []
    for number, rule in enumerate(blocking.within_limits(rules)):
        grouped = blocking.group([keys.key_column(*key.split(".", 1)) for key in rule.keys])
        for packed in blocking.packed_pairs(grouped, rule, number, source=source):
            packed.sort()
            pieces.put(packed)
            bounds.append(np.searchsorted(packed, edges))
        capped.append(grouped.capped(rule.cap))
        progress("block", (number + 1) / len(rules))
    made = Partitions(folder, 0, Arrays(folder), Arrays(folder))
    counts = []
    for first, last in _partitions(np.sum(bounds, axis=0) if bounds else np.zeros(BINS + 1), keys.room.partition):
        parts = [pieces.part(at, int(bound[first]), int(bound[last])) for at, bound in enumerate(bounds)]
        pair, by = blocking.united(np.concatenate(parts))
        made.pairs.put(pair)
        made.found_by.put(by)
        made.size += len(pair)
        counts.append(blocking.counted(by, len(rules)))
    return made, blocking.report(rules, capped, counts)


def _partitions(before: np.ndarray, size: int) -> Iterator[tuple[int, int]]:
    """Pairs before each bin, pairs of a partition → first and last bin of each partition; none is empty."""
    first = 0
    for at in range(1, len(before)):
        full = at + 1 < len(before) and before[at + 1] - before[first] > size
        if before[at] > before[first] and (full or at + 1 == len(before)):
            yield first, at
            first = at


def similarities(parts: Partitions, keys: Keys, *, progress: Progress = silent) -> None:
    """Pairs in partitions, keys on disk → the similarities of all comparisons, beside the pairs."""

    def compared(name: str) -> Arrays:
        one, made = keys[name], Arrays(parts.folder)
        for at in range(len(parts)):
            made.put(compare.similarity(one, *parts.ends(at)))
        return made

    names = {name: name for name in keys}
    parts.similarities |= side_by_side("compare", names, compared, progress=progress, at_once=keys.at_once)
    _read_swapped_names(parts, keys)


def _read_swapped_names(parts: Partitions, keys: Keys) -> None:
    names = [name for name in keys if keys.kind(name) in ("given_name", "family_name")]
    if len(names) < 2:
        return
    encoded = {name: keys[name] for name in names}
    made = {name: Arrays(parts.folder) for name in names}
    for at in range(len(parts)):
        similar = {name: parts.similarities[name][at] for name in names}
        compare.read_swapped_names(encoded, similar, *parts.ends(at))
        for name in names:
            made[name].put(similar[name])
    parts.similarities |= made


def patterns(parts: Partitions, comparisons: Sequence[Comparison]) -> tuple[Partitions, pl.DataFrame]:
    """Pairs with similarities → the same with each pair's pattern beside it, the pattern table of all of them."""
    names = [c.name for c in comparisons]
    tables, local = [], Arrays(parts.folder)
    for at in range(len(parts)):
        table, each = compare.patterns(comparisons, {name: parts.similarities[name][at] for name in names})
        tables.append(table)
        local.put(each)
    every = (
        pl.concat(tables) if tables else compare.patterns(comparisons, dict.fromkeys(names, np.zeros(0, np.uint8)))[0]
    )
    counted = every.group_by(names).agg(pl.col("pairs").sum()).sort(names)
    counted = counted.with_row_index("pattern").with_columns(pl.col("pattern").cast(pl.UInt32))
    number = Arrays(parts.folder)
    for at, table in enumerate(tables[: len(parts)]):
        of = table.select(names).join(counted, on=names, maintain_order="left")["pattern"].to_numpy()
        number.put(of[local[at]])
    return replace(parts, number=number), counted.select("pattern", *names, "pairs")


def deciding(parts: Partitions, strength: np.ndarray, *, records: int) -> tuple[pl.DataFrame, Mapping[str, np.ndarray]]:
    """Pairs in partitions, the highest probability at which each pattern may count → the pairs that can have a say.

    They are those at FOREST_FLOOR and above, and those between records that these connect, which speak against.
    """
    near = strength >= FOREST_FLOOR
    ends = [_strong(parts, at, near) for at in range(len(parts))]
    left, right = (np.concatenate([end[side] for end in ends]) if ends else np.zeros(0, np.uint32) for side in (0, 1))
    group = components(left, right, records)
    crowded = np.bincount(group, minlength=records)[group] > 2
    frames = []
    similar: dict[str, list[np.ndarray]] = {name: [] for name in parts.similarities}
    for at in range(len(parts)):
        frame = parts.frame(at)
        left, right = frame["left"].to_numpy(), frame["right"].to_numpy()
        kept = near[frame["pattern"].to_numpy()] | (crowded[left] & (group[left] == group[right]))
        frames.append(frame.filter(pl.Series(kept)))
        for name, made in parts.similarities.items():
            similar[name].append(made[at][kept])
    schema = {"left": pl.UInt32, "right": pl.UInt32, "found_by": pl.UInt32, "pattern": pl.UInt32}
    pairs = pl.concat(frames) if frames else pl.DataFrame(schema=schema)
    return pairs, {name: np.concatenate(each) if each else np.zeros(0, np.uint8) for name, each in similar.items()}


def _strong(parts: Partitions, at: int, near: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    assert parts.number is not None
    kept = near[parts.number[at]]
    left, right = parts.ends(at)
    return left[kept], right[kept]
