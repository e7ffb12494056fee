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
