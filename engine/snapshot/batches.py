"""A CSV file too large to be held → its table with the rows on disk, read a batch of rows at a time.

Only what the fast path of `delimited` reads is read so, and by that path: UTF-8, every quote where it belongs. It gives
the same rows, lines and rejects as reading whole. Every other file is left to `read_tables`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
import polars as pl

from engine.progress import Progress, silent
from engine.snapshot.columns import Frame
from engine.snapshot.delimited import UTF8, check_lines, fast, preamble, sniff
from engine.snapshot.encoding import detect, without_mark
from engine.snapshot.read import is_text
from engine.snapshot.table import Limits, check_size, rejected, unique_headers
from engine.snapshot.values import emptied

HEAD = 1 << 20  # bytes by which encoding and delimiter are told
BATCH = 1 << 24  # bytes
LONGEST = 8  # batches in which a row must end
LINE = "line"  # the column beside the numbered ones


class Waiting(msgspec.Struct, frozen=True):
    """One table, as `Table` is one, whose rows wait on disk. `lines`: one column, where each row starts, as text."""

    name: str
    frame: Frame
    lines: Frame
    rejects: pl.DataFrame
    encoding: str
    delimiter: str
    part: str | None = None

    def with_lines(self, name: str) -> Frame:
        """A name → the table with one more column of that name: the line of each row, as text."""
        return self.frame.beside(self.lines, {LINE: name})


class _NotPlainError(Exception):
    """This file is not for batches."""


def read(
    path: Path, folder: Path, *, batch: int = BATCH, limits: Limits | None = None, progress: Progress = silent
) -> Waiting | None:
    """(file, folder for its rows) → `Waiting`; None for a file that only reading whole does justice to.

    Raises UnreadableFile and LimitExceeded as reading whole does.
    """
    limits, size = limits or Limits(), path.stat().st_size
    if size > limits.file_bytes:
        return None
    with path.open("rb") as file:
        head = file.read(HEAD)
        if not head.strip() or not is_text(head) or (encoding := detect(head, path.name)) not in UTF8:
            return None
        body = without_mark(head)
        begin, skipped, told = preamble(body)
        delimiter = told or sniff(body[begin:])
        rows = _Rows(path.name, delimiter, skipped, limits)
        pieces = _pieces(file, len(head) - len(body) + begin, _end(file, size), batch)
        try:
            frame = Frame.of_batches(rows.batches(pieces, size, progress), folder)
        except _NotPlainError:
            return None
    kept = rows.kept()
    if len(rows.headers) < 2 or not kept:  # of a single column only the whole file tells what delimits it
        return None
    progress("read", 1.0)
    return Waiting(
        name=path.name,
        frame=frame.named(
            dict(zip(unique_headers([header for header, _ in kept]), (at for _, at in kept), strict=True))
        ),
        lines=frame.named({LINE: LINE}),
        rejects=rejected(path.name, rows.refused),
        encoding=encoding,
        delimiter=delimiter,
    )


class _Rows:
    """What is known of a file's rows when they have gone by: headers, values a column, rows without any."""

    def __init__(self, name: str, delimiter: str, skipped: int, limits: Limits) -> None:
        self.name, self.delimiter, self.skipped, self.limits = name, delimiter, skipped, limits
        self.headers: list[str] = []
        self.filled: list[int] = []
        self.refused: list[tuple[int, str, str]] = []

    def batches(self, pieces: Iterator[bytes], size: int, progress: Progress) -> Iterator[pl.DataFrame]:
        """Pieces of the file → a frame of each: columns by number, LINE. Raises _NotPlainError, LimitExceeded."""
        header, above, before, done, height = b"", 0, 0, 0, 0
        for piece in pieces:
            check_lines(self.name, piece, self.limits)
            found = fast(header + piece, self.delimiter)
            if found is None:
                raise _NotPlainError
            headers, frame, lines = found
            if not header:
                above = int(lines[0]) - 1 if len(lines) else piece.count(b"\n")
                header, self.headers, self.filled = _first_lines(piece, above), headers, [0] * len(headers)
                lines_before = self.skipped
            else:
                # The lines of the header are put before every piece, and are counted in each.
                lines_before = self.skipped + before - above
            height += frame.height
            check_size(self.name, frame.width, height, self.limits)
            before += piece.count(b"\n")
            done += len(piece)
            progress("read", done / size)
            yield self._frame(frame, lines.cast(pl.Int64) + lines_before)

    def _frame(self, frame: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
        columns = [emptied(column).alias(str(place)) for place, column in enumerate(frame.get_columns())]
        table = pl.DataFrame([*columns, lines.cast(pl.String).alias(LINE)])
        blank = table.select(pl.all_horizontal(pl.exclude(LINE).is_null())).to_series()
        if blank.any():
            self.refused += [(int(line), "empty_row", "") for line in lines.filter(blank)]
            table = table.filter(~blank)
        counts = table.select(pl.exclude(LINE).count()).row(0)
        self.filled = [one + more for one, more in zip(self.filled, counts, strict=True)]
        return table

    def kept(self) -> list[tuple[str, str]]:
        """→ header and number of each column that has a header or a value."""
        both = enumerate(zip(self.headers, self.filled, strict=True))
        return [(header, str(place)) for place, (header, filled) in both if header.strip() or filled]


def _pieces(file: IO[bytes], begin: int, end: tuple[int, bytes], size: int) -> Iterator[bytes]:
    """Bytes of a file from `begin` → pieces that end where a row does: at a line end outside of quotes.

    As long as every quote is where it belongs, and that is found out of each piece, a line end is outside when quotes
    before it are even in number.
    """
    file.seek(begin)
    last, tail = end
    left, rest = last - begin, b""
    while left > 0:
        data = rest + file.read(min(size, left))
        left = max(0, left - (len(data) - len(rest)))
        if not left:
            yield data + tail
            return
        cut = _row_end(data)
        if not cut and len(data) > LONGEST * size:
            raise _NotPlainError
        if cut:
            yield data[:cut]
        rest = data[cut:]


def _row_end(data: bytes) -> int:
    """Bytes that begin with a row → where the last row that ends in them ends, else 0."""
    quotes, stop = data.count(b'"'), len(data)
    while (at := data.rfind(b"\n", 0, stop)) >= 0:
        quotes -= data.count(b'"', at, stop)
        if quotes % 2 == 0:
            return at + 1
        stop = at
    return 0


def _end(file: IO[bytes], size: int) -> tuple[int, bytes]:
    """A file → where what is read of it ends, and what to put there: blank lines after the last row do not count."""
    at, blank = size, b""
    while at and not blank.strip(b"\r\n"):
        step = min(at, 1 << 16)
        file.seek(at - step)
        blank = file.read(step) + blank
        at -= step
    text = blank.rstrip(b"\r\n")
    return (at + len(text), b"\n") if blank.endswith((b"\n\n", b"\n\r\n")) else (size, b"")


def _first_lines(data: bytes, count: int) -> bytes:
    at = 0
    for _ in range(count):
        at = data.index(b"\n", at) + 1
    return data[:at]
