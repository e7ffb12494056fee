"""The layout is the architecture: these tests keep its walls."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
TOP_LEVEL = {
    "app.py", "pages", "engine", "sample_data", "tests", "requirements.txt", "README.md", "CHANGELOG.md",
    "CONTRIBUTING.md", "pyproject.toml", "Makefile", "docs", "workspace",
}  # fmt: skip
UPWARD = {"streamlit", "altair", "pages", "app"}
CLOCKS = {"now", "today", "utcnow"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", ENGINE, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_engine_never_imports_upward(path):
    assert not {name for name in imported(path) if name.split(".")[0] in UPWARD}


@pytest.mark.parametrize("path", ENGINE, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_engine_has_no_clock_and_no_global_randomness(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in CLOCKS, f"line {node.lineno} reads the clock"
            assert ast.unparse(node.func) != "time.time", f"line {node.lineno} reads the clock"
            assert not ast.unparse(node.func).startswith(("random.", "np.random.rand", "np.random.seed")), node.lineno


def test_one_error_root():
    from engine import errors

    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, Exception)]
    assert all(issubclass(c, errors.WinnowError) for c in classes)
    assert {c.__name__ for c in classes} <= set(re.findall(r"\w+", errors.__doc__ or ""))


def test_the_top_level_is_fixed():
    visible = {p.name for p in ROOT.iterdir() if not p.name.startswith(".") and p.name != "__pycache__"}
    assert visible <= TOP_LEVEL


def test_modules_stay_readable_in_one_sitting():
    long = {str(p.relative_to(ROOT)): n for p in ENGINE if (n := len(p.read_text("utf-8").splitlines())) > 350}
    assert not long


WORDS = {"errors", "schema", "rules", "progress", "files", "memory", "cells"}  # what every room may use
ROOMS = {
    "normalise": set(),
    "snapshot": {"normalise"},
    "match": {"normalise", "snapshot"},
    "storage": {"snapshot"},
    "retention": {"snapshot", "storage"},
    "plan": {"snapshot", "match", "storage", "retention"},
}  # room → the rooms it builds on; none looks up the stream


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_looks_up_the_stream(room):
    for path in (ROOT / "engine" / room).rglob("*.py"):
        used = {name.split(".")[1] for name in imported(path) if name.startswith("engine.")}
        assert used <= WORDS | ROOMS[room] | {room}, path.name


def test_every_room_has_its_place_in_the_stream():
    assert {p.parent.name for p in (ROOT / "engine").glob("*/*.py")} == set(ROOMS)


@pytest.mark.parametrize("path", ENGINE, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_and_public_function_says_what_it_is(path):
    module = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(module)
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("path", ENGINE, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_room_for_things_without_a_name(path):
    assert path.stem not in {"utils", "util", "helpers", "common", "misc", "base"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            assert not node.name.endswith(("Manager", "Helper", "Util")), node.name
