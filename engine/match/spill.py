"""What waits on disk in a match within a memory limit: the keys of comparisons, the pairs in partitions.

The table itself waits in `engine.snapshot.columns`.

Every file is unnamed from the moment it is made: it ends with the process, however that ends, and leaves nothing.
Only one comparison's keys and one partition of the pairs need to be in memory at a time; two where there is room.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import polars as pl

from engine.errors import LimitExceeded
from engine.files import unnamed
from engine.match.block import KeyColumn
from engine.match.encode import Encoded
from engine.memory import PROGRAM
from engine.snapshot.columns import Frame

BYTES_PER_RECORD = 2_400  # of memory, allowed for a record matched without a limit: 1,100 at a million, and to spare
DISK_PER_RECORD = 1_000  # bytes on disk within a limit, pairs included: 860 at a million, 650 at ten
BYTES_SIDE_BY_SIDE = 700  # the same where keys and pairs wait on disk, but two comparisons are worked on at a time
BYTES_PER_PAIR = 500  # of memory allowed for while a partition of pairs is compared: addresses take so many
LEAST_PARTITION = 200_000  # pairs
LEAST_BATCH, LARGEST_BATCH = 1 << 20, 1 << 25  # bytes of a file


@dataclass(frozen=True)
class Room:
    """How much memory a match may take (bytes), and the folder for what does not fit."""

    memory: int
    folder: Path
    say: Callable[[str], None] = lambda text: None

    def tight(self, records: int) -> bool:
        """Number of records → whether their match needs more than the limit, so that parts of it wait on disk."""
        return records * BYTES_PER_RECORD > self.memory

    def at_once(self, records: int) -> int:
        """Number of records, too many for the room → how many of their comparisons may be worked on side by side."""
        return 2 if PROGRAM + records * BYTES_SIDE_BY_SIDE <= self.memory else 1

    @property
    def partition(self) -> int:
        """How many pairs are in memory at a time: a quarter of the limit's worth."""
        return max(LEAST_PARTITION, self.memory // 4 // BYTES_PER_PAIR)

    @property
    def batch(self) -> int:
        """How many bytes of a file are read at a time."""
        return min(LARGEST_BATCH, max(LEAST_BATCH, self.memory // 64))

    def check_disk(self, records: int) -> None:
        """Number of records → where room is tight, says how much disk their match will use; else nothing.

        Raises LimitExceeded when less is free.
        """
        if not self.tight(records):
            return
        needed = records * DISK_PER_RECORD
        self.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise LimitExceeded(
                f"within this memory limit {needed / 1e9:.1f} GB of disk are needed and {free / 1e9:.1f} GB are free: "
                "free some, raise the memory limit, or write to another disk"
            )
        self.say(
            f"{records:,} records within {self.memory / 1e9:.1f} GB of memory: up to {needed / 1e9:.1f} GB of disk "
            f"are used meanwhile in {self.folder} and given back at the end"
        )


def physical_memory() -> int:
    """→ bytes of memory of this machine; 8 GB where it cannot be told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 << 30


class Arrays:
    """Arrays of one type, put on disk one after another and read back by number."""

    def __init__(self, folder: Path) -> None:
        self._file = unnamed(folder, self)
        self._at: list[tuple[int, int, np.dtype[Any]]] = []
        self._reading = Lock()

    def put(self, array: np.ndarray) -> int:
        """An array → its number. One at a time puts arrays here; several may read them."""
        self._file.seek(0, os.SEEK_END)
        self._at.append((self._file.tell(), len(array), array.dtype))
        np.ascontiguousarray(array).tofile(self._file)
        self._file.flush()
        return len(self._at) - 1

    def __getitem__(self, number: int) -> np.ndarray:
        return self.part(number, 0, self._at[number][1])

    def part(self, number: int, first: int, last: int) -> np.ndarray:
        """Number of an array, positions in it → that part of it."""
        start, _, dtype = self._at[number]
        with self._reading:
            self._file.seek(start + first * dtype.itemsize)
            return np.fromfile(self._file, dtype, last - first)

    def __len__(self) -> int:
        return len(self._at)


class Keys(Mapping[str, Encoded]):
    """Encoded comparisons by name, on disk: each is read anew whenever it is asked for. They keep the order given."""

    def __init__(self, room: Room, names: Sequence[str], *, at_once: int) -> None:
        self.room, self.names, self.at_once = room, names, at_once
        self._kept: dict[str, tuple[Encoded, Frame, Arrays, list[str]]] = {}

    def put(self, name: str, one: Encoded) -> None:
        """A comparison's name and keys → on disk."""
        arrays = Arrays(self.room.folder)
        arrays.put(one.codes)
        arrays.put(one.holders)
        for row, hashed in one.blocking.values():
            arrays.put(row)
            arrays.put(hashed)
        empty = Encoded(one.comparison, one.kind, one.codes[:0], one.table[:0], one.holders[:0], one.context, {})
        self._kept[name] = (empty, Frame(one.table, self.room.folder), arrays, list(one.blocking))

    def __getitem__(self, name: str) -> Encoded:
        empty, table, arrays, keys = self._kept[name]
        blocking = {key: (arrays[2 + 2 * at], arrays[3 + 2 * at]) for at, key in enumerate(keys)}
        return Encoded(
            empty.comparison, empty.kind, arrays[0], table.select(table.columns), arrays[1], empty.context, blocking
        )

    def kind(self, name: str) -> str:
        """A comparison's name → its kind."""
        return self._kept[name][0].comparison.kind

    def key_column(self, name: str, key: str) -> KeyColumn:
        """A comparison, one of its blocking keys → that key of all records; the key table stays on disk."""
        empty, table, arrays, keys = self._kept[name]
        of = {key: (arrays[2 + 2 * keys.index(key)], arrays[3 + 2 * keys.index(key)])} if key in keys else {}
        values = pl.DataFrame({"row": np.zeros(table.height, np.bool_)})
        return Encoded(empty.comparison, empty.kind, arrays[0], values, arrays[1], None, of).key_column(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
