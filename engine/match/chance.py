"""What agrees by chance: level counts of pairs that are not matches, the u of Fellegi and Sunter.

Random pairs of records are nearly all non-matches; their levels are counted as they are. Where a table has one or two
comparisons, the few matches among random pairs hold most of the high levels and would hide themselves; there the
values are first recombined, the head of one record's value with the tail of another's, which leaves what parts are
common and destroys every true match.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from engine.match.compare import levels, similarity
from engine.match.encode import Encoded, encode, rarity
from engine.rules import MISSING, SAME, Comparison

RANDOM_PAIRS = 50_000
RECOMBINED_PAIRS = 500_000
RECOMBINED = 20_000  # recombined values, from which random pairs are drawn


def random_pairs(
    records: int, source: np.ndarray | None = None, *, seed: int, size: int = RANDOM_PAIRS
) -> tuple[np.ndarray, np.ndarray]:
    """Number of records → left and right rows of up to `size` random pairs, across sources when given."""
    rng = np.random.default_rng(seed)
    left, right = rng.integers(0, max(records, 1), size), rng.integers(0, max(records, 1), size)
    apart = left != right
    if source is not None:
        apart &= source[left] != source[right]
    return left[apart], right[apart]


def share_across(source: np.ndarray | None, *, seed: int) -> float:
    """Source of each record, or None → share of all pairs that lie across sources."""
    if source is None:
        return 1.0
    size = np.bincount(source) / len(source)
    return float(1 - (size**2).sum())


@dataclass(frozen=True)
class Drawn:
    """What random pairs say of one comparison whatever its levels, by similarity (256 places).

    `met`: how many of the pairs have it. `equal`: the share of all pairs of records whose values are equal with it.
    """

    met: np.ndarray
    equal: np.ndarray


def draw(
    comparison: Comparison, encoded: Encoded, pairs: tuple[np.ndarray, np.ndarray], *,
    recombined: bool, region: str, seed: int,
) -> Drawn:  # fmt: skip
    """Comparison, its keys, random pairs → what they say; of recombined values where asked and if values have parts."""
    if recombined and encoded.kind.recombine:
        return _recombined(comparison, encoded.table[encoded.kind.recombine], region, seed=seed)
    return drawn(encoded, similarity(encoded, *pairs))


def drawn(encoded: Encoded, similarities: np.ndarray) -> Drawn:
    """Keys of a comparison, similarities of random pairs → what they say.

    Equal values are too rare to be met at random; how many pairs of records agree is known exactly from how many
    records hold each value. Only unequal values are sampled.
    """
    met = np.bincount(similarities, minlength=MISSING + 1)
    present = encoded.codes >= 0
    size, pairs = encoded.holders[encoded.codes[present]], max(float(present.sum()), 2.0)
    equal = np.bincount(rarity(size), weights=(size - 1) / (pairs * (pairs - 1)), minlength=MISSING + 1)
    return Drawn(met.astype(float), equal)


def level_counts(comparison: Comparison, by_chance: Drawn) -> np.ndarray:
    """Comparison with its levels, what random pairs say → how many of them reach each level (codes 1…k)."""
    code = levels(comparison, np.arange(MISSING + 1, dtype=np.uint8))
    counted, exact = (
        np.bincount(code, weights=of, minlength=len(comparison.levels) + 1)[1:]
        for of in (by_chance.met, by_chance.equal)
    )
    equal = np.array([level.at_least >= SAME for level in reversed(comparison.levels)])
    return np.asarray(np.where(equal, exact * max(counted.sum(), 1.0), counted))


def _recombined(comparison: Comparison, texts: pl.Series, region: str, *, seed: int) -> Drawn:
    """Comparison, its distinct normalised texts → what random pairs of recombined texts say."""
    texts = texts.drop_nulls().unique().sort()
    if len(texts) > RECOMBINED:
        texts = texts.sample(RECOMBINED, seed=seed)
    made = recombine(texts, seed=seed).alias("value")
    alone = Comparison(comparison.name, comparison.kind, ("value",), comparison.levels)
    encoded, _ = encode(made.to_frame(), [alone], region=region)
    pairs = random_pairs(len(made), seed=seed, size=RECOMBINED_PAIRS)
    return drawn(encoded[alone.name], similarity(encoded[alone.name], *pairs))


def recombine(values: pl.Series, *, seed: int) -> pl.Series:
    """Texts → as many texts, each the head of one and the tail of another, cut between words or else in the middle.

    >>> made = recombine(pl.Series(["Anna Berg", "Ivan Petrov"]), seed=1)
    >>> sorted(made.to_list())
    ['Anna Petrov', 'Ivan Berg']
    """
    texts = [str(v) for v in values.to_list()]
    cuts = [_cut(text) for text in texts]
    # One long cycle in random order: nobody keeps the own tail, and two spellings of one name get different ones.
    order = np.random.default_rng(seed).permutation(len(texts))
    donor = np.empty(len(texts), np.int64)
    donor[order] = np.roll(order, 1)
    tails = [texts[d][cuts[d] :] for d in donor.tolist()]
    return pl.Series(values.name, [text[:cut] + tail for text, cut, tail in zip(texts, cuts, tails, strict=True)])


def _cut(text: str) -> int:
    """A text → where to cut it: at the space nearest to its middle, or in the middle when there is none."""
    middle = len(text) // 2
    spaces = [i for i, c in enumerate(text) if c == " "]
    return min(spaces, key=lambda i: abs(i - middle)) if spaces else middle
