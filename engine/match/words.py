"""Addresses and free text of two records → how alike they are, 0…100."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz import fuzz

from engine.match.agreement import (
    SAME,
    Flags,
    Scores,
    alike,
    as_scores,
    best_of,
    edits,
    graded,
    same,
    tokens_alike,
    where,
)
from engine.match.sides import Side
from engine.normalise.text import WEIGHT_STEPS

Levels = tuple[tuple[str, int], ...]

ADDRESS_LEVELS: Levels = (
    ("same, rare", 114),
    ("same", 100),
    ("same house", 90),
    ("same street", 75),
    ("alike", 55),
    ("different", 0),
)


def address(left: Side, right: Side) -> Scores:
    """Keys of `places.address_keys` → 100 same words, house and unit · 97 same street and house, a unit missing on
    one side · 93 … other unit · 90…96 streets alike, same house · 80…86 streets alike, no house on one side or on
    both · 70 same street, house one digit off · 60 same street, other house · up to 59 words alike.

    Streets are alike when the words of one, typing errors aside, are words of the other (Jaro–Winkler ≥ 90 of the
    whole, or token-set ratio ≥ 90).
    """  # fmt: skip
    size = len(left)
    equal = same(left["key"], right["key"])
    street = same(left["street"], right["street"])
    house = same(left["house"], right["house"])
    no_house = (left["house"].is_null() | right["house"].is_null()).to_numpy()
    no_unit = (left["unit"].is_null() | right["unit"].is_null()).to_numpy()
    alike_by = where(~street, lambda r: _streets(left[r], right[r]), size)
    closeness = np.where(street, np.uint8(SAME), alike_by)
    near = closeness >= 90
    graded_near = np.maximum(closeness.astype(np.int16) - 90, 0) * 6 // 10
    number = [side["house"].str.extract(r"^(\d+)") for side in (left, right)]
    same_number = same(*number)
    digits = np.minimum(*(n.str.len_bytes().fill_null(0).to_numpy() for n in number))
    doubtful = near & ~house & (digits >= 2)
    off = where(doubtful, lambda r: as_scores(edits(number[0].gather(r), number[1].gather(r), most=1) <= 1), size)
    levels = [
        (SAME, equal),
        (97, street & house & no_unit),
        (93, street & house),
        (88, near & same_number & ~house),
        (70, near & (off > 0)),
        (60, near & ~house & ~no_house),
    ]
    rest = np.select(
        [near & house, near & no_house], [90 + graded_near, 80 + graded_near], closeness.astype(np.uint16) * 6 // 10
    )
    return graded(size, levels, as_scores(np.minimum(rest, 96)))


def _streets(left: Side, right: Side) -> Scores:
    streets = (left["street"], right["street"])
    whole = alike(*streets)
    sets = where(
        whole < 90, lambda r: tokens_alike(streets[0].gather(r), streets[1].gather(r), fuzz.token_set_ratio), len(left)
    )
    joined = tuple(s.str.replace_all(" ", "", literal=True) for s in streets)
    return best_of(whole, sets, as_scores(np.where(same(*joined), SAME, 0)))


TEXT_LEVELS: Levels = (
    ("same, rare", 114),
    ("same", 100),
    ("nearly the same", 90),
    ("much in common", 75),
    ("something in common", 50),
    ("different", 0),
)
OTHER_NUMBERS = 75  # the most that texts with different numbers can reach: volume 1 is not volume 2


def text(left: Side, right: Side) -> Scores:
    """Keys of `text` → 100 same words in the same order, else the best of these readings:

    words — shared weight over the weight of both (weighted Jaccard), up to 99; or over that of the shorter text when
    it has three words or more, up to 92: a title without its subtitle. spelling — 2 × (ratio of the letters − 50), up
    to 98: typing errors, words joined or parted. names — lists of names of which last words agree, 60…95: initials
    against full names, other order. abbreviation — 85 when one text is the initials of the other. Texts whose numbers
    differ score at most 75.
    """
    size = len(left)
    equal = same(left["key"], right["key"])
    scores = np.where(equal, np.uint8(SAME), np.uint8(0))

    def unequal(rows: NDArray[np.int64]) -> Scores:
        one, two = left[rows], right[rows]
        best = best_of(_by_words(one, two), _by_spelling(one, two), _by_names(one, two), _by_initials(one, two))
        numbers = (one["numbers"].is_not_null() & two["numbers"].is_not_null()).to_numpy()
        conflict = numbers & ~same(one["numbers"], two["numbers"])
        return as_scores(np.where(conflict, np.minimum(best, OTHER_NUMBERS), best))

    return np.maximum(scores, where(~equal, unequal, size))


def _by_words(one: Side, two: Side) -> Scores:
    lists = pl.DataFrame({"l": one["tokens"], "r": two["tokens"], "wl": one["weight"], "wr": two["weight"]})
    shared = pl.col("l").list.set_intersection("r").list.eval(pl.element() % WEIGHT_STEPS).list.sum()
    both = lists.select(shared=shared.cast(pl.Float32), wl="wl", wr="wr").fill_null(0).to_numpy().T
    agreed, smaller = both[0], np.minimum(both[1], both[2])
    jaccard = agreed / np.maximum(both[1] + both[2] - agreed, 1)
    least = np.minimum(one["words"].fill_null(0).to_numpy(), two["words"].fill_null(0).to_numpy())
    contained = np.where(least >= 3, agreed / np.maximum(smaller, 1), 0)
    return as_scores(np.maximum(99 * jaccard, 92 * contained**2))


def _by_spelling(one: Side, two: Side) -> Scores:
    ratio = tokens_alike(one["key"], two["key"], fuzz.ratio).astype(np.int16)
    few = (one["words"].fill_null(0) <= 6).to_numpy() & (two["words"].fill_null(0) <= 6).to_numpy()
    resort = where(
        few & (ratio < 95),
        lambda r: tokens_alike(one["key"].gather(r), two["key"].gather(r), fuzz.token_sort_ratio),
        len(one),
    )
    return as_scores(np.clip(2 * (np.maximum(ratio, resort) - 50), 0, 98))


def _by_names(one: Side, two: Side) -> Scores:
    frame = pl.DataFrame({"l": one["last_words"], "r": two["last_words"]})
    longest = pl.max_horizontal(pl.col("l").list.len(), pl.col("r").list.len())
    shared = frame.select(n=pl.col("l").list.set_intersection("r").list.len(), most=longest).fill_null(0)
    share = shared["n"].to_numpy() / np.maximum(shared["most"].to_numpy(), 1)
    initial = same(one["key"].str.slice(0, 1), two["key"].str.slice(0, 1))
    # One name alone is told from a short title by an initial: "S. Mackay" against "Scott Mackay".
    short = (one["abbreviated"] | two["abbreviated"]).fill_null(False).to_numpy()
    single = (shared["most"] == 1).to_numpy()
    graded_share = np.where(share >= 0.5, 25 + 70 * share, 0)
    return as_scores(np.where(single, np.where(short & initial & (share == 1), 88, 0), graded_share))


def _by_initials(one: Side, two: Side) -> Scores:
    def is_short_for(short: Side, long: Side) -> Flags:
        single = ((short["words"] == 1) & (short["key"].str.len_chars() >= 3)).fill_null(False).to_numpy()
        return single & same(short["key"], long["initials"])

    return as_scores(np.where(is_short_for(one, two) | is_short_for(two, one), 85, 0))
