"""Workbooks (XLSX, XLS, ODS) and Parquet files → `Table`s, every cell as text."""

import io
import json
import struct
import zipfile
import zlib

import fastexcel
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import LimitExceeded, UnreadableFile
from engine.snapshot.table import Limits, Table, finish

CHUNK = 1 << 20
DEFLATE_AT_MOST = 1032  # a deflated byte never becomes more


def read_workbook(name: str, data: bytes, *, limits: Limits) -> list[Table]:
    """(name, bytes of a workbook) → a `Table` for each sheet with cells. The first row with cells is the header.

    Dates come out as `2024-01-31 10:00:00`, whole numbers without a decimal point. Raises UnreadableFile and
    LimitExceeded.
    """
    if data.startswith(b"PK"):
        _check_unpacked(name, data, limits)
    try:
        book = fastexcel.read_excel(data)
        sheets = [(s, book.load_sheet(s, header_row=None, skip_rows=0, dtypes="string")) for s in book.sheet_names]
    except fastexcel.FastExcelError as error:
        raise UnreadableFile(f"{name} is not a readable workbook: save it again as XLSX, without a password") from error
    tables = []
    for sheet, loaded in sheets:
        cells = loaded.to_polars()
        if cells.width:
            filled = cells.select(pl.any_horizontal((pl.all() != "").fill_null(False)).alias("filled"))["filled"]
            if filled.any():
                tables.append(_sheet(name, sheet, cells, filled, limits, alone=len(sheets) == 1))
    if not tables:
        raise UnreadableFile(f"{name} is an empty workbook: export it again, with headers and rows")
    return tables


def read_parquet(name: str, data: bytes, *, limits: Limits) -> Table:
    """(name, bytes of a Parquet file) → `Table`; nested values become JSON text. Raises as `read_workbook` does."""
    try:
        about = pq.ParquetFile(io.BytesIO(data)).metadata
        unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        if unpacked > limits.unpacked_bytes or about.num_rows > limits.rows:
            raise LimitExceeded(
                f"{name} unpacks to {unpacked >> 20} MB in {about.num_rows} rows, more than is read: split it",
                limit=limits.unpacked_bytes,
            )
        frame = pl.read_parquet(io.BytesIO(data))
        text = frame.select(_as_text(frame[column]) for column in frame.columns)
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(f"{name} is not a readable Parquet file: export it again") from error
    rows = pl.int_range(1, text.height + 1, dtype=pl.UInt32, eager=True)
    return finish(name, text, rows, text.columns, limits=limits, format="parquet")


def _as_text(column: pl.Series) -> pl.Series:
    if column.dtype.is_nested():
        return pl.Series(column.name, [None if v is None else _json(v) for v in column.to_list()], dtype=pl.String)
    if column.dtype == pl.Binary:
        return column.bin.encode("hex")
    if column.dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        as_whole = whole.cast(pl.Float64) == column
        return (
            pl.select(pl.when(as_whole).then(whole.cast(pl.String)).otherwise(column.cast(pl.String)))
            .to_series()
            .alias(column.name)
        )
    return column.cast(pl.String)


def _json(value: object) -> str:
    return json.dumps(value.to_list() if isinstance(value, pl.Series) else value, ensure_ascii=False, default=str)


def _sheet(name: str, sheet: str, cells: pl.DataFrame, filled: pl.Series, limits: Limits, *, alone: bool) -> Table:
    top = int(filled.arg_true()[0])
    bottom = int(filled.arg_true()[-1])
    body = cells[top + 1 : bottom + 1]
    return finish(
        name if alone else f"{name}#{sheet}",
        body,
        pl.int_range(top + 2, bottom + 2, dtype=pl.UInt32, eager=True),
        cells.row(top),
        limits=limits,
        format="xlsx",
        part=sheet,
    )


def _check_unpacked(name: str, data: bytes, limits: Limits) -> None:
    """Refuses a workbook by what its parts really unpack to, since the sizes written in it may lie."""
    total = 0
    too_big = LimitExceeded(
        f"{name} unpacks to more than {limits.unpacked_bytes >> 20} MB: export fewer rows at once",
        limit=limits.unpacked_bytes,
    )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
        if sum(p.file_size for p in parts) > limits.unpacked_bytes or len(parts) > limits.files:
            raise too_big
        if len(data) * DEFLATE_AT_MOST <= limits.unpacked_bytes:
            return
        for part in parts:
            # Parts that share their bytes are counted each, as a reader would unpack each.
            total += _inflated(data, part, limits.unpacked_bytes - total)
            if total > limits.unpacked_bytes:
                raise too_big
    except (zipfile.BadZipFile, struct.error, zlib.error, NotImplementedError) as error:
        raise UnreadableFile(f"{name} is a damaged workbook: save it again") from error


def _inflated(data: bytes, part: zipfile.ZipInfo, allowed: int) -> int:
    name_length, extra_length = struct.unpack_from("<HH", data, part.header_offset + 26)
    start = part.header_offset + 30 + name_length + extra_length
    if part.compress_type != zipfile.ZIP_DEFLATED:
        return part.compress_size
    inflate, total, pending = zlib.decompressobj(-15), 0, b""
    end = start + part.compress_size
    while (start < end or pending) and not inflate.eof and total <= allowed:
        piece = pending or data[start : min(end, start + CHUNK)]
        start += 0 if pending else CHUNK
        total += len(inflate.decompress(piece, CHUNK))
        pending = inflate.unconsumed_tail
    return total
