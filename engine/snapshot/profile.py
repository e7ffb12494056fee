"""An entity's frame → how complete and how valid it is, and which duplicates catch the eye. Frames out."""

import re
import unicodedata

import phonenumbers
import polars as pl

from engine.schema import ENTITIES, NOT_STRING, ORIGINAL, VALUE_SEPARATOR
from engine.snapshot.kinds import is_tax_id
from engine.snapshot.mapping import EntityMapping

_EMAIL = r"^[^\s@,;<>\"]+@[^\s@,;<>\".]+(\.[^\s@,;<>\".]+)*\.[^\s@,;<>\".\d]{2,}$"
_BIRTH = r"^(?:\d{1,4}[-./年]\d{1,2}[-./月]\d{1,4}日?|\d{8})(?:[ T].*)?$"
_EXTENSION = re.compile(r"[\s,]*(?:доб|вн|ext|x|#|转)[\s.:]*\d+\s*$", re.IGNORECASE)
EXAMPLES = 3
CHECKED = ("phone", "email", "tax_id", "birth_date")


def completeness(frame: pl.DataFrame, *, entity: str | None = None) -> pl.DataFrame:
    """An entity's frame → field, filled, share (0…1), distinct: a row for each column, original ones included.

    With `entity` only that entity's fields, in the order of the schema.
    """
    columns = [c for c in ENTITIES[entity] if c in frame.columns] if entity else frame.columns
    rows = max(frame.height, 1)
    counts = frame.select(columns).select(
        *(pl.col(c).count().alias(f"filled\0{c}") for c in columns),
        *(pl.col(c).drop_nulls().n_unique().alias(f"distinct\0{c}") for c in columns),
    )
    said = counts.row(0, named=True) if columns else {}
    filled = [said[f"filled\0{c}"] for c in columns]
    return pl.DataFrame(
        {
            "field": columns,
            "filled": filled,
            "share": [count / rows for count in filled],
            "distinct": [said[f"distinct\0{c}"] for c in columns],
        },
        schema={"field": pl.String, "filled": pl.UInt32, "share": pl.Float64, "distinct": pl.UInt32},
    )


def invalid(
    frame: pl.DataFrame, *, entity: str, region: str = "RU", mappings: tuple[EntityMapping, ...] = ()
) -> pl.DataFrame:
    """An entity's frame → field, problem, values, records, examples (a list): what is filled in but cannot be meant.

    Problems: `not_a_phone`, `not_an_email`, `wrong_check_digits`, `not_a_date`. Phones without a country code are read
    as of `region`. Dates that could not be understood are found by their original columns, so these need `mappings`.
    """
    found = []
    for field in CHECKED:
        if field in ENTITIES[entity] and field in frame.columns:
            values = _single(frame[field])
            bad = values.filter(~_valid(values["value"], field, region))
            found.append(_summary(bad, field))
    for mapping in mappings:
        for field, columns in mapping.fields.items():
            if mapping.entity == entity and isinstance(NOT_STRING.get(field), pl.Datetime):
                lost = frame.filter(pl.col(field).is_null())
                said = pl.concat([_single(lost[ORIGINAL + c]) for c in columns if ORIGINAL + c in frame.columns])
                # Words such as «не закрыта» are an answer; only what has digits was meant as a date.
                found.append(_summary(said.filter(pl.col("value").str.contains(r"\d")), field))
    schema = {"field": pl.String, "problem": pl.String, "values": pl.UInt32, "records": pl.UInt32}
    empty = pl.DataFrame(schema={**schema, "examples": pl.List(pl.String)})
    return pl.concat([empty, *found]).filter(pl.col("values") > 0)


def repeated(frame: pl.DataFrame, *, entity: str) -> pl.DataFrame:
    """An entity's frame → situation, groups, records, largest: how many records share a phone, an e-mail, a name …

    Counted by the cheapest of keys, so these are hints of what matching will find, not findings.
    """
    keys = {
        "same_phone": ("phone", pl.col("value").str.replace_all(r"\D", "").str.tail(10)),
        "same_email": ("email", pl.col("value").str.to_lowercase()),
        "same_tax_id": ("tax_id", pl.col("value").str.replace_all(r"\W", "")),
        "same_name": ("name", _name_key()),
    }
    found = []
    for situation, (field, key) in keys.items():
        if field not in ENTITIES[entity] or field not in frame.columns:
            continue
        values = (
            _single(frame[field], split=field != "name").select("row", key.alias("key")).filter(pl.col("key") != "")
        )
        groups = values.unique().group_by("key").len().filter(pl.col("len") > 1)
        shared = values.unique().join(groups.select("key"), on="key", how="semi")
        found.append((situation, groups.height, shared["row"].n_unique(), groups["len"].max() or 0))
    schema = {"situation": pl.String, "groups": pl.UInt32, "records": pl.UInt32, "largest": pl.UInt32}
    return pl.DataFrame(found, schema=schema, orient="row").filter(pl.col("groups") > 0)


def _name_key() -> pl.Expr:
    """Words in lower case, ё as е, in the order of the alphabet: Иванов Пётр = петр иванов."""
    words = pl.col("value").str.to_lowercase().str.replace_all("ё", "е").str.replace_all(r"[^\p{L}\p{N}]+", " ")
    return words.str.strip_chars().str.split(" ").list.sort().list.join(" ")


def _single(column: pl.Series, *, split: bool = True) -> pl.DataFrame:
    """A column → row, value: each of the values of a cell in a row of its own."""
    cells = pl.DataFrame({"row": pl.int_range(len(column), dtype=pl.UInt32, eager=True), "value": column}).drop_nulls()
    if split:
        cells = cells.with_columns(pl.col("value").str.split(VALUE_SEPARATOR)).explode("value")
    return cells.with_columns(pl.col("value").str.strip_chars())


def _valid(values: pl.Series, field: str, region: str) -> pl.Series:
    if field == "email":
        return values.str.contains(_EMAIL)
    if field == "birth_date":
        return values.str.contains(_BIRTH)
    unique = values.unique()
    test = {"phone": lambda v: _is_phone(v, region), "tax_id": _is_tax_id}[field]
    verdicts = pl.Series([test(v) for v in unique.to_list()], dtype=pl.Boolean)
    return values.replace_strict(unique, verdicts, return_dtype=pl.Boolean) if len(unique) else verdicts


def _is_phone(value: str, region: str) -> bool:
    try:
        number = phonenumbers.parse(_EXTENSION.sub("", value), region)
        return bool(phonenumbers.is_possible_number(number))
    except phonenumbers.NumberParseException:
        return False


def _is_tax_id(value: str) -> bool:
    """Wrong only when it has the length of an id whose check digits are known, and these are wrong."""
    plain = unicodedata.normalize("NFKC", value).replace(" ", "")
    checkable = (len(plain) in (10, 12) and plain.isdigit()) or (len(plain) == 18 and plain.isalnum())
    return is_tax_id(plain) or not checkable


def _summary(bad: pl.DataFrame, field: str) -> pl.DataFrame:
    problem = {"phone": "not_a_phone", "email": "not_an_email", "tax_id": "wrong_check_digits"}.get(field, "not_a_date")
    return bad.select(
        pl.lit(field).alias("field"),
        pl.lit(problem).alias("problem"),
        pl.col("value").n_unique().cast(pl.UInt32).alias("values"),
        pl.col("row").n_unique().cast(pl.UInt32).alias("records"),
        pl.col("value").unique(maintain_order=True).head(EXAMPLES).implode().alias("examples"),
    )
