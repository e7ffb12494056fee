"""Whole names, taken apart by `engine.normalise.names.parse`, against each other in any order of their words.

The words of two names are paired greedily from the most alike; what the pairs say (how many full words agree, how
many initials, what was lost to slips, which word clashes in which role) decides the similarity. Its scale is in
`engine.match.person`.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
import pyarrow as pa
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from engine.match import name_similarity as words
from engine.match import transcription
from engine.match.name_similarity import Scores
from engine.match.sides import Keys, Side, used

_MOST_WORDS = 6  # of a name; more are cut off, except from the test for the same words
_CHUNK = 250_000
_AGREE = 80  # two words that are at least so alike are one word
_NEAR = 72  # two words that are less alike than that have nothing to do with each other


def person(left: Side, right: Side) -> Scores:
    """Two sides of a table of parsed whole names (`tokens` and `fold` of `names.parse`) → similarity of each pair.

    >>> from engine.match.sides import of_frames
    >>> from engine.normalise.names import parse
    >>> a = parse(pl.Series(["Иванов Иван", "Иванов И.И.", "Bill Gates"]))
    >>> b = parse(pl.Series(["Ivan Ivanov", "Иван Иванович Иванов", "William Gates"]))
    >>> person(*of_frames(a, b)).tolist()
    [100, 85, 97]
    """
    table, a, b = used(left, right, ["tokens", "fold"])
    # Pairs are put in one order, so that equally good pairings of words fall the same way on both sides.
    rank = table["tokens"].fill_null("").rank("ordinal").to_numpy()
    swap = rank[a] > rank[b]
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    names = Names(table)
    out = np.zeros(len(a), np.uint8)
    for start in range(0, len(a), _CHUNK):
        part = slice(start, start + _CHUNK)
        out[part] = _person(names, a[part], b[part])
    return out


class Names:
    """Distinct names as arrays of words: `word[name, slot]` (-1 none), `role[name, slot]` and what the words are."""

    def __init__(self, table: pl.DataFrame) -> None:
        tokens = table.select(
            pl.int_range(pl.len()).alias("name"), pl.col("tokens").str.split(" ").alias("token")
        ).explode("token", empty_as_null=True)
        tokens = tokens.filter(pl.col("token").str.len_chars() > 1)
        main = pl.col("token").str.starts_with("x").not_()
        tokens = tokens.filter(main | (main.sum().over("name") == 0))
        tokens = tokens.with_columns(
            pl.int_range(pl.len()).over("name").alias("slot"),
            pl.col("token").str.head(1).alias("role"),
            pl.col("token").str.slice(1).alias("text"),
        )
        texts = tokens["text"].unique(maintain_order=True)
        tokens = tokens.join(
            pl.DataFrame({"text": texts, "word": np.arange(len(texts), dtype=np.int32)}),
            on="text",
            maintain_order="left",
        )
        kept = tokens.filter(pl.col("slot") < _MOST_WORDS)
        self.arrays = words.numbered(words.words(texts))
        self.word = np.full((len(table), _MOST_WORDS), -1, np.int32)
        self.role = np.full((len(table), _MOST_WORDS), ord("-"), np.uint8)
        place = kept["name"].to_numpy(), kept["slot"].to_numpy()
        self.word[place] = kept["word"].to_numpy()
        self.role[place] = kept["role"].replace_strict({"g": 103, "f": 102, "p": 112, "x": 120}).to_numpy()
        self.count = (self.word >= 0).sum(1)
        joined = tokens.with_columns(pl.Series("f", self.arrays["fold"][tokens["word"].to_numpy()], dtype=pl.String))
        ordered = joined.group_by("name", maintain_order=True).agg(
            pl.col("f").str.join("").alias("forward"), pl.col("f").reverse().str.join("").alias("backward")
        )
        self.forward = np.full(len(table), "", object)
        self.backward = self.forward.copy()
        self.forward[ordered["name"].to_numpy()] = ordered["forward"].to_numpy()
        self.backward[ordered["name"].to_numpy()] = ordered["backward"].to_numpy()
        self.fold = table["fold"].fill_null("").to_numpy()
        self.written = Keys(table).ids("tokens")
        self.families = (self.role == ord("f")).sum(1)
        self.has_han = np.zeros(len(table), bool)
        np.logical_or.at(self.has_han, place[0], self.arrays["han"][kept["word"].to_numpy()])
        self.bones = self._bones() if self.has_han.any() else transcription.bones([], [])

    def _bones(self) -> transcription.Bones:
        folds, skeletons, initial = (self.arrays[k] for k in ("fold", "skeleton", "initial"))
        rows, chinese = [], []
        for found, roles in zip(self.word.tolist(), self.role.tolist(), strict=True):
            full = [(chr(r), w) for w, r in zip(found, roles, strict=True) if w >= 0 and not initial[w]]
            rows.append([(r, folds[w], skeletons[w]) for r, w in full])
            # Chinese names are parsed family name first; transcribed ones given name first, or as one word.
            texts = [self.arrays["text"][w] for _, w in full]
            chinese.append(len(full) == 2 and full[0][0] == "f" and sum(map(len, texts)) <= 4)
        return transcription.bones(rows, chinese)


def _person(names: Names, a: np.ndarray, b: np.ndarray) -> Scores:
    score = np.zeros(len(a), np.uint8)
    most = np.maximum(names.count[a], names.count[b])
    for low, high in ((0, 2), (2, 3), (3, 4), (4, _MOST_WORDS)):
        at = np.flatnonzero((most > low) & (most <= high))
        if len(at):
            score[at] = _aligned(names, a[at], b[at], high)
    score = _spelled_apart(names, a, b, score)
    one_han = np.flatnonzero((names.has_han[a] ^ names.has_han[b]) & (score < 88))
    if len(one_han):
        left, right = a[one_han], b[one_han]
        han, other = np.where(names.has_han[left], left, right), np.where(names.has_han[left], right, left)
        score[one_han] = transcription.similarity(names.bones, han, other)
    same = (names.fold[a] == names.fold[b]) & (names.fold[a] != "")
    homophone = names.has_han[a] & names.has_han[b]
    certain = same & (~homophone | (names.written[a] == names.written[b]))
    return np.where(certain, 100, np.where(same, score, np.minimum(score, 97))).astype(np.uint8)


def _aligned(names: Names, a: np.ndarray, b: np.ndarray, size: int) -> np.ndarray:
    """Names of at most `size` words → their similarity, words paired greedily from the most alike."""
    word_a, word_b = names.word[a, :size], names.word[b, :size]
    role_a, role_b = names.role[a, :size], names.role[b, :size]
    alike = _word_similarities(names, word_a, word_b).astype(np.int16)
    # Of equally alike pairs take those in the same role; the place keeps the order stable.
    order = alike * 2 + (role_a[:, :, None] == role_b[:, None, :])
    order[alike < 0] = -1
    rows = np.arange(len(a))
    evidence = _Evidence(len(a))
    for _ in range(size):
        best = order.reshape(len(a), -1).argmax(1)
        i, j = best // size, best % size
        found = order[rows, i, j] >= 0
        words_of, roles_of = (word_a[rows, i], word_b[rows, j]), (role_a[rows, i], role_b[rows, j])
        evidence.add(names.arrays, found, alike[rows, i, j], words_of, roles_of)
        order[rows, i, :] = -1
        order[rows, :, j] = -1
    return evidence.score(names, a, b)


def _word_similarities(names: Names, word_a: np.ndarray, word_b: np.ndarray) -> np.ndarray:
    """Words of the left and right names (pairs × slots) → pairs × slots × slots, -1 where a slot is empty."""
    shape = (*word_a.shape, word_b.shape[1])
    left = np.broadcast_to(word_a[:, :, None], shape).ravel()
    right = np.broadcast_to(word_b[:, None, :], shape).ravel()
    result = np.full(left.shape, -1, np.int16)
    there = (left >= 0) & (right >= 0)
    result[there & (left == right)] = 100
    at = np.flatnonzero(there & (left != right))
    low, high = np.minimum(left[at], right[at]).astype(np.int64), np.maximum(left[at], right[at]).astype(np.int64)
    codes = pa.array((low << 32) | high).dictionary_encode()
    distinct, back = codes.dictionary.to_numpy(), codes.indices.to_numpy()
    result[at] = words.similarity(names.arrays, distinct >> 32, distinct & 0xFFFFFFFF)[back]
    return result.reshape(shape)


class _Evidence:
    """What the paired words of name pairs say, added up one word pair at a time."""

    def __init__(self, size: int) -> None:
        zeros = np.zeros(size, np.int16)
        self.full, self.initials, self.loss = zeros.copy(), zeros.copy(), zeros.copy()
        self.family, self.given = np.zeros(size, bool), np.zeros(size, bool)
        self.clash, self.clashes = np.full(size, -1, np.int16), zeros.copy()
        self.clash_middle, self.clash_given, self.clash_family = (np.zeros(size, bool) for _ in range(3))

    def add(
        self,
        arrays: Mapping[str, np.ndarray],
        found: np.ndarray,
        alike: np.ndarray,
        words_of: tuple[np.ndarray, np.ndarray],
        roles_of: tuple[np.ndarray, np.ndarray],
    ) -> None:
        """One more pair of words of each name pair, where `found`."""
        initial = arrays["initial"][words_of[0]] | arrays["initial"][words_of[1]]
        agree = found & (alike >= _AGREE)
        full = agree & ~initial
        self.full += full
        self.initials += agree & initial
        self.loss += np.where(full, 100 - alike, 0).astype(np.int16)
        family = (roles_of[0] == ord("f")) | (roles_of[1] == ord("f"))
        self.family |= full & family
        self.given |= full & ((roles_of[0] == ord("g")) | (roles_of[1] == ord("g")))
        clash = found & ~agree
        self.clash = np.where(clash, np.maximum(self.clash, alike), self.clash).astype(np.int16)
        self.clashes += clash
        self.clash_middle |= clash & ((roles_of[0] == ord("p")) | (roles_of[1] == ord("p")))
        self.clash_given |= clash & (roles_of[0] == ord("g")) & (roles_of[1] == ord("g"))
        self.clash_family |= clash & (roles_of[0] == ord("f")) & (roles_of[1] == ord("f"))

    def score(self, names: Names, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """→ the similarity of each name pair; the scale is in the module's docstring."""
        more = np.abs(names.count[a] - names.count[b])
        single = np.maximum(names.count[a], names.count[b]) == 1
        whole = np.where(self.loss == 0, 97, np.maximum(97 - np.maximum(self.loss - 3, 0), 76))
        whole = np.where(more > 1, whole - np.minimum(more - 1, 3), whole)
        double = (names.families[a] != names.families[b]) & (more > 0)
        whole = np.where(double, np.minimum(whole, 93), whole)
        one_word = np.maximum(np.where(self.family, 75, 73) - self.loss // 2, 71)
        abbreviated = np.where(self.initials >= 2, 85, np.where(self.family, 81, 72)) - self.loss // 2
        agree = np.where(self.full >= 2, whole, np.where(self.initials > 0, abbreviated, one_word))
        agree = np.where(single & (self.full == 1), np.where(self.loss == 0, 97, 99 - self.loss), agree)
        agree = np.where(self.full == 0, np.where(self.initials > 0, 38, 0), agree)
        alike = np.maximum(self.clash, 0)
        clash = np.where(
            self.full >= 2,
            np.where(self.full >= 3, 78, np.where(self.clash_middle, 68, 62)) + alike // 12 - self.loss // 2,
            np.where(self.family, 51 + alike // 9, np.where(self.given, 40 + alike // 9, alike * 45 // 100)),
        )
        other = (self.full == 2) & ((self.clash_given & ~self.given) | (self.clash_family & ~self.family))
        clash = np.where(other, 51 + alike // 9, clash)  # brothers; a woman who married
        near = ((self.full == 1) | other) & (alike >= _NEAR) & (self.clashes == 1) & ~self.clash_middle
        clash = np.where(near, 61 + (alike - _NEAR) // 2, clash)
        clash = np.where((self.full == 1) & (self.initials > 0), np.minimum(clash, 58), clash)
        clash = np.where(single, self.clash * 45 // 50, clash)
        # Words that contradict each other stay below a name of which only a part is known.
        clash = np.where(self.full <= 2, np.minimum(clash, 70), clash)
        result = np.where(self.clash >= 0, clash, agree)
        return result.astype(np.uint8)


def _spelled_apart(names: Names, a: np.ndarray, b: np.ndarray, score: Scores) -> Scores:
    """Names of different numbers of words that are the same letters: Rami Makhlouf, Ramimakhlouf."""
    at = np.flatnonzero((score < 90) & (names.count[a] != names.count[b]))
    if len(at) == 0:
        return score
    left = names.forward[a[at]].tolist()
    best = np.zeros(len(at), np.float32)
    for right in (names.forward, names.backward):
        alike = cpdist(left, right[b[at]].tolist(), scorer=Indel.normalized_similarity, dtype=np.float32)
        best = np.maximum(best, alike)
    long = np.array([len(x) >= 6 for x in left])
    joined = np.where(long & (best >= 0.93), np.interp(best, [0.93, 1.0], [88, 96]), 0)
    result = score.copy()
    result[at] = np.maximum(score[at], joined)
    return result
