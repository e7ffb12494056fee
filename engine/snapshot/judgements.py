"""Judgements: one JSON object a line, only ever added to, safe for several sessions at once."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
import polars as pl

from engine.errors import InputError, WorkspaceError
from engine.schema import ENTITIES, JUDGEMENTS

VERDICTS = ("match", "non_match", "unsure")
TAKEN_BACK = "taken_back"  # a line that undoes an earlier one: the same pair, judge and time


class Judgements:
    """The judgements of one workspace, in the file `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, row: dict[str, str]) -> None:
        """A row of schema.JUDGEMENTS → it is on disk when this returns. Raises InputError for a row that says nothing.

        A later row of the same judge on the same pair takes the place of an earlier one, until it is taken back.
        """
        self.add_all([row])

    def take_back(self, row: dict[str, str]) -> None:
        """A row that was added → from now on it is as if it never had been: what stood before stands again.

        Nothing is erased: a line is added that names the row by pair, judge and time. A row that is not there, or was
        taken back already, changes nothing.
        """
        self._write([{**_checked(row), "verdict": TAKEN_BACK}])

    def add_all(self, rows: Sequence[dict[str, str]]) -> int:
        """Rows of schema.JUDGEMENTS → all are on disk when this returns, or none if one says nothing; how many."""
        self._write([_checked(row) for row in rows])
        return len(rows)

    def _write(self, rows: Sequence[dict[str, str]]) -> None:
        lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        try:
            with self.path.open("a+b") as file, _locked(file):
                # A line torn by a crash must not swallow this one.
                file.write(lines if _ends_whole(file) else b"\n" + lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WorkspaceError(f"the judgement cannot be written ({error.strerror}): check the disk") from error

    @property
    def mark(self) -> tuple[int, int]:
        """→ what changes with every row that is added: when the file was written last, and how long it is."""
        try:
            known = self.path.stat()
        except FileNotFoundError:
            return (0, 0)
        return known.st_mtime_ns, known.st_size

    def read(self, entity: str | None = None) -> pl.DataFrame:
        """An entity, or None for all → schema.JUDGEMENTS, the latest of each judge on each pair, in order of time."""
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise WorkspaceError(f"the judgements cannot be read ({error.strerror})") from error
        lines = (row for row in map(_row, content.split(b"\n")) if row is not None and entity in (None, row["entity"]))
        frame = pl.DataFrame(_standing(lines), schema=JUDGEMENTS)
        return frame.unique(["entity", "left_id", "right_id", "judge"], keep="last", maintain_order=True)


def _standing(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Rows in the order of the file → those that were not taken back, in that order."""
    kept: dict[int, dict[str, str]] = {}
    named: dict[tuple[str, ...], list[int]] = {}
    for at, row in enumerate(rows):
        name = tuple(value for column, value in row.items() if column != "verdict")
        if row["verdict"] != TAKEN_BACK:
            kept[at] = row
            named.setdefault(name, []).append(at)
        elif named.get(name):
            del kept[named[name].pop()]
    return list(kept.values())


def _checked(row: dict[str, str], verdicts: Sequence[str] = VERDICTS) -> dict[str, str]:
    if set(row) - set(JUDGEMENTS) or not all(isinstance(v, str) for v in row.values()):
        raise InputError(f"a judgement has the columns {', '.join(JUDGEMENTS)} and text in them", code="judgement")
    full = {column: row.get(column, "") for column in JUDGEMENTS}
    left, right = sorted((full["left_id"], full["right_id"]))
    if not left or left == right:
        raise InputError("a judgement needs the ids of two different records", code="judgement")
    if full["verdict"] not in verdicts:
        raise InputError(f"a verdict is one of {', '.join(VERDICTS)}", code="judgement")
    if full["entity"] not in ENTITIES:
        raise InputError(f"a judgement is about one of {', '.join(ENTITIES)}", code="judgement")
    return {**full, "left_id": left, "right_id": right}


def _row(line: bytes) -> dict[str, str] | None:
    try:
        row = msgspec.json.decode(line, type=dict[str, str])
        return _checked(row, (*VERDICTS, TAKEN_BACK))
    except (msgspec.DecodeError, InputError):
        return None


def _ends_whole(file: IO[bytes]) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


@contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    """Only one session writes at a time; where the system knows no such lock, appending is all there is."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
