"""Comparison keys of two records → how alike they are, 0…100, for phones, e-mails, websites and numbers of all kinds.

Every function takes two frames of the same height, keys made by the module of that kind in `engine/normalise`, and
compares them row by row. 100 means the same value after normalisation; rarity, which raises it, is added elsewhere.
The `…_LEVELS` beside each function are its default levels, (name, at least), strongest first; what the scores between
them mean stands in the docstring, so that other cuts can be chosen.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.match.agreement import SAME, Scores, alike, edits, graded, same, where

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


def phone(left: pl.DataFrame, right: pl.DataFrame) -> Scores:
    """Keys of `phones` → the best over the numbers of both cells.

    100 same number · 97 same national number, the country of one not known · 95 one is the other without its area
    code (seven digits at least) · 85 one digit off, missing or too many, or two neighbours swapped · 82 same number,
    other extension · 60 + 2 N the last N digits agree, N 4…10 (so `at_least: 74` is "the last 7 digits") · 0 else.
    """
    columns = ["numbers", "national", "valid"]
    lengths = [side["numbers"].list.len() for side in (left, right)]
    single = ((lengths[0] == 1) & (lengths[1] == 1)).fill_null(False).to_numpy()

    def alone(rows: NDArray[np.int64]) -> Scores:
        pair = [side.select(pl.col(c).gather(rows).list.first() for c in columns) for side in (left, right)]
        return _phone_numbers(pair[0], pair[1])

    def crossed(rows: NDArray[np.int64]) -> Scores:
        place = pl.DataFrame({"row": np.arange(len(rows), dtype=np.uint32)})
        pair = [place.hstack(side.select(pl.col(columns).gather(rows))) for side in (left, right)]
        both = (
            pair[0]
            .explode(columns, empty_as_null=True)
            .join(pair[1].explode(columns, empty_as_null=True), on="row", suffix="_r")
        )
        scores = _phone_numbers(both.select(columns), both.select(pl.col(f"{c}_r").alias(c) for c in columns))
        best = np.zeros(len(rows), np.uint8)
        np.maximum.at(best, both["row"].to_numpy(), scores)
        return best

    present = (left["numbers"].is_not_null() & right["numbers"].is_not_null()).to_numpy()
    scores = np.maximum(where(single, alone, len(left)), where(~single & present, crossed, len(left)))
    other_desk = (left["extension"] != right["extension"]).fill_null(False).to_numpy()
    return np.where(other_desk & (scores >= 95), np.uint8(82), scores)


def _phone_numbers(left: pl.DataFrame, right: pl.DataFrame) -> Scores:
    equal = same(left["numbers"], right["numbers"])

    def unequal(rows: NDArray[np.int64]) -> Scores:
        one, two = left["national"].gather(rows), right["national"].gather(rows)
        long = ((one.str.len_bytes() >= 7) & (two.str.len_bytes() >= 7)).to_numpy()
        tail = _is_tail(one, two)
        last = np.zeros(len(rows), np.uint8)
        for n in LAST_DIGITS:
            agree = (one.str.tail(n) == two.str.tail(n)) & (one.str.len_bytes() >= n) & (two.str.len_bytes() >= n)
            last[agree.to_numpy()] = 60 + 2 * n
        near = edits(one, two, most=1) <= 1
        # Two valid numbers of different countries are two numbers, however much alike.
        abroad = (left["valid"].gather(rows) & right["valid"].gather(rows)).to_numpy()
        levels = [(97, same(one, two) & long & ~abroad), (95, tail & long & ~abroad), (85, near & long)]
        return graded(len(rows), levels, last)

    return np.maximum(np.where(equal, np.uint8(SAME), np.uint8(0)), where(~equal, unequal, len(left)))


def _is_tail(left: pl.Series, right: pl.Series) -> NDArray[np.bool_]:
    one, two = pl.col("left"), pl.col("right")
    either = one.str.ends_with(two) | two.str.ends_with(one)
    return pl.DataFrame({"left": left, "right": right}).select(either.fill_null(False)).to_series().to_numpy()


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
_EMAIL = ("address", "local", "domain", "registrable", "domain_guess", "is_role", "is_free", "local_letters")
_EMAIL_FORMS = ("local_bare", "local_words")


def email(left: pl.DataFrame, right: pl.DataFrame) -> Scores:
    """Keys of `emails` → how alike the addresses are (of several in a cell, the first; any that is shared counts).

    100 same address · 98 the same desk (info@, sales@) · 96 same local part, domain mistyped · 92 one typing error in
    the local part · 90 two · 88 same but for dots and dashes · 76…86 same local part with another provider, more the
    longer it is · 75 same words in another order · 70 same letters, other digits, same domain · 64 same letters,
    another domain · 62 letters alike · 60 same company domain only · 0 else.
    """
    names = (*_EMAIL, *_EMAIL_FORMS)
    sides = [side.select(pl.col(n).alias(n + end) for n in names) for side, end in ((left, "_l"), (right, "_r"))]
    pairs = pl.concat(sides, how="horizontal")
    scores = pairs.select(score=_email_equalities())["score"].to_numpy().copy()
    several = (left["addresses"].list.len() > 1) | (right["addresses"].list.len() > 1)
    rows = np.flatnonzero(several.fill_null(False).to_numpy() & (scores < SAME))
    if len(rows):
        lists = pl.DataFrame({"l": left["addresses"].gather(rows), "r": right["addresses"].gather(rows)})
        shared = lists.select(pl.col("l").list.set_intersection("r").list.len() > 0).to_series()
        scores[rows[shared.fill_null(False).to_numpy()]] = SAME
    open_rows = np.flatnonzero((scores <= 60) | ((scores >= 76) & (scores <= 86)))
    scores[open_rows] = np.maximum(scores[open_rows], _email_errors(pairs[open_rows]))
    return scores


def _email_equalities() -> pl.Expr:
    c = pl.col
    same_local, same_domain = c("local_l") == c("local_r"), c("domain_l") == c("domain_r")
    person = ~c("is_role_l") & ~c("is_role_r")
    guesses = (
        (c("domain_guess_l") == c("domain_r"))
        | (c("domain_guess_r") == c("domain_l"))
        | (c("domain_guess_l") == c("domain_guess_r"))
    )
    length = c("local_l").str.len_chars().clip(0, 15).cast(pl.Int32)
    same_letters = c("local_letters_l") == c("local_letters_r")
    company = ~c("is_free_l") & (c("registrable_l") == c("registrable_r"))
    same_name = same_local & person & (length >= 5)
    ordered = [
        ((c("address_l") == c("address_r")) & c("is_role_l"), pl.lit(98)),
        (c("address_l") == c("address_r"), pl.lit(100)),
        (same_local & guesses, pl.lit(96)),
        (
            same_domain & person & (c("local_bare_l") == c("local_bare_r")) & (c("local_l").str.len_chars() >= 5),
            pl.lit(88),
        ),
        (same_name, length + 71),
        (person & same_letters & same_domain, pl.lit(70)),
        (person & (c("local_words_l") == c("local_words_r")) & (c("local_letters_l").str.len_chars() >= 8), pl.lit(75)),
        (person & same_letters & (c("local_letters_l").str.len_chars() >= 6), pl.lit(64)),
        (company, pl.lit(60)),
    ]
    return pl.coalesce(
        *(pl.when(rule.fill_null(False)).then(score.cast(pl.UInt8)) for rule, score in ordered), pl.lit(0, pl.UInt8)
    )


def _email_errors(pairs: pl.DataFrame) -> Scores:
    # Pairs without an equality: typing errors in the local part or in an unknown domain.
    local = [pairs["local_l"], pairs["local_r"]]
    person = (~pairs["is_role_l"] & ~pairs["is_role_r"]).fill_null(False).to_numpy()
    same_domain = same(pairs["domain_l"], pairs["domain_r"])
    long = ((local[0].str.len_chars() >= 5) & (local[1].str.len_chars() >= 5)).fill_null(False).to_numpy()
    errors = where(
        same_domain & long & person, lambda r: edits(local[0].gather(r), local[1].gather(r), most=2), len(pairs)
    )
    mistyped = same(local[0], local[1])
    near_domain = where(
        mistyped, lambda r: _one_edit(pairs["domain_l"].gather(r), pairs["domain_r"].gather(r)), len(pairs)
    )
    whole = (pairs["domain_l"].is_null() != pairs["domain_r"].is_null()).to_numpy()
    broken = where(whole, lambda r: _errors(pairs["address_l"].gather(r), pairs["address_r"].gather(r)), len(pairs))
    letters = [pairs["local_letters_l"], pairs["local_letters_r"]]
    named = person & ((letters[0].str.len_chars() >= 6) & (letters[1].str.len_chars() >= 6)).fill_null(False).to_numpy()
    close = where(named, lambda r: alike(letters[0].gather(r), letters[1].gather(r)), len(pairs))
    longer = (local[0].str.len_chars() >= 8).fill_null(False).to_numpy()
    typed = same_domain & long & person
    levels = [
        (95, near_domain > 0),
        (92, typed & (errors == 1)),
        (90, typed & longer & (errors == 2)),
        (90, broken > 0),
        (62, close >= 92),
    ]
    return graded(len(pairs), levels)


def _errors(left: pl.Series, right: pl.Series) -> Scores:
    return (edits(left, right, most=2) <= 2).astype(np.uint8)


def _one_edit(left: pl.Series, right: pl.Series) -> Scores:
    return (edits(left, right, most=1) <= 1).astype(np.uint8)


WEBSITE_LEVELS: Levels = (("same, rare", 114), ("same", 100), ("same name, other suffix", 80), ("different", 0))


def website(left: pl.DataFrame, right: pl.DataFrame) -> Scores:
    """Keys of `websites` → 100 same registrable domain · 80 same name under another suffix (four letters at least) ·
    70 one typing error in a name of six letters or more · 0 else."""  # fmt: skip
    names = [left["label"], right["label"]]
    longest = (names[0].str.len_chars() >= 6).fill_null(False).to_numpy()
    long = (names[0].str.len_chars() >= 4).fill_null(False).to_numpy()
    equal = same(left["key"], right["key"])
    error = where(longest & ~equal, lambda r: _one_edit(names[0].gather(r), names[1].gather(r)), len(left)) > 0
    return graded(len(left), [(SAME, equal), (80, long & same(*names)), (70, error)])


CITY_LEVELS: Levels = (("same", 100), ("alike", 88), ("different", 0))


def city(left: pl.DataFrame, right: pl.DataFrame) -> Scores:
    """Keys of `places.city_keys` → 100 same city by any of its names · up to 99 Jaro–Winkler of the romanised names."""
    equal = same(left["key"], right["key"])
    near = where(~equal, lambda r: np.minimum(99, alike(left["fold"].gather(r), right["fold"].gather(r))), len(left))
    return np.maximum(np.where(equal, np.uint8(SAME), np.uint8(0)), near)
