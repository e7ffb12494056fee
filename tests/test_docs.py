"""The documents say what is there: commands, verbs, rooms, functions and links."""

import importlib
import inspect
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from engine.__main__ import VERBS

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sample_data").glob("*.md")])
README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
COMMANDS = "".join(re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL))


def named(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb):
    assert f"python -m engine {verb}" in COMMANDS


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_verbs_named_exist(path):
    for verb in re.findall(r"python -m engine ([a-z][a-z-]*)", path.read_text("utf-8")):
        assert verb in VERBS


def test_the_commands_of_the_readme_run_as_they_stand(tmp_path):
    """All of them, in order, as one shell would run them, where the sample accounts are."""
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    # Exit code 3 means done, with a red rule test: fine here.
    python.write_text(f'#!/bin/sh\n{shlex.quote(sys.executable)} "$@" || test $? -eq 3\n')
    python.chmod(0o755)
    environment = {**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    script = f"set -euo pipefail\n{COMMANDS}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = {str(p.relative_to(tmp_path / "workspace")) for p in (tmp_path / "workspace").rglob("*") if p.is_file()}
    assert {"dedupe/clusters.csv", "found/pairs.parquet", "storage/storage.json", "plan/plan.zip"} <= made
    both = [(tmp_path / "workspace" / run / "clusters.csv").read_bytes() for run in ("dedupe", "again")]
    assert both[0] == both[1]


def test_the_files_that_dedupe_writes_are_those_of_the_readme():
    listed = set(re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", README, re.MULTILINE))
    assert listed == {"clusters.csv", "pairs.parquet", "rules.yaml", "summary.json"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_make_targets_exist(path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for target in re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text("utf-8"), re.MULTILINE):
        assert target in targets


def test_every_room_is_on_the_architecture_page():
    for room in (p for p in (ROOT / "engine").iterdir() if p.is_dir() and not p.name.startswith("_")):
        assert f"engine/{room.name}/" in ARCHITECTURE


@pytest.mark.parametrize("path", re.findall(r"`((?:engine|pages|tests|docs)/[\w/.]+)`", ARCHITECTURE))
def test_files_on_the_architecture_page_exist(path):
    assert (ROOT / path).exists()


def test_modules_of_the_match_room_are_on_the_architecture_page():
    section = ARCHITECTURE.partition("## The match room")[2].partition("`Match` is frozen")[0]
    there = {path.name for path in (ROOT / "engine" / "match").glob("*.py")}
    assert set(re.findall(r"`(\w+\.py)`", section)) == there


def functions() -> list[tuple[str, str, tuple[str, ...]]]:
    """→ module, function and the parameters that the architecture page gives it."""
    found, package = [], ""
    for line in ARCHITECTURE.splitlines():
        if room := re.fullmatch(r"# (engine[/\w]*)", line):
            package = room.group(1).replace("/", ".")
        elif call := re.match(r"(\w+)\.(\w+)\(([^)]*)\)", line):
            parameters = tuple(p.strip() for p in call.group(3).split(","))
            found.append((f"{package}.{call.group(1)}", call.group(2), parameters))
    return found


@pytest.mark.parametrize(("module", "name", "parameters"), functions(), ids=lambda v: v if isinstance(v, str) else "")
def test_functions_on_the_architecture_page_take_what_it_says(module, name, parameters):
    real = inspect.signature(getattr(importlib.import_module(module), name)).parameters
    positional = [p.name for p in real.values() if p.kind is not p.KEYWORD_ONLY]
    keywords = {p.name for p in real.values() if p.kind is p.KEYWORD_ONLY}
    required = {p.name for p in real.values() if p.default is p.empty}
    star = parameters.index("*") if "*" in parameters else len(parameters)
    assert list(parameters[:star]) == positional[:star]
    assert set(parameters[star + 1 :]) <= keywords
    assert required <= set(parameters)


def test_the_architecture_page_names_every_field_of_a_match():
    from engine.match.run import Match

    section = ARCHITECTURE.partition("`Match` is frozen")[2].partition("## ")[0]
    assert set(Match.__dataclass_fields__) <= set(re.findall(r"`(\w+)`", section))


def test_every_dependency_has_its_reason():
    reasons = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines():
        if "==" in line:
            assert line.split("==")[0].lower() in reasons, line


def test_the_changelog_knows_the_version():
    import engine

    assert f"## {engine.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f'version = "{engine.__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")
