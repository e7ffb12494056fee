"""Records side by side, field by field, with the differing letters marked."""

import datetime as dt
import re
from itertools import takewhile
from typing import Any

import polars as pl
import streamlit as st

from pages._ui import words
from pages._ui.text import _, date, plain, unbroken

_NEVER = {"record_id", "source_file", "source_line"}  # an ID is the heading already
_SIGN = r"(?:\\.|[^\s\\\u200b])"  # of Markdown: an escaped sign in one piece
_JOINT = re.compile(f"(?:\\.|/|\\\\[-_])(?={_SIGN}{{3}})")
_LONG = re.compile(f"{_SIGN}{{14}}(?={_SIGN}{{3}})")
_ALIKE = 0.4  # from this share of common beginning and end only the middle is marked


def side_by_side(records: list[tuple[str, dict[str, Any]]], *, fields: list[str], hide_same: bool = False) -> None:
    """[(heading, field → value)] → a table of a row per field; what differs from the first record is marked."""
    rows = []
    for field in fields:
        values = [shown(record.get(field)) for _heading, record in records]
        if field in _NEVER or not any(values) or (hide_same and len(set(values)) == 1):
            continue
        days = any(isinstance(record.get(field), dt.datetime) for _heading, record in records)
        rows.append([f"**{plain(unbroken(words.field(field)))}**", *marked(values, whole=days)])
    headings = [_("Field"), *(plain(heading) for heading, _record in records)]
    unique = [h + "\u200a" * headings[:i].count(h) for i, h in enumerate(headings)]
    table = pl.DataFrame(rows, schema=dict.fromkeys(unique, pl.String), orient="row")
    st.table(table, hide_index=True, border="horizontal")


def shown(value: Any) -> str:
    """A value of a record → text; dates as days, nothing as ''."""
    if value is None:
        return ""
    return date(value) if hasattr(value, "isoformat") else str(value)


def marked(values: list[str], *, whole: bool = False) -> list[str]:
    """Values of one field → Markdown; the part that differs stands on a coloured ground, or the `whole` value."""
    first = next((v for v in values if v), "")
    if len({v for v in values if v}) <= 1:
        return [_narrow(v) if v else "" for v in values]
    return [_against(next((o for o in [first, *values] if o and o != v), v), v, whole) if v else "" for v in values]


def _against(other: str, value: str, whole: bool) -> str:
    start = _common(other, value)
    end = _common(other[start:][::-1], value[start:][::-1])
    middle = value[start : len(value) - end]
    if whole or start + end < len(value) * _ALIKE or not middle.strip():
        return f":orange-background[{_narrow(value)}]" if middle.strip() or whole else _narrow(value)
    after = _narrow(value[len(value) - end :]) if end else ""
    before = _narrow(value[:start]) if start else ""
    return f"{before}:orange-background[{_narrow(middle)}]{after}"


def _narrow(value: str) -> str:
    """A value → Markdown whose long words a narrow column may break, so that both records are seen on a phone."""
    return _LONG.sub("\\g<0>\u200b", _JOINT.sub("\\g<0>\u200b", plain(value)))


def _common(a: str, b: str) -> int:
    """Two texts → how many letters they begin with alike."""
    return sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
