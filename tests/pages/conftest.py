"""One small account, loaded once; a test that writes gets a workspace of its own."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
from streamlit.runtime.pages_manager import PagesManager

from engine.snapshot import map as mapping
from engine.snapshot.read import read_tables
from engine.snapshot.workspace import Workspace
from pages._ui import jobs, text

ROOT = Path(__file__).parents[2]


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest begins each run like a server that never ran app.py, where Streamlit takes pages/ for the whole app and
    a click is lost on the way to the front door. Tests that click begin like a server that has run it."""
    begin = PagesManager.__init__

    def begun(self: PagesManager, *args: object, **named: object) -> None:
        begin(self, *args, **named)  # type: ignore[arg-type]
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begun)


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
def account(loaded: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace with the small account, for tests that only look: what was computed for one serves all."""
    monkeypatch.setenv("WINNOW_WORKSPACE", str(loaded))
    return loaded


@pytest.fixture
def own(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of this test's own with the small account, to write into."""
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


@pytest.fixture(autouse=True)
def english() -> None:
    """AppTest writes options in the thread of the test: in the language of a test before, they would not be found."""
    text.use("en")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest looks at a page once: wait for what would otherwise come by itself a moment later."""
    monkeypatch.setattr(jobs, "PATIENCE", 60.0)
