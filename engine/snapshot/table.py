"""What reading gives: `Table`, and what bounds it: `Limits`."""

from collections.abc import Iterable, Sequence

import msgspec
import polars as pl

from engine.errors import LimitExceeded
from engine.schema import REJECTS
from engine.snapshot.values import emptied

GIB = 1 << 30
MIB = 1 << 20


class Limits(msgspec.Struct, frozen=True):
    """The most that is read. Everything above is refused with `LimitExceeded`, never cut short."""

    file_bytes: int = 8 * GIB
    unpacked_bytes: int = 4 * GIB  # all that one archive or workbook unpacks to
    files: int = 5_000
    rows: int = 50_000_000  # of one table
    columns: int = 2_000
    line_bytes: int = 32 * MIB


class Table(msgspec.Struct, frozen=True):
    """One table of one file: every row that could be read as text, and the rows that could not.

    frame: all String, empty cells null, headers unique (repeated ones end in ` #2`, ` #3` …).
    lines: UInt32, the 1-based line (row of a sheet, place in a JSON list) in which each row of `frame` starts.
    rejects: schema.REJECTS. part: the sheet, or the name of the JSON list. notes: codes of what was repaired.
    """

    name: str
    frame: pl.DataFrame
    lines: pl.Series
    rejects: pl.DataFrame
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    part: str | None = None
    notes: tuple[str, ...] = ()


def rejected(name: str, rows: Iterable[tuple[int, str, str]]) -> pl.DataFrame:
    """(file, rows of line, reason, content) → a frame of schema.REJECTS."""
    return pl.DataFrame([(name, line, reason, content) for line, reason, content in rows], schema=REJECTS, orient="row")


def unique_headers(cells: Sequence[str | None]) -> list[str]:
    """Header cells → names that differ: a repeated one gets ` #2`, an empty one becomes `column 3`.

    >>> unique_headers(["Товар", "cid", "Товар", None])
    ['Товар', 'cid', 'Товар #2', 'column 4']
    """
    names: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(cells, start=1):
        base = cell if cell is not None and cell.strip() else f"column {place}"
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base} #{count}"
        taken.add(name)
        names.append(name)
    return names


def check_size(name: str, columns: int, rows: int, limits: Limits) -> None:
    """A table's name, columns and rows → nothing. Raises LimitExceeded when they are more than are read."""
    if columns > limits.columns:
        raise LimitExceeded(f"{name} has {columns} columns; at most {limits.columns} are read", limit=limits.columns)
    if rows > limits.rows:
        raise LimitExceeded(f"{name} has {rows} rows; at most {limits.rows} are read: split it", limit=limits.rows)


def finish(
    name: str,
    frame: pl.DataFrame,
    lines: pl.Series,
    headers: Sequence[str | None],
    *,
    limits: Limits,
    format: str,
    rejects: Sequence[tuple[int, str, str]] = (),
    encoding: str | None = None,
    delimiter: str | None = None,
    part: str | None = None,
    notes: tuple[str, ...] = (),
) -> Table:
    """Cells by column, their lines and the header cells → `Table`.

    Empty cells become null, rows without any value become rejects, columns without header and values go.
    """
    check_size(name, frame.width, frame.height, limits)
    columns = [emptied(c if c.dtype == pl.String else c.cast(pl.String)) for c in frame.get_columns()]
    kept = [
        (header, column)
        for header, column in zip(headers, columns, strict=True)
        if (header is not None and header.strip()) or column.null_count() < len(column)
    ]
    names = unique_headers([header for header, _ in kept])
    table = pl.DataFrame([column.alias(n) for n, (_, column) in zip(names, kept, strict=True)])
    refused = list(rejects)
    if table.width and min(column.null_count() for column in table.get_columns()):
        blank = table.select(pl.all_horizontal(pl.all().is_null()).alias("blank"))["blank"]
        if blank.any():
            refused += [(line, "empty_row", "") for line in lines.filter(blank)]
            table, lines = table.filter(~blank), lines.filter(~blank)
    return Table(
        name=name,
        frame=table,
        lines=lines.alias("line"),
        rejects=rejected(name, sorted(refused)),
        format=format,
        encoding=encoding,
        delimiter=delimiter,
        part=part,
        notes=notes,
    )
