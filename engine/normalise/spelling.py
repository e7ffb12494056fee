"""Latin spellings of names: the fold in which the usual ones coincide, consonant skeletons, pinyin syllables.

The rules are data: `engine/reference/romanisation.yaml`.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from engine.files import read_yaml

REFERENCE = Path(__file__).parent.parent / "reference"
_LONGEST_PINYIN, _LONGEST_NAME = 40, 12
_PLAIN = re.compile("[a-z]+")
_PINYIN_ENDS = frozenset("aeiouvngrm")
# What every text of pinyin syllables looks like, and most names do not: tells them apart at a glance.
_LIKE_PINYIN = re.compile(
    "(?:(?:[zcs]h|[bpmfdtnlgkhjqxzcsryw])?(?:[aeiou]{1,3}|(?<=[ln])ve?)(?:ng?|r)?|ng?|h?m|hng|[ln]yu)+"
)
# The same for polars, which looks at nothing before a place: a little wider.
_PERHAPS_PINYIN = "^(?:(?:[zcs]h|[bpmfdtnlgkhjqxzcsryw])?(?:[aeiou]{1,3}|ve?)(?:ng?|r)?|ng?|h?m|hng|[ln]yu)+$"


@lru_cache(maxsize=1 << 18)
def fold(romanised: str) -> str:
    """A romanised word → its fold: equal for the usual romanisations and spellings of one name.

    Made of the letters a–z alone; "" when nothing is left, the word itself when no Latin letter is in it.

    >>> {fold(w) for w in ("yulia", "julia", "iuliia", "yuliya")}, fold("tchaikovsky") == fold("chaykovskii")
    ({'iulia'}, True)
    """
    spared = _is_pinyin(romanised)
    word = romanised
    for pattern, to, loose in _fold_rules():
        if not (loose and spared):
            word = pattern.sub(to, word)
    return word or ("" if romanised.isascii() else romanised)


def fold_all(romanised: Sequence[str]) -> list[str]:
    """Romanised words → their folds: what `fold` gives for each, in a few passes over all that are made of a–z alone.

    >>> fold_all(["yulia", "tchaikovsky", "o'hara"]) == [fold(w) for w in ("yulia", "tchaikovsky", "o'hara")]
    True
    """
    known = {word: fold(word) for word in romanised if not _PLAIN.fullmatch(word)}
    plain = pl.Series("word", list(dict.fromkeys(word for word in romanised if word not in known)), dtype=pl.String)
    spared = plain.is_in([word for word in plain.filter(perhaps_pinyin(plain)) if _is_pinyin(word)])
    for kind in (False, True):
        words = plain.filter(spared == kind).to_list()
        rules = [(pattern, to) for pattern, to, loose in _line_rules() if not (loose and kind)]
        known |= zip(words, in_lines(words, rules), strict=True)
    return [known[word] for word in romanised]


def perhaps_pinyin(romanised: pl.Series) -> pl.Series:
    """Romanised words → whether one may be a Chinese name of a few syllables; `syllables` says so for certain."""
    return (romanised.str.len_bytes() <= _LONGEST_NAME) & romanised.str.contains(_PERHAPS_PINYIN)


def skeleton_all(folded: Sequence[str]) -> list[str]:
    """Folds → their skeletons: what `skeleton` gives for each, in a few passes over all of them."""
    return in_lines([word.replace("\n", "") for word in folded], _SKELETON_LINES)


def in_lines(words: Sequence[str], rules: Sequence[tuple[re.Pattern[str], str]]) -> list[str]:
    """Words without line breaks, replacements made by `for_lines` → the words after all of them, in their order."""
    text = "\n".join(words)
    for pattern, to in rules:
        letters = pattern.pattern  # mere letters are replaced many times faster without patterns
        text = text.replace(letters, to) if letters.isalpha() else pattern.sub(to, text)
    return text.split("\n") if words else []


def skeleton(folded: str) -> str:
    """A fold → its consonants, one letter for each class of sounds; a leading vowel is kept as "a".

    Distant transcriptions agree in it more or less: 图奥米奥亚 (tuaomiaoya) and Tuomioja are both "TM".

    >>> skeleton(fold("tuaomiaoya")), skeleton(fold("tuomioja"))
    ('TM', 'TM')
    """
    return _reduced(folded, _SKELETON)


def pinyin_skeleton(pinyin: str) -> str:
    """The pinyin of a foreign name written in Han → its consonants, in the classes of `skeleton`.

    >>> pinyin_skeleton("xipilai"), skeleton(fold("sipila"))
    ('SPL', 'SPL')
    """
    return _reduced(pinyin, _PINYIN_SKELETON)


def _reduced(word: str, rules: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, to in rules:
        word = pattern.sub(to, word)
    return word


@lru_cache(1 << 16)
def syllables(word: str) -> tuple[str, ...]:
    """A Latin word → the pinyin syllables it is made of (longest first), () when it is not pinyin.

    >>> syllables("xiaoming"), syllables("jukka")
    (('xiao', 'ming'), ())
    """
    if len(word) > _LONGEST_PINYIN or word[-1:] not in _PINYIN_ENDS or not _LIKE_PINYIN.fullmatch(word):
        return ()
    if word in _pinyin_syllables():
        return (word,)
    for end in range(min(6, len(word) - 1), 0, -1):
        if word[:end] in _pinyin_syllables() and (rest := syllables(word[end:])):
            return (word[:end], *rest)
    return ()


_SKELETON = [
    (re.compile(a), b)
    for a, b in (
        ("^[aeiou]+(?=.)", "A"),
        ("ng(?=[^aeiou]|$)", "n"),
        ("[aeiouy]+", ""),
        ("sh|zh|ch|ks|ts|[szcx]", "S"),
        ("[gkqhj]+", "K"),
        ("[bp]", "P"),
        ("[dt]", "T"),
        ("[fvw]", "F"),
        ("[lr]", "L"),
        ("n", "N"),
        ("m", "M"),
        (r"(.)\1+", r"\1"),
    )
]

# Foreign names in Han: 尔 er is a bare l or r, 热 re and 日 ri a zh, 乌 wu and 伊 yi a bare vowel.
_PINYIN_SKELETON = [
    (re.compile(a), b)
    for a, b in (
        ("^(?:[aeo](?!r)|yi|wu|y(?=[aeou]))", "A"),
        ("er", "L"),
        ("r", "S"),
        ("wu|y", ""),
        ("[qx]", "S"),
        ("ng?(?![aeiou])|n", "N"),
    )
] + _SKELETON[1:]


def for_lines(pattern: str) -> re.Pattern[str]:
    """A pattern for one word → the same for many words, one a line: a word's end is none of "any other letters"."""
    return re.compile(pattern.replace("[^", r"[^\n"), re.MULTILINE)


