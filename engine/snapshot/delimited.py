"""Delimited text → `Table`: a fast path for well-formed files, a careful one, row by row, for all others.

A file is well-formed when every quote opens a cell, closes one or is doubled inside one, and Polars then finds as many
lines as the file has. Only then is the fast path's answer used.
"""

import contextlib
import csv
import io
from typing import NamedTuple

import numpy as np
import polars as pl

from engine.errors import InputError, LimitExceeded, UnreadableFile
from engine.progress import Progress, silent
from engine.snapshot.encoding import BROKEN_SHARE, detect, first_broken, known, legacy, to_utf8, without_mark
from engine.snapshot.table import Limits, Table, finish
from engine.snapshot.torn import parse as parse_torn

UTF8 = ("utf-8", "utf-8-sig")
DELIMITERS = (",", ";", "\t", "|")
ONE_COLUMN = ("\t", "|", ";", ",", "\x1f")
SNIFF_CHARACTERS = 1 << 16
SNIFF_ROWS = 200
QUOTE = 34
CHUNK = 1 << 20  # bytes looked at together: few enough to stay in the processor's cache


def read(
    name: str,
    data: bytes,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    limits: Limits | None = None,
    progress: Progress = silent,
) -> Table:
    """(name, bytes of a delimited file) → `Table`. Raises UnreadableFile, LimitExceeded, InputError."""
    limits = limits or Limits()
    found = known(encoding) if encoding else detect(data, name)
    told = _delimiter(delimiter)
    notes: tuple[str, ...] = ()
    text, read_fast = None, None
    if found in UTF8:
        # Polars finds out for itself whether this is UTF-8; decoding it here first would cost as much as reading it.
        text = _text(name, without_mark(data), told, limits)
        read_fast = fast(text.body, text.delimiter)
    if text is None or (read_fast is None and first_broken(text.body) is not None):
        utf8, found, notes = _decoded(data, found, chosen=encoding is not None)
        text = _text(name, utf8, told, limits)
        read_fast = fast(text.body, text.delimiter)
    progress("read", 0.8)
    if read_fast is not None:
        headers, frame, lines = read_fast
        rejects: list[tuple[int, str, str]] = []
    else:
        headers, frame, lines, rejects = parse_torn(text.body.decode("utf-8"), text.delimiter)
        notes = (*notes, "repaired_rows")
    progress("read", 1.0)
    return finish(
        name,
        frame,
        lines + text.skipped if text.skipped else lines,
        headers,
        limits=limits,
        format="csv",
        rejects=[(line + text.skipped, reason, content) for line, reason, content in rejects],
        encoding=found,
        delimiter=text.delimiter,
        notes=(*notes, "nul_characters") if b"\0" in text.body else notes,
    )


class _Text(NamedTuple):
    """A file as UTF-8 that begins with its header, after `skipped` lines."""

    body: bytes
    skipped: int
    delimiter: str


def _text(name: str, utf8: bytes, delimiter: str | None, limits: Limits) -> _Text:
    if b"\r" in utf8 and b"\n" not in utf8:
        utf8 = utf8.replace(b"\r", b"\n")
    begin, skipped, told = preamble(utf8)
    body = utf8[begin:]
    if body.endswith((b"\n\n", b"\n\r\n")):  # blank lines after the last row
        body = body.rstrip(b"\r\n") + b"\n"
    if not body or body.isspace():
        raise UnreadableFile(f"{name} is empty: export it again, with headers and rows")
    check_lines(name, body, limits)
    return _Text(body, skipped, delimiter or told or sniff(body))


def _decoded(data: bytes, encoding: str, *, chosen: bool) -> tuple[bytes, str, tuple[str, ...]]:
    utf8, broken = to_utf8(data, encoding)
    if broken and encoding == "utf-8" and not chosen:
        # The sample was UTF-8 and the rest is not: decide by the place where it stops being so.
        at = first_broken(data) or 0
        tail = data[max(0, at - 4096) : at + (1 << 18)]
        if tail.decode("utf-8", errors="replace").count("\ufffd") > BROKEN_SHARE * sum(1 for b in tail if b > 127):
            encoding = legacy(tail)
            utf8, broken = to_utf8(data, encoding)
    return utf8, encoding, ("broken_characters",) if broken else ()


def preamble(data: bytes) -> tuple[int, int, str | None]:
    """Bytes → where the header begins, the lines before it, the delimiter that Excel's `sep=;` line names.

    Before the header stand blank lines, and that one.
    """
    body = data.lstrip(b"\r\n")
    begin = len(data) - len(body)
    skipped = data.count(b"\n", 0, begin)
    if body[:4].lower() == b"sep=" and body[5:6] in (b"\r", b"\n"):
        return begin + body.index(b"\n") + 1, skipped + 1, chr(body[4])
    return begin, skipped, None


