"""A frame ↔ a Parquet file in which a field that equals an original column is not written twice."""

import os
from pathlib import Path

import msgspec
import polars as pl

from engine.schema import ORIGINAL

_SAME = "winnow_same"
_ORDER = "winnow_columns"


def write_frame(frame: pl.DataFrame, path: Path) -> int:
    """(frame, path) → the bytes written, flushed to disk."""
    same = _twins(frame)
    about = {_SAME: msgspec.json.encode(same).decode(), _ORDER: msgspec.json.encode(frame.columns).decode()}
    with path.open("wb") as file:
        frame.drop(list(same)).write_parquet(file, compression="zstd", compression_level=1, metadata=about)
        file.flush()
        os.fsync(file.fileno())
    return path.stat().st_size


def read_frame(path: Path) -> pl.DataFrame:
    """A path that `write_frame` wrote → the frame. On a damaged file PolarsError, OSError, ValueError or KeyError."""
    about = pl.read_parquet_metadata(path)
    same = msgspec.json.decode(about[_SAME], type=dict[str, str])
    columns = msgspec.json.decode(about[_ORDER], type=list[str])
    frame = pl.read_parquet(path)
    return frame.with_columns(pl.col(twin).alias(name) for name, twin in same.items()).select(columns)


def _twins(frame: pl.DataFrame) -> dict[str, str]:
    """Fields → the original column with exactly the same values."""
    originals = [c for c in frame.columns if c.startswith(ORIGINAL) and frame[c].null_count() < frame.height]
    sizes: dict[tuple[int, int], list[str]] = {}
    for column in originals:
        sizes.setdefault(_size(frame[column]), []).append(column)
    twins = {}
    for name in frame.columns:
        if not name.startswith(ORIGINAL) and frame[name].dtype == pl.String:
            for original in sizes.get(_size(frame[name]), ()):
                if frame[name].eq_missing(frame[original]).all():
                    twins[name] = original
                    break
    return twins


def _size(column: pl.Series) -> tuple[int, int]:
    return column.null_count(), int(column.str.len_bytes().sum())
