"""Columns of any table → what they hold (`schema.KINDS`), judged by name and by content."""

import re
from collections.abc import Callable, Sequence

import polars as pl

from engine.schema import COMPANY, CONTACT
from engine.snapshot.columns import Columns
from engine.snapshot.headers import field_of, numberless, plain

SAMPLE = 2_000  # distinct values looked at in a column; more would not change the verdict
ROWS = 200_000  # looked at, spread evenly over longer columns
FEW = 60  # a column with at most so many distinct values is a category
SHORT = 40  # characters; a category's values are not longer on average

_NUMBER = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0,]\d{3})+(?:[.,]\d+)?|[+-]?\d+(?:[.,]\d+)?%?")
_EMAIL = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]{2,}")
_WEBSITE = re.compile(r"(?:https?://|www\.)\S+|(?:[\w-]+\.)+[^\W\d_]{2,}(?:/\S*)?", re.IGNORECASE)
_PHONE = re.compile(r"'?(?:\+|00)?[\d\s().\-/–]{6,24}(?:(?:доб|ext|x|#)\.?\s*\d{1,6})?", re.IGNORECASE)
_DATE = re.compile(
    r"(?:(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./](?:0?[1-9]|[12]\d|3[01])[-./](?:\d\d|(?:19|20)\d\d)"
    r"|(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|(?:19|20)\d\d年\d{1,2}月\d{1,2}日)(?:[T ]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_CODE = re.compile(r"(?=.*\d)[^\W_](?:[\w\-./]*[^\W_])?")
_PATRONYMIC = re.compile(r"\b[А-ЯЁ]?[а-яё]+(?:вич|ьич|вна|чна|кызы|оглы)\b", re.IGNORECASE)
_SURNAME = re.compile(r"[А-ЯЁа-яё-]+(?:ов|ова|ев|ева|ёв|ёва|ин|ина|ын|ына|ский|ская|цкий|цкая|енко|ук|юк|ян)")
_LEGAL = re.compile(
    r"(?:^|[\s,\"«(])(?:ооо|оао|зао|пао|ао|ип|тоо|нко|фгуп|гуп|муп|inc|llc|ltd|limited|corp|corporation|gmbh|plc|s\.?a|"
    r"ltda|bv|b\.v|co)(?:[\s,.\"»)]|$)|公司|集团|有限|企业|厂$|商行",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"\b(?:ул|улица|пр-?к?т|проспект|пер|бульвар|б-р|шоссе|наб|пл|д|стр|корп|кв|street|st|road|rd|avenue|ave|av|blvd|boulevard|"
    r"lane|ln|drive|dr|way|place|pl|court|highway|hwy|rua|avenida|calle|straße|strasse|str)\b\.?|[路街号弄巷]",
    re.IGNORECASE,
)
_PHONE_HINT = re.compile(r"phone|tel|mobile|fax|тел|моб|факс|电话|手机|fone|celular")


def kinds(frame: Columns, columns: Sequence[str] | None = None) -> dict[str, str | None]:
    """A table of String columns → for each, or for those given, its kind of `schema.KINDS`; empty or constant: None.

    The name decides when it is known and the content does not speak against it; else the content alone.

    >>> frame = pl.DataFrame({"by": ["1949", "1968", "1930"], "who": ["a@x.org", "b@x.org", None], "empty": [None] * 3},
    ...                      schema_overrides={"empty": pl.String})
    >>> kinds(frame)
    {'by': 'number', 'who': 'email', 'empty': None}
    """
    wanted = frame.columns if columns is None else columns
    return {column: _kind(frame[column], column.removeprefix("original.")) for column in wanted}


def by_content(values: Sequence[str], rows: int, distinct: int, *, phone_hint: bool = False) -> str:
    """Distinct non-empty values of a column, its rows and its number of distinct values → the kind they look like."""
    share = _Shares(values)
    for kind, test, least in _PATTERNS:
        if share.of(test) >= least:
            return kind
    numeric = share.of(_NUMBER.fullmatch)
    unique = distinct / max(rows, 1)
    if share.of(_looks_like_phone) >= (0.5 if phone_hint else 0.8) and (phone_hint or numeric < 0.5):
        return "phone"
    if numeric >= 0.95:
        long = sum(len(v) for v in values) / len(values) >= 6
        return "identifier" if long and unique >= 0.5 and distinct > FEW else "number"
    if share.of(_looks_like_address) >= 0.5:
        return "address"
    return _kind_of_words(share, values, rows, distinct)


def is_tax_id(value: str) -> bool:
    """A value → whether its check digits make it a Russian ИНН or a Chinese unified social credit code.

    >>> is_tax_id("7707083893"), is_tax_id("7707083894"), is_tax_id("91350100M000100Y43")
    (True, False, True)
    """
    text = value.strip().strip("'").upper()
    if len(text) == 18:
        return _is_uscc(text)
    if not (text.isascii() and text.isdigit()) or len(set(text)) == 1:
        return False
    digits = [int(c) for c in text]
    if len(digits) == 10:
        return _inn_digit(digits[:9], (2, 4, 10, 3, 5, 9, 4, 6, 8)) == digits[9]
    if len(digits) == 12:
        return (
            _inn_digit(digits[:10], (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) == digits[10]
            and _inn_digit(digits[:11], (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) == digits[11]
        )
    return False


class _Shares:
    """Shares of a sample that pass a test."""

    def __init__(self, values: Sequence[str]) -> None:
        self.values = values

    def of(self, test: Callable[[str], object]) -> float:
        return sum(1 for v in self.values if test(v)) / max(len(self.values), 1)


def _kind(column: pl.Series, name: str) -> str | None:
    if len(column) > ROWS:
        column = column.gather_every(len(column) // ROWS + 1)
    text = column.cast(pl.String).str.strip_chars()
    filled = text.filter(text.is_not_null() & (text != ""))
    unique = filled.unique(maintain_order=True)
    if len(unique) < 2:
        return None
    values = unique.gather_every(max(1, len(unique) // SAMPLE)).head(SAMPLE).to_list()
    content = by_content(values, len(filled), len(unique), phone_hint=_PHONE_HINT.search(plain(name)) is not None)
    named = _named(name)
    return named if named is not None and _agrees(named, content) else content


def _named(name: str) -> str | None:
    for entity, fields in (("contact", CONTACT), ("company", COMPANY)):
        field = field_of(name, entity)
        if field is not None and fields[field] is not None:
            return fields[field]
    return "number" if numberless(plain(name)) in _YEARS else None


# What a column's name may claim although its content alone would be called something else.
_WORDS = frozenset(
    ["person_name", "given_name", "family_name", "patronymic", "company", "category", "text", "city", "address"]
)
_YEARS = frozenset({"year", "год", "年", "年份", "age", "возраст", "ano", "año", "jahr"})
_NUMBERS = frozenset({"number", "identifier", "phone", "date", "postcode", "tax_id", "category"})


def _agrees(named: str, content: str) -> bool:
    if named in {"address", "identifier", "postcode", "phone", "tax_id", "website", "company"}:
        return content != "email"
    if named in _WORDS:
        return content in _WORDS
    if named in _NUMBERS:
        return content in _NUMBERS
    return named == content


def _kind_of_words(share: _Shares, values: Sequence[str], rows: int, distinct: int) -> str:
    if share.of(_LEGAL.search) >= 0.25:
        return "company"
    if share.of(lambda v: _PATRONYMIC.search(v) and 2 <= len(v.split()) <= 4) >= 0.3:
        return "person_name"
    single = share.of(lambda v: len(v.split()) == 1)
    if single >= 0.9 and share.of(_PATRONYMIC.fullmatch) >= 0.6:
        return "patronymic"
    if single >= 0.9 and share.of(_SURNAME.fullmatch) >= 0.5:
        return "family_name"
    length = sum(len(v) for v in values) / len(values)
    if length <= SHORT and (rows >= 5 * distinct or (distinct <= FEW and rows >= 2 * distinct)):
        return "category"
    if share.of(_CODE.fullmatch) >= 0.9:
        return "identifier"
    return "text"


def _looks_like_phone(value: str) -> bool:
    return _PHONE.fullmatch(value) is not None and 7 <= sum(c.isdigit() for c in value) <= 16


def _looks_like_address(value: str) -> bool:
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and _STREET.search(value) is not None


def _is_uscc(text: str) -> bool:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if any(c not in alphabet for c in text):
        return False
    total = sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(text[:17]))
    return alphabet[(31 - total % 31) % 31] == text[17]


def _inn_digit(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(d * w for d, w in zip(digits, weights, strict=True)) % 11 % 10


_PATTERNS: tuple[tuple[str, Callable[[str], object], float], ...] = (
    ("email", _EMAIL.fullmatch, 0.8),
    ("date", _DATE.fullmatch, 0.9),
    ("tax_id", is_tax_id, 0.8),
    ("website", _WEBSITE.fullmatch, 0.8),
)
