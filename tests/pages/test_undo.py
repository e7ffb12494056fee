"""Undo and redo: what one gesture changed goes back in one step, and comes again in one."""

from streamlit.testing.v1 import AppTest


def gestures() -> None:
    import streamlit as st

    from pages._ui import state

    state.start()
    names = ("merge_contact", "review_contact", "rules:a", "version_contact")
    stood = []

    def look() -> tuple[object, ...]:
        return tuple(state.get(name) for name in names)

    stood.append(look())
    state.put("merge_contact", 0.9)
    stood.append(look())
    with state.one_step():
        state.put("merge_contact", 0.7)
        with state.one_step():
            state.put("rules:a", "mine")
            state.put("version_contact", "kept")
        state.put("merge_contact", 0.5)
        state.put("review_contact", 0.2)
    stood.append(look())
    with state.one_step():
        state.put("rules:a", "other")
        state.put("rules:a", "mine")  # as it was: no step
    state.forget("rules:a", "version_contact", "merge_contact")
    stood.append(look())
    told = {"stood": stood, "undone": [], "redone": []}
    for which in ("undo", "redo"):
        while state.can(which):
            state.step(which)
            told[f"{which.removesuffix('o')}one"].append(look())
    state.step("undo")
    state.put("review_contact", 0.3)
    told["after"] = state.can("redo")
    st.session_state["told"] = told


def test_one_gesture_is_one_step() -> None:
    app = AppTest.from_function(gestures).run()
    assert not app.exception
    told = app.session_state["told"]
    assert len(set(told["stood"])) == 4
    assert told["undone"] == told["stood"][-2::-1]
    assert told["redone"] == told["stood"][1:]
    assert told["after"] is False  # what was taken back is gone once something else is changed
