"""Cells that a spreadsheet would run as a formula → harmless text, and back again without loss."""

import io

import polars as pl

# What spreadsheets take for the start of a formula, full-width forms and control characters included.
STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MARK = "'"


def neutral(text: str) -> str:
    """Cell → the same with an apostrophe in front when it begins like a formula (or with an apostrophe).

    >>> neutral("=1+1"), neutral("'quoted"), neutral("plain")
    ("'=1+1", "''quoted", 'plain')
    """
    return MARK + text if text.startswith((*STARTERS, MARK)) else text


def neutralise(frame: pl.DataFrame) -> pl.DataFrame:
    """Frame → its text columns with an apostrophe before every cell that begins like a formula or with one."""
    return frame.with_columns(
        pl.when(pl.col(c).str.head(1).is_in([*STARTERS, MARK])).then(MARK + pl.col(c)).otherwise(pl.col(c)).alias(c)
        for c, dtype in frame.schema.items()
        if dtype == pl.String
    )


def restored(frame: pl.DataFrame) -> pl.DataFrame:
    """The inverse of `neutralise`: one leading apostrophe taken away from every text cell that has one."""
    return frame.with_columns(pl.col(pl.String).str.strip_prefix(MARK))


def csv(frame: pl.DataFrame) -> bytes:
    """Frame → CSV in UTF-8: neutralised, text in quotes, so that an empty text differs from no value."""
    safe = neutralise(frame).rename({c: neutral(c) for c in frame.columns})
    return safe.write_csv(quote_style="non_numeric").encode()


def read_csv(content: bytes) -> pl.DataFrame:
    """CSV written by `csv` → the frame as it was, all columns as text."""
    frame = restored(pl.read_csv(io.BytesIO(content), infer_schema=False))
    return frame.rename({c: c.removeprefix(MARK) for c in frame.columns})
