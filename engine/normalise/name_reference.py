"""Reference data about people's names, read once: what a word of a name can be.

The tables are `engine/reference/{nicknames,given_names}.csv` and `{titles,surnames}.yaml`; words are looked up by
their fold (see `engine.normalise.scripts`) so that one entry serves every script and romanisation.
"""

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from engine.files import read_yaml
from engine.normalise.scripts import clean, fold, romanise

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
    table = pl.read_csv(_REFERENCE / "nicknames.csv")
    for formal, forms in table.select("formal", "forms").iter_rows():
        head = word_fold(clean(formal))
        for form in (formal, *forms.split()):
            found[word_fold(clean(form))].add(head)
    return {name: frozenset(formal) for name, formal in found.items()}


@cache
def given_names() -> dict[str, str]:
    """Fold of a known given name → its sex: "m", "f" or "mf"."""
    found: dict[str, set[str]] = defaultdict(set)
    nicknames = pl.read_csv(_REFERENCE / "nicknames.csv")
    for formal, sex, forms in nicknames.select("formal", "sex", "forms").iter_rows():
        for form in (formal, *forms.split()):
            found[word_fold(clean(form))].add(sex)
    for sex, names in pl.read_csv(_REFERENCE / "given_names.csv").select("sex", "names").iter_rows():
        for name in names.split():
            found[word_fold(clean(name))].add(sex)
    return {name: "mf" if len(sexes) > 1 else next(iter(sexes)) for name, sexes in found.items()}


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
    return (
        frozenset(fold(reading) for reading in f"{table['read_single']} {table['read_compound']}".split())
        | frozenset(fold(s) for s in _surnames()["latin"])
        | frozenset(fold(other) for others in _surnames()["readings"].values() for other in others if len(other) > 1)
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
