"""Phone cells → the numbers in them, in E.164 where they can be read.

`keys` takes whole columns and does the common shapes as column operations (`phone_plans`); `plain` reads one cell by
phonenumbers alone. Both give the same answers: what differs is only the speed.

How a number is read, the first that holds:
1. as dialled from `region`, when that is a valid number;
2. as written abroad or by hand (a forgotten plus sign, 00 or 8 in place of it), when that is a valid number;
3. and 4. the same two when the number is not valid but at least has a possible length;
5. its bare digits.
"""

import re
from typing import NamedTuple

import phonenumbers
import polars as pl

from engine.normalise import phone_plans
from engine.normalise.phone_cells import AROUND, CHINESE_EXTENSION, LEAST_DIGITS, SIMPLE, pieces

SCHEMA = {
    "numbers": pl.List(pl.String()),
    "national": pl.List(pl.String()),
    "valid": pl.List(pl.Boolean()),
    "extension": pl.String(),
    "key": pl.String(),
}

CANDIDATES = ("RU", "US", "CN", "GB", "DE", "FR", "IN", "BR", "AU")
MONOTONE = "^(?:" + "|".join(f"{d}+" for d in range(10)) + ")$"
RUNNING = tuple(r[:n] for r in ("1234567890", "0123456789", "9876543210", "0987654321") for n in range(5, 11))


class Number(NamedTuple):
    """One number: E.164 (or bare digits, when it cannot be read), its national digits, and whether it is valid."""

    number: str
    national: str
    valid: bool


def keys(values: pl.Series, *, region: str) -> pl.DataFrame:
    """Distinct raw cells → `numbers`, `national`, `valid` (lists, in the order of the cell), `extension`, `key`.

    `numbers` are E.164 or, when phonenumbers finds no reading, bare digits; `national` are the digits after the
    calling code; `extension` is the first one of the cell; `key` joins the sorted numbers, so equal keys are equal
    phones. A cell without a number, or with placeholders only, is null in every column. `region` is the ISO code of
    the country that the account dials from.

    >>> keys(pl.Series(["8 (916) 123-45-67 доб. 12", "нет"]), region="RU").rows()
    [(['+79161234567'], ['9161234567'], [True], '12', '+79161234567'), (None, None, None, None, None)]
    """
    rows = pl.DataFrame({"value": values.cast(pl.String)}).with_row_index("row")
    rows = rows.with_columns(value=pl.col("value").str.strip_chars(AROUND))
    digits = rows["value"].str.count_matches("[0-9]")
    simple = digits.is_between(LEAST_DIGITS, 15) & rows["value"].str.contains(SIMPLE)
    simple = (simple & ~rows["value"].str.contains(CHINESE_EXTENSION.pattern)).fill_null(False)
    found = pl.concat([_simple_pieces(rows.filter(simple)), _messy_pieces(rows.filter(~simple))])
    if not len(found):
        return pl.DataFrame({n: pl.repeat(None, len(values), dtype=t, eager=True) for n, t in SCHEMA.items()})
    distinct = found["piece"].unique()
    read = read_numbers(distinct, region=region).with_columns(piece=distinct)
    numbers = found.join(read, on="piece", how="left", maintain_order="left").filter(pl.col("number").is_not_null())
    numbers = numbers.unique(["row", "number"], maintain_order=True, keep="first")
    single = numbers["row"].is_unique()
    alone = numbers.filter(single).select(
        "row",
        pl.concat_list("number").alias("numbers"),
        pl.concat_list("national").alias("national"),
        pl.concat_list("valid").alias("valid"),
        "extension",
        key="number",
    )
    several = (
        numbers.filter(~single)
        .group_by("row", maintain_order=True)
        .agg(
            pl.col("number").alias("numbers"),
            "national",
            "valid",
            pl.col("extension").drop_nulls().first(),
            pl.col("number").sort().str.join(";").alias("key"),
        )
    )
    return (
        rows.select("row")
        .join(pl.concat([alone, several]), on="row", how="left", maintain_order="left")
        .select(list(SCHEMA))
    )


def block_keys(table: pl.DataFrame) -> pl.DataFrame:
    """A table of `keys` → blocking keys: `number` and `last7`, lists with one entry for each number of the cell."""
    last = pl.col("national").list.eval(pl.element().str.tail(7)).list.unique(maintain_order=True)
    return table.select(number="numbers", last7=last)


