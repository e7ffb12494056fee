"""Dates, numbers, codes and categories of two records → how alike they are, 0…100."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.match.agreement import SAME, Scores, as_scores, edits, graded, same, where
from engine.match.sides import Side

Levels = tuple[tuple[str, int], ...]

DATE_LEVELS: Levels = (
    ("same, rare", 114),
    ("same", 100),
    ("typing error or swap", 90),
    ("two parts the same", 78),
    ("same year", 60),
    ("different", 0),
)


def date(left: Side, right: Side) -> Scores:
    """Keys of `dates` → 100 same · 95 day and month swapped · 92 one digit off, or two neighbours swapped · 85 one is
    the other without its day or month · 82 same month and day, other year · 80 same year and month · 78 same year and
    day · 74 two digits off · 60 same year · 40 at most a month apart · 20 at most a year apart · 0 else.
    """  # fmt: skip
    year, month, day = (same(left[n], right[n]) for n in ("year", "month", "day"))
    equal = same(left["key"], right["key"])
    swapped = year & same(left["month"], right["day"]) & same(left["day"], right["month"])
    lengths = (left["key"].str.len_bytes() != right["key"].str.len_bytes()).fill_null(False).to_numpy()
    within = pl.DataFrame({"l": left["key"], "r": right["key"]}).select(
        (pl.col("l").str.starts_with(pl.col("r")) | pl.col("r").str.starts_with(pl.col("l"))).fill_null(False)
    )
    errors = edits(left["key"], right["key"], most=2)
    whole = ~lengths & ~equal & (left["day"].is_not_null() & right["day"].is_not_null()).to_numpy()
    days = (left["date"] - right["date"]).dt.total_days().abs()
    levels = [
        (SAME, equal),
        (95, swapped),
        (92, whole & (errors == 1)),
        (85, lengths & within.to_series().to_numpy()),
        (82, month & day),
        (80, year & month),
        (78, year & day),
        (74, whole & _two_digits_off(left["key"], right["key"], errors)),
        (60, year),
        (40, (days <= 31).fill_null(False).to_numpy()),
        (20, (days <= 366).fill_null(False).to_numpy()),
    ]
    return graded(len(left), levels)


def _two_digits_off(left: pl.Series, right: pl.Series, errors: NDArray[np.uint8]) -> NDArray[np.bool_]:
    # Two substitutions, not a digit lost at one place and another added elsewhere: that is another date.
    def differing(rows: NDArray[np.int64]) -> Scores:
        one, two = left.gather(rows), right.gather(rows)
        pairs = pl.DataFrame({"l": one, "r": two})
        places = [pl.col("l").str.slice(n, 1) != pl.col("r").str.slice(n, 1) for n in range(8)]
        return as_scores(pairs.select(pl.sum_horizontal(places)).to_series().to_numpy())

    return np.asarray(where(errors == 2, differing, len(left)) == 2, dtype=np.bool_)


TAX_ID_LEVELS: Levels = (("same, rare", 114), ("same", 100), ("typing error", 80), ("uncertain", 10), ("different", 0))


def tax_id(left: Side, right: Side) -> Scores:
    """Keys of `ids` → 100 same · 85 one digit off · 80 two neighbours apart or two digits off, ten digits or more · 10
    different, but one of the two has no right check digits · 0 different, both with right check digits (fit for a
    veto).
    """
    both = (left["valid"].fill_null(False) & right["valid"].fill_null(False)).to_numpy()
    equal = same(left["key"], right["key"])
    present = (left["key"].is_not_null() & right["key"].is_not_null()).to_numpy()
    errors = where(
        ~equal & ~both & present, lambda r: edits(left["key"].gather(r), right["key"].gather(r), most=2), len(left)
    )
    long = (left["key"].str.len_chars() >= 10).fill_null(False).to_numpy()
    open_ = ~equal & ~both & present
    return graded(
        len(left), [(SAME, equal), (85, open_ & (errors == 1)), (80, open_ & long & (errors == 2)), (10, open_)]
    )


IDENTIFIER_LEVELS: Levels = (
    ("same, rare", 114),
    ("same", 100),
    ("one error", 85),
    ("two errors", 70),
    ("different", 0),
)


def identifier(left: Side, right: Side) -> Scores:
    """Keys of `ids.identifier_keys` → 100 same · 88 one character off, lost, added, or two neighbours swapped · 80 one
    ends or begins with the other (five characters at least) · 72 two characters off, seven at least · 0 else.
    """
    equal = same(left["key"], right["key"])
    shortest = np.minimum(*(side["key"].str.len_chars().fill_null(0).to_numpy() for side in (left, right)))
    errors = edits(left["key"], right["key"], most=2)
    one, two = pl.col("l"), pl.col("r")
    inside = one.str.ends_with(two) | two.str.ends_with(one) | one.str.starts_with(two) | two.str.starts_with(one)
    part = pl.DataFrame({"l": left["key"], "r": right["key"]}).select(inside.fill_null(False)).to_series().to_numpy()
    levels = [
        (SAME, equal),
        (88, (errors == 1) & (shortest >= 4)),
        (80, part & (shortest >= 5)),
        (72, (errors == 2) & (shortest >= 7)),
    ]
    return graded(len(left), levels)


POSTCODE_LEVELS: Levels = (("same", 100), ("one digit off", 88), ("same area", 75), ("different", 0))


def postcode(left: Side, right: Side) -> Scores:
    """Keys of `postcode_keys` → 100 same · 88 one digit off or two neighbours swapped · 60 + 5 N the first N
    characters agree, N 3…5 · 0 else."""  # fmt: skip
    equal = same(left["key"], right["key"])
    first = np.zeros(len(left), np.uint8)
    for n in (3, 4, 5):
        long = ((left["key"].str.len_chars() >= n) & (right["key"].str.len_chars() >= n)).fill_null(False).to_numpy()
        first[long & same(left["key"].str.head(n), right["key"].str.head(n))] = 60 + 5 * n
    near = edits(left["key"], right["key"], most=1) == 1
    return graded(len(left), [(SAME, equal), (88, near)], first)


NUMBER_LEVELS: Levels = (("same", 100), ("close", 90), ("near", 60), ("different", 0))
YEARS = (1800, 2200)


def number(left: Side, right: Side) -> Scores:
    """Keys of `numbers` → 100 same, else 99 × (1 − difference / the larger), below 0 as 0; for two whole numbers that
    may be years, 100 − 10 for each year between them.
    """
    one, two = (side["value"].fill_null(np.nan).to_numpy() for side in (left, right))
    known = ~np.isnan(one) & ~np.isnan(two)
    a, b = np.where(known, one, 0.0), np.where(known, two, 1.0)
    difference, larger = np.abs(a - b), np.maximum(np.abs(a), np.abs(b))
    relative = 99 * (1 - difference / np.where(larger > 0, larger, 1))
    year = (a >= YEARS[0]) & (a < YEARS[1]) & (b >= YEARS[0]) & (b < YEARS[1]) & (a == np.round(a)) & (b == np.round(b))
    closeness = np.clip(np.where(year, 100 - 10 * difference, relative), 0, 99)
    return as_scores(np.where(known, np.where(difference == 0, SAME, closeness), 0))


CATEGORY_LEVELS: Levels = (("same", 100), ("alike", 60), ("different", 0))


def category(left: Side, right: Side) -> Scores:
    """Keys of `text.category_keys` → 100 same · 85 one letter off, in three or more · 70 the words of one are among the
    other's · 60 a word in common · 0 else."""  # fmt: skip
    equal = same(left["key"], right["key"])
    shortest = np.minimum(*(side["key"].str.len_chars().fill_null(0).to_numpy() for side in (left, right)))
    sets = pl.DataFrame({"l": left["words"], "r": right["words"]})
    shared = pl.col("l").list.set_intersection("r").list.len()
    fewest = pl.min_horizontal(pl.col("l").list.len(), pl.col("r").list.len())
    common = sets.select(shared=shared, fewest=fewest).fill_null(0)
    agree, least = common["shared"].to_numpy(), common["fewest"].to_numpy()
    off = (edits(left["key"], right["key"], most=1) == 1) & (shortest >= 3)
    levels = [(SAME, equal), (85, off), (70, (agree > 0) & (agree == least)), (60, agree > 0)]
    return graded(len(left), levels)
