"""A frame ↔ a Parquet file in which a field that equals an original column is not written twice."""

import os
from pathlib import Path

import msgspec
import polars as pl
import pyarrow as pa

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
    """Fields → the column that is written with exactly the same values: an original one, or another empty field."""
    originals = [c for c in frame.columns if c.startswith(ORIGINAL) and frame[c].null_count() < frame.height]
    arrays = {c: _array(frame[c]) for c in originals}  # held, so that no two of them can lie in one place
    places = {_place(array): c for c, array in reversed(arrays.items())}
    nothing: dict[pl.DataType, str] = {}
    twins = {}
    for name in frame.columns:
        column = frame[name]
        if name.startswith(ORIGINAL):
            continue
        if column.null_count() == frame.height:
            first = nothing.setdefault(column.dtype, name)
            if first != name:
                twins[name] = first
        elif column.dtype == pl.String:
            array = _array(column)
            twin = places.get(_place(array)) or next((c for c in originals if _same(column, frame[c])), None)
            if twin is not None:
                twins[name] = twin
    return twins


def _array(column: pl.Series) -> pa.Array:
    return column.to_arrow(compat_level=pl.CompatLevel.newest())


def _place(array: pa.Array) -> tuple[object, ...]:
    """A text column → where it lies in memory: a field in which nothing was to be done is its original."""
    missing, views, *_ = array.buffers()
    return missing and missing.address, views.address, array.offset, len(array)


def _same(one: pl.Series, other: pl.Series) -> bool:
    if one.null_count() != other.null_count() or one.str.len_bytes().sum() != other.str.len_bytes().sum():
        return False
    return one.eq_missing(other).all()
