"""What earlier runs worked out, kept in the workspace: keys of values, similarities of pairs of values.

Nothing is worked out twice for the same value, or for the same pair of values, whichever snapshot, comparison or rules
ask. What is kept belongs to one version of the code, of the reference data and of the libraries; of any other version
nothing is read. The folder may be deleted at any time: it costs the time to fill it again and nothing else.
"""

import contextlib
import hashlib
import importlib.metadata
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from engine.errors import WorkspaceError
from engine.files import write_atomically
from engine.match import segments

LIMIT = 4_000_000_000  # bytes
FEW_VALUES, FEW_PAIRS = 1_000, 5_000  # are worked out sooner than read
# What pays, measured on a million records: looking up a key costs 0.2…0.6 µs where all values are those of the last
# run, and 0.6…1.5 µs else. The keys of other kinds cost no more to make (websites 1.7, numbers and codes 0.3…1.3 µs),
# or have few distinct values (cities), or depend on the whole column (dates, texts).
KEYS_OF = frozenset({"person_name", "given_name", "family_name", "patronymic", "company", "email", "phone", "address"})
# Looking up a pair costs 0.05…0.2 µs, keeping it 0.1 µs more; phones, cities, dates and codes are compared in 0.04…0.4.
# The keys of a text name its words by their numbers in the column: its pairs are known again only while no value of
# the column changes, as when the app is opened anew.
PAIRS_OF = frozenset({"person_name", "given_name", "family_name", "patronymic", "company", "email", "address", "text"})
ABOUT = """\
What Winnow worked out from the values of the records: their comparison keys, and how alike two of them are.
It holds personal data, as the snapshots do. Delete it whenever you like: it is worked out again when it is needed.
It is deleted with any snapshot, and takes no more than {limit} MB.
"""

VALUE = "raw value"  # no key column is named so
_VALUES = {"keys": (VALUE,)}
_PAIRS = {"values": ("name",), "pairs": ("pair", "similarity")}
_HALF = np.uint64(32)  # bits of a pair's number: the number of either value


