"""Two sides of many pairs: rows of one key table, gathered only as far as a comparison looks at them.

What is worked out from a table's columns (numbers that are equal where values are, lengths, flags) is worked out once
for each row of the table and read by both sides of every pair.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Made = NDArray[Any]
T = TypeVar("T")


def factorised(texts: pl.Series) -> tuple[NDArray[np.int32], pl.Series]:
    """Texts, none missing → the number of each one's value (int32), the distinct values in order of appearance.

    >>> numbers, values = factorised(pl.Series(["b", "a", "b"]))
    >>> numbers.tolist(), values.to_list()
    ([0, 1, 0], ['b', 'a'])
    """
    dictionary = texts.to_arrow().dictionary_encode()
    # By way of polars: pyarrow's own conversion to numpy loads pandas.
    numbers, values = (pl.Series(part) for part in (dictionary.indices, dictionary.dictionary))
    return numbers.to_numpy(), values.cast(pl.String)


@dataclass(frozen=True)
class Keys:
    """A key table, and what was worked out of it so far."""

    table: pl.DataFrame
    made: dict[Any, Any] = field(default_factory=dict, repr=False)

    def of(self, make: Callable[[pl.DataFrame], T]) -> T:
        """A function of the table → what it gives, which is worked out once."""
        if make not in self.made:
            self.made[make] = make(self.table)
        made: T = self.made[make]
        return made

    def ids(self, column: str) -> NDArray[np.int64]:
        """A text column → numbers, equal where values are, in other columns too; -1 where there is none.

        They are hashes of 63 bits: of ten million distinct values two meet by chance once in some 200,000 tables.
        """
        if column not in self.made:
            self.made[column] = numbered(self.table[column])
        numbers: NDArray[np.int64] = self.made[column]
        return numbers


def numbered(texts: pl.Series) -> NDArray[np.int64]:
    """Texts → `Keys.ids` of them."""
    numbers = (texts.hash(seed=11).to_numpy() >> np.uint64(1)).astype(np.int64)
    return np.where(texts.is_null().to_numpy(), np.int64(-1), numbers)


@dataclass(frozen=True)
class Side:
    """One side of many pairs. `side["column"]` gathers a column, `side[rows]` is the same side of those pairs alone."""

    keys: Keys
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, wanted: str) -> pl.Series: ...
    @overload
    def __getitem__(self, wanted: Rows | slice) -> "Side": ...
    def __getitem__(self, wanted: str | Rows | slice) -> "pl.Series | Side":
        if isinstance(wanted, str):
            return self.keys.table[wanted].gather(self.rows)
        return Side(self.keys, self.rows[wanted])

    def frame(self, *columns: str) -> pl.DataFrame:
        """Columns, all without any → their values, pair by pair."""
        table = self.keys.table.select(columns) if columns else self.keys.table
        return table[self.rows]

    def of(self, make: Callable[[pl.DataFrame], Made]) -> Made:
        """A function of the whole table → what it says of this side, pair by pair."""
        return np.asarray(self.keys.of(make)[self.rows])

    def ids(self, column: str) -> NDArray[np.int64]:
        """A text column → numbers that are equal where values are, pair by pair (see `Keys.ids`)."""
        return np.asarray(self.keys.ids(column)[self.rows])


def sides(table: pl.DataFrame, left: Rows, right: Rows) -> tuple[Side, Side]:
    """Key table, rows of the left and of the right values → the two sides of those pairs."""
    keys = Keys(table)
    return Side(keys, left), Side(keys, right)


def of_frames(left: pl.DataFrame, right: pl.DataFrame) -> tuple[Side, Side]:
    """Keys of the left and of the right values, frames of one height → the two sides of those pairs.

    >>> one, two = of_frames(pl.DataFrame({"key": ["a", "b"]}), pl.DataFrame({"key": ["a", None]}))
    >>> same_text(one, two, "key").tolist()
    [True, False]
    """
    rows = np.arange(len(left), dtype=np.int64)
    return sides(pl.concat([left, right]), rows, rows + len(left))


def same_text(left: Side, right: Side, column: str) -> Flags:
    """Two sides, a text column → whether both have a value and the same, pair by pair."""
    one, two = left.ids(column), right.ids(column)
    return np.asarray((one == two) & (one >= 0))


def used(left: Side, right: Side, columns: list[str]) -> tuple[pl.DataFrame, Rows, Rows]:
    """Two sides → those rows of their table that any pair uses, and the place of each left and right row among them."""
    table = left.keys.table
    wanted = np.zeros(len(table), bool)
    wanted[left.rows] = True
    wanted[right.rows] = True
    place = np.cumsum(wanted) - 1
    return table.select(columns).filter(pl.Series(wanted)), place[left.rows], place[right.rows]
