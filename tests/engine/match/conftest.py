"""One sample account, matched once for all the tests that look at a finished match."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from engine.match.run import Match, match
from engine.match.suggest import suggest
from engine.snapshot import map as mapping
from engine.snapshot.read import read_tables

ZOHO = Path(__file__).parents[3] / "sample_data" / "zoho"


@pytest.fixture(scope="session")
def people() -> pl.DataFrame:
    """The contacts of the small English sample account."""
    tables = read_tables([ZOHO / "contacts.csv"])
    made = mapping.apply(tables, [mapping.recognise(t) for t in tables], as_of=dt.date(2026, 10, 31))
    return made.frames["contact"]


@pytest.fixture(scope="session")
def matched(people: pl.DataFrame) -> Match:
    """The same, matched with no set-up."""
    return match(people, suggest(people, entity="contact", region="US"))


@pytest.fixture(scope="session")
def truth() -> pl.DataFrame:
    """Which of their records are one person."""
    return pl.read_csv(ZOHO / "truth.csv", infer_schema=False)
