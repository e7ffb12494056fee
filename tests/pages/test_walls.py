"""The walls inside pages/: pages stay thin, state and cache each have one door, charts know no streamlit."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "pages").glob("*.py"))
MODULES = sorted((ROOT / "pages").rglob("*.py"))


def code(path: Path) -> str:
    """Source without docstrings and comments."""
    return ast.unparse(ast.parse(path.read_text(encoding="utf-8")))


def test_the_entry_point_is_short() -> None:
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) <= 40


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_pages_are_thin(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.For)]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_one_door_each(path: Path) -> None:
    source = code(path)
    if path.name != "state.py":
        assert "session_state" not in source and "query_params" not in source
    if path.parent.name != "cache":
        assert not re.search(r"st\.cache_(data|resource)", source)
    if path.name in ("charts.py", "text.py", "words.py", "meanings.py", "desk.py", "sample.py"):
        assert not re.search(r"import streamlit|from streamlit", source)
    assert "unsafe_allow_html" not in source and "unsafe_allow_javascript" not in source


def test_what_runs_by_itself_finds_its_language() -> None:
    """A fragment and a dialog are run again without the page: its language is that of whoever ran here last."""
    alone = {
        node.name: ast.unparse(node)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any(re.match(r"st\.(fragment|dialog)\b", ast.unparse(d)) for d in node.decorator_list)
    }
    assert alone
    assert [name for name, source in alone.items() if "state.start()" not in source] == []


def test_the_server_keeps_to_itself() -> None:
    import tomllib

    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert set(settings["server"]["allowedHosts"]) <= {"127.0.0.1", "localhost", "[::1]"}
    assert settings["server"]["enableXsrfProtection"] and settings["server"]["enableCORS"]
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["server"]["maxUploadSize"] <= 200
