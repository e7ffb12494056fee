"""An answer that nobody wants any more gives way; where Streamlit does not tell what was asked, it goes to its end."""

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from pages._ui import state


@pytest.fixture
def given_way(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The scopes of the runs that were ended for another; the run answers a release on the bench."""
    ended: list[str] = []
    monkeypatch.setattr(st, "rerun", lambda scope: ended.append(scope))
    monkeypatch.setattr(st, "session_state", {"kept:answering": True})
    return ended


def run(monkeypatch: pytest.MonkeyPatch, **here: object) -> None:
    """Give way in a run of which Streamlit knows this."""
    monkeypatch.setattr(state, "get_script_run_ctx", lambda **_named: SimpleNamespace(**here))
    state.give_way()


def asked(**what: object) -> ScriptRequests:
    """Streamlit's own requests, after one for a part of the page."""
    requests = ScriptRequests()
    assert requests.request_rerun(RerunData(fragment_id="part", **what))
    return requests


def test_a_run_ends_when_another_was_asked_for(monkeypatch, given_way) -> None:
    run(monkeypatch, script_requests=ScriptRequests(), fragment_ids_this_run=["part"])
    assert given_way == []
    run(monkeypatch, script_requests=asked(), fragment_ids_this_run=["part"])
    assert given_way == ["fragment"]


def test_neither_a_whole_page_nor_a_pressed_button_nor_a_look_at_a_job_ends_one(monkeypatch, given_way) -> None:
    run(monkeypatch, script_requests=asked(), fragment_ids_this_run=None)
    run(monkeypatch, script_requests=asked(is_auto_rerun=True), fragment_ids_this_run=["part"])
    st.session_state.clear()
    run(monkeypatch, script_requests=asked(), fragment_ids_this_run=["part"])
    assert given_way == []


@pytest.mark.parametrize("left", [{}, {"script_requests": object()}, {"script_requests": None}])
def test_a_streamlit_that_tells_nothing_lets_it_run_to_its_end(monkeypatch, given_way, left: dict[str, object]) -> None:
    run(monkeypatch, **left)
    run(monkeypatch, **left, fragment_ids_this_run=["part"])
    monkeypatch.setattr(state, "get_script_run_ctx", lambda **_named: None)
    state.give_way()
    assert given_way == []
