"""The documents say what is there: commands, verbs, rooms and links."""

import re
from pathlib import Path

import pytest

from engine.__main__ import VERBS

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb):
    assert f"python -m engine {verb}" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_make_targets_exist(path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for named in re.findall(r"`?make ([a-z-]+)`", path.read_text("utf-8")):
        assert named in targets


def test_every_room_is_on_the_architecture_page():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for room in (p for p in (ROOT / "engine").iterdir() if p.is_dir() and not p.name.startswith("_")):
        assert f"engine/{room.name}/" in page


def test_every_dependency_has_its_reason():
    reasons = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines():
        if "==" in line:
            assert line.split("==")[0].lower() in reasons, line
