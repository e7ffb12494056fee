"""Versions of the rules: save under a name, open again, compare two, a link that reopens this view."""

import polars as pl
import streamlit as st

from engine.match.run import Match
from engine.match.versions import Difference
from pages._ui import meanings, state, trials
from pages._ui.components import pairs, tables
from pages._ui.text import _, n_, num

_MOST = 200  # rows shown of what was gained and lost


def show(entity: str, found: Match) -> None:
    """Save and open; then the rules in use beside another version."""
    saved = trials.saved(entity)
    left, right = st.columns(2)
    with left, st.form("version_save", border=True):
        name = st.text_input(_("Name of this version"), max_chars=64, key="version_name")
        if st.form_submit_button(_("Save the rules in use"), type="primary", key="version_keep"):
            trials.save(entity, name.strip(), found.rules)
            st.rerun()
    with right, st.container(border=True):
        if not saved:
            st.caption(_("Nothing is saved yet. What you save is there for everybody who works here."))
            return
        chosen = st.selectbox(
            _("Saved versions"),
            list(saved),
            placeholder=_("Choose a version"),
            **state.keep("against", None, options=list(saved)),
        )
        st.button(
            _("Use this version"),
            key="version_open",
            disabled=chosen is None,
            on_click=trials.open_saved,
            args=(entity, chosen),
        )
        if state.get(f"version_{entity}"):
            st.caption(_("The address of this page now reopens exactly this view; copy it to share it."))
        else:
            st.caption(_("Save the rules in use to get an address that reopens exactly this view."))
    if chosen in saved:
        _compare(found, trials.difference(entity, saved[chosen], found))


def _compare(found: Match, changed: Difference) -> None:
    figures = changed.figures
    rows = [
        (meanings.version_figure(m), *(num(v, 3 if m.endswith("threshold") else 0) for v in (before, after)))
        for m, before, after in figures.iter_rows()
    ]
    names = [_("Figure"), _("Saved version"), _("Rules in use")]
    written = {name: st.column_config.TextColumn(alignment="right") for name in names[1:]}
    table = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    st.dataframe(table, hide_index=True, column_config=written)
    for change, title in (("gained", _gained), ("lost", _lost)):
        there = changed.pairs.filter(change=change)
        groups = changed.clusters.filter(change=change)
        st.markdown("**" + title(there.height) + "** " + n_("({n} group)", "({n} groups)", groups.height))
        if there.is_empty():
            continue
        listed = there.head(_MOST).with_columns(match_probability=pl.coalesce("after", "before").fill_null(0.0))
        event = tables.table(
            pairs.pair_table(found, listed, found.rules.thresholds.merge or 0.5),
            on_select="rerun", selection_mode="single-row", key=f"version_{change}", digits={_("Probability"): 3},
            column_config={_("Probability"): st.column_config.NumberColumn(width=110)},
        )  # fmt: skip
        rows = event.selection.rows
        if rows and rows[0] < listed.height:
            pairs.why(found, listed["left_id"][rows[0]], listed["right_id"][rows[0]], view=f"version_{change}")


def _gained(count: int) -> str:
    return n_("{n} pair merged only by the rules in use", "{n} pairs merged only by the rules in use", count)


def _lost(count: int) -> str:
    return n_("{n} pair merged only by the saved version", "{n} pairs merged only by the saved version", count)
