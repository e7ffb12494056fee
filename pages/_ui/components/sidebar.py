"""The sidebar: which snapshot, as of which day, in which language."""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import Page

from pages._ui import state, text, work
from pages._ui.components import frame
from pages._ui.text import _, date

_GIGABYTE = 1 << 30


def tasks() -> dict[str, list[Page]]:
    """→ the pages, by task, with their names in the language in use."""
    return {
        _("Account"): [
            st.Page("pages/overview.py", title=_("Overview"), icon=":material/dashboard:", default=True),
            st.Page("pages/snapshot.py", title=_("Snapshot"), icon=":material/upload_file:"),
        ],
        _("Duplicates"): [
            st.Page("pages/rules.py", title=_("Rules"), icon=":material/tune:"),
            st.Page("pages/review.py", title=_("Review"), icon=":material/compare_arrows:"),
            st.Page("pages/merge.py", title=_("Merge"), icon=":material/merge:"),
        ],
        _("Storage"): [
            st.Page("pages/storage.py", title=_("Usage"), icon=":material/database:"),
            st.Page("pages/retention.py", title=_("Retention"), icon=":material/event_busy:"),
        ],
        _("Result"): [st.Page("pages/plan.py", title=_("Plan"), icon=":material/checklist:")],
    }


def enter() -> None:
    """Streamlit runs a page of pages/ by itself when a link to it is the first thing a fresh server is asked for;
    then begin again by the front door."""
    if not state.started():
        st.navigation(tasks(), position="hidden")
        st.rerun()


def draw(tasks: Mapping[str, Sequence[Page]]) -> DeltaGenerator:
    """The pages by task, below them the choices that hold on every page → the place for what is under way."""
    state.put("aside", None)  # what is under way is drawn there when the page is done
    with st.sidebar:
        st.markdown("### Winnow", anchors=False)
        for task, pages in tasks.items():
            with st.container(gap="xxsmall"):
                st.caption(task)
                for page in pages:
                    st.page_link(page, width="stretch")
        under_way = st.container()
        known = {s.id: s for s in work.snapshots()}
        if known:
            st.selectbox(
                _("Snapshot"),
                list(known),
                format_func=lambda i: date(known[i].as_of) + " · " + i[:6],
                **state.keep("snapshot", work.snapshot_id(), options=list(known)),
                help=_("The export you are looking at. The newest comes first."),
            )
        st.selectbox(
            _("Language"),
            list(text.LANGUAGES),
            format_func=text.LANGUAGES.__getitem__,
            **state.keep("lang", text.language(), options=list(text.LANGUAGES)),
        )
        with st.expander(_("Memory")):
            _memory()
        st.caption(_("Winnow works on exports. It never writes to your CRM."))
    return under_way


def _memory() -> None:
    """How much memory matching may take."""
    known = work.memory_bytes() / _GIGABYTE
    given = st.number_input(
        _("Memory for matching, GB"),
        min_value=0.5,
        step=0.5,
        format="%.1f",
        **state.keep("memory", round(known, 1)),
        help=_(
            "A table that needs more is matched in parts that wait on disk meanwhile: slower, with the same result."
        ),
    )
    if abs(given - known) >= 0.1:
        work.set_memory(round(given * _GIGABYTE))


def entity() -> str | None:
    """The switch between contacts and companies → the one chosen; says what to do when there is neither."""
    there = work.entities()
    if not there:
        frame.nothing_loaded()
        return None
    from pages._ui import words

    chosen = work.entity()
    if len(there) > 1:
        st.segmented_control(
            _("Records"),
            there,
            required=True,
            format_func=words.entity,
            label_visibility="collapsed",
            **state.keep("entity", chosen, options=there),
        )
    return work.entity()
