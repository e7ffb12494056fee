"""Raw values → those that say nothing: typed to get past a required field, or shared by absurdly many records.

Reasons: `word` (a word for nothing), `repeated` (one character over and over), `counted` (digits or letters in
order), `made_up` (an address or date nobody has), `shared` (an outlier among the counts of its column).
"""

import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from engine.files import read_yaml
from engine.normalise import dates

LEAST_SHARED = 30  # records; a value that fewer share is left to rarity, whatever the rest of the column looks like
SHARED_SHARE = 0.002  # of the records of the column
UNIQUE_KINDS = ("phone", "email", "tax_id", "identifier")  # one holder each, or a few colleagues
TAIL_RECORDS = 3  # from so many records on, a number whose last seven digits are one digit is nobody's

_REFERENCE = Path(__file__).parent.parent / "reference"
_RUNS = ("01234567890", "09876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "йцукенгшщзхъ", "фывапролджэ")
_BETWEEN = r"[\s\-_.,()+]"
# How a value of plain characters begins that is one of them over and over, or counts: few others do.
_TWO = [2 * c for c in map(chr, range(33, 127))] + [run[i : i + 2] for run in _RUNS for i in range(len(run) - 1)]
_BEGINNINGS = f"^{_BETWEEN}*(?:{'|'.join(re.escape(two[0]) + _BETWEEN + '*' + re.escape(two[1]) for two in _TWO)})"


def found(values: pl.Series, counts: pl.Series, kind: str) -> pl.DataFrame:
    """Distinct raw values, records that hold each, kind of the column → the placeholders: value, records, reason.

    Most shared first. `shared` is judged on the counts alone (see `outliers`), and only for kinds that name one
    holder: whether the records that share a value are unrelated otherwise is for the caller to check.

    >>> found(pl.Series(["нет", "+7 916 123-45-67", "0000000"]), pl.Series([5, 1, 2]), "phone").rows()
    [('нет', 5, 'word'), ('0000000', 2, 'repeated')]
    """
    frame = pl.DataFrame({"value": values.cast(pl.String), "records": counts.cast(pl.Int64)})
    reasons = [known(frame["value"], kind).alias("known"), _shared_only(frame, kind).alias("if_shared")]
    frame = frame.with_columns(reasons)
    if kind in UNIQUE_KINDS:
        reason = pl.coalesce("known", "if_shared", pl.when(outliers(frame["records"])).then(pl.lit("shared")))
    else:
        reason = pl.coalesce("known", "if_shared")
    frame = frame.select("value", "records", reason=reason).filter(pl.col("reason").is_not_null())
    return frame.sort(["records", "value"], descending=[True, False])


def known(values: pl.Series, kind: str) -> pl.Series:
    """Raw values, kind → for each the reason why it says nothing whatever its count, else null."""
    return known_among(tidy(values), kind, written=values)


def known_among(tidied: pl.Series, kind: str, *, written: pl.Series) -> pl.Series:
    """What `known` says of values that are tidied already; `written`: how they stood."""
    table = _table()
    frame = pl.DataFrame({"bare": tidied})
    if kind == "date":
        frame = frame.with_columns(iso=_iso(written))
    bare = pl.col("bare")
    rules: list[tuple[str, pl.Expr]] = []
    if kind not in table["honest"]:
        words = set(table["words"]) - (set(table["names_except"]) if kind in table["names"] else set())
        rules.append(("word", bare.str.strip_chars("«»()[]<>").is_in(sorted(words)) | (bare == "")))
    if kind == "email":
        rules.append(("made_up", pl.lit(_made_up_addresses(tidied))))
    elif kind not in table["honest"]:
        doubtful = (tidied.str.contains(_BEGINNINGS) | tidied.str.contains(r"[^\x00-\x7f]")).fill_null(False).arg_true()
        letters = tidied.gather(doubtful).str.replace_all(f"{_BETWEEN}+", "")
        long = letters.str.len_bytes() >= (4 if kind != "text" else 5)
        nowhere = pl.repeat(False, len(frame), dtype=pl.Boolean, eager=True)
        for name, which in (("repeated", _repeated(letters) & long), ("counted", letters.is_in(_counted()))):
            rules.append((name, pl.lit(nowhere.clone().scatter(doubtful.filter(which), True))))
    if kind == "date":
        certain = [d for d in table["date"] if d not in table["date_if_shared"]]
        rules.append(("made_up", pl.col("iso").is_in(certain)))
    if kind == "website":
        host = bare.str.replace(r"^(?:https?://)?(?:www\.)?", "").str.strip_chars_end("/")
        rules.append(("made_up", host.is_in(table["website"]) | (host == "")))
    reasons: list[pl.Expr] = [pl.when(rule).then(pl.lit(name)) for name, rule in rules]
    return frame.with_columns(reason=pl.coalesce(*reasons, pl.lit(None, pl.String())))["reason"]


def tidy(values: pl.Series) -> pl.Series:
    """Raw values → NFKC, lower case, without the spaces and quotes around them."""
    text = values.cast(pl.String)
    foreign = (text.str.len_bytes() != text.str.len_chars()).fill_null(False)
    if foreign.any():  # NFKC changes nothing in ASCII and is slow
        text = text.clone().scatter(foreign.arg_true(), text.filter(foreign).str.normalize("NFKC"))
    return text.str.to_lowercase().str.strip_chars(" \t\r\n'\"")


def outliers(counts: pl.Series) -> pl.Series:
    """Records per distinct value → whether the value is shared by absurdly many.

    A value is an outlier when its count is at least LEAST_SHARED, at least SHARED_SHARE of all records, and beyond a
    gap: counts of honest values fall smoothly (the k-th largest ≈ c / k^a), so a count more than four times the
    value that a straight line through the logarithms of the next counts (ranks 5 to 50) predicts for its rank is not
    one of them.
    """
    if not len(counts):
        return pl.Series(dtype=pl.Boolean)
    ordered = counts.sort(descending=True).head(50).to_list()
    least = max(LEAST_SHARED, SHARED_SHARE * int(counts.sum()))
    limit = math.inf
    for rank, count in enumerate(ordered[:20], start=1):
        if count >= least and count > 4 * _expected(ordered, rank):
            limit = count
    return counts >= limit if limit < math.inf else pl.repeat(False, len(counts), dtype=pl.Boolean, eager=True)


def _expected(ordered: list[int], rank: int) -> float:
    # The straight line through (log rank, log count) of the ranks after this one, read at this rank.
    rest = [(math.log(r), math.log(c)) for r, c in enumerate(ordered, start=1) if r > rank + 3 and c > 0]
    if len(rest) < 5:
        return float(rest[0][1]) if rest else 1.0
    mean_x, mean_y = sum(x for x, _ in rest) / len(rest), sum(y for _, y in rest) / len(rest)
    spread = sum((x - mean_x) ** 2 for x, _ in rest)
    slope = min(0.0, sum((x - mean_x) * (y - mean_y) for x, y in rest) / spread)
    return math.exp(mean_y + max(slope, -1.5) * (math.log(rank) - mean_x))


def _shared_only(frame: pl.DataFrame, kind: str) -> pl.Series:
    # Values that may be honest on their own, but not when several records hold them.
    if kind == "phone":
        common = (frame["records"] >= TAIL_RECORDS).fill_null(False).arg_true()
        digits = frame["value"].gather(common).str.replace_all(r"\D", "")
        tail = digits.str.contains("(?:" + "|".join(d * 7 for d in "0123456789") + ")$").fill_null(False)
        nowhere = pl.repeat(False, len(frame), dtype=pl.Boolean, eager=True)
        doubtful = pl.lit(nowhere.scatter(common.filter(tail), True))
    elif kind == "date":
        iso = pl.lit(_iso(frame["value"]))
        doubtful = iso.is_in(_table()["date_if_shared"]) & outliers(frame["records"])
    else:
        return pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    return frame.select(reason=pl.when(doubtful).then(pl.lit("made_up")))["reason"]


def _iso(values: pl.Series) -> pl.Series:
    return dates.keys(values)["date"].dt.to_string("%Y-%m-%d")


def _repeated(letters: pl.Series) -> pl.Series:
    # Expressions know no back-references; taking the first character off both ends leaves nothing if all are alike.
    return letters.str.strip_chars(letters.str.slice(0, 1)) == ""


@cache
def _counted() -> list[str]:
    return [run[i : i + n] for run in _RUNS for n in range(5, len(run) + 1) for i in range(len(run) - n + 1)]


def _made_up_addresses(bare: pl.Series) -> pl.Series:
    table = _table()["email"]
    halves = bare.to_frame("half").select(pl.col("half").str.splitn("@", 2)).unnest("half")
    local, domain = halves["field_0"], halves["field_1"]
    made_up = (local.is_in(table["refusals"]) | domain.is_in(table["domains"])).fill_null(False)
    nobody = local.is_in(table["locals"]).fill_null(False).arg_true()
    few = halves[nobody]
    twice = pl.col("field_1").str.starts_with(pl.col("field_0") + ".")  # test@test.ru, aaa@aaa.com
    found = few.select((twice | pl.col("field_1").is_in(_free_domains())).fill_null(False)).to_series()
    return made_up.scatter(nobody.filter(found), True)


@cache
def _free_domains() -> list[str]:
    return pl.read_csv(_REFERENCE / "free_mail.csv")["domain"].to_list()


@cache
def _table() -> dict[str, Any]:
    # The base loader leaves every scalar a string: "no" and "null" are words here.
    loaded: dict[str, Any] = read_yaml(_REFERENCE / "placeholders.yaml", as_text=True)
    return loaded
