"""Tabs: only the open one is drawn; what is typed in one is there again when another was looked at."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
TABS = {"plan": "plan_tabs:en", "retention": "retention_tabs:en", "snapshot": "snapshot_tabs:en"}


def opened(page: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception and not app.error
    return app


def look_at(app: AppTest, tabs: str, name: str) -> None:
    app.session_state[tabs] = name
    app.run()
    assert not app.exception and not app.error


@pytest.mark.parametrize("page", TABS)
def test_only_the_open_tab_is_drawn(page: str, account: Path, running: None) -> None:
    for name in [tab.label for tab in opened(page).tabs]:
        look_at(fresh := opened(page), TABS[page], name)
        assert [tab.label for tab in fresh.tabs if len(tab.children)] == [name]


def test_what_is_given_in_a_tab_stays_while_another_is_looked_at(account: Path, running: None) -> None:
    app = opened("snapshot")
    assert not app.get("file_uploader")
    look_at(app, TABS["snapshot"], "Load an export")
    app.file_uploader(key="upload").upload("export.csv", b"ID,Name\n1,Ann Lee\n", "text/csv").run()
    look_at(app, TABS["snapshot"], "Snapshots")
    assert [file.name for file in app.file_uploader(key="upload").value] == ["export.csv"]
    app.switch_page("pages/plan.py").run()
    app.switch_page("pages/snapshot.py").run()
    assert not app.get("file_uploader")
