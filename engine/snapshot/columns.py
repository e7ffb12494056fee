"""A table that waits on disk: rows go in all at once or in batches, columns are read back when they are asked for.

The file is unnamed from the moment it is made: it ends with the process, however that ends, and leaves nothing.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from pathlib import Path
from threading import Lock
from typing import Protocol

import polars as pl
import pyarrow as pa

from engine.files import unnamed


class Columns(Protocol):
    """A table, in memory or on disk: columns that can be read."""

    @property
    def columns(self) -> list[str]: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    def __getitem__(self, column: str, /) -> pl.Series: ...


class Frame:
    """A table on disk, of which columns are read when they are asked for, by several at a time if need be."""

    def __init__(self, table: pl.DataFrame, folder: Path) -> None:
        self._file, self._reading = unnamed(folder, self), Lock()
        table.write_ipc(self._file)
        self._kept_as, self.height = {name: name for name in table.columns}, table.height

    @classmethod
    def of_batches(cls, batches: Iterable[pl.DataFrame], folder: Path) -> "Frame":
        """Tables with the same columns, one at least → all their rows on disk; no two of them are held."""
        made = cls.__new__(cls)
        made._file, made._reading = unnamed(folder, made), Lock()
        made._kept_as, made.height = {}, 0
        writer = None
        for batch in batches:
            # Plain strings: views would be written with all that they are views of.
            part = batch.to_arrow(compat_level=pl.CompatLevel.oldest())
            if writer is None:
                writer = pa.ipc.new_file(made._file, part.schema)
                made._kept_as = {name: name for name in batch.columns}
            writer.write_table(part)
            made.height += len(part)
        if writer is not None:
            writer.close()
        made._file.flush()
        return made

    def named(self, names: Mapping[str, str]) -> "Frame":
        """Names, and the columns that are to have them → a table of these columns alone; nothing is copied."""
        made = copy(self)
        made._owner = self  # type: ignore[attr-defined]  # the file is closed when nobody holds it any more
        made._kept_as = {name: self._kept_as[column] for name, column in names.items()}
        return made

    def renamed(self, column: str, name: str) -> "Frame":
        """A column, its new name → the same table with that column so called; one of that name before gives way."""
        others = {c: c for c in self.columns if c != name or c == column}
        return self.named({name if c == column else c: c for c in others})

    def beside(self, other: "Frame", names: Mapping[str, str]) -> "Frame":
        """Columns of a table on the same file, their names here → the table with them after its own."""
        made = self.named({c: c for c in self.columns})
        made._kept_as |= {name: other._kept_as[column] for column, name in names.items()}
        return made

    @property
    def columns(self) -> list[str]:
        return list(self._kept_as)

    @property
    def width(self) -> int:
        return len(self._kept_as)

    def __len__(self) -> int:
        return self.height

    def __getitem__(self, column: str) -> pl.Series:
        with self._reading:
            self._file.seek(0)
            return pl.read_ipc(self._file, columns=[self._kept_as[column]]).to_series().alias(column)

    def select(self, columns: list[str]) -> pl.DataFrame:
        """Columns → a frame of them, read one by one: as long as one is read, it is in memory twice."""
        return pl.DataFrame([self[column] for column in columns])

    def head(self, rows: int) -> pl.DataFrame:
        """A number of rows → the first of them, with all columns."""
        with self._reading:
            self._file.seek(0)
            first = pl.read_ipc(self._file, n_rows=rows)
        return first.select(pl.col(kept).alias(name) for name, kept in self._kept_as.items())
