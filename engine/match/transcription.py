"""A name in Han against a name in letters: how likely one is the other, 0…87.

A Chinese name has a surname that is read alike in pinyin or another romanisation, and syllables whose consonants
agree more or less; a foreign name transcribed into Han keeps its consonants, with vowels put between them.

     70–87  the surname is the same one and the given name's consonants agree; most consonants of the whole name agree
     45–69  the surname is the same one; about half of the consonants agree
      < 45  nothing speaks for it
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from engine.match.name_similarity import Scores
from engine.normalise import name_reference

_HALF = 42  # the most of a Chinese name against one that is none


@dataclass(frozen=True)
class Bones:
    """Per name: fold of the family name, consonants of its words in two orders, of the given names alone."""

    family: np.ndarray
    family_first: np.ndarray
    given_first: np.ndarray
    given: np.ndarray
    last_given: np.ndarray
    chinese: np.ndarray  # a Chinese name, not one transcribed


def bones(rows: Sequence[Sequence[tuple[str, str, str]]], chinese: Sequence[bool]) -> Bones:
    """Names as (role, fold, consonants) of their words; whether each is a Chinese name → `Bones`."""
    table = []
    for row in rows:
        family = [b for role, _, b in row if role == "f"]
        given = [b for role, _, b in row if role != "f"]
        surname = next((f for role, f, _ in row if role == "f"), "")
        table.append((surname, *("".join(p) for p in (family + given, given + family, given, given[-2:]))))

    def column(place: int) -> np.ndarray:
        return np.array([row[place] for row in table], object)

    return Bones(column(0), column(1), column(2), column(3), column(4), np.array(chinese, bool))


def similarity(one: Bones, han: np.ndarray, other: np.ndarray) -> Scores:
    """Bones, places of the names in Han and of the names in letters → similarity of each pair."""
    whole = np.maximum(
        _alike(one.family_first[han], one.family_first[other]), _alike(one.given_first[han], one.given_first[other])
    )
    crossed = np.maximum(
        _alike(one.family_first[han], one.given_first[other]), _alike(one.given_first[han], one.family_first[other])
    )
    foreign = np.interp(np.maximum(whole, crossed), [0.3, 0.5, 0.65, 0.8, 1], [10, 40, 62, 78, 87])
    known = name_reference.surname_readings()
    same_family = np.array([p in known for p in zip(one.family[han], one.family[other], strict=True)], bool)
    given = np.maximum(_alike(one.given[han], one.given[other]), _alike(one.given[han], one.last_given[other]))
    chinese = np.where(same_family, np.interp(given, [0, 0.4, 0.7, 1], [45, 60, 78, 87]), np.minimum(foreign, _HALF))
    result: Scores = np.where(one.chinese[han], chinese, foreign).astype(np.uint8)
    return result


def _alike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    score = cpdist(a.tolist(), b.tolist(), scorer=Levenshtein.normalized_similarity, dtype=np.float32)
    empty = np.array([not x or not y for x, y in zip(a, b, strict=True)], bool)
    alike: np.ndarray = np.where(empty, 0, score)
    return alike
