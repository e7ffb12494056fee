"""One small account, loaded once; every test gets a workspace of its own that holds it."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from engine.snapshot import map as mapping
from engine.snapshot.read import read_tables
from engine.snapshot.workspace import Workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one small account."""
    folder = tmp_path_factory.mktemp("loaded") / "workspace"
    files = ("contacts.csv", "accounts.csv", "deals.csv", "attachments.csv")
    tables = read_tables([ROOT / "sample_data" / "zoho" / name for name in files])
    made = mapping.apply(tables, [mapping.recognise(t) for t in tables], as_of=dt.date(2026, 10, 31))
    Workspace(folder).save(made)
    return folder


@pytest.fixture
def account(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of this test's own with the small account."""
    folder = tmp_path / "workspace"
    shutil.copytree(loaded, folder)
    monkeypatch.setenv("WINNOW_WORKSPACE", str(folder))
    return folder


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace in which somebody has worked but which holds no snapshot."""
    folder = tmp_path / "workspace"
    (folder / "inbox").mkdir(parents=True)
    monkeypatch.setenv("WINNOW_WORKSPACE", str(folder))
    return folder
