"""Comparison keys of two records → how alike they are, 0…100, for phones, e-mails, websites and numbers of all kinds.

Every function takes the two sides of many pairs (`engine.match.sides`) in a table of keys made by the module of that
kind in `engine/normalise`, and compares them pair by pair. 100 means the same value after normalisation; rarity, which
raises it, is added elsewhere.
The `…_LEVELS` beside each function are its default levels, (name, at least), strongest first; what the scores between
them mean stands in the docstring, so that other cuts can be chosen.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.match.agreement import SAME, Flags, Scores, alike, edits, graded, letter_marks, may_be_alike, same, where
from engine.match.sides import Side, numbered, of_frames, same_text

Levels = tuple[tuple[str, int], ...]

PHONE_LEVELS: Levels = (
    ("same, rare", 114),
    ("same", 100),
    ("same but for code or area", 95),
    ("one digit off", 85),
    ("last 6 digits", 72),
    ("different", 0),
)
LAST_DIGITS = range(4, 11)  # agreeing last digits N that are graded: 60 + 2 N
_POWERS = 10 ** np.arange(19, dtype=np.int64)
_READ = 18  # digits of a number that fit into an integer: its last ones


def phone(left: Side, right: Side) -> Scores:
    """Keys of `phones` → the best over the numbers of both cells.

    100 same number · 97 same national number, the country of one not known · 95 one is the other without its area
    code (seven digits at least) · 85 one digit off, missing or too many, or two neighbours swapped · 82 same number,
    other extension · 60 + 2 N the last N digits agree, N 4…10 (so `at_least: 74` is "the last 7 digits") · 0 else.
    """
    numbers = left.of(_how_many), right.of(_how_many)
    single = (numbers[0] == 1) & (numbers[1] == 1)
    several = (numbers[0] > 0) & (numbers[1] > 0) & ~single

    def crossed(rows: NDArray[np.int64]) -> Scores:
        """Rows with several numbers → the best similarity of any two."""
        columns = ["numbers", "national", "valid"]
        place = pl.DataFrame({"row": np.arange(len(rows), dtype=np.uint32)})
        one, two = (
            place.hstack(side[rows].frame(*columns)).explode(columns, empty_as_null=True) for side in (left, right)
        )
        both = one.join(two, on="row", suffix="_r")
        second = both.select(pl.col(f"{c}_r").alias(c) for c in columns)
        scores = _phone_numbers(*of_frames(both.select(columns), second))
        best = np.zeros(len(rows), np.uint8)
        np.maximum.at(best, both["row"].to_numpy(), scores)
        return best

    alone = where(single, lambda rows: _phone_numbers(left[rows], right[rows]), len(left))
    scores = np.maximum(alone, where(several, crossed, len(left)))
    desks = left.ids("extension"), right.ids("extension")
    other_desk = (desks[0] != desks[1]) & (desks[0] >= 0) & (desks[1] >= 0)
    return np.where(other_desk & (scores >= 95), np.uint8(82), scores)


def _phone_numbers(left: Side, right: Side) -> Scores:
    equal = left.of(_number_ids) == right.of(_number_ids)

    def unequal(rows: NDArray[np.int64]) -> Scores:
        """Rows whose numbers differ → how alike they are."""
        one, two = left[rows], right[rows]
        digits, others = one.of(_digits), two.of(_digits)
        size, other_size = one.of(_size), two.of(_size)
        shorter = np.minimum(size, other_size)
        long = shorter >= 7
        last = np.zeros(len(rows), np.uint8)
        for n in LAST_DIGITS:
            last[(digits % _POWERS[n] == others % _POWERS[n]) & (shorter >= n)] = 60 + 2 * n
        cut = _POWERS[np.minimum(shorter, _READ)]
        tail = (digits % cut == others % cut) & (shorter > 0)
        # One slip leaves the first three digits right or the last three, of seven.
        slip = long & ((one.of(_head) == two.of(_head)) | (digits % 1000 == others % 1000))
        near = where(slip, lambda r: _one_edit(_national(one[r]), _national(two[r])), len(rows))
        # Two valid numbers of different countries are two numbers, however much alike.
        abroad = one.of(_valid) & two.of(_valid)
        whole = (digits == others) & (size == other_size)
        return graded(len(rows), [(97, whole & long & ~abroad), (95, tail & long & ~abroad), (85, near > 0)], last)

    return np.maximum(np.where(equal, np.uint8(SAME), np.uint8(0)), where(~equal, unequal, len(left)))


def _how_many(table: pl.DataFrame) -> NDArray[np.int64]:
    return table["numbers"].list.len().fill_null(0).cast(pl.Int64).to_numpy()


def _first(values: pl.Series) -> pl.Series:
    # Of cells with one number each, or of numbers already taken apart.
    return values.list.first() if isinstance(values.dtype, pl.List) else values


def _national(side: Side) -> pl.Series:
    return _first(side["national"])


def _number_ids(table: pl.DataFrame) -> NDArray[np.int64]:
    return numbered(_first(table["numbers"]))


def _digits(table: pl.DataFrame) -> NDArray[np.int64]:
    text = _first(table["national"]).str.tail(_READ)
    return text.str.to_integer(strict=False, dtype=pl.Int64).fill_null(-1).to_numpy()


def _head(table: pl.DataFrame) -> NDArray[np.int64]:
    text = _first(table["national"]).str.head(3)
    return text.str.to_integer(strict=False, dtype=pl.Int64).fill_null(-1).to_numpy()


def _size(table: pl.DataFrame) -> NDArray[np.int64]:
    return _first(table["national"]).str.len_bytes().fill_null(0).cast(pl.Int64).to_numpy()


def _valid(table: pl.DataFrame) -> Flags:
    return _first(table["valid"]).fill_null(False).to_numpy()


EMAIL_LEVELS: Levels = (
    ("same, rare", 114),
    ("same", 100),
    ("same desk", 98),
    ("typing error", 90),
    ("same name, other provider", 76),
    ("names alike", 62),
    ("same company", 60),
    ("different", 0),
)


def email(left: Side, right: Side) -> Scores:
    """Keys of `emails` → how alike the addresses are (of several in a cell, the first; any that is shared counts).

    100 same address · 98 the same desk (info@, sales@) · 96 same local part, domain mistyped · 92 one typing error in
    the local part · 90 two · 88 same but for dots and dashes · 76…86 same local part with another provider, more the
    longer it is · 75 same words in another order · 70 same letters, other digits, same domain · 64 same letters,
    another domain · 62 letters alike · 60 same company domain only · 0 else.
    """
    scores = _email_equalities(left, right)
    several = (left.of(_several_addresses) | right.of(_several_addresses)) & (scores < SAME)
    rows = np.flatnonzero(several)
    if len(rows):
        lists = pl.DataFrame({"l": left[rows]["addresses"], "r": right[rows]["addresses"]})
        shared = lists.select(pl.col("l").list.set_intersection("r").list.len() > 0).to_series()
        scores[rows[shared.fill_null(False).to_numpy()]] = SAME
    rows = np.flatnonzero((scores <= 60) | ((scores >= 76) & (scores <= 86)))
    scores[rows] = np.maximum(scores[rows], _email_errors(left[rows], right[rows]))
    return scores


def _email_equalities(left: Side, right: Side) -> Scores:
    def equal(column: str, other: str | None = None) -> Flags:
        one, two = left.ids(column), right.ids(other or column)
        return np.asarray((one == two) & (one >= 0))

    address, local, domain = equal("address"), equal("local"), equal("domain")
    person = left.of(_personal) & right.of(_personal)
    guesses = equal("domain_guess", "domain") | equal("domain", "domain_guess") | equal("domain_guess")
    length, letters = np.minimum(left.of(_local_size), right.of(_local_size)), left.of(_letters_size)
    same_letters = equal("local_letters") & person
    # (score, which pairs), strongest first
    levels: list[tuple[Any, Flags]] = [
        (98, address & left.of(_desk)),
        (100, address),
        (96, local & guesses),
        (88, domain & person & equal("local_bare") & (length >= 5)),
        (np.minimum(length, 15) + 71, local & person & (length >= 5)),
        (70, same_letters & domain),
        (75, person & equal("local_words") & (letters >= 8)),
        (64, same_letters & (letters >= 6)),
        (60, left.of(_owned) & equal("registrable")),
    ]
    scores = [np.asarray(score, np.uint8) for score, _ in levels]
    return np.select([flags for _, flags in levels], scores, np.uint8(0))


def _several_addresses(table: pl.DataFrame) -> Flags:
    return (table["addresses"].list.len() > 1).fill_null(False).to_numpy()


def _desk(table: pl.DataFrame) -> Flags:
    return table["is_role"].fill_null(False).to_numpy()


def _personal(table: pl.DataFrame) -> Flags:
    return (~table["is_role"]).fill_null(False).to_numpy()


def _owned(table: pl.DataFrame) -> Flags:
    return (~table["is_free"]).fill_null(False).to_numpy()


def _local_size(table: pl.DataFrame) -> NDArray[np.int64]:
    return table["local"].str.len_chars().fill_null(0).cast(pl.Int64).to_numpy()


def _letters_size(table: pl.DataFrame) -> NDArray[np.int64]:
    return table["local_letters"].str.len_chars().fill_null(0).cast(pl.Int64).to_numpy()


def _letters_marks(table: pl.DataFrame) -> NDArray[np.uint64]:
    return letter_marks(table["local_letters"])


def _email_errors(left: Side, right: Side) -> Scores:
    # Pairs without an equality: typing errors in the local part or in an unknown domain.
    size = len(left)
    person = left.of(_personal) & right.of(_personal)
    length = np.minimum(left.of(_local_size), right.of(_local_size))
    typed = same_text(left, right, "domain") & person & (length >= 5)
    errors = where(typed, lambda r: edits(left[r]["local"], right[r]["local"], most=2), size)
    mistyped = same_text(left, right, "local")
    near_domain = where(mistyped, lambda r: _one_edit(left[r]["domain"], right[r]["domain"]), size)
    whole = (left.ids("domain") < 0) != (right.ids("domain") < 0)
    broken = where(whole, lambda r: _errors(left[r]["address"], right[r]["address"]), size)
    named = person & (left.of(_letters_size) >= 6) & (right.of(_letters_size) >= 6)
    named &= may_be_alike(*((side.of(_letters_marks), side.of(_letters_size)) for side in (left, right)), least=0.92)
    close = where(named, lambda r: alike(left[r]["local_letters"], right[r]["local_letters"]), size)
    levels = [
        (95, near_domain > 0),
        (92, typed & (errors == 1)),
        (90, typed & (length >= 8) & (errors == 2)),
        (90, broken > 0),
        (62, close >= 92),
    ]
    return graded(size, levels)


def _errors(left: pl.Series, right: pl.Series) -> Scores:
    return (edits(left, right, most=2) <= 2).astype(np.uint8)


def _one_edit(left: pl.Series, right: pl.Series) -> Scores:
    return (edits(left, right, most=1) <= 1).astype(np.uint8)


WEBSITE_LEVELS: Levels = (("same, rare", 114), ("same", 100), ("same name, other suffix", 80), ("different", 0))


def website(left: Side, right: Side) -> Scores:
    """Keys of `websites` → 100 same registrable domain · 80 same name under another suffix (four letters at least) ·
    70 one typing error in a name of six letters or more · 0 else."""  # fmt: skip
    names = [left["label"], right["label"]]
    longest = (names[0].str.len_chars() >= 6).fill_null(False).to_numpy()
    long = (names[0].str.len_chars() >= 4).fill_null(False).to_numpy()
    equal = same_text(left, right, "key")
    error = where(longest & ~equal, lambda r: _one_edit(names[0].gather(r), names[1].gather(r)), len(left)) > 0
    return graded(len(left), [(SAME, equal), (80, long & same(*names)), (70, error)])


CITY_LEVELS: Levels = (("same", 100), ("alike", 88), ("different", 0))


def city(left: Side, right: Side) -> Scores:
    """Keys of `places.city_keys` → 100 same city by any of its names · up to 99 Jaro–Winkler of the romanised names."""
    equal = same_text(left, right, "key")
    near = where(~equal, lambda r: np.minimum(99, alike(left[r]["fold"], right[r]["fold"])), len(left))
    return np.maximum(np.where(equal, np.uint8(SAME), np.uint8(0)), near)
