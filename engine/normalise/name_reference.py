"""Reference data about people's names, read once: what a word of a name can be.

The tables are `engine/reference/{nicknames,given_names}.csv` and `{titles,surnames}.yaml`; words are looked up by
their fold (see `engine.normalise.scripts`) so that one entry serves every script and romanisation.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from engine.files import read_yaml
from engine.normalise.scripts import clean, fold, romanise
from engine.normalise.spelling import fold_all

_REFERENCE = Path(__file__).parent.parent / "reference"


def word_fold(word: str) -> str:
    """A clean word of any script → its fold.

    >>> word_fold("юлия")
    'iulia'
    """
    return fold(romanise(word))


@cache
def formal_names() -> dict[str, frozenset[str]]:
    """Fold of a nickname or given name → folds of the formal names it may stand for, itself included."""
    found: dict[str, set[str]] = defaultdict(set)
    for _, forms in _nicknames():
        for form in forms:
            found[form].add(forms[0])
    return {name: frozenset(formal) for name, formal in found.items()}


@cache
def given_names() -> dict[str, str]:
    """Fold of a known given name → its sex: "m", "f" or "mf"."""
    found: dict[str, set[str]] = defaultdict(set)
    others = pl.read_csv(_REFERENCE / "given_names.csv").select("sex", "names").rows()
    for sex, forms in (*_nicknames(), *((sex, _word_folds(names.split())) for sex, names in others)):
        for form in forms:
            found[form].add(sex)
    return {name: "mf" if len(sexes) > 1 else next(iter(sexes)) for name, sexes in found.items()}


@cache
def _nicknames() -> list[tuple[str, list[str]]]:
    """→ sex and folds of each formal name and its nicknames, the formal name first."""
    table = pl.read_csv(_REFERENCE / "nicknames.csv").select("formal", "sex", "forms").rows()
    each = [[formal, *forms.split()] for formal, _, forms in table]
    folds = iter(_word_folds([form for forms in each for form in forms]))
    return [(sex, [next(folds) for _ in forms]) for (_, sex, _), forms in zip(table, each, strict=True)]


def _word_folds(written: Sequence[str]) -> list[str]:
    return fold_all([romanise(clean(word)) for word in written])


@cache
def words(kind: str) -> frozenset[str]:
    """ "titles", "perhaps_titles", "han_titles", "suffixes", "particles" or "placeholders" → those words, clean."""
    return frozenset(clean(word) for word in _titles()[kind])


@cache
def han_surnames() -> frozenset[str]:
    """→ Chinese surnames in simplified characters, of one and two characters."""
    table = _surnames()
    return frozenset(table["single"].strip()) | frozenset(table["compound"])


@cache
def latin_surnames() -> frozenset[str]:
    """→ folds of Chinese surnames in pinyin and other romanisations, and Korean and Vietnamese ones."""
    table = _surnames()
    readings = (other for others in table["readings"].values() for other in others if len(other) > 1)
    return frozenset(
        fold_all([*table["read_single"].split(), *table["read_compound"].split(), *table["latin"], *readings])
    )


@cache
def frequent_surnames() -> frozenset[str]:
    """→ folds of the twenty most frequent Chinese surnames."""
    return frozenset(fold(reading) for reading in _surnames()["read_single"].split()[:20])


@cache
def surname_readings() -> frozenset[tuple[str, str]]:
    """→ pairs of folds (pinyin, other romanisation) of one Chinese surname, each with itself too."""
    pairs = {(fold(pinyin), fold(other)) for pinyin, others in _surnames()["readings"].items() for other in others}
    return frozenset(pairs | {(s, s) for s in latin_surnames()})


@cache
def pinyin_of() -> dict[str, tuple[str, ...]]:
    """Fold of a Chinese surname in any romanisation → folds of its possible pinyin forms."""
    found: dict[str, set[str]] = defaultdict(set)
    for pinyin, other in surname_readings():
        found[other].add(pinyin)
    return {other: tuple(sorted(pinyin)) for other, pinyin in found.items()}


@cache
def _titles() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = read_yaml(_REFERENCE / "titles.yaml")
    return loaded


@cache
def _surnames() -> dict[str, Any]:
    loaded: dict[str, Any] = read_yaml(_REFERENCE / "surnames.yaml")
    return loaded
