"""Numbering plans as column operations: phonenumbers' metadata, applied to whole columns of digits at once.

`international` and `local` give, for strings of digits, what `phonenumbers.parse` followed by `is_valid_number` and
`is_possible_number` would give, without a Python call per number. They follow the steps of that library (its
functions are named in the comments) and mark as not `sure` the few shapes they leave to it: a number that starts
with an international dialling prefix, and a national prefix that rewrites the number.

Both give a frame of the height of their input: `number` (E.164), `national` (national significant number), `valid`,
`possible`, `sure`. A number that does not parse has a null `number`.
"""

from functools import lru_cache
from typing import NamedTuple

import polars as pl
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, region_code_for_country_code

READING = {
    "number": pl.String(),
    "national": pl.String(),
    "valid": pl.Boolean(),
    "possible": pl.Boolean(),
    "sure": pl.Boolean(),
}
FEW = 25  # of a calling code: reading so few one by one is quicker than making its patterns ready
_TYPES = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
)


class Plan(NamedTuple):
    """What one region's metadata say of a national number. Patterns are anchored at both ends or at the start."""

    calling_code: str
    general: str  # a whole national number
    prefix: str | None  # the national prefix, at the start
    rewrites: bool  # the prefix may rewrite the number
    dialling_out: str | None  # the international prefix, at the start
    lengths: tuple[int, ...]
    local_lengths: tuple[int, ...]
    leading: str | None  # first digits that alone tell this region among those of its calling code
    of_length: dict[int, str]  # length → pattern of the numbers of any type of that length


@lru_cache(maxsize=512)
def plan(calling_code: int, region: str) -> Plan | None:
    """(calling code, region) → its plan, or None when there are no metadata."""
    data = PhoneMetadata.metadata_for_region_or_calling_code(calling_code, region)
    if data is None or data.general_desc is None:
        return None
    general = data.general_desc
    by_length: dict[int, list[str]] = {}
    for name in _TYPES:
        kind = getattr(data, name)
        if kind is None or not kind.national_number_pattern:
            continue
        for length in kind.possible_length or general.possible_length:
            by_length.setdefault(length, []).append(kind.national_number_pattern)
    return Plan(
        calling_code=str(data.country_code),
        general=_whole([general.national_number_pattern or "[^0-9]"]),
        prefix=_start(data.national_prefix_for_parsing),
        rewrites=bool(data.national_prefix_transform_rule),
        dialling_out=_start(data.international_prefix),
        lengths=tuple(general.possible_length),
        local_lengths=tuple(general.possible_length_local_only),
        leading=_start(data.leading_digits),
        of_length={n: _whole(patterns) for n, patterns in by_length.items() if n in general.possible_length},
    )


def region_plan(region: str) -> Plan | None:
    """Region → its plan; None for an unknown region."""
    data = PhoneMetadata.metadata_for_region(region.upper(), None)
    return plan(data.country_code, region.upper()) if data is not None else None


def international(digits: pl.Series, region: str | None) -> pl.DataFrame:
    """Digits that stood after a plus sign → readings. `region` is where the number would be dialled from, if known."""
    frame = pl.DataFrame({"digits": digits}).with_row_index("row").with_columns(code=_calling_code())
    home = region_plan(region) if region else None
    parts = []
    for (code,), part in frame.partition_by("code", as_dict=True).items():
        if code is None:
            # parse() tries such a number again as one dialled from `region`.
            sure = ~part["digits"].str.contains(home.dialling_out) if home and home.dialling_out else None
            parts.append(_unread(part.select("row"), sure))
            continue
        if len(part) < FEW:
            parts.append(_unread(part.select("row"), pl.repeat(False, len(part), eager=True)))
            continue
        rest = part["digits"].str.slice(len(str(code)))
        main = plan(int(str(code)), region_code_for_country_code(int(str(code))))
        assert main is not None
        parts.append(_finished(part.select("row"), rest, main, main))
    return _in_order(parts)


def local(digits: pl.Series, region: str) -> pl.DataFrame:
    """Digits without a plus sign, dialled from `region` → readings."""
    rows = pl.DataFrame({"digits": digits}).with_row_index("row")
    home = region_plan(region)
    if home is None:
        return _in_order([_unread(rows.select("row"), None)])
    main = plan(int(home.calling_code), region_code_for_country_code(int(home.calling_code)))
    assert main is not None
    # _maybe_extract_country_code: the default region's own code may stand in front without a plus.
    full = rows["digits"]
    rest, sure = _without_prefix(full.str.slice(len(home.calling_code)), home)
    length = full.str.len_bytes()
    too_long = (length > home.lengths[-1]) & ~length.is_in(list(home.local_lengths))
    coded = full.str.starts_with(home.calling_code) & (
        (~full.str.contains(home.general) & rest.str.contains(home.general)) | too_long
    )
    sure = sure | ~full.str.starts_with(home.calling_code)
    if home.dialling_out:
        sure = sure & ~full.str.contains(home.dialling_out)
    parts = []
    for taken, national, rules in ((coded, rest, main), (~coded, full, home)):
        if taken.any():
            part = _finished(rows.select("row").filter(taken), national.filter(taken), rules, main)
            parts.append(part.with_columns(sure=part["sure"] & sure.filter(taken)))
    return _in_order(parts)


