"""Snapshot → bytes and files by entity, stage, pipeline, type, age, owner, extension or year; and against the quota.

A file that hangs on several records is counted once: its bytes are split equally among them, the odd bytes going to
the first (by entity and id), so that groups always add up to the whole. How much was split is shown in `shared_*`.
"""

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from engine.errors import UnknownColumn
from engine.storage.links import file_links, table

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot

BY = ("entity", "stage", "pipeline", "type", "age", "owner", "extension", "year")
# Age of a file in days, from the day it was made (or last changed, when that is unknown).
AGE_BANDS = (("<30d", 30), ("30-90d", 90), ("90-365d", 365), ("1-2y", 730), ("2-3y", 1095), ("3-5y", 1825))
OLDEST_BAND = "5y+"
USAGE = {
    "group": pl.String(),  # null: unknown, or on no record of that kind
    "files": pl.UInt32(),  # files that touch the group; a file on records of two groups is in both
    "file_share": pl.Float64(),  # the same with shared files split: adds up to the number of files
    "bytes": pl.Int64(),  # in use: current and older versions, trash not included
    "version_bytes": pl.Int64(),  # the part of `bytes` that older versions take
    "trash_bytes": pl.Int64(),  # files in the trash, not part of `bytes`
    "shared_files": pl.UInt32(),  # of `files`, those that hang on several records
    "shared_bytes": pl.Int64(),  # of `bytes`, the part that belongs to shared files
    "unsized_files": pl.UInt32(),  # files whose size the export does not say, counted as 0 bytes
}
QUOTA = {"what": pl.String(), "used": pl.Int64(), "limit": pl.Int64(), "share": pl.Float64(), "over": pl.Int64()}


class RecordQuota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most `limit` records of these entities together."""

    name: str
    entities: tuple[str, ...]
    limit: int


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an account may hold. `trash_counts`: whether files in the trash use up the bytes."""

    bytes: int | None = None
    records: tuple[RecordQuota, ...] = ()
    trash_counts: bool = False


def usage(snapshot: "Snapshot", by: str, *, as_of: dt.date) -> pl.DataFrame:
    """(snapshot, one of BY) → USAGE, largest group first (ages and years in their own order).

    Stage and pipeline are those of the deal a file hangs on, the owner is the record's (for a file on no record its
    own); all bytes. Raises UnknownColumn for another `by`.
    """
    if by not in BY:
        raise UnknownColumn.among(by, list(BY))
    rows = attributed(snapshot).with_columns(_group(by, as_of).alias("group"))
    if by in ("type", "age", "extension", "year"):  # properties of the file itself: nothing to split
        rows = rows.with_columns(split=pl.lit(False))
    sums = rows.group_by("group").agg(
        files=pl.col("file_id").n_unique(),
        file_share=pl.col("file_share").sum(),
        bytes=pl.col("bytes").sum(),
        version_bytes=pl.col("version_bytes").sum(),
        trash_bytes=pl.col("trash_bytes").sum(),
        shared_files=pl.col("file_id").filter("split").n_unique(),
        shared_bytes=pl.col("bytes").filter("split").sum(),
        unsized_files=pl.col("file_id").filter("unsized").n_unique(),
    )
    if by in ("age", "year"):
        bands = [name for name, _ in AGE_BANDS] + [OLDEST_BAND]
        order = pl.col("group").replace_strict(bands, range(len(bands)), default=None) if by == "age" else "group"
        ordered = sums.sort(order, nulls_last=True)
    else:
        ordered = sums.sort(["bytes", "group"], descending=[True, False], nulls_last=True)
    return ordered.select(pl.col(name).cast(dtype) for name, dtype in USAGE.items())


def attributed(snapshot: "Snapshot") -> pl.DataFrame:
    """Snapshot → one row per file and record it hangs on (`entity` null: on none), with its share of the bytes."""
    files = table(snapshot, "file").rename({"record_id": "file_id", "owner": "file_owner"})
    sizes = files.select(
        "file_id", "file_owner", "type", "extension", "created_at", "updated_at",
        trashed=pl.col("is_trashed").fill_null(False),
        unsized=pl.col("bytes").is_null(),
        size=pl.col("bytes").fill_null(0) + pl.col("versions_bytes").fill_null(0),
        older=pl.col("versions_bytes").fill_null(0),
    )  # fmt: skip
    rows = sizes.join(file_links(snapshot), on="file_id", how="left", maintain_order="left")
    parts, place = pl.len().over("file_id").cast(pl.Int64), pl.int_range(pl.len()).over("file_id")

    def part(column: str) -> pl.Expr:
        return pl.col(column) // parts + (place < pl.col(column) % parts).cast(pl.Int64)

    live = ~pl.col("trashed")
    rows = rows.with_columns(
        split=parts > 1,
        file_share=1.0 / parts,
        bytes=pl.when(live).then(part("size")).otherwise(0),
        version_bytes=pl.when(live).then(part("older")).otherwise(0),
        trash_bytes=pl.when(live).then(0).otherwise(part("size")),
    )
    deals = table(snapshot, "deal").select("record_id", "stage", "pipeline", entity=pl.lit("deal"))
    owners = pl.concat(
        [table(snapshot, e).select("record_id", "owner", entity=pl.lit(e)) for e in ("contact", "company", "deal")]
    )
    on = ["entity", "record_id"]
    rows = rows.join(deals.unique(on), on=on, how="left").join(owners.unique(on), on=on, how="left")
    return rows.sort("file_id", "entity", "record_id")


def quota(snapshot: "Snapshot", limits: Quota) -> pl.DataFrame:
    """(snapshot, limits) → QUOTA: bytes and record counts in use, each beside its limit (null: none known).

    `share` is used / limit, `over` what is above the limit (0 when within).
    """
    files = attributed(snapshot)
    used = int(files["bytes"].sum()) + (int(files["trash_bytes"].sum()) if limits.trash_counts else 0)
    rows: list[tuple[str, int, int | None]] = [("bytes", used, limits.bytes)]
    for part in limits.records:
        rows.append((part.name, sum(table(snapshot, e).height for e in part.entities), part.limit))
    frame = pl.DataFrame(rows, schema={k: QUOTA[k] for k in ("what", "used", "limit")}, orient="row")
    return frame.with_columns(
        share=pl.when(pl.col("limit") > 0).then(pl.col("used") / pl.col("limit")),
        over=(pl.col("used") - pl.col("limit")).clip(lower_bound=0),
    )


def age_band(created: pl.Expr, as_of: dt.date) -> pl.Expr:
    """(date of a file, day) → its AGE_BANDS name; a date after that day counts as new."""
    days = (pl.lit(as_of).cast(pl.Date) - created.cast(pl.Date)).dt.total_days()
    band: pl.Expr = pl.lit(OLDEST_BAND)
    for name, below in reversed(AGE_BANDS):
        band = pl.when(days < below).then(pl.lit(name)).otherwise(band)
    return pl.when(days.is_not_null()).then(band)


def _group(by: str, as_of: dt.date) -> pl.Expr:
    made = pl.coalesce("created_at", "updated_at")
    if by == "age":
        return age_band(made, as_of)
    if by == "year":
        return made.dt.year().cast(pl.String)
    if by == "owner":
        return pl.when(pl.col("entity").is_null()).then("file_owner").otherwise("owner")
    return pl.col(by)
