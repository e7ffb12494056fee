"""Date cells in any usual writing → year, month, day.

Which of two small numbers is the day: the larger than 12; else what the clear dates of the column do; else the day
stands first, as in most of the world. `month_first` overrides it. Two-digit years up to PIVOT are of this century.
"""

import polars as pl

PIVOT = 30  # '30 is 2030, '31 is 1931
FIRST_YEAR, LAST_YEAR = 1800, 2199

_TIME = r"[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]m)?(?:Z| ?[+-]\d{2}:?\d{2})?$"
_YMD = r"^(\d{4})\s?[-./年\s]\s?(\d{1,2})\s?[-./月\s]\s?(\d{1,2})\s?日?\.?$"
_COMPACT = r"^((?:18|19|20|21)\d{2})(\d{2})(\d{2})$"
_COMPACT_DMY = r"^(\d{2})(\d{2})((?:18|19|20|21)\d{2})$"
_TWO_FIRST = r"^(\d{1,2})\s?[-./\s]\s?(\d{1,2})\s?[-./\s]\s?'?(\d{4}|\d{2})\s?(?:г|г\.|года|year)?$"
_YEAR_MONTH = r"^(\d{4})\s?[-./年]\s?(\d{1,2})月?$"
_YEAR = r"^((?:18|19|20|21)\d{2})(?:\s?(?:г\.?|год|年))?(?:\.0)?$"
_DAY_NAMED = r"^(\d{1,2})(?:st|nd|rd|th)?[\s./-]*(?:de |of )?(\pL{3,12})\.?,?[\s./-]*(?:de |of )?'?(\d{4}|\d{2})"
_NAMED_DAY = r"^(\pL{3,12})\.?\s?(\d{1,2})(?:st|nd|rd|th)?,?\s+'?(\d{4}|\d{2})$"

# The first letters that tell a month's name from the others.
_MONTHS = {
    1: ("jan", "янв", "ene", "січ"),
    2: ("feb", "фев", "fév", "fev", "лют"),
    3: ("mar", "мар", "mär", "бер"),
    4: ("apr", "апр", "abr", "avr", "кві"),
    5: ("may", "май", "мая", "mai", "тра"),
    6: ("jun", "июн", "чер"),
    7: ("jul", "июл", "лип"),
    8: ("aug", "авг", "ago", "aoû", "сер"),
    9: ("sep", "сен", "set", "вер"),
    10: ("oct", "окт", "okt", "out", "жов"),
    11: ("nov", "ноя", "лис"),
    12: ("dec", "дек", "dic", "dez", "déc", "гру"),
}