def _finished(rows: pl.DataFrame, normal: pl.Series, rules: Plan, main: Plan) -> pl.DataFrame:
    # The tail of parse(): strip the national prefix unless what is left has no possible length.
    stripped, sure = _without_prefix(normal, rules)
    length = stripped.str.len_bytes()
    keeps = (length.is_in(list(rules.lengths)) | (length > rules.lengths[-1])) & ~length.is_in(
        list(rules.local_lengths)
    )
    national = stripped.zip_with(keeps, normal)
    length = national.str.len_bytes()
    possible = length.is_in(list(main.lengths + main.local_lengths))
    return rows.with_columns(
        number="+" + main.calling_code + national,
        national=national,
        valid=_valid(national, int(main.calling_code)),
        possible=possible,
        sure=sure & (length >= 2) & (length <= 17),
    )


def _without_prefix(digits: pl.Series, rules: Plan) -> tuple[pl.Series, pl.Series]:
    # _maybe_strip_national_prefix_carrier_code
    if rules.prefix is None:
        return digits, pl.repeat(True, len(digits), eager=True)
    found = digits.str.contains(rules.prefix)
    stripped = digits.str.replace(rules.prefix, "")
    spoils = digits.str.contains(rules.general) & ~stripped.str.contains(rules.general)
    sure = ~found if rules.rewrites else pl.repeat(True, len(digits), eager=True)
    return stripped.zip_with(found & ~spoils, digits), sure


def _valid(national: pl.Series, calling_code: int) -> pl.Series:
    # region_code_for_number, then is_valid_number_for_region
    regions = COUNTRY_CODE_TO_REGION_CODE[calling_code]
    left = pl.DataFrame({"national": national}).with_row_index("row")
    good: list[pl.Series] = []
    for region in regions:
        rules = plan(calling_code, region)
        if rules is None or not len(left):
            continue
        decided = left["national"].str.contains(rules.leading) if rules.leading and len(regions) > 1 else None
        candidates = left.filter(decided) if decided is not None else left
        typed = _of_any_type(candidates["national"], rules)
        good.append(candidates["row"].filter(typed))
        left = left.filter(~(decided if decided is not None else typed))
    valid = pl.repeat(False, len(national), eager=True)
    return valid.scatter(pl.concat(good), True) if good and sum(map(len, good)) else valid


def _of_any_type(national: pl.Series, rules: Plan) -> pl.Series:
    # _number_type_helper(…) != UNKNOWN
    known = pl.repeat(False, len(national), eager=True)
    length = national.str.len_bytes()
    for wanted, pattern in rules.of_length.items():
        here = length == wanted
        if here.all():
            known = national.str.contains(pattern)
            break
        if here.any():
            known = known | (here & national.str.contains(pattern))
    return known & national.str.contains(rules.general)


def _calling_code() -> pl.Expr:
    digits = pl.col("digits")
    known = {n: [str(c) for c in COUNTRY_CODE_TO_REGION_CODE if len(str(c)) == n] for n in (1, 2, 3)}
    first = [digits.str.slice(0, n) for n in (1, 2, 3)]
    return pl.coalesce(pl.when(start.is_in(known[n])).then(start) for n, start in enumerate(first, start=1))


def _unread(rows: pl.DataFrame, sure: pl.Series | None) -> pl.DataFrame:
    return rows.with_columns(
        number=pl.lit(None, pl.String()),
        national=pl.lit(None, pl.String()),
        valid=False,
        possible=False,
        sure=sure if sure is not None else pl.lit(True),
    )


def _in_order(parts: list[pl.DataFrame]) -> pl.DataFrame:
    if not parts:
        return pl.DataFrame(schema=READING)
    return pl.concat(parts).sort("row").select(list(READING))


def _whole(patterns: list[str]) -> str:
    return _plain("^(?:" + "|".join(dict.fromkeys(patterns)) + ")$")


def _start(pattern: str | None) -> str | None:
    return _plain(f"^(?:{pattern})") if pattern else None


def _plain(pattern: str) -> str:
    # Only ASCII digits come here; without Unicode classes the patterns compile small and run fast.
    return pattern.replace(r"\d", "[0-9]")
