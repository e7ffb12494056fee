"""Retention: what is kept how long, what falls due, what is held."""

import streamlit as st

from pages._ui import outcome, work
from pages._ui.components import frame, schedule_views, sidebar
from pages._ui.text import _

sidebar.enter()
frame.title(
    _("Retention"),
    _("How long each class of records is kept, and what then. Keeping beats deleting; a hold beats everything."),
)
if work.snapshot() is None:
    frame.nothing_loaded()
else:
    schedule_views.as_of()
    with frame.working(_("Applying the schedule…")):
        decided = outcome.dispositions()
    schedule_views.figures(decided)
    due, rules, holds = st.tabs([_("What falls due"), _("Schedule"), _("Holds")])
    with due:
        schedule_views.due(decided)
    with rules:
        schedule_views.editor()
    with holds:
        schedule_views.holds(decided)
