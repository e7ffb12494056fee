"""Two snapshots → what grew; one snapshot → how it grew and when the quota may be reached (an estimate)."""

import datetime as dt
import math
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from engine.errors import InputError
from engine.storage.links import table
from engine.storage.usage import usage

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot

HISTORY = {"day": pl.Date(), "bytes": pl.Int64(), "files": pl.UInt32()}


class Forecast(msgspec.Struct, frozen=True):
    """An estimate of when the quota is reached. `day` is None when use does not grow, or not within 50 years.

    `earliest` and `latest` come from growing two standard errors faster or slower (None: no bound can be given).
    """

    method: str
    points: int
    bytes_per_day: float
    day: dt.date | None
    earliest: dt.date | None
    latest: dt.date | None
    reached: bool


def difference(
    before: "Snapshot", after: "Snapshot", by: str, *, as_of_before: dt.date, as_of_after: dt.date
) -> pl.DataFrame:
    """(earlier, later snapshot, one of usage.BY) → group, bytes and files before, after and their change.

    The group with the largest growth comes first; a group that one of the two lacks counts as 0 there.
    """
    old = usage(before, by, as_of=as_of_before).select("group", bytes_before="bytes", files_before="files")
    new = usage(after, by, as_of=as_of_after).select("group", bytes_after="bytes", files_after="files")
    both = old.join(new, on="group", how="full", coalesce=True, nulls_equal=True).with_columns(
        pl.col("bytes_before", "bytes_after", "files_before", "files_after").cast(pl.Int64).fill_null(0)
    )
    both = both.with_columns(
        bytes_change=pl.col("bytes_after") - pl.col("bytes_before"),
        files_change=pl.col("files_after") - pl.col("files_before"),
    )
    return both.sort(["bytes_change", "group"], descending=[True, False], nulls_last=True)


def history(snapshot: "Snapshot", *, as_of: dt.date, months: int = 12) -> pl.DataFrame:
    """Snapshot → HISTORY: bytes in use that were there at each month's end of the last `months`, by dates of creation.

    Files deleted since are not in the export, so past use is understated and growth overstated when much is deleted.
    """
    files = (
        table(snapshot, "file")
        .filter(~pl.col("is_trashed").fill_null(False))
        .select(
            made=pl.coalesce("created_at", "updated_at").cast(pl.Date),
            size=pl.col("bytes").fill_null(0) + pl.col("versions_bytes").fill_null(0),
        )
    )
    ends = pl.select(pl.lit(as_of).cast(pl.Date).alias("day")).select(
        pl.col("day").dt.offset_by(pl.format("-{}mo", pl.int_ranges(0, months + 1).explode()))
    )
    days = [dt.date.fromisoformat(str(day)) for day in ends["day"].sort()]
    rows = []
    for day in days:
        there = files.filter(pl.col("made").is_null() | (pl.col("made") <= day))
        rows.append((day, int(there["size"].sum()), there.height))
    return pl.DataFrame(rows, schema=HISTORY, orient="row")


def forecast(points: pl.DataFrame, *, quota_bytes: int) -> Forecast:
    """(day, bytes at two or more days; quota) → when a straight line through them meets the quota: an estimate.

    Method: ordinary least squares of bytes on days, run on from the last point; the range from two standard errors
    of the slope, given only with four points or more.
    """
    points = points.sort("day").drop_nulls(["day", "bytes"])
    if points["day"].n_unique() < 2:
        raise InputError("a forecast needs the use on at least two different days; load another snapshot")
    days = points["day"].cast(pl.Int32).cast(pl.Float64).to_numpy()
    used = points["bytes"].cast(pl.Float64).to_numpy()
    centred = days - days.mean()
    spread = float((centred**2).sum())
    slope = float((centred * used).sum()) / spread
    residual = used - used.mean() - slope * centred
    error = math.sqrt(float((residual**2).sum()) / (len(days) - 2) / spread) if len(days) >= 4 else None
    last_day, last_bytes = points["day"][-1], int(points["bytes"][-1])
    bounds = (None, None) if error is None else (slope + 2 * error, slope - 2 * error)
    room = quota_bytes - last_bytes
    return Forecast(
        method="least_squares_line",
        points=len(days),
        bytes_per_day=slope,
        day=_reach(last_day, room, slope),
        earliest=_reach(last_day, room, bounds[0]),
        latest=_reach(last_day, room, bounds[1]),
        reached=room <= 0,
    )


def _reach(day: dt.date, room: int, per_day: float | None) -> dt.date | None:
    if room <= 0:
        return day
    if per_day is None or per_day <= 0 or room / per_day > 50 * 365:
        return None
    return day + dt.timedelta(days=math.ceil(room / per_day))
