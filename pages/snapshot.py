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
names = [_("Load an export"), _("Snapshots"), _("How it was read"), _("What it holds")]
load, known, reading, profile = st.tabs(names, default=names[0] if snapshot is None else names[3])
with load:
    loading.choose()
    with frame.guard():
        loading.draft()
with known:
    snapshot_views.known()
with reading:
    if snapshot is None:
        frame.nothing_loaded(here=True)
    else:
        snapshot_views.sources(snapshot)
        snapshot_views.rejects(snapshot)
with profile:
    if snapshot is None:
        frame.nothing_loaded(here=True)
    else:
        snapshot_views.profile(snapshot)
