"""The frame of every page: its title, the guard that turns errors into sentences, empty states, figures, charts."""

import logging
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from engine.errors import WinnowError
from pages._ui import cache, intake, jobs, state, text, words, work
from pages._ui.components import background
from pages._ui.text import _

if TYPE_CHECKING:  # the first figures are shown before the first chart is needed, and Altair takes 0.2 s to load
    import altair as alt

_log = logging.getLogger("winnow")


@contextmanager
def guard() -> Iterator[None]:
    """What goes wrong inside is said in one sentence; only `WinnowError` is expected, anything else is our fault."""
    try:
        yield
    except jobs.Waiting as waiting:
        background.panel(waiting)
    except WinnowError as error:
        st.error(words.problem(error), icon=":material/error:")
    except Exception as error:  # its message may quote CRM values: only where it happened is logged
        _log.error("unexpected %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        st.error(words.apology(), icon=":material/error:")


def title(name: str, lead: str) -> None:
    """The page's name, and one line that says what one does here."""
    st.title(name, anchor=False)
    st.caption(lead)


def empty(what: str, to_do: str, *, page: str | None = None, label: str = "") -> None:
    """Nothing to show: say so, say what to do, offer the way."""
    with st.container(border=True):
        st.markdown(f"**{what}**")
        st.markdown(to_do)
        if page:
            st.page_link(page, label=label, icon=":material/arrow_forward:")


def nothing_loaded(*, here: bool = False) -> None:
    """The empty state of every page that needs a snapshot; `here`: on the page where one is loaded."""
    if here:
        st.info(_("There is no account here yet. Load an export, or the sample account, under “Load an export”."))
        return
    empty(
        _("There is no account here yet"),
        _("Load an export of your CRM, or the sample account, on the Snapshot page."),
        page="pages/snapshot.py",
        label=_("Go to Snapshot"),
    )


@contextmanager
def working(what: str) -> Iterator[None]:
    """What takes a moment is said meanwhile; what takes longer goes on in the background, and the guard says so.

    Figures of the rules before, which stay while records are compared anew, are marked as such.
    """
    with work.watching() as missed, st.spinner(what, show_time=True):
        yield
    if missed:
        background.panel(jobs.Waiting(missed), before=True)


def open_sample() -> None:
    """A new workspace begins with the bundled sample account."""
    if intake.sample_wanted():
        intake.load_sample()
        st.rerun()


def tabs(
    parts: Mapping[str, Callable[[], None]], *, key: str, first: str | None = None, inputs: Collection[str] = ()
) -> None:
    """(name → what draws it) → tabs, of which only the open one is drawn; what goes wrong in it is said there.

    `first`: the name of the tab that is open to begin with. `inputs`: names of tabs in which things are typed that do
    not hold before a button is pressed; once opened, they stay drawn, or what was typed would be lost.
    """
    key = f"{key}:{text.language()}"
    drawn = state.get(f"drawn:{key}", ()) if state.is_drawn(key) else ()
    shown = dict(zip(parts, st.tabs(list(parts), key=key, default=first, on_change="rerun"), strict=True))
    drawn = tuple(name for name, tab in shown.items() if tab.open or (name in drawn and name in inputs))
    state.put(f"drawn:{key}", drawn)
    for name in drawn:
        with shown[name], guard():
            parts[name]()


def expander(label: str, draw: Callable[[], None], *, key: str, icon: str | None = None) -> None:
    """A part of the page to open, drawn when it is first opened; it stays drawn then, with what is typed in it."""
    opened = state.is_drawn(key) and state.get(f"drawn:{key}", False)
    box = st.expander(label, key=key, icon=icon, on_change="rerun")
    opened = bool(box.open or opened)
    state.put(f"drawn:{key}", opened)
    if opened:
        with box:
            draw()


def figures(values: Sequence[tuple[str, str, str | None]]) -> None:
    """(name, value, explanation) of each figure → cards that fill the row and wrap; names wrap too, in any language."""
    with st.container(horizontal=True, gap="small"):
        for name, value, explanation in values:
            with st.container(border=True, gap=None, height="stretch", vertical_alignment="distribute"):
                st.caption(name, help=explanation)
                st.markdown(f"#### {value}", anchors=False)


def chart(
    drawing: "alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart", how_to_read: str, *, key: str
) -> None:
    """A chart with the one line that says how to read it."""
    cache.settle()  # the charts come last, and Altair is the largest of all that is loaded
    st.altair_chart(drawing, key=key, alt=how_to_read)
    st.caption(how_to_read)
