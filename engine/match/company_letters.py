"""Company keys → letters for `abbreviation.align`: which of the two names is the short one, what each letter says."""

import re
from collections.abc import Mapping
from functools import cache

import numpy as np
import polars as pl

from engine.match.abbreviation import Letters, as_short, letters
from engine.normalise import company_words as reference

_HAN_JUMP = 0.12  # every character may begin a word, but neighbours are likelier
_PLACE = 0.35  # what each character of a place says
_LED = 0.5  # what the first character says where it may stand for a place (粤, 深)


def latin_letters(short: pl.Series, long: pl.Series, weights: Mapping[str, float]) -> tuple[Letters, Letters]:
    """Keys of romanised words, short and long → their letters."""
    names = pl.concat([short, long]).unique().to_list()
    row = {name: number for number, name in enumerate(names)}
    priors = reference.priors()
    folds = {w: reference.word_fold(w) for w in {w for name in names for w in name.split()}}
    says = {w: priors.get(f, 1.0) * weights.get(f, 1.0) for w, f in folds.items()}
    made = letters(names, [[says[w] for w in name.split()] for name in names])
    return as_short(made.take(_rows(short, row))), made.take(_rows(long, row))


def han_letters(left: pl.DataFrame, right: pl.DataFrame, weights: Mapping[str, float]) -> tuple[Letters, Letters]:
    """Two frames of Chinese keys → letters of the shorter and of the longer name of each pair.

    A name reads place + core; the longer one is led by the single characters that stand for its place
    (粤, 深 for 深圳), so that a short name may begin with them.
    """
    a, b = (f.select(pl.concat_str("place", "native", separator="|", ignore_nulls=True)).to_series()
            for f in (left, right))  # fmt: skip
    sizes = [names.str.count_matches(r"\p{Han}") for names in (a, b)]
    swap = (sizes[0] > sizes[1]) | ((sizes[0] == sizes[1]) & (a > b))  # the same whichever stands left
    short, long = a.zip_with(~swap, b), b.zip_with(~swap, a)
    names = pl.concat([short, long]).unique().to_list()
    row = {name: number for number, name in enumerate(names)}
    texts = [_read(name) for name in names]
    size = max(len(place) + len(core) for place, core in texts)
    led = max(len(_lead(place)) for place, _ in texts)
    code = np.zeros((len(names), led + size), np.uint32)
    weight = np.zeros(code.shape, np.float32)
    for number, (place, core) in enumerate(texts):
        lead = _lead(place)
        text = lead + place + core
        code[number, : len(text)] = [ord(c) for c in text]
        says = [_PLACE] * len(place) + _core_weights(core, weights)
        weight[number, len(lead) : len(text)] = np.array(says) / max(sum(says), 1e-6)
    jump = np.full(code.shape, _HAN_JUMP, np.float32)
    whole = Letters(code, weight, jump)
    return _without_lead(whole.take(_rows(short, row)), short), whole.take(_rows(long, row))


def _without_lead(made: Letters, names: pl.Series) -> Letters:
    """The short name is read without the characters put before it."""
    leads = names.unique()
    size = {name: len(_lead(_read(name)[0])) for name in leads}
    skip = names.replace_strict(size, return_dtype=pl.Int64).to_numpy()
    column = np.minimum(np.arange(made.code.shape[1])[None, :] + skip[:, None], made.code.shape[1] - 1)
    past = np.arange(made.code.shape[1])[None, :] + skip[:, None] >= made.code.shape[1]
    code = np.take_along_axis(made.code, column, axis=1)
    weight = np.take_along_axis(made.weight, column, axis=1)
    return Letters(np.where(past, 0, code).astype(np.uint32), np.where(past, 0, weight).astype(np.float32), made.jump)


def _read(name: str) -> tuple[str, str]:
    """place|core → Chinese place, which may also stand at the beginning of the core, and the core without it."""
    place, _, core = name.rpartition("|")
    core = core.replace(" ", "")
    if not re.fullmatch(r"[\u4e00-\u9fff]+", place):
        found = _place().match(core)
        place = found[0] if found else ""
    return place, core.removeprefix(place)


def _lead(place: str) -> str:
    return reference.chinese_short_places().get(place, "")


def _core_weights(core: str, weights: Mapping[str, float]) -> list[float]:
    """Characters of a core → what each says: those of weak and industry words little, common ones less."""
    says: list[float] = []
    for part in _known().split(core):
        prior = reference.han_priors().get(part, 1.0)
        says += [prior * weights.get(char, 1.0) for char in part]
    if len(says) > 2 and core[0] in _short_places():
        says[0] *= _LED
    return says


@cache
def _place() -> re.Pattern[str]:
    return re.compile("|".join(sorted((*reference.chinese_short_places(), "中国"), key=len, reverse=True)))


@cache
def _short_places() -> frozenset[str]:
    return frozenset("".join(reference.chinese_short_places().values()))


@cache
def _known() -> re.Pattern[str]:
    return re.compile(f"({'|'.join(sorted(map(re.escape, reference.han_priors()), key=len, reverse=True))})")


def _rows(names: pl.Series, row: dict[str, int]) -> np.ndarray:
    return names.replace_strict(row, return_dtype=pl.Int64).to_numpy()
