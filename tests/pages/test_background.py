"""Pages while something is under way: what is known already is shown, the rest can be stopped and begun again."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from engine import rules as rule_files
from engine.errors import WorkspaceError
from engine.match import run, suggest
from engine.snapshot.workspace import Workspace
from pages._ui import jobs
from tests.pages.test_every_page import APOLOGY, fine, opened, said

BEFORE = "These figures are of the rules before your change."


class Held:
    """An engine function that reports progress and goes on only when it is let."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.free = function, threading.Event()

    def __call__(self, *args: Any, **named: Any) -> Any:
        while not self.free.wait(0.01):
            named["progress"]("compare", 0.4)
        return self.function(*args, **named)


def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", 0.2)


def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", 60.0)


def press(app: AppTest, beginning: str) -> None:
    next(b for b in app.button if b.key and b.key.startswith(beginning)).click().run()


def figures(app: AppTest) -> list[str]:
    return [m.value for m in app.markdown if m.value.startswith("#### ")]


def test_the_facts_are_there_while_duplicates_are_sought(
    own: Path, running: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(suggest.suggest_and_match)
    monkeypatch.setattr(suggest, "suggest_and_match", held)
    hurried(monkeypatch)
    app = opened("overview")
    fine(app)
    assert len(figures(app)) >= 4
    assert not any("What to do next" in t for t in said(app))
    cancels = [b.key for b in app.button if b.label == "Cancel"]
    assert [k for k in cancels if k.startswith("cancel_")] and [k for k in cancels if k.startswith("aside_")]
    app.switch_page("pages/storage.py").run()  # left: it goes on, and the sidebar says so
    fine(app)
    assert [b.key for b in app.button if b.key and b.key.startswith("aside_")]
    app.switch_page("pages/overview.py").run()
    assert not any("Stopped" in t for t in said(app))
    press(app, "cancel_")
    fine(app)
    assert sum("Stopped. Nothing was changed." in t for t in said(app)) == 2  # contacts and companies
    assert not [b for b in app.button if b.label == "Cancel"]
    held.free.set()
    patient(monkeypatch)
    press(app, "again_")
    fine(app)
    assert any("What to do next" in t for t in said(app))
    assert not (own / "snapshots" / ".new").exists() and len(Workspace(own).snapshots()) == 1


def test_old_figures_stay_and_are_marked_while_records_are_compared_anew(
    own: Path, running: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened("rules", controls="inputs")
    fine(app)
    before = figures(app)
    shown = Workspace(own)
    records = shown.load(shown.snapshots()[0].id).frames["contact"]
    changed = msgspec.structs.replace(suggest.suggest(records, entity="contact"), region="RU")
    held = Held(run.match)
    monkeypatch.setattr(run, "match", held)
    hurried(monkeypatch)
    app.file_uploader(key="rules_file").upload("r.yaml", rule_files.dump(changed).encode(), "application/yaml").run()
    app.button(key="rules_use").click().run()
    fine(app)
    assert any(BEFORE in t for t in said(app))
    assert figures(app) == before
    press(app, "cancel_")
    fine(app)
    assert any(BEFORE in t for t in said(app)) and figures(app) == before
    press(app, "back_")  # the rules before are in use again
    fine(app)
    assert not any(BEFORE in t for t in said(app)) and figures(app) == before
    app.button(key="undo").click().run()
    assert any(BEFORE in t for t in said(app))
    held.free.set()
    patient(monkeypatch)
    app.run()
    fine(app)
    assert not any(BEFORE in t for t in said(app))


def test_a_job_that_failed_says_so_in_a_sentence_and_may_be_tried_again(
    own: Path, running: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **named: Any) -> None:
        raise WorkspaceError("the disk is full: make room and try again")

    with monkeypatch.context() as broken:
        broken.setattr(suggest, "suggest_and_match", full)
        app = opened("rules")
    assert not app.exception
    assert "make room and try again" in app.error[0].value and APOLOGY not in app.error[0].value
    press(app, "again_")
    fine(app)
    assert figures(app) or app.get("component") or app.tabs


def test_an_upload_that_is_cancelled_leaves_the_workspace_clean(
    nothing: Path, running: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages._ui import intake

    apply = intake.mapping.apply
    begun, free = threading.Event(), threading.Event()

    def slow(*args: Any, **named: Any) -> Any:
        begun.set()
        free.wait()  # without a limit: on a busy machine it takes long until somebody has cancelled
        return apply(*args, **named)

    app = opened("snapshot")
    app.file_uploader(key="upload").upload("export.csv", b"ID,Name\n1,Ann Lee\n2,Bob Ray\n", "text/csv").run()
    app.button(key="read_upload").click().run()
    fine(app)
    with monkeypatch.context() as broken:
        broken.setattr(intake.mapping, "apply", slow)
        hurried(broken)
        try:
            app.button(key="keep_draft").click().run()
            fine(app)
            assert begun.wait(60)
            press(app, "cancel_")
        finally:
            free.set()
        patient(broken)
        app.run()
    fine(app)
    assert any("Stopped. Nothing was changed." in t for t in said(app))
    assert Workspace(nothing).snapshots() == [] and not list(nothing.glob("snapshots/.new-*"))
    press(app, "again_")
    fine(app)
    assert [s.rows["contact"] for s in Workspace(nothing).snapshots()] == [2]
