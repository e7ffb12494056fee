"""Words of two company names → how much of each name the other accounts for, and the similarity that follows."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from engine.normalise import company_words as reference

F32 = np.ndarray[tuple[int], np.dtype[np.float32]]


def graded(share: F32, covered: F32) -> F32:
    """Share of the one name found in the other, share of the other covered by it → similarity 0…1.

    A share below 0.85 counts less than proportionally: names of one trade have much in common by chance.
    """
    found = np.clip(share - 0.8 * np.maximum(0, 0.85 - share), 0, 1)
    return np.asarray(found * (0.55 + 0.4 * covered), np.float32)


def by_words(left: pl.DataFrame, right: pl.DataFrame, weights: Mapping[str, float]) -> F32:
    """Every word with the most similar word of the other name, weighted by what it says."""
    pair = np.arange(len(left), dtype=np.uint32)
    a = pl.DataFrame({"pair": pair, "a": left["words"].str.split(" ")}).explode("a", empty_as_null=True)
    b = pl.DataFrame({"pair": pair, "b": right["words"].str.split(" ")}).explode("b", empty_as_null=True)
    crossed = a.join(b, on="pair")
    distinct = crossed.select("a", "b").unique(maintain_order=True)
    distinct = distinct.with_columns(pl.Series("alike", _words_alike(distinct["a"], distinct["b"])))
    crossed = crossed.join(distinct, on=["a", "b"], maintain_order="left")
    sides = [_covered(crossed, side, weights) for side in ("a", "b")]
    both = pl.DataFrame({"pair": pair})
    for side, made in zip(("a", "b"), sides, strict=True):
        both = both.join(made.rename({"share": side}), on="pair", how="left", maintain_order="left")
    share = both.select("a", "b").to_numpy().astype(np.float32)
    return graded(share.max(axis=1), share.min(axis=1))


def _covered(crossed: pl.DataFrame, side: str, weights: Mapping[str, float]) -> pl.DataFrame:
    """Word pairs of each name pair → pair, share of one side's weight that the other side's words account for."""
    best = crossed.group_by("pair", side, maintain_order=True).agg(pl.col("alike").max())
    says = word_weights(best[side], weights)
    return (
        best.with_columns(says.alias("says"))
        .group_by("pair", maintain_order=True)
        .agg(((pl.col("alike") * pl.col("says")).sum() / pl.col("says").sum()).alias("share"))
    )


def word_weights(words: pl.Series, weights: Mapping[str, float]) -> pl.Series:
    """Folds of words → how much each says: what the reference lists allow, and in this table."""
    priors = reference.priors()
    table = {w: priors.get(w, 1.0) * weights.get(w, 1.0) for w in words.unique()}
    return words.replace_strict(table, return_dtype=pl.Float64)


def _words_alike(a: pl.Series, b: pl.Series) -> np.ndarray:
    """Folds of words → 0…1: 1 equal, .95 the same in another language, beginnings, typing errors."""
    concepts = reference.concepts()
    frame = pl.DataFrame({"a": a, "b": b})
    typed = cpdist(a.to_list(), b.to_list(), scorer=OSA.normalized_similarity, dtype=np.float64)
    size = pl.min_horizontal(pl.col("a").str.len_chars(), pl.col("b").str.len_chars())
    ratio = size / pl.max_horizontal(pl.col("a").str.len_chars(), pl.col("b").str.len_chars())
    begins = pl.col("a").str.starts_with(pl.col("b")) | pl.col("b").str.starts_with(pl.col("a"))
    number = pl.col("a").str.contains(r"^\d") | pl.col("b").str.contains(r"^\d")
    meant = [pl.col(c).replace_strict(concepts, default=None, return_dtype=pl.String) for c in ("a", "b")]
    return (
        frame.with_columns(typed=typed)
        .select(
            pl.when(pl.col("a") == pl.col("b")).then(1.0)
            .when(number).then(0.0)
            .when((meant[0] == meant[1]).fill_null(False)).then(0.95)
            .when(begins & (size >= 3)).then(0.7 + 0.25 * ratio)
            .when(begins).then(0.6)
            .when((pl.col("typed") >= 0.74) & (size >= 4)).then("typed")
            .otherwise(0.0)
        )
        .to_series()
        .to_numpy()
    )  # fmt: skip
