"""Snapshot: load an export, check how it was read, see what it holds."""

import streamlit as st

from pages._ui import work
from pages._ui.components import frame, loading, sidebar, snapshot_views
from pages._ui.text import _

sidebar.enter()
frame.title(
    _("Snapshot"),
    _("A snapshot is one export of your CRM, kept as it was. Load one, check how it was read, see what it holds."),
)
snapshot = work.snapshot()
if snapshot is None:
    frame.nothing_loaded(here=True)
    st.subheader(_("Load an export"), anchor=False)
    loading.load()
else:
    loading.just_kept()
    frame.tabs(
        {
            _("Load an export"): loading.load,
            _("Snapshots"): snapshot_views.known,
            _("How it was read"): lambda: snapshot_views.reading(snapshot),
            _("What it holds"): lambda: snapshot_views.profile(snapshot),
        },
        key="snapshot_tabs",
        first=_("What it holds"),
        inputs=(_("Load an export"),),
    )
