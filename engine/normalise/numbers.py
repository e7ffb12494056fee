"""Cells of figures → numbers: 1 234,50 and 1,234.50 are the same."""

import polars as pl


def keys(values: pl.Series) -> pl.DataFrame:
    """Distinct raw cells → `key` (String, equal for equal numbers) and `value` (Float64); null when it is no number.

    The last comma or dot is the decimal sign, unless exactly three digits follow a single kind of sign that groups
    thousands (1,234 and 1.234.567); units and currency signs around the number are left out.

    >>> keys(pl.Series(["1 234,50 ₽", "1,234.50", "-7", "n/a"]))["key"].to_list()
    ['1234.5', '1234.5', '-7', None]
    """
    text = values.cast(pl.String).str.normalize("NFKC").str.replace_all(r"[\s'’]", "").str.replace("−", "-")
    number = pl.DataFrame({"text": text.str.extract(r"(-?\d[\d.,]*)")}).with_columns(
        text=pl.col("text").str.strip_chars_end(".,")
    )
    plain = pl.col("text")
    no_commas = plain.str.replace_all(",", "", literal=True)
    no_dots = plain.str.replace_all(".", "", literal=True)
    both = plain.str.contains(",", literal=True) & plain.str.contains(".", literal=True)
    read = (
        pl.when(both & plain.str.contains(r",\d*$")).then(no_dots.str.replace(",", ".", literal=True))
        .when(both | plain.str.contains(r"^-?\d{1,3}(?:,\d{3})+$")).then(no_commas)
        .when(plain.str.contains(r"^-?\d{1,3}(?:\.\d{3}){2,}$")).then(no_dots)
        .otherwise(plain.str.replace(",", ".", literal=True))
    )  # fmt: skip
    frame = number.select(value=read.cast(pl.Float64, strict=False))
    return frame.select(key=pl.col("value").cast(pl.String).str.replace(r"\.0$", ""), value="value")


def block_keys(table: pl.DataFrame) -> pl.DataFrame:
    """A table of `keys` → blocking key `number`."""
    return table.select(number="key")