def plain(value: str, region: str) -> tuple[list[Number], str | None]:
    """One raw cell → its numbers and the first extension, by phonenumbers alone: what `keys` must equal.

    >>> plain("86 138 1234 5678", "RU")
    ([Number(number='+8613812345678', national='13812345678', valid=True)], None)
    """
    numbers: dict[str, Number] = {}
    extension = None
    for piece, extra in pieces(value):
        number = plain_number(piece, region)
        if number is not None and number.number not in numbers:
            numbers[number.number] = number
            extension = extension or extra
    return list(numbers.values()), extension


def plain_number(piece: str, region: str) -> Number | None:
    """One piece (digits, perhaps after a plus sign) → its number by phonenumbers; None for a placeholder."""
    digits = piece.removeprefix("+")
    first = _parsed(piece, region)
    readings = [first] if first is not None else []
    if first is None or not first[0].valid:
        others = (_parsed(text, None) for text in _other_readings(piece))
        readings += [reading for reading in others if reading is not None]
    best = next((n for n, _ in readings if n.valid), None) or next((n for n, possible in readings if possible), None)
    best = best or Number(digits, first[0].national if first else digits.lstrip("0"), False)
    return None if len(digits) < LEAST_DIGITS or is_placeholder(piece, best) else best


def read_numbers(texts: pl.Series, *, region: str) -> pl.DataFrame:
    """Distinct pieces → `number`, `national`, `valid`, as `plain_number` reads each, nulls where it gives None."""
    digits = texts.str.strip_prefix("+")
    plus = texts.str.starts_with("+")
    short = digits.str.len_bytes() < LEAST_DIGITS
    frame = pl.DataFrame({"piece": texts, "digits": digits}).with_row_index("row")
    first = pl.concat(
        [
            frame.filter(plus).select("row").hstack(phone_plans.international(digits.filter(plus), region)),
            frame.filter(~plus).select("row").hstack(phone_plans.local(digits.filter(~plus), region)),
        ]
    ).sort("row")
    frame = frame.hstack(first.drop("row")).with_columns(short=short, rank=_rank(pl.lit(0)))
    doubtful = frame.filter(pl.col("sure") & ~pl.col("valid") & ~pl.col("short"))
    slow = frame.filter(~pl.col("sure") & ~pl.col("short"))["row"]
    if len(doubtful):
        better, unsure = _best_other(doubtful)
        frame = frame.update(better, on="row")
        slow = pl.concat([slow, unsure])
    bare = pl.col("rank").is_null()
    frame = frame.with_columns(
        number=pl.when(bare).then("digits").otherwise("number"),
        national=pl.coalesce("national", pl.col("digits").str.strip_chars_start("0")),
        valid=pl.col("valid") & ~bare,
    )
    gone = pl.col("short") | _made_up()
    frame = frame.select("row", *(pl.when(~gone).then(c).alias(c) for c in ("number", "national", "valid")))
    if len(slow):
        ordered = slow.sort()
        by_hand = [plain_number(piece, region) or (None, None, None) for piece in texts.gather(ordered)]
        fields = {"number": pl.String(), "national": pl.String(), "valid": pl.Boolean()}
        fixed = pl.DataFrame(by_hand, schema=fields, orient="row").with_columns(row=ordered)
        frame = frame.update(fixed, on="row", include_nulls=True)
    return frame.select("number", "national", "valid")


def likely_region(values: pl.Series, *, default: str, candidates: tuple[str, ...] = CANDIDATES) -> str:
    """A sample of raw cells → the region from which most of those without a plus sign are valid, else `default`.

    A candidate replaces the default only when it reads at least a third of the cells more.
    """
    texts = [p for value in values.drop_nulls().unique().sort().head(2000) for p, _ in pieces(value)]
    column = pl.Series(sorted({p for p in texts if not p.startswith("+")}), dtype=pl.String)
    if not len(column):
        return default
    regions = dict.fromkeys((default, *candidates))
    shares = {region: phone_plans.local(column, region)["valid"].cast(pl.Int64).to_numpy().mean() for region in regions}
    best = max(shares, key=lambda r: shares[r])
    return best if shares[best] > shares[default] + 1 / 3 else default