class Remembered:
    """Keys and similarities in `folder`. Whatever is missing, damaged or cannot be written is worked out instead."""

    def __init__(self, folder: Path, *, limit: int = LIMIT, of: str | None = None) -> None:
        """`of`: what names the records in work, so that whole stages of theirs are kept too (`engine.match.stages`)."""
        self.folder, self.limit, self.of = folder, limit, of
        self._about = folder / "README.txt"
        if not self._about.exists():
            with contextlib.suppress(OSError, WorkspaceError):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                text = ABOUT.format(limit=limit // 1_000_000)
                write_atomically(self._about, lambda scratch: scratch.write_text(text, "utf-8"))
        self._since = self._mark()

    def about(self, of: str | None) -> "Remembered":
        """What names the records in work → the same for those."""
        return Remembered(self.folder, limit=self.limit, of=of)

    def kept(
        self, name: str, columns: Mapping[str, tuple[str, ...]], *, also: Sequence[str] = ()
    ) -> segments.Tables | None:
        """Name of a stage's result, tables with the columns each must have → them, and `also` those that are there."""
        return next(segments.read(self._stage(name), columns, also=also), None)

    def keep(self, name: str, tables: segments.Tables) -> None:
        """Name of a stage's result, its tables → they are kept."""
        store = self._stage(name)
        if self._may_keep(tables) and not store.exists():
            segments.add(store, tables)
            segments.bound(self.folder, self.limit)

    def _stage(self, name: str) -> Path:
        return self.folder / f"stage-{name}-{version(SIMILARITIES)}"

    def keys(
        self, kind: str, region: str, values: pl.Series, make: Callable[[pl.Series], pl.DataFrame]
    ) -> pl.DataFrame:
        """Kind, region, raw values (null: none) → what `make` gives of them; it is asked of those not known yet.

        `make`: values → a frame with a row for each, which depends on that value alone.
        """
        if kind not in KEYS_OF or len(values) < FEW_VALUES:
            return make(values)
        store = self._store("keys", f"{kind}-{region}", version(KEYS))
        asked = pl.DataFrame({VALUE: values})
        place = np.full(len(values), -1, np.int64)
        known: list[pl.DataFrame] = []
        before = 0
        for tables in segments.read(store, _VALUES):
            held = tables["keys"]
            if not known and held[VALUE].equals(values):  # the same values in the same order: nothing to look up
                return held.drop(VALUE)
            open_ = np.flatnonzero(place < 0)
            at = asked[open_].join(
                held.select(VALUE).with_row_index("at"), on=VALUE, how="left", maintain_order="left", nulls_equal=True
            )["at"]
            found = at.is_not_null().to_numpy()
            place[open_[found]] = at.drop_nulls().to_numpy().astype(np.int64) + before
            known.append(held.drop(VALUE))
            before += len(held)
        fresh = np.flatnonzero(place < 0)
        if not len(fresh):
            return pl.concat(known)[place]
        made = make(values.gather(fresh))
        place[fresh] = np.arange(before, before + len(fresh))
        new = asked[fresh].hstack(made)
        if not (first := new[VALUE].is_first_distinct()).all():
            new = new.filter(first)
        self._add(store, _VALUES, {"keys": new}, _joined_values)
        return pl.concat([*known, made])[place] if known else made

    def worth(self, kind: str, pairs: int) -> bool:
        """Kind, number of pairs of distinct values → whether it pays to look their similarities up."""
        return kind in PAIRS_OF and pairs >= FEW_PAIRS

    def similarities(
        self, kind: str, names: np.ndarray, low: np.ndarray, high: np.ndarray, make: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Kind, names of a key table's rows (`named`), rows of both sides of distinct pairs → similarities (uint8).

        `make`: positions of pairs → their similarities; it is asked of those not known yet. A pair is named by the two
        64-bit names of its sides. Of ten million distinct values any two share a name with a probability of 3 in a
        million, however many pairs they make; and only pairs with the same other side could then be mistaken.
        """
        store = self._store("pairs", kind, version(SIMILARITIES))
        out = np.zeros(len(low), np.uint8)
        missing = np.ones(len(low), bool)
        for tables in segments.read(store, _PAIRS):
            number = _places(tables["values"]["name"].to_numpy(), names)
            open_ = np.flatnonzero(missing)
            a, b = number[low[open_]], number[high[open_]]
            both = (a >= 0) & (b >= 0)
            open_, asked = open_[both], _packed(a[both], b[both])
            held, similarity = tables["pairs"]["pair"].to_numpy(), tables["pairs"]["similarity"].to_numpy()
            at = _places(held, asked)
            found = at >= 0
            out[open_[found]] = similarity[at[found]]
            missing[open_[found]] = False
        fresh = np.flatnonzero(missing)
        if len(fresh):
            out[fresh] = make(fresh)
            new = _pair_tables(names, low[fresh], high[fresh], out[fresh])
            self._add(store, _PAIRS, new, _joined_pairs)
        return out

    def _store(self, what: str, of: str, digest: str) -> Path:
        return self.folder / f"{what}-{of}-{digest}"

    def _add(
        self,
        store: Path,
        columns: Mapping[str, tuple[str, ...]],
        new: segments.Tables,
        together: Callable[[list[segments.Tables]], segments.Tables],
    ) -> None:
        if not self._may_keep(new):
            return
        if not store.exists():  # what other versions of this program remembered is of no more use
            for old in self.folder.glob(f"{store.name.rpartition('-')[0]}-*"):
                shutil.rmtree(old, ignore_errors=True)
        segments.add(store, new)
        segments.join(store, columns, together)
        segments.bound(self.folder, self.limit)

    def _may_keep(self, tables: segments.Tables) -> bool:
        """Is there room, and is the folder still there? It may have gone with the snapshot whose values these are."""
        size = sum(table.estimated_size() for table in tables.values())
        return self._since is not None and self._mark() == self._since and size <= self.limit // 2

    def _mark(self) -> tuple[int, int] | None:
        """→ what tells this folder from another one made in its place."""
        try:
            about = self._about.stat()
        except OSError:
            return None
        return about.st_ino, about.st_mtime_ns


def named(table: pl.DataFrame, context: pl.Series | None = None) -> np.ndarray:
    """Key table, what its kind's similarity is told of each row besides → a 64-bit name of each row.

    It is the same for the same row of any table, if the same is told of it.
    """
    names = table.hash_rows(seed=1).rename("name")
    return (names if context is None else pl.DataFrame([names, context]).hash_rows(seed=1)).to_numpy()


def _places(held: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Sorted numbers, numbers asked for → the place of each, -1 where it is not. Sorted ones are found much faster."""
    if not len(held):
        return np.full(len(asked), -1, np.int64)
    if bool((asked[1:] >= asked[:-1]).all()):
        at = np.minimum(np.searchsorted(held, asked), len(held) - 1)
        return np.where(held[at] == asked, at, -1)
    order = np.argsort(asked)
    place = np.empty(len(asked), np.int64)
    place[order] = _places(held, asked[order])
    return place


def _packed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    packed: np.ndarray = (a.astype(np.uint64) << _HALF) | b.astype(np.uint64)
    return packed


def _pair_tables(names: np.ndarray, low: np.ndarray, high: np.ndarray, similarity: np.ndarray) -> segments.Tables:
    """Names of rows, pairs of rows, their similarities → a segment: sorted names, and pairs of places among them."""
    used = np.zeros(len(names), bool)
    used[low] = used[high] = True
    held = np.unique(names[used])
    number = np.full(len(names), -1, np.int64)
    number[used] = np.searchsorted(held, names[used])
    return _sorted_pairs(held, _packed(number[low], number[high]), similarity)


def _sorted_pairs(names: np.ndarray, pair: np.ndarray, similarity: np.ndarray) -> segments.Tables:
    if not bool((pair[1:] > pair[:-1]).all()):
        pair, first = np.unique(pair, return_index=True)
        similarity = similarity[first]
    return {
        "values": pl.DataFrame({"name": names}),
        "pairs": pl.DataFrame({"pair": pair, "similarity": similarity}),
    }


def _joined_pairs(parts: list[segments.Tables]) -> segments.Tables:
    names = np.unique(np.concatenate([part["values"]["name"].to_numpy() for part in parts]))
    pairs = []
    for part in parts:
        number = np.searchsorted(names, part["values"]["name"].to_numpy())
        pair = part["pairs"]["pair"].to_numpy()
        low, high = pair >> _HALF, pair & np.uint64(2**32 - 1)
        pairs.append(_packed(number[low], number[high]))
    similarity = np.concatenate([part["pairs"]["similarity"].to_numpy() for part in parts])
    return _sorted_pairs(names, np.concatenate(pairs), similarity)


def _joined_values(parts: list[segments.Tables]) -> segments.Tables:
    whole = pl.concat([part["keys"] for part in parts])
    return {"keys": whole.unique(VALUE, keep="first", maintain_order=True)}


# What decides the keys of a value, and the similarity of two keys: files and folders of the engine.
KEYS = ("schema.py", "match/kinds.py", "normalise", "reference")
SIMILARITIES = ("rules.py", "match", *KEYS)


@cache
def version(parts: tuple[str, ...]) -> str:
    """Files and folders of the engine → a digest of their content and of what they are run with."""
    root = Path(__file__).parents[1]
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        for path in sorted((root / part).rglob("*")) if (root / part).is_dir() else [root / part]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    libraries = ("numpy", "polars", "pyarrow", "rapidfuzz", "phonenumbers")
    used = [platform.python_version(), platform.machine(), *map(importlib.metadata.version, libraries)]
    digest.update(" ".join(used).encode())
    return digest.hexdigest()
