"""Cells as text → the values the schema asks for: clean text, times, amounts, sizes, yes or no.

All work on whole columns. What cannot be understood becomes null here and stays as it was in the original column.
"""

import polars as pl

TIMES = ("%H:%M:%S", "%H:%M", "%H:%M:%S%.f", "%I:%M:%S %p", "%I:%M %p", "")
DATES = (
    "%Y-%m-%d",
    "%d.%m.%y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d-%m-%Y",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
)
DAY_FIRST, MONTH_FIRST = ("%d/%m/%y", "%d/%m/%Y"), ("%m/%d/%y", "%m/%d/%Y")
UNIX = "unix"
SAMPLE = 400
YEARS = (1900, 2200)
UNITS = {
    unit: power
    for power, units in enumerate(
        (
            ("", "b", "byte", "bytes", "б", "байт"),
            ("k", "kb", "kib", "кб"),
            ("m", "mb", "mib", "мб"),
            ("g", "gb", "gib", "гб"),
        )
    )
    for unit in units
}
YES = ("true", "1", "yes", "y", "да", "истина", "是", "sim", "sí", "ja")
NO = ("false", "0", "no", "n", "нет", "ложь", "否", "não", "nein")


def clean(column: pl.Series, *, nul: bool = True) -> pl.Series:
    """Original cells → text without outer spaces, NULs, and the apostrophe that spreadsheets put before phones and
    formulas; what is then empty is null. The same series comes back when nothing was to be done. `nul` says whether the
    file has NULs at all.

    >>> clean(pl.Series([" a ", "'+7 916", "'s-Hertogenbosch", "  "])).to_list()
    ['a', '+7 916', "'s-Hertogenbosch", None]
    """
    text = column
    if nul and text.str.contains("\0", literal=True).any():
        text = text.str.replace_all("\0", "", literal=True)
    stripped = text.str.strip_chars()
    if stripped.len() and stripped.str.len_bytes().sum() != text.str.len_bytes().sum():
        text = stripped
    quoted = text.str.starts_with("'").fill_null(False)
    if quoted.any():
        text = put(text, quoted, text.filter(quoted).str.replace(r"^'([+=@\-(\d])", "$1"))
    return text if text is column else emptied(text)


def emptied(text: pl.Series) -> pl.Series:
    """Text → the same, empty cells null. Comparing all of it first is far cheaper than rewriting it."""
    empty = (text == "").fill_null(False)
    return text.set(empty, None) if empty.any() else text


def put(column: pl.Series, places: pl.Series, values: pl.Series) -> pl.Series:
    """The column with `values`, in order, at the true `places`, of which there is one at least."""
    position = places.cum_sum() - 1
    return values.gather(position.clip(0, len(values) - 1).cast(pl.UInt32)).zip_with(places, column)


