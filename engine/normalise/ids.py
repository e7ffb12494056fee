"""Tax and registry numbers → a key, the scheme they belong to, and whether their check digits are right."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from engine.normalise import check_digits as check
from engine.normalise.check_digits import RESIDENT, USCC, Right, digits_of

SCHEMA = {"key": pl.String(), "scheme": pl.String(), "valid": pl.Boolean()}
LEAST = 4  # characters; shorter cells are no identifier

_FORMATS = Path(__file__).parent.parent / "reference" / "vat_formats.csv"
_Rule = Callable[[check.Digits], Right]
# scheme, pattern of the whole number, alphabet, check. The first whose check holds names a number, else the first.
_SCHEMES: tuple[tuple[str, str, str, _Rule], ...] = (
    ("inn", r"^\d{10}$", "0123456789", check.inn_10),
    ("inn", r"^\d{12}$", "0123456789", check.inn_12),
    ("ogrn", r"^\d{13}$", "0123456789", check.ogrn),
    ("ogrnip", r"^\d{15}$", "0123456789", check.ogrn),
    ("snils", r"^\d{11}$", "0123456789", check.snils),
    ("cpf", r"^\d{11}$", "0123456789", check.cpf),
    ("cnpj", r"^\d{14}$", "0123456789", check.cnpj),
    ("resident", r"^[1-9]\d{16}[\dX]$", RESIDENT, check.resident),
    ("uscc", r"^[159AN][1239]\d{6}[0-9A-HJ-NPQRTUWXY]{10}$", USCC, check.uscc),
)
_VAT_CHECKS: dict[str, _Rule] = {
    "BE": check.vat_be,
    "DE": check.vat_de,
    "FR": check.vat_fr,
    "IT": check.luhn,
    "PL": check.vat_pl,
}
# Leading zeros that a spreadsheet took away: digits left → digits of the scheme that may have been.
_LOST_ZEROS = ((9, 10, check.inn_10), (11, 12, check.inn_12))
_LOOKALIKES = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")


def keys(values: pl.Series) -> pl.DataFrame:
    """Distinct raw cells of tax or registry numbers → `key`, `scheme`, `valid`.

    `scheme`: inn, ogrn, ogrnip, snils, cpf, cnpj, resident, uscc, vat or null; `valid`: whether its check digits are
    right, null when it has none. "ИНН 7707083893 / КПП 770701001" is read as its first number that is valid, else as
    its first. An ИНН whose leading zero was lost gets it back when its check digits say so.

    >>> keys(pl.Series(["ИНН 7707083893 / КПП 773601001", "91350100M000100Y43", "нет"])).rows()
    [('7707083893', 'inn', True), ('91350100M000100Y43', 'uscc', True), (None, None, None)]
    """
    rows = pl.DataFrame({"text": values.cast(pl.String)}).with_row_index("row")
    pieces = rows.with_columns(_pieces(pl.col("text"))).explode("text", empty_as_null=True)
    pieces = pieces.with_columns(text=_compact(pieces["text"])).filter(_says_something(pl.col("text")))
    distinct = pieces["text"].unique()
    named = _named(distinct).with_columns(text=distinct)
    best = pieces.join(named, on="text", how="left", maintain_order="left").with_columns(
        rank=pl.when("valid").then(0).when(pl.col("scheme").is_not_null()).then(1).otherwise(2)
    )
    best = best.sort("row", "rank", maintain_order=True).unique("row", keep="first", maintain_order=True)
    return rows.select("row").join(best, on="row", how="left", maintain_order="left").select(list(SCHEMA))


def identifier_keys(values: pl.Series) -> pl.DataFrame:
    """Distinct raw cells of any other number → `key`: its letters and digits, upper case; `scheme` and `valid` when
    its check digits prove a scheme.

    >>> identifier_keys(pl.Series(["45 08 № 123-456", "ab-12/7"]))["key"].to_list()
    ['4508123456', 'AB127']
    """
    text = _compact(values.cast(pl.String)).set(values.is_null(), None)
    frame = pl.DataFrame({"text": text}).with_columns(text=pl.when(_says_something(pl.col("text"))).then("text"))
    named = _named(frame["text"])
    proved = named["valid"].fill_null(False)
    return named.select(key=frame["text"], scheme=pl.when(proved).then("scheme"), valid=pl.when(proved).then("valid"))


def block_keys(table: pl.DataFrame) -> pl.DataFrame:
    """A table of `keys` or `identifier_keys` → blocking keys: `key`, `start` and `end`, its first and last five."""
    long = pl.col("key").str.len_chars() >= 7
    return table.select(
        key="key",
        start=pl.when(long).then(pl.col("key").str.head(5)),
        end=pl.when(long).then(pl.col("key").str.tail(5)),
    )


def _pieces(text: pl.Expr) -> pl.Expr:
    # Cells may hold ИНН/КПП together, or be named; spaces and dashes inside one number are kept for `_compact`.
    whole = text.str.replace_all(r"(\d{2}\.?\d{3}\.?\d{3})/(\d{4}-?\d{2})\b", "${1}${2}")  # a CNPJ has a slash in it
    parts = whole.str.replace_all(r"[,;|/\\\n]+", "\n").str.replace_all(r"\s*(?:КПП|кпп|ОГРН|огрн)\s*:?", "\n")
    return parts.str.split("\n").alias("text")


def _compact(text: pl.Series) -> pl.Series:
    plain = text.str.replace(r"^(\d+)\.0+$", "${1}").str.normalize("NFKC").str.to_uppercase()
    bare = plain.str.replace_all(r"\b(?:ИНН|КПП|ОГРН(?:ИП)?|СНИЛС|INN|VAT(?: NO)?|TAX ID|CNPJ|CPF|EIN|USCI|NO)\b", "")
    return bare.str.replace_all(r"[^\p{L}\p{N}]", "").str.replace_many(_LETTERS)


def _says_something(text: pl.Expr) -> pl.Expr:
    one_character = text.str.strip_chars(text.str.slice(0, 1)) == ""
    return text.is_not_null() & (text.str.len_chars() >= LEAST) & text.str.contains(r"\d") & ~one_character


def _named(numbers: pl.Series) -> pl.DataFrame:
    key = numbers.clone()
    scheme: list[str | None] = [None] * len(numbers)
    valid: list[bool | None] = [None] * len(numbers)

    def judge(name: str, rows: np.ndarray, right: Right | None) -> None:
        for position, row in enumerate(rows.tolist()):
            if right is not None and right[position]:
                scheme[row], valid[row] = name, True
            elif scheme[row] is None:
                scheme[row], valid[row] = name, None if right is None else False

    for name, pattern, alphabet, rule in _SCHEMES:
        rows = _rows(numbers, pattern)
        if len(rows):
            judge(name, rows, rule(digits_of(numbers.gather(rows), alphabet)))
    for short, full, rule in _LOST_ZEROS:
        rows = np.array([r for r in _rows(numbers, rf"^\d{{{short}}}$") if not valid[r]], dtype=np.int64)
        padded = numbers.gather(rows).str.zfill(full)
        right = rule(digits_of(padded)) if len(rows) else np.zeros(0, bool)
        key = key.scatter(rows[right], padded.filter(pl.Series(right)))
        judge("inn", rows[right], right[right])
    for country, pattern in _vat_formats():
        rows = _rows(numbers, f"^{country}{pattern}$")
        rest = numbers.gather(rows).str.slice(2)
        checkable = bool(len(rows)) and country in _VAT_CHECKS and bool(rest.str.contains(r"^\d+$").all())
        judge("vat", rows, _VAT_CHECKS[country](digits_of(rest)) if checkable else None)
    return pl.DataFrame({"key": key, "scheme": scheme, "valid": valid}, schema=SCHEMA)


def _rows(numbers: pl.Series, pattern: str) -> np.ndarray:
    return np.flatnonzero(numbers.str.contains(pattern.replace(r"\d", "[0-9]")).fill_null(False).to_numpy())


@cache
def _vat_formats() -> list[tuple[str, str]]:
    return [(str(c), str(p)) for c, p in pl.read_csv(_FORMATS).iter_rows()]


_LETTERS = {chr(a): chr(b) for a, b in _LOOKALIKES.items()}