_SKELETON_LINES = [(for_lines(pattern.pattern), to) for pattern, to in _SKELETON]


@lru_cache(1 << 16)
def _is_pinyin(word: str) -> bool:
    """Whether a word may be a Chinese surname or given name: one or two syllables. Julia and Juri are not."""
    if word[-1:] not in _PINYIN_ENDS:
        return False
    parts = syllables(word) if 1 < len(word) <= _LONGEST_NAME and not word.startswith(("juli", "juri")) else ()
    return 1 <= len(parts) <= 2 and all(len(p) > 1 for p in parts)


@cache
def _pinyin_syllables() -> frozenset[str]:
    return frozenset((REFERENCE / "pinyin.txt").read_text(encoding="utf-8").split())


@cache
def tables() -> dict[str, Any]:
    """→ the tables of `engine/reference/romanisation.yaml`."""
    loaded: dict[str, Any] = read_yaml(REFERENCE / "romanisation.yaml")
    return loaded


@cache
def _fold_rules() -> list[tuple[re.Pattern[str], str, bool]]:
    return [(re.compile(r["from"]), r["to"], r.get("loose", False)) for r in tables()["fold"]]


@cache
def _line_rules() -> list[tuple[re.Pattern[str], str, bool]]:
    return [(for_lines(r["from"]), r["to"], r.get("loose", False)) for r in tables()["fold"]]