def times(column: pl.Series) -> pl.Series:
    """Dates and times in any usual writing → Datetime("us"), wall time as written (unix time: UTC); else null.

    >>> cells = pl.Series(["22.03.2022 13:32:57", "06.06.17", "1586359618", "2024年1月2日", "не закрыта"])
    >>> times(cells).dt.date().to_list()
    [datetime.date(2022, 3, 22), datetime.date(2017, 6, 6), datetime.date(2020, 4, 8), datetime.date(2024, 1, 2), None]
    """
    whole = _whole(column)
    if whole is not None:
        return whole
    rest = _iso(column)
    forms = _forms(rest)
    parsed = pl.repeat(None, len(column), dtype=pl.Datetime("us"), eager=True)
    while rest.null_count() < len(rest):
        distinct = rest.drop_nulls().head(50 * SAMPLE).unique(maintain_order=True)
        sample = distinct.gather_every(max(1, len(distinct) // SAMPLE))
        best, fits = _best(sample, forms)
        if not fits:
            break
        found = _parse(rest, best)
        parsed = found.zip_with(found.is_not_null(), parsed)
        rest = rest.set(found.is_not_null(), None)
    return parsed.alias(column.name)


def amounts(column: pl.Series) -> pl.Series:
    """Sums of money as text → Float64, whatever the currency sign, grouping and decimal sign; else null.

    >>> amounts(pl.Series(["1 234,50 ₽", "$1,234.5", "15000", "1.234.567,8", "none"])).to_list()
    [1234.5, 1234.5, 15000.0, 1234567.8, None]
    """
    plain = column.cast(pl.Float64, strict=False)
    odd = column.is_not_null() & plain.is_null()
    if not odd.any():
        return plain
    digits = column.str.replace_all(r"[^\d,.\-−]", "").str.replace("−", "-", literal=True)
    decimal_comma = digits.str.contains(r",\d{1,2}$") | (digits.str.contains(r"\..*,") & digits.str.contains(r",\d+$"))
    european = digits.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    english = digits.str.replace_all(",", "", literal=True)
    tidy = european.zip_with(decimal_comma.fill_null(False), english)
    return plain.zip_with(~odd, tidy.cast(pl.Float64, strict=False)).alias(column.name)


def sizes(column: pl.Series) -> pl.Series:
    """File sizes as text, in bytes or with a unit → Int64 bytes; else null.

    >>> sizes(pl.Series(["38635", "1.5 MB", "12 КБ", "?"])).to_list()
    [38635, 1572864, 12288, None]
    """
    parts = (
        column.str.to_lowercase().str.replace(",", ".", literal=True).str.extract_groups(r"^\s*([\d.]+)\s*(\p{L}*)\s*$")
    )
    frame = pl.DataFrame({"number": parts.struct.field("1"), "unit": parts.struct.field("2")})
    power = pl.col("unit").replace_strict(UNITS, default=None, return_dtype=pl.Float64)
    value = pl.col("number").cast(pl.Float64, strict=False) * (pl.lit(1024.0) ** power)
    return frame.select(value.round().cast(pl.Int64, strict=False).alias(column.name)).to_series()


def yes_or_no(column: pl.Series) -> pl.Series:
    """Yes and no in words, numbers or JSON → Boolean; else null."""
    words = column.str.to_lowercase().str.strip_chars()
    return words.replace_strict(
        {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}, default=None, return_dtype=pl.Boolean
    )


def _whole(column: pl.Series) -> pl.Series | None:
    """A column of nothing but `2024-01-31T10:20:30` → its times; None for any other. The usual case, read in one go."""
    form = "%Y-%m-%dT%H:%M:%S"
    if _parse(column.drop_nulls().head(1), form).null_count() or column.str.contains(r"\s").any():
        return None
    parsed = _parse(column, form)
    return parsed if parsed.null_count() == column.null_count() else None


def _iso(column: pl.Series) -> pl.Series:
    text = column
    if not text.str.contains_any(["T", "Z", "+", "年"]).any():
        return text
    if text.str.contains("年", literal=True).any():
        text = text.str.replace_all(r"[年月]", "-").str.replace_all("日", " ", literal=True).str.strip_chars()
    if text.str.contains(r"^\d{4}-\d\d-\d\d[T ].*(?:T|Z|[+-]\d\d:?\d\d)").any() or text.str.contains(r"\dT\d").any():
        text = text.str.replace(r"(\d)T(\d)", "$1 $2").str.replace(r"(\d\d:\d\d.*?)\s*(?:Z|[+-]\d\d:?\d\d)$", "$1")
    return text


def _forms(column: pl.Series) -> list[str]:
    """Formats to try; of the two readings of 02/03/2024 only the one that the rest of the column allows."""
    if not column.str.contains("/", literal=True).any():
        return [UNIX, *(f"{date} {time}".strip() for date in DATES for time in TIMES)]
    slashes = column.str.extract_groups(r"^(\d{1,2})/(\d{1,2})/\d")
    first = slashes.struct.field("1").cast(pl.Int32, strict=False)
    month_first = not (first > 12).any()
    dates = (*DATES, *(MONTH_FIRST if month_first else DAY_FIRST))
    return [UNIX, *(f"{date} {time}".strip() for date in dates for time in TIMES)]


def _best(sample: pl.Series, forms: list[str]) -> tuple[str, int]:
    """→ the form that most of the sample has, the first of several; how many have it."""
    best, most = forms[0], 0
    for form in forms:
        fits = len(sample) - _parse(sample, form).null_count()
        if fits > most:
            best, most = form, fits
        if most == len(sample):  # no other can do better
            break
    return best, most


def _parse(column: pl.Series, form: str) -> pl.Series:
    if form != UNIX:
        found = column.str.to_datetime(form, time_unit="us", strict=False)
        # "%Y" reads 17 as the year 17, so years are bounded.
        return found.set(~found.dt.year().is_between(*YEARS), None)
    number = column.str.extract(r"^(\d{9,10}|\d{13})$").cast(pl.Int64)
    return (number * 1_000_000).zip_with(number < 10**11, number * 1_000).cast(pl.Datetime("us"))