def check_lines(name: str, data: bytes, limits: Limits) -> None:
    """A file's name, its bytes → nothing. Raises LimitExceeded when a line is longer than is read."""
    start = 0
    while len(data) - start > limits.line_bytes:
        end = data.rfind(b"\n", start, start + limits.line_bytes)
        if end < 0:
            raise LimitExceeded(
                f"{name}: one line is longer than {limits.line_bytes >> 20} MB, so this is hardly a table; "
                "export it again as CSV with one record a line",
                limit=limits.line_bytes,
            )
        start = end + 1


def _delimiter(given: str | None) -> str | None:
    if given is None:
        return None
    plain = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(given, given)
    if len(plain) != 1 or not plain.isascii() or plain in '"\r\n':
        raise InputError(f"the delimiter {given!r} cannot be used; give one character such as , ; | or tab")
    return plain


def sniff(data: bytes) -> str:
    """Bytes → the delimiter under which most of the first rows have as many cells as the header.

    More cells win ties.
    """
    text = data[:SNIFF_CHARACTERS].decode("utf-8", errors="ignore")
    scores = {}
    for delimiter in DELIMITERS:
        widths = _widths(text, delimiter)
        whole = widths[:-1] if len(data) > SNIFF_CHARACTERS and len(widths) > 1 else widths
        agree = sum(1 for width in whole if width == whole[0]) / len(whole)
        scores[delimiter] = (whole[0] > 1, agree if whole[0] > 1 else 0.0, whole[0])
    if max(width for _, _, width in scores.values()) == 1:
        # One column: what it holds may contain any delimiter, so take one that cuts nothing.
        return next((d for d in ONE_COLUMN if d.encode() not in data), ONE_COLUMN[-1])
    # The header counts for most: a note full of commas must not outvote a header of semicolons.
    return max(DELIMITERS, key=lambda d: (scores[d][0], round(scores[d][1], 1) * scores[d][2], -DELIMITERS.index(d)))


def _widths(text: str, delimiter: str) -> list[int]:
    reader = csv.reader((line + "\n" for line in text.split("\n")), delimiter=delimiter)
    widths: list[int] = []
    with contextlib.suppress(csv.Error, StopIteration):
        while len(widths) < SNIFF_ROWS:
            row = next(reader)
            if row:
                widths.append(len(row))
    return widths or [1]


def fast(data: bytes, delimiter: str) -> tuple[list[str], pl.DataFrame, pl.Series] | None:
    """Bytes that begin with the header → header cells, the cells, the line of each row; None when not well-formed."""
    returns = data.count(b"\r")
    if (returns and returns != data.count(b"\r\n")) or not _well_quoted(data, delimiter):
        return None
    try:
        headers, header_lines = _header(data, delimiter)
        frame = pl.read_csv(data, separator=delimiter, infer_schema=False, missing_columns="insert")
    except (pl.exceptions.PolarsError, csv.Error, UnicodeDecodeError):
        return None
    if frame.width != len(headers):
        return None
    lines = _lines(frame, header_lines, data.count(b"\n") + (not data.endswith(b"\n")))
    return None if lines is None else (headers, frame, lines)


def _lines(frame: pl.DataFrame, header_lines: int, total: int) -> pl.Series | None:
    """Where each row starts; None when rows and line ends inside cells do not add up to the lines of the file."""
    if frame.height + header_lines == total:
        return pl.int_range(header_lines + 1, total + 1, dtype=pl.UInt32, eager=True)
    inside = [c.str.count_matches("\n", literal=True).fill_null(0).alias(str(i)) for i, c in enumerate(frame)]
    height = sum((c.cast(pl.UInt64) for c in inside), pl.repeat(1, frame.height, dtype=pl.UInt64, eager=True))
    if int(height.sum()) + header_lines != total:
        return None
    return (height.cum_sum() - height + header_lines + 1).cast(pl.UInt32)


def _header(data: bytes, delimiter: str) -> tuple[list[str], int]:
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="\n"), delimiter=delimiter)
    return next(reader), reader.line_num


def _well_quoted(data: bytes, delimiter: str) -> bool:
    """Whether each quote opens a cell, closes one, or is doubled inside one.

    Counted from 0, the even quotes open (after a delimiter or a line end) or are the second of a doubled pair (right
    after another quote); the odd ones close, or are the first of such a pair.
    """
    if b'"' not in data:
        return True
    content = np.frombuffer(data, dtype=np.uint8)
    opens, closes = _bytes_among(delimiter, '\n"'), _bytes_among(delimiter, '\r\n"')
    seen = 0
    for start in range(0, len(content), CHUNK):
        at = np.flatnonzero(content[start : start + CHUNK] == QUOTE) + start
        even, odd = at[seen % 2 :: 2], at[1 - seen % 2 :: 2]
        even, odd = even[even > 0], odd[odd < len(content) - 1]
        if not opens[content[even - 1]].all() or not closes[content[odd + 1]].all():
            return False
        seen += len(at)
    return seen % 2 == 0


def _bytes_among(*characters: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    table = np.zeros(256, dtype=np.bool_)
    table[[ord(c) for c in "".join(characters)]] = True
    return table
