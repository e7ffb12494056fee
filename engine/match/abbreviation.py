"""Short names against long ones: is one made of the beginnings of the other's words, in order?

    КурганГК        Курганская генерирующая компания        words begun: Курган… г… к…
    ММЦБ            Международный медицинский центр         initials
    Газпрнефть      Газпром нефть                           letters left out
    中兴通讯        深圳中兴通讯                            a part
    粤高速          广东省高速公路发展                      characters of the long name, in order

One alignment by dynamic programming (in the manner of Needleman and Wunsch) for a whole array of pairs at once: the
letters of the short name are read in order off the long one. A letter that begins a word, or that follows the letter
read before it, is free; a jump to the inside of a word costs; letters of the short name that are not found are lost.
"""

from dataclasses import dataclass

import numpy as np

F32 = np.ndarray[tuple[int], np.dtype[np.float32]]
Codes = np.ndarray[tuple[int, int], np.dtype[np.uint32]]
Weights = np.ndarray[tuple[int, int], np.dtype[np.float32]]

_FIRST, _NEXT = 0.6, (0.4 / 3,) * 3  # a word's share of weight on its first letter and on the three after it
_INSIDE = 0.5
_EXPLAINED, _COVERED = np.float32(0.7), np.float32(0.3)  # what the alignment maximises a mixture of


@dataclass(frozen=True)
class Letters:
    """Texts as arrays, a text a row: `code` (0 after the end), `weight` of each letter (a text's weights sum to 1),
    `jump`: what starting to read at that letter costs, as a share of a letter of the short name."""

    code: Codes
    weight: Weights
    jump: Weights

    def take(self, rows: np.ndarray) -> "Letters":
        """Row numbers → those texts, cut to the longest of them."""
        code = self.code[rows]
        used = max(1, int((code != 0).any(axis=0).sum()))
        return Letters(code[:, :used], self.weight[rows][:, :used], self.jump[rows][:, :used])


def letters(names: list[str], weights: list[list[float]] | None = None) -> Letters:
    """Names of words between spaces, a weight for each word → their letters.

    The weights are those of a long name, on the beginnings of its words; `as_short` gives the short one's view.
    """
    rows = len(names)
    size = max([1, *(len(n.replace(" ", "")) for n in names)])
    code = np.zeros((rows, size), np.uint32)
    weight = np.zeros((rows, size), np.float32)
    jump = np.zeros((rows, size), np.float32)
    for row, name in enumerate(names):
        at = 0
        words = name.split()
        each = weights[row] if weights else [1.0] * len(words)
        total = sum(each) or 1.0
        for word, says in zip(words, each, strict=True):
            shares = (_FIRST, *_NEXT)[: len(word)]
            for offset, char in enumerate(word):
                code[row, at] = ord(char)
                weight[row, at] = says / total * (shares[offset] / sum(shares) if offset < len(shares) else 0)
                jump[row, at] = _INSIDE if offset else 0
                at += 1
    return Letters(code, weight, jump)


def as_short(long: Letters) -> Letters:
    """Letters of names → the same, every letter of a name with equal weight."""
    used = long.code != 0
    weight = used / np.maximum(used.sum(axis=1, keepdims=True), 1)
    return Letters(long.code, weight.astype(np.float32), long.jump)


def align(short: Letters, long: Letters) -> tuple[F32, F32]:
    """Short and long texts, row by row → share of the short explained, share of the long covered (both 0…1).

    >>> s, l = as_short(letters(["kurgangk"])), letters(["kurganskaya generiruyushchaya kompaniya"])
    >>> [round(float(x[0]), 2) for x in align(s, l)]
    [1.0, 0.73]
    """
    rows, size = short.code.shape
    # State i: the first i letters of the short text are used up. Three numbers each: the mixture that is maximised,
    # and its two parts, carried along.
    best = np.zeros((3, rows, size + 1), np.float32)
    running = np.full((3, rows, size + 1), -1e9, np.float32)  # the last letter was read right before this one
    for at in range(long.code.shape[1]):
        char = long.code[:, at : at + 1]
        hit = (short.code == char) & (char != 0)
        if not hit.any():
            running[0] = -1e9
            continue
        jumped = best[:, :, :-1].copy()
        cost = long.jump[:, at : at + 1] * short.weight
        jumped[0] -= _EXPLAINED * cost
        jumped[1] -= cost
        before = np.where(running[0, :, :-1] >= jumped[0], running[:, :, :-1], jumped)
        cover = long.weight[:, at : at + 1]
        read = before
        read[0] += _EXPLAINED * short.weight + _COVERED * cover
        read[1] += short.weight
        read[2] += cover
        read[0] = np.where(hit, read[0], -1e9)
        running[:, :, 1:] = read
        running[0, :, 0] = -1e9
        better = read[0] > best[0, :, 1:]
        best[:, :, 1:] = np.where(better, read, best[:, :, 1:])
        # Letters of the short text may be passed over: state i is at least as good as state i - 1.
        for i in range(1, size + 1):
            worse = best[0, :, i] < best[0, :, i - 1]
            if worse.any():
                best[:, worse, i] = best[:, worse, i - 1]
    return np.clip(best[1, :, -1], 0, 1), np.clip(best[2, :, -1], 0, 1)
