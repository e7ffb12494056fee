"""Raw records of one entity → records whose ids differ, with whole names, statuses, and versions counted."""

from collections.abc import Sequence
from functools import cache

import polars as pl

from engine.files import read_yaml
from engine.schema import ORIGINAL, REJECTS
from engine.snapshot.headers import REFERENCE

FILE_TYPES = ("image", "video", "audio", "document", "archive")
LINK_KEY = ("file_id", "entity", "entity_id")
_CYRILLIC, _HAN = ("\u0400", "\u0530"), ("\u3400", "\ua000")  # what such names begin with, in the order of UTF-8


def number(frame: pl.DataFrame, entity: str) -> pl.DataFrame:
    """Records → the same, those without an id called `row-2`, `row-3` …, as a spreadsheet counts under a header."""
    if entity == "link":
        return frame
    row = "row-" + pl.int_range(2, pl.len() + 2).cast(pl.String)
    if "record_id" not in frame.columns:
        return frame.with_columns(record_id=row)
    if not frame["record_id"].null_count():
        return frame
    return frame.with_columns(record_id=pl.coalesce("record_id", row))


def without_repeats(frame: pl.DataFrame, entity: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records → (those with the first occurrence of each id, rejects of the others)."""
    key = [c for c in LINK_KEY if c in frame.columns] if entity == "link" else ["record_id"]
    if entity != "link" and distinct(frame["record_id"]) == frame.height:
        return frame, pl.DataFrame(schema=REJECTS)
    first = frame.select(pl.struct(key).is_first_distinct()).to_series()
    if first.all():
        return frame, pl.DataFrame(schema=REJECTS)
    doubtful = frame.filter(frame.select(pl.struct(key).is_duplicated()).to_series())
    said = doubtful.select(*key, "source_file", "source_line", _content(frame).alias("content"))
    judged = said.with_columns(
        pl.when(pl.col("content") == pl.col("content").first().over(key))
        .then(pl.lit("repeated_row"))
        .otherwise(pl.lit("repeated_id"))
        .alias("reason"),
        pl.struct(key).is_first_distinct().alias("first"),
    )
    return frame.filter(first), judged.filter(~pl.col("first")).select(list(REJECTS))


def distinct(ids: pl.Series) -> int:
    """Ids → how many differ, a missing one counted as one.

    >>> distinct(pl.Series(["1", "2", "10"])), distinct(pl.Series(["b", "a", "b", None]))
    (3, 3)
    """
    number = ids.cast(pl.UInt64, strict=False)
    # Exports count their records up as a rule; texts whose numbers rise all differ, and looking costs next to nothing.
    if not number.null_count() and (number.slice(1) > number.head(len(number) - 1)).all():
        return len(ids)
    return ids.n_unique()


def complete(frame: pl.DataFrame, entity: str) -> pl.DataFrame:
    """Records → the same with what follows from their other fields: whole names, statuses, file types."""
    if entity == "contact":
        return _with_names(frame)
    if entity == "deal":
        return _with_status(frame)
    if entity == "file":
        return _with_types(frame)
    return frame


def fold_versions(files: pl.DataFrame | None, versions: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(files or None, version rows of the API) → (files that know their versions, rejects: the rows counted there).

    The main version of a file that is not among the files becomes its record.
    """
    main = pl.col("is_main").fill_null(False) if "is_main" in versions.columns else pl.lit(False)
    known = files["record_id"].implode() if files is not None else pl.lit([], dtype=pl.List(pl.String))
    versions = versions.with_columns((main & ~pl.col("record_id").is_in(known)).alias("stands"))
    size = pl.col("bytes") if "bytes" in versions.columns else pl.lit(None, dtype=pl.Int64)
    counted = versions.group_by("record_id", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("versions"), size.filter(~main).sum().alias("versions_bytes")
    )
    stands = versions.filter("stands").drop("stands", "is_main", strict=False)
    whole = stands if files is None else pl.concat([files, stands], how="diagonal")
    for column in ("versions", "versions_bytes"):
        if column not in whole.columns:
            whole = whole.with_columns(pl.lit(None, dtype=pl.Int64).alias(column))
    whole = whole.join(counted, on="record_id", how="left", suffix="_counted", maintain_order="left").with_columns(
        pl.coalesce("versions_counted", "versions").alias("versions"),
        pl.coalesce("versions_bytes_counted", "versions_bytes").alias("versions_bytes"),
    )
    without_file = ~pl.col("record_id").is_in(whole["record_id"].implode())
    rejects = versions.filter(~pl.col("stands")).select(
        "source_file",
        "source_line",
        pl.when(without_file)
        .then(pl.lit("version_without_file"))
        .otherwise(pl.lit("counted_as_version"))
        .alias("reason"),
        _content(versions).alias("content"),
    )
    return whole.drop("versions_counted", "versions_bytes_counted"), rejects


def _content(frame: pl.DataFrame) -> pl.Expr:
    originals = [pl.col(c).alias(c.removeprefix(ORIGINAL)) for c in frame.columns if c.startswith(ORIGINAL)]
    return pl.struct(originals).struct.json_encode()


def _with_names(frame: pl.DataFrame) -> pl.DataFrame:
    parts = [c for c in ("last_name", "first_name", "middle_name") if c in frame.columns]
    if not parts:
        return frame
    if "name" in frame.columns and not frame["name"].null_count():
        return frame
    whole = _whole(frame, parts)
    if _within(whole, _HAN).any():
        whole = _whole(frame, parts, "").zip_with(_within(whole, _HAN), whole)
    elsewhere = ~(_within(whole, _HAN) | _within(whole, _CYRILLIC))
    if elsewhere.any():
        given_first = [c for c in ("first_name", "middle_name", "last_name") if c in parts]
        whole = _whole(frame, given_first).zip_with(elsewhere, whole)
    whole = whole.set(whole == "", None)
    return frame.with_columns(name=pl.coalesce("name", whole) if "name" in frame.columns else whole)


def _whole(frame: pl.DataFrame, parts: Sequence[str], separator: str = " ") -> pl.Series:
    return frame.select(pl.concat_str(parts, separator=separator, ignore_nulls=True)).to_series()


def _within(text: pl.Series, bounds: tuple[str, str]) -> pl.Series:
    return (text >= bounds[0]) & (text < bounds[1])


def _with_status(frame: pl.DataFrame) -> pl.DataFrame:
    said = [pl.col(c) for c in ("status", "stage") if c in frame.columns]
    if not said:
        return frame
    stage = pl.coalesce(said)
    ended = stage.str.to_lowercase().str.strip_chars().replace_strict(_stages(), default=None, return_dtype=pl.String)
    forecast = pl.col("expected_close").fill_null(False) if "expected_close" in frame.columns else pl.lit(False)
    closed = pl.col("closed_at").is_not_null() & ~forecast if "closed_at" in frame.columns else pl.lit(False)
    running = pl.when(stage.is_not_null() & ~closed).then(pl.lit("open"))
    return frame.with_columns(status=pl.coalesce(ended, running))


def _with_types(frame: pl.DataFrame) -> pl.DataFrame:
    name = pl.col("name") if "name" in frame.columns else pl.lit(None, dtype=pl.String)
    given = pl.col("extension") if "extension" in frame.columns else pl.lit(None, dtype=pl.String)
    extension = pl.coalesce(given, name.str.extract(r"\.([A-Za-z0-9]{1,8})$")).str.to_lowercase().str.strip_prefix(".")
    stated = pl.col("type") if "type" in frame.columns else pl.lit(None, dtype=pl.String)
    word = stated.str.to_lowercase().str.extract(r"^([a-z]+)")
    by_extension = extension.replace_strict(_file_types(), default="other", return_dtype=pl.String)
    return frame.with_columns(
        extension=extension, type=pl.when(word.is_in(FILE_TYPES)).then(word).otherwise(by_extension)
    )


@cache
def _stages() -> dict[str, str]:
    stages = read_yaml(REFERENCE / "deal_stages.yaml")
    return {stage: status for status, names in stages.items() for stage in names}


@cache
def _file_types() -> dict[str, str]:
    types = read_yaml(REFERENCE / "file_types.yaml")
    return {extension: kind for kind, extensions in types.items() for extension in extensions}
