"""Blocking: records that agree on a key become candidate pairs.

A blocking rule joins one or more keys. Their hashes are *added*, so the order in which two keys of the same kind of
value stand does not matter: «Пётр | Иванов» and «Иванов | Пётр» meet under `given.fold` + `family.fold`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from engine.errors import LimitExceeded
from engine.progress import Progress, silent
from engine.rules import BlockingRule

MAX_RULES = 32  # `found_by` has one bit for each rule
RECORD_BITS = np.uint64(29)  # of a record's row: two rows and a rule's number fit into 64 bits
RULE_BITS = np.uint64(5)
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd; brings what distinguishes two keys into the high bits (Knuth 1973)
RECORD = (np.uint64(1) << RECORD_BITS) - np.uint64(1)
U64 = np.ndarray[tuple[int], np.dtype[np.uint64]]
U32 = np.ndarray[tuple[int], np.dtype[np.uint32]]


@dataclass(frozen=True)
class KeyColumn:
    """One blocking key of all records: `record[i]` has a value whose hash is `hash[i]`; several per record allowed.

    `single`: no record has several.
    """

    record: U32
    hash: U64
    single: bool = False


@dataclass(frozen=True)
class Block:
    """The records of one rule, sorted by key: group g is `record[start[g] : start[g] + size[g]]`."""

    record: U32
    start: np.ndarray
    size: np.ndarray

    def pairs(self, cap: int) -> int:
        """Largest group that still makes pairs → how many pairs the rule makes."""
        kept = self.size[self.size <= cap].astype(np.int64)
        return int((kept * (kept - 1) // 2).sum())


def group(columns: Sequence[KeyColumn]) -> Block:
    """Key columns that must all agree → the records grouped by their joint key; groups of one are left out.

    Sorting one array of whole numbers is many times faster than sorting by two: the record is kept in the low bits and
    the hash of its key in the rest, of which even ten million keys share hardly any.
    """
    joint = columns[0]
    for column in columns[1:]:
        joint = _both(joint, column)
    bits = np.uint64(int(joint.record.max(initial=0)).bit_length())
    packed = np.sort(((joint.hash * _MIX) >> bits << bits) | joint.record.astype(np.uint64))
    fresh = np.ones(len(packed), bool)  # the same record twice under one key is one member
    fresh[1:] = packed[1:] != packed[:-1]
    packed = packed[fresh]
    key = packed >> bits
    start = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.empty(0, np.int64)
    size = np.diff(np.r_[start, len(key)])
    shared = size > 1
    record = (packed & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.uint32)
    return Block(record, start[shared], size[shared])


def _both(one: KeyColumn, two: KeyColumn) -> KeyColumn:
    """Every key of a record with every key of the same record in the next column."""
    if one.single and not two.single:
        one, two = two, one
    if two.single:
        known = np.zeros(int(max(one.record.max(initial=0), two.record.max(initial=0))) + 1, bool)
        known[two.record] = True
        hashed = np.zeros(len(known), np.uint64)
        hashed[two.record] = two.hash
        at = known[one.record]
        record = one.record[at]
        return KeyColumn(record, one.hash[at] + hashed[record], one.single)
    left = pl.DataFrame({"record": one.record, "a": one.hash})
    right = pl.DataFrame({"record": two.record, "b": two.hash})
    both = left.join(right, on="record")
    return KeyColumn(both["record"].to_numpy(), both["a"].to_numpy() + both["b"].to_numpy())


def make_pairs(block: Block, cap: int) -> U64:
    """One rule's groups → its pairs as `left << 29 | right`, left < right; groups larger than `cap` make none."""
    keep = block.size <= cap
    start, size = block.start[keep], block.size[keep]
    made: list[U64] = []
    for distance in range(1, int(size.max(initial=1))):
        # All pairs that stand `distance` apart in their group, for all groups at once.
        room = size > distance
        start, size = start[room], size[room]
        count = size - distance
        first = np.repeat(start - np.r_[0, np.cumsum(count)[:-1]], count) + np.arange(int(count.sum()))
        left = block.record[first].astype(np.uint64)
        right = block.record[first + distance].astype(np.uint64)
        made.append((left << RECORD_BITS) | right)
    return np.concatenate(made) if made else np.empty(0, np.uint64)


def block(
    keys: Callable[[str], KeyColumn],
    rules: Sequence[BlockingRule],
    *,
    source: np.ndarray | None = None,
    max_pairs: int = 400_000_000,
    progress: Progress = silent,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Key columns by name, blocking rules → candidate pairs (schema.PAIRS), report of each rule.

    `source`: one integer per record; pairs within one source are left out (record linkage of two tables).
    Report: rule, pairs, only_here (pairs no other rule finds), capped_values, capped_pairs (what its cap dropped).
    """
    if len(rules) > MAX_RULES:
        raise LimitExceeded(f"{len(rules)} blocking rules; at most {MAX_RULES} fit: remove some")
    found: list[U64] = []
    report = []
    for number, rule in enumerate(rules):
        grouped = group([keys(key) for key in rule.keys])
        if grouped.pairs(rule.cap) > max_pairs:
            raise LimitExceeded(f"blocking rule {rule.name!r} makes too many pairs: lower its cap or add a key")
        pairs = make_pairs(grouped, rule.cap)
        if source is not None:
            pairs = pairs[source[pairs >> RECORD_BITS] != source[pairs & RECORD]]
        hot = grouped.size[grouped.size > rule.cap].astype(np.int64)
        report.append({"rule": rule.name, "capped_values": len(hot), "capped_pairs": int((hot * (hot - 1) // 2).sum())})
        found.append((pairs << RULE_BITS) | np.uint64(number))
        progress("block", (number + 1) / len(rules))
    frame = _union(found)
    by = frame["found_by"].to_numpy()
    for number, row in enumerate(report):
        row["pairs"] = int(np.count_nonzero(by & np.uint32(1 << number)))
        row["only_here"] = int(np.count_nonzero(by == np.uint32(1 << number)))
    return frame, pl.DataFrame(report, schema=REPORT)


REPORT: Mapping[str, pl.DataType] = {
    "rule": pl.String(),
    "pairs": pl.Int64(),
    "only_here": pl.Int64(),
    "capped_values": pl.Int64(),
    "capped_pairs": pl.Int64(),
}


def _union(found: list[U64]) -> pl.DataFrame:
    """Pairs of all rules with the rule's number in the lowest bits → each pair once, in pair order, with the bits of
    all rules that found it."""
    packed = np.sort(np.concatenate(found)) if found else np.empty(0, np.uint64)
    found.clear()
    pair = packed >> RULE_BITS
    start = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]]) if len(pair) else np.empty(0, np.int64)
    bit = np.left_shift(np.uint32(1), (packed & np.uint64(MAX_RULES - 1)).astype(np.uint32))
    pair = pair[start]
    return pl.DataFrame(
        {
            "left": (pair >> RECORD_BITS).astype(np.uint32),
            "right": (pair & RECORD).astype(np.uint32),
            "found_by": np.bitwise_or.reduceat(bit, start) if len(start) else np.empty(0, np.uint32),
        }
    )
