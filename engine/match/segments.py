"""Tables on disk that only grow: a store is a folder of segments, each written whole, once, and never changed.

A segment is a ZIP archive that compresses nothing and holds Arrow tables. Its check sums tell a damaged one, which is
as good as none. Two writers each add segments of their own; readers see those that are whole.
"""

import contextlib
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from engine.errors import WorkspaceError
from engine.files import write_atomically

MOST = 8  # segments of a store: when there are more, the smaller ones are joined …
JOINED = 256 << 20  # … up to this many bytes
SUFFIX = ".zip"

Tables = Mapping[str, pl.DataFrame]
_UNREADABLE = (zipfile.BadZipFile, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, EOFError,
               KeyError, ValueError, NotImplementedError, RuntimeError)  # fmt: skip


def read(store: Path, columns: Mapping[str, tuple[str, ...]], *, also: Sequence[str] = ()) -> Iterator[Tables]:
    """Folder of a store, tables with the columns each must have → its segments, the oldest first, one at a time.

    Only these tables are read, and those of `also` that are there. A file that is damaged, or no such segment, is
    removed.
    """
    segments = _segments(store)
    if segments:
        with contextlib.suppress(OSError):
            os.utime(store)  # so that `bound` knows which stores are in use
    for path in segments:
        tables = _read(path, columns, also)
        if tables is not None:
            yield tables


def add(store: Path, tables: Tables) -> None:
    """Folder of a store, tables → a new segment of it. What cannot be written is left out: it is only remembered."""
    segments = _segments(store)
    number = int(segments[-1].name.partition("-")[0]) + 1 if segments else 1
    path = store / f"{number:06}-{os.getpid()}-{threading.get_ident()}{SUFFIX}"
    with contextlib.suppress(WorkspaceError):
        write_atomically(path, lambda scratch: _write(scratch, tables))


def join(store: Path, columns: Mapping[str, tuple[str, ...]], together: Callable[[list[Tables]], Tables]) -> None:
    """Folder of a store, how segments become one → the store with its smaller segments joined, where there are many."""
    sized = sorted((_size(path), path) for path in _segments(store))
    if len(sized) <= MOST:
        return
    chosen: list[Path] = []
    total = 0
    for size, path in sized[:-1]:
        total += size
        if total <= JOINED:
            chosen.append(path)
    if len(chosen) < 2:
        return
    chosen.sort()  # of a value in several segments the oldest counts
    whole = [tables for path in chosen if (tables := _read(path, columns)) is not None]
    if whole:
        add(store, together(whole))
    for path in chosen:
        _remove(path)


def bound(folder: Path, limit: int) -> None:
    """Folder of stores, bytes that they may take → the stores used longest ago are gone, until the rest fits."""
    stores = []
    for store in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            if store.is_dir():
                stores.append((store.stat().st_mtime_ns, sum(map(_size, store.iterdir())), store))
    total = sum(size for _, size, _ in stores)
    for _, size, store in sorted(stores):
        if total <= limit:
            return
        shutil.rmtree(store, ignore_errors=True)
        total -= size


def _segments(store: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(p for p in store.iterdir() if p.suffix == SUFFIX and p.name[:6].isdigit())
    return []


def _write(path: Path, tables: Tables) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, table in tables.items():
            with archive.open(name, "w", force_zip64=True) as member:
                table.write_ipc(member, compression="uncompressed")


def _read(path: Path, columns: Mapping[str, tuple[str, ...]], also: Sequence[str] = ()) -> Tables | None:
    try:
        with zipfile.ZipFile(path) as archive:
            there = set(archive.namelist())
            tables = {name: pl.read_ipc(archive.read(name)) for name in (*columns, *(n for n in also if n in there))}
        if all(set(wanted) <= set(tables[name].columns) for name, wanted in columns.items()):
            return tables
    except FileNotFoundError:  # another process has joined it with others
        return None
    except _UNREADABLE:
        pass
    _remove(path)
    return None


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0
