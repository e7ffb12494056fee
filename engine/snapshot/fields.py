"""The columns of a table that a field is made of → the values of that field."""

import polars as pl

from engine.schema import NOT_STRING, VALUE_SEPARATOR
from engine.snapshot.headers import plain
from engine.snapshot.mapping import EntityMapping
from engine.snapshot.values import amounts, clean, emptied, put, sizes, times, yes_or_no

JOINED = {"phone": VALUE_SEPARATOR, "email": VALUE_SEPARATOR, "website": VALUE_SEPARATOR, "identifier": VALUE_SEPARATOR}
JOINED |= {"tags": VALUE_SEPARATOR, "note": VALUE_SEPARATOR, "address": ", "}
SEVERAL_IN_A_CELL = {
    "phone": r"\s*[,;|\n]+\s*",
    "email": r"[\s,;|]+",
    "company_id": r"\s*;\s*",
    "contact_id": r"\s*;\s*",
}
_EXTENSION = r"(?i)\s*,\s*(доб|вн|ext|x\d)"  # a comma before an extension does not begin another number
_SPLIT = "\x1f"


def field(frame: pl.DataFrame, name: str, mapping: EntityMapping, *, nul: bool = True) -> pl.Series:
    """(table, field, mapping) → the values of that field, typed as `schema.NOT_STRING` says."""
    parts = [clean(frame[column], nul=nul) for column in mapping.fields[name]]
    parts = [_apart(part, name) for part in parts]
    text = parts[0] if len(parts) == 1 else _joined(parts, JOINED[name]) if name in JOINED else _first(parts)
    if name in mapping.values:
        text = text.str.strip_chars().str.to_lowercase().replace({plain(k): v for k, v in mapping.values[name].items()})
    if name in mapping.prefixes:
        text = _by_prefix(text, mapping.prefixes[name])
    return _typed(text, name)


def _typed(text: pl.Series, name: str) -> pl.Series:
    kind = NOT_STRING.get(name)
    if name == "versions":
        # A CRM that does not count versions may still say that there are several.
        said = yes_or_no(text).cast(pl.Int64) + 1
        return text.cast(pl.Int64, strict=False).zip_with(text.str.contains(r"^\d+$").fill_null(False), said)
    if isinstance(kind, pl.Datetime):
        return times(text)
    if isinstance(kind, pl.Float64):
        return amounts(text)
    if isinstance(kind, pl.Int64):
        return sizes(text)
    return yes_or_no(text) if isinstance(kind, pl.Boolean) or name == "is_main" else text


def _apart(column: pl.Series, name: str) -> pl.Series:
    """Cells with several phones or e-mails → these, each once, joined by `VALUE_SEPARATOR`."""
    pattern = SEVERAL_IN_A_CELL.get(name)
    if pattern is None:
        return column
    several = column.str.contains(pattern).fill_null(False)
    if not several.any():
        return column
    cells = column.filter(several)
    if name == "phone":
        cells = cells.str.replace_all(_EXTENSION, " $1")
    values = cells.str.replace_all(pattern, _SPLIT).str.split(_SPLIT)
    tidy = values.list.eval(pl.element().str.strip_chars().str.replace(r"^'([+\d(])", "$1")).list
    joined = (
        tidy.eval(pl.element().filter(pl.element() != "")).list.unique(maintain_order=True).list.join(VALUE_SEPARATOR)
    )
    return put(column, several, emptied(joined))


def _first(parts: list[pl.Series]) -> pl.Series:
    frame = pl.DataFrame([part.alias(str(i)) for i, part in enumerate(parts)])
    return frame.select(pl.coalesce(pl.all())).to_series()


def _joined(parts: list[pl.Series], separator: str) -> pl.Series:
    frame = pl.DataFrame([part.alias(str(i)) for i, part in enumerate(parts)])
    first = frame.select(pl.coalesce(pl.all()).alias("first")).to_series()
    several = frame.select((pl.sum_horizontal(pl.all().is_not_null()) > 1).alias("several")).to_series()
    if not several.any():
        return first
    rows = frame.filter(several)
    # Where each cell holds one value, telling the values apart needs no lists.
    new = [pl.col(c) for c in rows.columns[:1]]
    for place, column in enumerate(rows.columns[1:], start=1):
        known = pl.any_horizontal(pl.col(column).eq_missing(pl.col(c)) for c in rows.columns[:place])
        new.append(pl.when(~known).then(pl.col(column)))
    values = rows.select(pl.concat_str(new, separator=separator, ignore_nulls=True)).to_series()
    lists = rows.select(pl.any_horizontal(pl.all().str.contains(separator, literal=True).fill_null(False))).to_series()
    if lists.any():
        cells = rows.filter(lists).select(pl.concat_str(pl.all(), separator=separator, ignore_nulls=True)).to_series()
        values = put(values, lists, cells.str.split(separator).list.unique(maintain_order=True).list.join(separator))
    return put(first, several, emptied(values))


def _by_prefix(text: pl.Series, prefixes: dict[str, str]) -> pl.Series:
    value = pl.lit(None, dtype=pl.String)
    for prefix, meaning in prefixes.items():
        value = pl.when(pl.col("text").str.starts_with(prefix)).then(pl.lit(meaning)).otherwise(value)
    return pl.DataFrame({"text": text}).select(value.alias("text")).to_series()
