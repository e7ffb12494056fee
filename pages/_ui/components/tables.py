"""Tables of figures: written as the chosen language writes them, and sorted as the figures they are."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from pages._ui import text
from pages._ui.text import num

MOST = 1_000  # rows whose figures are written here; it takes a tenth of a millisecond a row


def table(
    data: pl.DataFrame,
    *,
    digits: Mapping[str, int] | None = None,
    column_config: Mapping[str, Any] | None = None,
    **how: Any,
) -> Any:
    """A table → what `st.dataframe` makes of it. `digits`: of the fractions in each column of fractions.

    Streamlit writes figures in English, or as the browser's own language has it, whichever language was chosen here.
    So what is written goes along with the figures, unless it is what Streamlit writes anyway; very long tables are
    left to the browser.
    """
    fractions = digits or {}
    places = {
        name: fractions[name] if kind.is_float() else 0 for name, kind in data.schema.items() if kind.is_numeric()
    }
    config, shown, formats = dict(column_config or {}), data, {}
    if _plain(data, places):
        formats = {name: f"%.{count}f" for name, count in places.items()}
    elif data.height > MOST:
        formats = dict.fromkeys(places, "localized")
    else:
        shown = written(data, {name: partial(num, digits=count) for name, count in places.items()})
    for name, format_ in formats.items():
        given = config.get(name) or st.column_config.NumberColumn()
        config[name] = {**given, "type_config": {**given["type_config"], "format": format_}}
    return st.dataframe(shown, hide_index=True, column_config=config, **{"placeholder": "", **how})


def written(data: pl.DataFrame, writers: Mapping[str, Callable[[Any], str]]) -> Any:
    """A table, how the figures of its columns are written → the same for `st.dataframe`, with what is written."""
    return data.to_pandas().style.format(dict(writers), na_rep="")


def megabytes(bytes_: pl.Expr) -> pl.Expr:
    """Bytes → megabytes for a table; nothing where there are none."""
    return pl.when(bytes_ > 0).then((bytes_ / 2**20).round(2))


def _plain(data: pl.DataFrame, places: Mapping[str, int]) -> bool:
    """Whether the language writes these figures as computers do: with a point, and without groups of thousands."""
    largest = (data[name].abs().max() for name in places)
    return text.language() != "ru" and all(value is None or value < 1_000 for value in largest)
