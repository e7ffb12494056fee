"""What the browser tests share: the helpers, one server on the sample account, its match as made here."""

import datetime as dt
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from engine.match import run, suggest
from engine.snapshot import map as mapping
from engine.snapshot.read import read_tables
from pages._ui import sample


@pytest.fixture(scope="session")
def workbench() -> ModuleType:
    """The helpers beside this file; without a browser the tests are skipped aloud, and fail where CI is set."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    spec = importlib.util.spec_from_file_location("workbench", Path(__file__).with_name("workbench.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if module.chromium() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium: the browser tests must run where CI is set")
        pytest.skip("NO CHROMIUM FOUND: THE BROWSER TESTS WERE NOT RUN")
    return module


@pytest.fixture(scope="session")
def chromium(workbench) -> Iterator[object]:
    """One Chromium for all tests; each has a context of its own."""
    with workbench.launched() as browser:
        yield browser


@pytest.fixture
def page(workbench, chromium) -> Iterator[object]:
    """A page of a visitor of its own."""
    with workbench.visiting(chromium) as page:
        yield page


@pytest.fixture(scope="session")
def account(workbench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a workbench on the sample account, shared by all tests of a process."""
    with workbench.serving(tmp_path_factory.mktemp("account") / "workspace") as address:
        yield address


@pytest.fixture(scope="session")
def matched() -> tuple[run.Match, pl.DataFrame]:
    """The contacts of the newest export of the sample account, matched here, and their truth."""
    export = sorted(sample.exports())[-1]
    tables = read_tables([export])
    made = mapping.apply(tables, [mapping.recognise(t) for t in tables], as_of=dt.date.fromisoformat(export.name))
    records = made.frames["contact"]
    return run.match(records, suggest.suggest(records, entity="contact")), sample.truth("contact", records)
