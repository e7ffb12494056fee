"""Blocking: records that agree on a key become candidate pairs.

A blocking rule joins one or more keys. Their hashes are *added*, so the order in which two keys of the same kind of
value stand does not matter: «Пётр | Иванов» and «Иванов | Пётр» meet under `given.fold` + `family.fold`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from engine.errors import LimitExceeded
from engine.match.side_by_side import side_by_side
from engine.progress import Progress, silent
from engine.rules import BlockingRule

MAX_PAIRS = 1_000_000_000  # of one rule: more are a mistake in the rule
PAIRS_AT_ONCE = 8_000_000  # pairs of a rule that are made at a time
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

    def capped(self, cap: int) -> tuple[int, int]:
        """Largest group that still makes pairs → how many groups are larger, how many pairs they would make."""
        hot = self.size[self.size > cap].astype(np.int64)
        return len(hot), int((hot * (hot - 1) // 2).sum())

    def parts(self, cap: int) -> Iterator["Block"]:
        """Largest group that makes pairs → the groups in parts of some millions of pairs, larger groups left out."""
        keep = self.size <= cap
        start, size = self.start[keep], self.size[keep]
        before = np.cumsum(size.astype(np.int64) * (size - 1) // 2) // PAIRS_AT_ONCE
        for first, last in pairwise([*np.flatnonzero(np.r_[True, np.diff(before) > 0]).tolist(), len(size)]):
            yield Block(self.record, start[first:last], size[first:last])


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
    max_pairs: int = MAX_PAIRS,
    progress: Progress = silent,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Key columns by name, blocking rules → candidate pairs (schema.PAIRS), report of each rule.

    `source`: one integer per record; pairs within one source are left out (record linkage of two tables).
    Report: rule, pairs, only_here (pairs no other rule finds), capped_values, capped_pairs (what its cap dropped).
    """

    def made(number: int) -> tuple[list[U64], tuple[int, int]]:
        rule = rules[number]
        grouped = group([keys(key) for key in rule.keys])
        return list(packed_pairs(grouped, rule, number, source=source, max_pairs=max_pairs)), grouped.capped(rule.cap)

    numbers = {str(number): number for number in range(len(within_limits(rules)))}
    each = side_by_side("block", numbers, made, progress=progress)
    found, capped = [part for parts, _ in each.values() for part in parts], [one for _, one in each.values()]
    del each
    packed = np.concatenate(found) if found else np.empty(0, np.uint64)
    found.clear()
    pair, by = united(packed)
    frame = pl.DataFrame({"left": lefts(pair), "right": rights(pair), "found_by": by})
    return frame, report(rules, capped, [counted(by, len(rules))])


def within_limits(rules: Sequence[BlockingRule]) -> Sequence[BlockingRule]:
    """Blocking rules → the same; raises LimitExceeded when there are too many."""
    if len(rules) > MAX_RULES:
        raise LimitExceeded(f"{len(rules)} blocking rules; at most {MAX_RULES} fit: remove some")
    return rules


def packed_pairs(
    grouped: Block, rule: BlockingRule, number: int, *, source: np.ndarray | None, max_pairs: int = MAX_PAIRS
) -> Iterator[U64]:
    """A rule's groups → its pairs with the rule's number in the lowest bits, some millions at a time."""
    if grouped.pairs(rule.cap) > max_pairs:
        raise LimitExceeded(f"blocking rule {rule.name!r} makes too many pairs: lower its cap or add a key")
    for part in grouped.parts(rule.cap):
        pairs = make_pairs(part, rule.cap)
        if source is not None:
            pairs = pairs[source[pairs >> RECORD_BITS] != source[pairs & RECORD]]
        yield (pairs << RULE_BITS) | np.uint64(number)


def united(packed: U64) -> tuple[U64, U32]:
    """Pairs of several rules as `packed_pairs` gives them → each pair once, in order; the bits of all its rules."""
    packed.sort()
    pair = packed >> RULE_BITS
    start = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]]) if len(pair) else np.empty(0, np.int64)
    bit = np.left_shift(np.uint32(1), (packed & np.uint64(MAX_RULES - 1)).astype(np.uint32))
    return pair[start], np.bitwise_or.reduceat(bit, start) if len(start) else np.empty(0, np.uint32)


def lefts(pair: U64) -> U32:
    """Pairs as `united` gives them → their left records."""
    return (pair >> RECORD_BITS).astype(np.uint32)


def rights(pair: U64) -> U32:
    """Pairs as `united` gives them → their right records."""
    return (pair & RECORD).astype(np.uint32)


def counted(found_by: U32, rules: int) -> np.ndarray:
    """Rules that found each pair, number of rules → pairs of each rule, and pairs of it alone: (2, rules)."""
    bits = np.left_shift(np.uint32(1), np.arange(rules, dtype=np.uint32))
    found = [int(np.count_nonzero(found_by & bit)) for bit in bits]
    return np.array([found, [int(np.count_nonzero(found_by == bit)) for bit in bits]], np.int64).reshape(2, rules)


def report(
    rules: Sequence[BlockingRule], capped: Sequence[tuple[int, int]], counts: Sequence[np.ndarray]
) -> pl.DataFrame:
    """Rules, what their caps dropped, `counted` of all parts → the report of each rule."""
    found, alone = np.sum(counts, axis=0) if counts else np.zeros((2, len(rules)), np.int64)
    return pl.DataFrame(
        {
            "rule": [rule.name for rule in rules],
            "pairs": found,
            "only_here": alone,
            "capped_values": [values for values, _ in capped],
            "capped_pairs": [pairs for _, pairs in capped],
        },
        schema=REPORT,
    )


REPORT: Mapping[str, pl.DataType] = {
    "rule": pl.String(),
    "pairs": pl.Int64(),
    "only_here": pl.Int64(),
    "capped_values": pl.Int64(),
    "capped_pairs": pl.Int64(),
}
