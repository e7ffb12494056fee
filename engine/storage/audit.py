"""Snapshot → storage.json and its tables as CSV: what the `audit` verb writes."""

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from engine.cells import csv
from engine.errors import InputError
from engine.files import write_atomically
from engine.storage.findings import findings, freeable
from engine.storage.growth import forecast, history
from engine.storage.links import RECORDS, table
from engine.storage.usage import BY, Quota, quota, usage

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot


def audit(
    snapshot: "Snapshot", out: Path, *, as_of: dt.date | None = None, limits: Quota | None = None
) -> dict[str, Any]:
    """(snapshot, folder) → writes storage.json and CSVs there, each whole or not at all; gives the figures back.

    `as_of`: the day ages are counted to; without it the day of the export, or the newest date in it. `limits`: what
    the account may hold; without it the use is shown without a limit. CSV cells that begin like a formula carry an
    apostrophe.
    """
    limits = limits or Quota()
    day = as_of or snapshot.as_of or newest(snapshot)
    tables = {f"usage_by_{by}": usage(snapshot, by, as_of=day) for by in BY}
    tables["quota"] = quota(snapshot, limits)
    tables["findings"] = findings(snapshot, as_of=day, trash_counts=limits.trash_counts)
    tables["history"] = history(snapshot, as_of=day)
    figures = _figures(snapshot, tables, day, limits)
    for name, frame in tables.items():
        _write(out / f"{name}.csv", csv(frame))
    text = json.dumps(figures, ensure_ascii=False, indent=1, default=str) + "\n"
    _write(out / "storage.json", text.encode())
    return figures


def newest(snapshot: "Snapshot") -> dt.date:
    """Snapshot → the newest date that any record or file was made or changed. Raises InputError when there is none."""
    days: list[dt.date] = []
    for entity in (*RECORDS, "file"):
        frame = table(snapshot, entity).select(pl.max("created_at", "updated_at"))
        days += [value.date() for value in frame.row(0) if value is not None]
    if not days:
        raise InputError("the snapshot holds no dates; say for which day with --as-of 2026-01-31")
    return max(days)


def _write(path: Path, content: bytes) -> None:
    write_atomically(path, lambda scratch: scratch.write_bytes(content))


def _figures(snapshot: "Snapshot", tables: dict[str, pl.DataFrame], day: dt.date, limits: Quota) -> dict[str, Any]:
    found = tables["findings"]
    kinds = found.group_by("finding").agg(files=pl.len(), bytes=pl.col("bytes").sum()).sort("finding")
    points = tables["history"].tail(7)
    reach = None
    if limits.bytes is not None and points["day"].n_unique() > 1:
        reach = forecast(points, quota_bytes=limits.bytes)
    whole = tables["usage_by_entity"]
    return {
        "snapshot": snapshot.id,
        "as_of": day.isoformat(),
        "records": {entity: table(snapshot, entity).height for entity in (*RECORDS, "file")},
        "bytes": int(whole["bytes"].sum()),
        "version_bytes": int(whole["version_bytes"].sum()),
        "trash_bytes": int(whole["trash_bytes"].sum()),
        "quota": tables["quota"].to_dicts(),
        "findings": {row.pop("finding"): row for row in kinds.to_dicts()},
        "freeable_bytes": freeable(found.filter(pl.col("finding") != "large_file")),
        "forecast": None
        if reach is None
        else {
            "estimate": True,
            "method": reach.method,
            "bytes_per_day": round(reach.bytes_per_day),
            "day": reach.day,
            "earliest": reach.earliest,
            "latest": reach.latest,
            "reached": reach.reached,
        },
    }
