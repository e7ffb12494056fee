"""Figures in tables: written as the chosen language writes them, and still figures."""

from typing import Any

import polars as pl
import pytest
import streamlit as st

from pages._ui import text
from pages._ui.components import tables

DATA = pl.DataFrame({"Rule": ["a", None, "c"], "Pairs": [12_345, None, 7], "Probability": [0.5, 0.987, None]})
DIGITS = {"Probability": 3}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """What is given to Streamlit to draw: the table and its settings."""
    given: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(st, "dataframe", lambda shown, **how: given.append((shown, how)))
    return given


def cells(shown: Any) -> list[list[str]]:
    """What stands in the cells of a table that goes with what is written."""
    made = shown._translate(False, False)
    return [[cell["display_value"] for cell in row if cell["type"] == "td"] for row in made["body"]]


@pytest.mark.parametrize(("lang", "large", "half"), [("ru", "12\u00a0345", "0,500"), ("zh", "12,345", "0.500")])
def test_figures_are_written_in_the_language_in_use_and_stay_figures(drawn, lang: str, large: str, half: str) -> None:
    text.use(lang)
    tables.table(DATA, digits=DIGITS)
    shown, how = drawn[0]
    assert cells(shown) == [["a", large, half], ["", "", half.replace("500", "987")], ["c", "7", ""]]
    assert shown.data["Pairs"].tolist()[0] == 12_345  # what the browser sorts by
    assert all(config["type_config"].get("format") is None for config in how["column_config"].values())


def test_what_computers_write_alike_is_left_to_them(drawn) -> None:
    text.use("en")
    small = DATA.with_columns(pl.col("Pairs") % 1000)
    tables.table(small, digits=DIGITS, column_config={"Probability": st.column_config.NumberColumn(width=110)})
    shown, how = drawn[0]
    assert shown is small
    formats = {name: config["type_config"]["format"] for name, config in how["column_config"].items()}
    assert formats == {"Pairs": "%.0f", "Probability": "%.3f"} and how["column_config"]["Probability"]["width"] == 110


def test_very_long_tables_are_left_to_the_browser(drawn) -> None:
    text.use("ru")
    tables.table(pl.concat([DATA] * tables.MOST), digits=DIGITS)
    shown, how = drawn[0]
    assert isinstance(shown, pl.DataFrame)
    assert {config["type_config"]["format"] for config in how["column_config"].values()} == {"localized"}


def test_fractions_must_say_how_exact_they_are() -> None:
    with pytest.raises(KeyError, match="Probability"):
        tables.table(DATA)
