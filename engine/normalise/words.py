"""Columns of text → their words, each distinct word worked on once.

Helpers shared by addresses, cities and free text: a function of one word runs over the distinct words of a column,
never over its cells.
"""

from collections.abc import Callable

import polars as pl

from engine.normalise.scripts import clean, fold, romanise

_SAME_CHARACTERS = {
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("’‘ʼ`´", "'"),
    "\u200b": "",
    "\u00ad": "",
    "\ufeff": "",
}
WORD = r"\p{Han}|[\p{L}\p{N}]+(?:['’][\p{L}]+)*"


def cleaned(values: pl.Series) -> pl.Series:
    """Raw cells → NFKC, lower case, ё as е, one kind of dash and apostrophe, single spaces; cells of nothing are null.

    What `scripts.clean` does besides, to words of mixed scripts, is left to `folded`, word by word.
    """
    text = values.cast(pl.String)
    foreign = (text.str.len_bytes() != text.str.len_chars()).fill_null(False)
    if foreign.any():  # NFKC changes nothing in ASCII and is slow
        tidied = text.filter(foreign).str.normalize("NFKC").str.replace_many(_SAME_CHARACTERS)
        text = text.clone().scatter(foreign.arg_true(), tidied)
    plain = text.str.to_lowercase().str.replace_all(r"[\s\x00-\x1f]+", " ").str.strip_chars().str.replace_all("ё", "е")
    return pl.DataFrame({"text": plain}).select(pl.when(pl.col("text") != "").then("text")).to_series()


def each_word(frame: pl.DataFrame, column: str, function: Callable[[str], str | None]) -> pl.Series:
    """A frame with one word to a row, a function of a word → its value for every row, computed once per word."""
    distinct = frame.select(pl.col(column).unique()).drop_nulls()
    value = pl.Series("value", [function(w) for w in distinct[column]], dtype=pl.String)
    table = distinct.with_columns(value=value)
    return frame.select(column).join(table, on=column, how="left", maintain_order="left")["value"]


def folded(word: str) -> str | None:
    """A clean word → its fold (one for all spellings of it in any script); digits stay; nothing → None."""
    if word[0].isdigit():
        return word.lstrip("0") or "0"
    return fold(romanise(clean(word))) or word


def split(texts: pl.Series, pattern: str = WORD) -> pl.DataFrame:
    """Clean texts → one row per word, in order: `row`, `word`."""
    frame = pl.DataFrame({"word": texts}).with_row_index("row")
    found = frame.with_columns(pl.col("word").str.extract_all(pattern))
    return found.explode("word", empty_as_null=True).drop_nulls()
