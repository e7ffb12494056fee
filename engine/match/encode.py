"""Records → comparison keys, once per distinct value.

An `Encoded` comparison holds a table of distinct keys and, for every record, the row of its key in that table. All
later work (similarity, blocking, counting) is done on rows of the table, never on records.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import polars as pl

from engine.errors import UnknownColumn
from engine.match.block import KeyColumn
from engine.match.exclusions import struck
from engine.match.kinds import KINDS, Kind
from engine.match.remembered import Remembered
from engine.match.side_by_side import side_by_side
from engine.match.sides import factorised
from engine.normalise import placeholders
from engine.progress import Progress, silent
from engine.rules import RAREST, SAME, Comparison, Exclusion
from engine.schema import VALUE_SEPARATOR

VALUES_AT_ONCE = 500_000  # distinct values that are normalised at a time
ABSENT = -1  # the code of a record whose value is missing


class Table(Protocol):
    """Records, in memory or on disk: columns that can be read."""

    @property
    def columns(self) -> list[str]: ...
    def select(self, columns: list[str], /) -> pl.DataFrame: ...


@dataclass(frozen=True)
class Encoded:
    """One comparison's keys. `codes[record]` is a row of `table`, or ABSENT; `holders[row]`: records with that value.

    Two rows may hold the same value written with different detail (a legal form, an extension); `holders` counts
    the records of all rows that are the same by `kind.same`.
    """

    comparison: Comparison
    kind: Kind
    codes: np.ndarray
    table: pl.DataFrame
    holders: np.ndarray
    context: Any
    blocking: dict[str, tuple[np.ndarray, np.ndarray]] = field(repr=False)

    def of(self, rows: np.ndarray) -> "Encoded":
        """Record rows → the keys of those records alone; `holders` still counts the whole table."""
        codes = self.codes[rows]
        there = np.zeros(len(self.table), bool)
        there[codes[codes >= 0]] = True
        place = np.append(np.where(there, np.cumsum(there) - 1, ABSENT), ABSENT).astype(np.int32)
        blocking = {key: (place[row[there[row]]], hashed[there[row]]) for key, (row, hashed) in self.blocking.items()}
        table, holders = self.table.filter(pl.Series(there)), self.holders[there]
        return replace(self, codes=place[codes], table=table, holders=holders, blocking=blocking)

    @property
    def context_argument(self) -> dict[str, Any]:
        """What the similarity function is told about the whole table, as its keyword argument."""
        return {} if self.context is None else {"weights": self.context}

    def key_column(self, key: str) -> KeyColumn:
        """Name of a blocking key → that key of all records."""
        if key not in self.blocking:
            raise UnknownColumn.among(f"{self.comparison.name}.{key}",
                                      [f"{self.comparison.name}.{k}" for k in self.blocking])  # fmt: skip
        row, hashed = self.blocking[key]
        if len(row) < 2 or (row[1:] > row[:-1]).all():  # one key a value
            place = np.full(len(self.table) + 1, ABSENT, np.int32)  # the last one is read by ABSENT
            place[row] = np.arange(len(row), dtype=np.int32)
            at = place[self.codes]
            record = np.flatnonzero(at >= 0)
            return KeyColumn(record.astype(np.uint32), hashed[at[record]], single=True)
        # Rows of the table → records: sort records by code once, then repeat each row's keys for its records.
        order = np.argsort(self.codes, kind="stable")
        sorted_codes = self.codes[order]
        first = np.searchsorted(sorted_codes, row, side="left")
        count = np.searchsorted(sorted_codes, row, side="right") - first
        position = np.repeat(first - np.r_[0, np.cumsum(count)[:-1]], count) + np.arange(int(count.sum()))
        return KeyColumn(order[position].astype(np.uint32), np.repeat(hashed, count))


class Keeper(Protocol):
    """Who takes keys as they are made, of how many comparisons at a time."""

    @property
    def at_once(self) -> int: ...
    def put(self, name: str, one: Encoded, /) -> None: ...


def raw_values(records: Table, columns: Sequence[str]) -> pl.Series:
    """Records, columns of one comparison → one String per record, several joined; empty is null."""
    for column in columns:
        if column not in records.columns:
            raise UnknownColumn.among(column, records.columns)
    trimmed = [pl.col(c).cast(pl.String).str.strip_chars().replace("", None) for c in columns]
    joined = trimmed[0] if len(trimmed) == 1 else pl.concat_str(trimmed, separator=VALUE_SEPARATOR, ignore_nulls=True)
    return records.select(list(columns)).select(joined.replace("", None).alias("value"))["value"]


def encode(
    records: Table,
    comparisons: Sequence[Comparison],
    *,
    region: str,
    exclusions: Sequence[Exclusion] = (),
    remembered: Remembered | None = None,
    keep: Keeper | None = None,
    progress: Progress = silent,
) -> tuple[dict[str, Encoded], pl.DataFrame]:
    """Records, comparisons → encoded keys by comparison name, and the values that were ignored as placeholders.

    The second frame: comparison, value, records, reason. `remembered`: what earlier runs made of values. `keep`: who
    takes each comparison's keys as soon as they are made; nothing is then remembered, and none is given back.
    """
    pieces = {comparison.name: comparison for comparison in comparisons}
    if keep is not None:

        def kept(comparison: Comparison) -> pl.DataFrame:
            one, found = _encode_one(records, comparison, region, exclusions)
            keep.put(comparison.name, one)
            return found

        return {}, pl.concat(side_by_side("encode", pieces, kept, progress=progress, at_once=keep.at_once).values())
    made = side_by_side(
        "encode",
        pieces,
        lambda comparison: _encode_one(records, comparison, region, exclusions, remembered),
        progress=progress,
    )
    return {name: one for name, (one, _) in made.items()}, pl.concat([found for _, found in made.values()])


def _encode_one(
    records: Table,
    comparison: Comparison,
    region: str,
    excluded: Sequence[Exclusion],
    remembered: Remembered | None = None,
) -> tuple[Encoded, pl.DataFrame]:
    kind = KINDS[comparison.kind]
    # No value is empty, so that the empty text can stand for a missing one.
    raw_codes, raw = factorised(raw_values(records, comparison.columns).fill_null(""))
    raw = raw.set(raw == "", None).alias("value")
    times = np.where(raw.is_null(), 0, np.bincount(raw_codes, minlength=len(raw)))
    ignored = placeholders.found(raw, pl.Series("records", times), comparison.kind)
    left, by_user = struck(raw, kind, comparison, excluded, region=region)
    dropped = raw.is_in(ignored["value"].implode()).fill_null(False)
    values = left.set(dropped, None)
    if remembered is None or kind.whole:
        keys = _keys(kind, values, region)
    else:
        keys = remembered.keys(comparison.kind, region, values, lambda fresh: _keys(kind, fresh, region))
    _, first, row = np.unique(keys.hash_rows(seed=1).to_numpy(), return_index=True, return_inverse=True)
    kept = np.zeros(len(keys), bool)  # each distinct key that is there, where it stands first
    kept[first] = True
    kept &= keys[kind.same].is_not_null().to_numpy()
    renumber = np.where(kept, np.cumsum(kept) - 1, ABSENT).astype(np.int32)
    codes = renumber[first[row]][raw_codes]
    # Column by column, each gone before the next: keys are most of the memory, and not needed twice.
    there = pl.Series(kept)
    columns = (keys.drop_in_place(name).rechunk() for name in keys.columns)
    table = pl.DataFrame([column if kept.all() else column.filter(there) for column in columns])
    found = pl.concat(
        [
            ignored.select("value", pl.col("records").cast(pl.Int64), "reason"),
            raw.filter(by_user)
            .to_frame()
            .select(
                "value",
                pl.Series("records", times[by_user.to_numpy()], dtype=pl.Int64),
                pl.lit("excluded").alias("reason"),
            ),
        ]
    ).select(pl.lit(comparison.name).alias("comparison"), "value", "records", "reason")
    del raw, raw_codes, values, left, keys
    context = kind.context(table) if kind.context else None
    holders = _holders(codes, table[kind.same])
    return Encoded(comparison, kind, codes, table, holders, context, _blocking(kind, table)), found


def _keys(kind: Kind, values: pl.Series, region: str) -> pl.DataFrame:
    """What the kind makes of distinct values, some at a time: what it needs on the way is many times what it gives."""
    at_once = len(values) if kind.whole else VALUES_AT_ONCE
    parts = [values.slice(start, at_once) for start in range(0, max(len(values), 1), max(at_once, 1))]
    return pl.concat([kind.keys(part, region) for part in parts])


def _holders(codes: np.ndarray, same: pl.Series) -> np.ndarray:
    """Row codes of all records, the same-value column of the table → records holding each row's value.

    Of several values in one cell the most common counts.
    """
    if not len(same):
        return np.zeros(0, np.int64)
    times = np.bincount(codes[codes >= 0], minlength=len(same))
    each = pl.DataFrame({"row": np.arange(len(same)), "same": same})
    if same.dtype == pl.List(pl.String):
        each = each.explode("same", empty_as_null=True)
    row, (value, _) = each["row"].to_numpy(), factorised(each["same"].cast(pl.String))
    held = np.bincount(value, weights=times[row])[value].astype(np.int64)
    return np.maximum.reduceat(held, np.flatnonzero(np.r_[True, row[1:] != row[:-1]]))


def _blocking(kind: Kind, table: pl.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Key table → per blocking key: (row of the table, hash of the key), several per row where the key is a list."""
    out = {}
    for column in kind.block_keys(table).get_columns():
        frame = pl.DataFrame({"row": np.arange(len(table), dtype=np.int32), "key": column})
        if column.dtype == pl.List(pl.String):
            frame = frame.explode("key", empty_as_null=True)
        frame = frame.filter(pl.col("key").is_not_null() & (pl.col("key").cast(pl.String) != ""))
        out[column.name] = (frame["row"].to_numpy(), frame["key"].cast(pl.String).hash(seed=7).to_numpy())
    return out


def rarity(holders: np.ndarray) -> np.ndarray:
    """Records that hold a value → similarity of two of them, SAME…RAREST: two steps less each time it doubles."""
    bits = np.log2(np.maximum(holders, 2) / 2)
    return np.asarray(RAREST - np.minimum(RAREST - SAME, np.floor(2 * bits + 1e-9)), np.uint8)
