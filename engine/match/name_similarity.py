"""Two names or words of names, already folded → how alike they are, 0…100, many pairs at once.

Shared by the comparisons of given, family and whole names in `engine.match.person`.

    100  the same fold
     97  a nickname and its formal name, or two nicknames of one
     96  a family name in its masculine and its feminine form
     90  and more: one slip of the hand, more letters left right → more; or other spelling of the same consonants
     90  different Han characters that sound the same
     86  initial and a name that begins with it
   ≤ 84  a slip in a short word; from here Jaro–Winkler, scaled so that unrelated names stay below 60
   ≤ 70  two known given names that are not the same person's; two different Chinese syllables
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from engine.match import sides
from engine.normalise import name_reference
from engine.normalise.names import stem_all
from engine.normalise.scripts import HAN, romanise
from engine.normalise.spelling import (
    fold_all,
    for_lines,
    in_lines,
    perhaps_pinyin,
    pinyin_skeleton,
    skeleton_all,
    syllables,
)

Scores = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

NICKNAME = 97
GENDER = 96
HOMOPHONE = 90
INITIAL = 86
SIBLING = 79  # Сергеевич and Сергеевна
OTHER_NAME = 70  # the most that two names known to be different may reach
_TEXTS = ("text", "fold", "skeleton", "stem")

_PATRONYMIC = for_lines("(?<=..)(?:[oei]vich|[oei]vna|ichna)$")
# Letters that an initial may stand for in another romanisation: J. Ivanova is Yulia, Julia or Yana.
_INITIALS = {"j": "ijyuae", "y": "ijyuae", "i": "ijyuae", "e": "eiy", "c": "ckst", "k": "kch", "x": "xkh", "h": "hkg",
             "g": "gh", "v": "vw", "w": "vw", "z": "zs", "u": "uiy", "f": "fp", "p": "pf", "t": "tc"}  # fmt: skip


def words(texts: pl.Series, folds: pl.Series | None = None, stems: pl.Series | None = None) -> dict[str, np.ndarray]:
    """Clean words, their folds and stems where they are known → arrays of what comparisons need: text, fold, skeleton,
    stem, father, length, bones (the skeleton's length), letters (a bit for each letter an initial may be written as),
    initial, han, chinese, given (its number in the list of given names, or -1)."""
    han = texts.str.contains(HAN).to_numpy()
    initial = (texts.str.len_chars() == 1).to_numpy() & ~han
    foreign = (texts.str.len_bytes() != texts.str.len_chars()).to_numpy()
    roman = texts.to_list()
    for place in np.flatnonzero(foreign).tolist():
        roman[place] = romanise(roman[place])
    folded = _folds(roman, folds)
    numbers = _given_numbers()
    letters = [_letters(r[:1], f[:1], one) for r, f, one in zip(roman, folded, initial.tolist(), strict=True)]
    fathers = in_lines(folded, [(_PATRONYMIC, "")])
    fathers = [father if len(fold) > 6 else fold for fold, father in zip(folded, fathers, strict=True)]
    skeletons = skeleton_all(folded)
    for place in np.flatnonzero(han).tolist():
        skeletons[place] = pinyin_skeleton(roman[place])
    chinese = perhaps_pinyin(pl.Series(roman, dtype=pl.String)).to_numpy().copy()
    for place in np.flatnonzero(chinese).tolist():
        chinese[place] = 0 < len(syllables(roman[place])) <= 2
    return {
        "text": np.array(texts.to_list(), object),
        "fold": np.array(folded, object),
        "skeleton": np.array(skeletons, object),
        "stem": np.array(stem_all(folded) if stems is None else stems.to_list(), object),
        "father": np.array(fathers, object),
        "length": np.fromiter(map(len, folded), np.int16, len(folded)),
        "bones": np.fromiter(map(len, skeletons), np.int16, len(skeletons)),
        "letters": np.array(letters, np.int32),
        "initial": initial,
        "han": han,
        "chinese": chinese,
        "given": np.fromiter((numbers.get(f, -1) for f in folded), np.int32, len(folded)),
    }


def _folds(roman: Sequence[str], known: pl.Series | None) -> list[str]:
    if known is None:
        return fold_all(roman)
    folds = known.to_list()
    missing = known.is_null().arg_true().to_list()
    for place, fold in zip(missing, fold_all([roman[place] for place in missing]), strict=True):
        folds[place] = fold
    return folds


def numbered(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of `words` → the same and `text_id`, `fold_id` …: numbers that are equal where the texts are."""
    ids = {f"{name}_id": sides.numbered(pl.Series(arrays[name].tolist(), dtype=pl.String)) for name in _TEXTS}
    return {**arrays, **ids}


def similarity(word: Mapping[str, np.ndarray], a: np.ndarray, b: np.ndarray) -> Scores:
    """Arrays of `numbered`, places of the left and of the right words → similarity of each pair (see the module)."""
    score = spelling(word["fold"][a], word["fold"][b])

    def same(name: str) -> Flags:
        return np.asarray(word[f"{name}_id"][a] == word[f"{name}_id"][b])

    same_fold = same("fold")
    # All patronymics end alike: compare the fathers' names.
    cut = word["father"] != word["fold"]
    at = np.flatnonzero(cut[a] & cut[b] & (score < 100))
    fathers = spelling(word["father"][a[at]], word["father"][b[at]])
    score[at] = np.minimum(score[at], np.minimum(fathers, SIBLING))
    same_bones = same("skeleton") & (word["bones"][a] >= 2)
    score = np.where(same_bones & (score >= 74), np.maximum(score, 90), score)
    both_known = (word["given"][a] >= 0) & (word["given"][b] >= 0)
    both_chinese = word["chinese"][a] & word["chinese"][b]
    short = np.maximum(word["length"][a], word["length"][b]) <= 6
    score = np.where(both_known | (both_chinese & short), np.minimum(score, OTHER_NAME), score)
    score = np.where(same_nickname(word["given"][a], word["given"][b]), np.maximum(score, NICKNAME), score)
    score = np.where(same("stem") & ~both_known, np.maximum(score, GENDER), score)
    score = np.where(same_fold, 100, score)
    homophone = word["han"][a] & word["han"][b] & ~same("text")
    score = np.where(homophone & same_fold, HOMOPHONE, score)
    one_initial = word["initial"][a] ^ word["initial"][b]
    agrees = (word["letters"][a] & word["letters"][b]) != 0
    score = np.where(one_initial, np.where(agrees, INITIAL, 20), score)
    both_initial = word["initial"][a] & word["initial"][b]
    return np.where(both_initial & ~same_fold, 20, score).astype(np.uint8)


def spelling(a: np.ndarray, b: np.ndarray) -> Scores:
    """Folds → similarity by letters alone: 100 the same; slips by how many letters are left right; else scaled
    Jaro–Winkler."""
    if len(a) == 0:
        return np.zeros(0, np.uint8)
    left, right = a.tolist(), b.tolist()
    slips = cpdist(left, right, scorer=OSA.distance, score_cutoff=3, dtype=np.uint8).astype(np.int16)
    jw = cpdist(left, right, scorer=JaroWinkler.similarity, dtype=np.float32)
    size = np.maximum(*(np.fromiter(map(len, side), np.int16, len(side)) for side in (left, right)))
    # Jaro–Winkler of unrelated names is about .4 to .6, of related ones from .85.
    score = np.interp(jw, [0, 0.6, 0.8, 0.9, 1.0], [0, 40, 62, 78, 86])
    one = np.interp(size, [3, 4, 5, 6, 8, 10], [64, 82, 89, 91, 93, 95])
    two = np.interp(size, [5, 6, 7, 8, 10, 12], [60, 78, 84, 88, 91, 92])
    three = np.interp(size, [8, 10, 12, 14], [70, 80, 88, 90])
    for count, value in ((1, one), (2, two), (3, three)):
        score = np.where(slips == count, np.maximum(value, np.minimum(score, value)), score)
    return np.where(slips == 0, 100, np.minimum(score, 95)).astype(np.uint8)


def same_nickname(a: np.ndarray, b: np.ndarray) -> Flags:
    """Numbers of given names (-1: unknown) → whether both may stand for one formal name."""
    related, count = _related()
    codes = a.astype(np.int64) * count + b
    place = np.minimum(np.searchsorted(related, codes), len(related) - 1)
    found: Flags = (related[place] == codes) & (a >= 0) & (b >= 0)
    return found


@cache
def _letters(roman: str, fold: str, initial: bool) -> int:
    """First letters of a word → a bit for each letter that it, or the initial that it is, may be written as."""
    written = (_INITIALS.get(roman, roman) if initial else "") + roman + fold
    return sum(1 << (ord(c) - 97) for c in set(written) if "a" <= c <= "z")


@cache
def _given_numbers() -> dict[str, int]:
    known = set(name_reference.given_names()) | set(name_reference.formal_names())
    return {name: number for number, name in enumerate(sorted(known))}


@cache
def _related() -> tuple[np.ndarray, int]:
    """→ sorted codes a·count + b of all given names that share a formal name, and the count of names."""
    numbers = _given_numbers()
    pairs = [(numbers[name], formal) for name, formals in name_reference.formal_names().items() for formal in formals]
    table = pl.DataFrame(pairs, schema={"name": pl.Int64, "formal": pl.String}, orient="row")
    both = table.join(table, on="formal", suffix="_b").select("name", "name_b").unique()
    codes = (both["name"] * len(numbers) + both["name_b"]).sort()
    return codes.to_numpy(), len(numbers)