def is_placeholder(piece: str, number: Number) -> bool:
    """(a number as written, as it is read) → whether nobody has it: one digit repeated, or counted and not valid."""
    repeated = re.search(MONOTONE, number.national) or re.search(MONOTONE, piece)
    return bool(repeated) or (piece in RUNNING and not number.valid)


def _made_up() -> pl.Expr:
    piece, national = pl.col("piece"), pl.col("national")
    counted = piece.is_in(RUNNING) & ~pl.col("valid")
    return national.str.contains(MONOTONE) | piece.str.contains(MONOTONE) | counted


def _other_readings(piece: str) -> list[str]:
    # Ways in which people write a country's code when no plain reading fits.
    digits = piece.removeprefix("+")
    trimmed = digits.lstrip("0")
    readings = []
    if digits.startswith("00") or (piece.startswith("+0") and trimmed):
        readings.append("+" + trimmed)
    if not piece.startswith("+") and 11 <= len(digits) <= 15 and not digits.startswith("0"):
        readings.append("+" + digits)
    if len(digits) == 11 and digits.startswith("8"):
        readings.append("+7" + digits[1:])
    if re.fullmatch(r"1[3-9]\d{9}", digits) and not piece.startswith("+"):
        readings.append("+86" + digits)
    if digits.startswith("810") and 13 <= len(digits) <= 18:
        readings.append("+" + digits[3:])
    return readings


def _best_other(doubtful: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    # The column form of `_other_readings` and of the choice among them: (rows with a better reading, unsure rows).
    candidates = [
        doubtful.select("row", order=pl.lit(n), text=expression).drop_nulls() for n, expression in enumerate(_OTHERS, 1)
    ]
    others = pl.concat(candidates)
    others = others.hstack(phone_plans.international(others["text"], None))
    unsure = others.filter(~pl.col("sure"))["row"].unique()
    own = doubtful.select("row", pl.lit(0).alias("order"), "number", "national", "valid", "possible")
    ranked = pl.concat([own, others.select(own.columns)]).with_columns(rank=_rank(pl.col("order")))
    best = (
        ranked.filter(pl.col("rank").is_not_null()).sort("row", "rank").unique("row", keep="first", maintain_order=True)
    )
    return best.select("row", "number", "national", "valid", "rank"), unsure


def _others() -> list[pl.Expr]:
    piece, digits = pl.col("piece"), pl.col("digits")
    plus, length = piece.str.starts_with("+"), digits.str.len_bytes()
    trimmed = digits.str.strip_chars_start("0")
    zeros = digits.str.starts_with("00") | (piece.str.starts_with("+0") & (trimmed != ""))
    chinese = ~plus & digits.str.contains("^1[3-9][0-9]{9}$")
    far = digits.str.starts_with("810") & length.is_between(13, 18)
    return [
        pl.when(zeros).then(trimmed),
        pl.when(~plus & length.is_between(11, 15) & ~digits.str.starts_with("0")).then(digits),
        pl.when((length == 11) & digits.str.starts_with("8")).then("7" + digits.str.slice(1)),
        pl.when(chinese).then("86" + digits),
        pl.when(far).then(digits.str.slice(3)),
    ]


_OTHERS = _others()


def _rank(order: pl.Expr) -> pl.Expr:
    # Valid readings before possible ones, each in their order; null for a reading that is neither.
    return pl.when("valid").then(order).when("possible").then(order + 10)


def _simple_pieces(rows: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value")
    plus = pl.when(value.str.starts_with("+")).then(pl.lit("+")).otherwise(pl.lit(""))
    return rows.select("row", piece=plus + value.str.replace_all("[^0-9]", ""), extension=pl.lit(None, pl.String()))


def _messy_pieces(rows: pl.DataFrame) -> pl.DataFrame:
    found = [
        (row, piece, extension) for row, value in rows.drop_nulls().iter_rows() for piece, extension in pieces(value)
    ]
    fields = {"row": rows.schema["row"], "piece": pl.String(), "extension": pl.String()}
    return pl.DataFrame(found, schema=fields, orient="row")


def _parsed(text: str, region: str | None) -> tuple[Number, bool] | None:
    try:
        parsed = phonenumbers.parse(text, region.upper() if region else None)
    except phonenumbers.NumberParseException:
        return None
    national = phonenumbers.national_significant_number(parsed)
    number = Number(f"+{parsed.country_code}{national}", national, phonenumbers.is_valid_number(parsed))
    return number, phonenumbers.is_possible_number(parsed)
