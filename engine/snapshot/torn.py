"""Delimited text with broken quotes or ragged rows → rows, each with its line, and what could not be made a row.

Every record is read strictly first. Where that fails, only its first line is looked at again, so that one stray quote
never swallows the rows after it.
"""

import csv

import polars as pl

SPAN = 300  # lines; a cell with more lines than this is an unclosed quote
BLOCK = 20_000  # rows turned into a frame at once

# The default of 128 KB would refuse long notes. It can only be set for the whole process; a line's length is bounded
# by `Limits.line_bytes`, a cell's by SPAN such lines.
csv.field_size_limit(1 << 30)

Reject = tuple[int, str, str]


def parse(text: str, delimiter: str) -> tuple[list[str], pl.DataFrame, pl.Series, list[Reject]]:
    """(text, delimiter) → (header cells, frame of the cells, first line of each row, rejects).

    Rows with too few cells are filled up; surplus empty cells go; surplus cells with content make the row a reject.

    >>> headers, frame, lines, rejects = parse('a,b\\n1,x "y" z\\n"2"z,3,x\\n4\\n', ",")
    >>> frame.rows(), lines.to_list(), rejects
    ([('1', 'x "y" z'), ('4', '')], [2, 4], [(3, 'broken_quotes', '"2"z,3,x')])
    """
    lines = [line + "\n" for line in text.split("\n")]
    if lines[-1] == "\n":
        lines.pop()
    headers, at = _record(lines, 0, delimiter, None)
    assert headers is not None
    width = len(headers)
    frames, starts, rejects, block = [], [], list[Reject](), list[list[str]]()
    while at < len(lines):
        cells, after = _record(lines, at, delimiter, width)
        if cells is None:
            rejects.append((at + 1, "broken_quotes", lines[at].rstrip("\r\n")))
        elif any(cells[width:]):
            rejects.append((at + 1, "too_many_cells", "".join(lines[at:after]).rstrip("\r\n")))
        else:
            block.append((cells + [""] * (width - len(cells)))[:width])
            starts.append(at + 1)
        if len(block) >= BLOCK:
            frames.append(_frame(block, width))
            block = []
        at = after
    frames.append(_frame(block, width))
    return headers, pl.concat(frames, rechunk=True), pl.Series("line", starts, dtype=pl.UInt32), rejects


def _frame(rows: list[list[str]], width: int) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * width
    return pl.DataFrame([pl.Series(str(i), cells, dtype=pl.String) for i, cells in enumerate(columns)])


def _record(lines: list[str], at: int, delimiter: str, width: int | None) -> tuple[list[str] | None, int]:
    """The record that starts in line `at` → (its cells or None when its quotes are broken, the line after it)."""
    feed = (lines[i] for i in range(at, min(len(lines), at + SPAN)))
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    try:
        return next(reader), at + reader.line_num
    except csv.Error:
        return _loose(lines[at].rstrip("\r\n"), delimiter, width), at + 1


def _loose(line: str, delimiter: str, width: int | None) -> list[str] | None:
    """A line whose quotes are not quotes → its cells, when cutting at every delimiter gives the right number."""
    cells = line.split(delimiter)
    if width is not None and len(cells) != width:
        return None
    return [c[1:-1].replace('""', '"') if len(c) > 1 and c[0] == c[-1] == '"' else c for c in cells]