def keys(values: pl.Series, *, month_first: bool | None = None) -> pl.DataFrame:
    """Distinct raw cells → `key` (yyyymmdd, yyyymm or yyyy), `date`, `year`, `month`, `day`, `ambiguous`.

    A date that cannot be (31.02., month 13) keeps its parts and key, so that a typing error can still be compared;
    its `date` is null, as is that of a bare year. `ambiguous`: day and month could be exchanged.

    >>> keys(pl.Series(["05.03.1984", "1984年3月5日", "5 марта 1984 г."]))["key"].to_list()
    ['19840305', '19840305', '19840305']
    """
    text = values.cast(pl.String).str.strip_chars(" \t\r\n'\"").str.to_lowercase().str.replace(_TIME.lower(), "")
    text = text.str.replace(r"(\d{4})-(\d{2})-(\d{2})[t ].*$", "${1}-${2}-${3}")
    frame = pl.DataFrame({"text": text})
    groups = {
        name: pl.col("text").str.extract_groups(pattern)
        for name, pattern in (("ymd", _YMD), ("compact", _COMPACT), ("two", _TWO_FIRST), ("dmy", _COMPACT_DMY))
    }
    rest = {
        "dn": pl.col("text").str.extract_groups(_DAY_NAMED),
        "nd": pl.col("text").str.extract_groups(_NAMED_DAY),
        "ym": pl.col("text").str.extract_groups(_YEAR_MONTH),
        "yy": pl.col("text").str.extract_groups(_YEAR),
    }
    frame = frame.with_columns(**groups, **rest)
    compact, dmy = _triple("compact", "123"), _triple("dmy", "321")
    backwards = ~_is_real(*compact) & _is_real(*dmy)
    first, second, year = _triple("two", "123")
    first_is_month = _month_first(frame, month_first)
    swap = pl.when(first > 12).then(False).when(second > 12).then(True).otherwise(first_is_month)
    named = [_triple("dn", "321", month=True), _triple("nd", "312", month=True)]
    forms: list[tuple[pl.Expr, pl.Expr, pl.Expr]] = [
        _triple("ymd", "123"),
        tuple(pl.when(~backwards).then(c) for c in compact),  # type: ignore[list-item]
        (year, pl.when(swap).then(first).otherwise(second), pl.when(swap).then(second).otherwise(first)),
        dmy,
        *named,
        (_number("ym", 1), _number("ym", 2), pl.lit(None, pl.Int32)),
        (_number("yy", 1), pl.lit(None, pl.Int32), pl.lit(None, pl.Int32)),
    ]
    chosen = [pl.coalesce(pl.when(form[0].is_not_null()).then(form[i]) for form in forms) for i in range(3)]
    named_parts = [part.alias(name) for part, name in zip(chosen, ("year", "month", "day"), strict=True)]
    found = frame.select(*named_parts, two=first.is_not_null())
    y, m, d = pl.col("year"), pl.col("month"), pl.col("day")
    found = found.with_columns(
        year=pl.when(y >= 100).then(y).when(y <= PIVOT).then(y + 2000).otherwise(y + 1900),
    )
    sane = y.is_between(FIRST_YEAR, LAST_YEAR) & (m.is_null() | (m <= 99))
    key = pl.concat_str(y, _padded(m), _padded(d), ignore_nulls=True)
    return found.select(
        key=pl.when(sane).then(key),
        date=pl.when(sane & _is_real(y, m, d)).then(pl.date(y, m.clip(1, 12), d.clip(1, 28)) + _beyond(d)),
        year=pl.when(sane).then(y),
        month=pl.when(sane).then(m),
        day=pl.when(sane).then(d),
        ambiguous=pl.when(sane).then(pl.col("two") & (m <= 12) & (d <= 12) & (m != d)).fill_null(False),
    )


def block_keys(table: pl.DataFrame) -> pl.DataFrame:
    """A table of `keys` → blocking keys: `date` (whole dates), `year_month`, and `parts`: day and month in order of
    size, which a swap leaves as it is."""  # fmt: skip
    m, d = _padded(pl.col("month")), _padded(pl.col("day"))
    whole = pl.col("day").is_not_null()
    return table.select(
        date=pl.when(whole).then("key"),
        year_month=pl.when(pl.col("month").is_not_null()).then(pl.col("key").str.slice(0, 6)),
        parts=pl.when(whole).then(pl.min_horizontal(m, d) + pl.max_horizontal(m, d)),
    )


def _number(column: str, group: int) -> pl.Expr:
    return pl.col(column).struct.field(str(group)).cast(pl.Int32, strict=False)


def _triple(column: str, order: str, *, month: bool = False) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    # Groups of a pattern in the order year, month, day.
    year, middle, day = (int(n) for n in order)
    monthly = _month(pl.col(column).struct.field(str(middle))) if month else _number(column, middle)
    whole = monthly.is_not_null()
    return pl.when(whole).then(_number(column, year)), monthly, _number(column, day)


def _month(name: pl.Expr) -> pl.Expr:
    start = name.str.slice(0, 3)
    return pl.coalesce(pl.when(start.is_in(names)).then(pl.lit(n, pl.Int32)) for n, names in _MONTHS.items())


def _month_first(frame: pl.DataFrame, given: bool | None) -> bool:
    if given is not None:
        return given
    first, second, _ = _triple("two", "123")
    clear = frame.select(month=((second > 12) & (first <= 12)).sum(), day=((first > 12) & (second <= 12)).sum())
    months, days = clear.row(0)
    return bool(months > days)


def _is_real(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    last = (
        pl.when(month == 2).then(pl.when(leap).then(29).otherwise(28))
        .when(month.is_in([4, 6, 9, 11])).then(30)
        .otherwise(31)
    )  # fmt: skip
    return (month.is_between(1, 12) & (day >= 1) & (day <= last)).fill_null(False)


def _beyond(day: pl.Expr) -> pl.Expr:
    # pl.date refuses 30 February even in rows that are not chosen: the 28th, and the days from there.
    return pl.duration(days=pl.max_horizontal(day - 28, pl.lit(0)))


def _padded(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.String).str.zfill(2)
