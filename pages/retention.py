"""Retention: what is kept how long, what falls due, what is held."""

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
    frame.tabs(
        {
            _("What falls due"): lambda: schedule_views.due(decided),
            _("Schedule"): schedule_views.editor,
            _("Holds"): lambda: schedule_views.holds(decided),
        },
        key="retention_tabs",
        inputs=(_("Schedule"), _("Holds")),
    )
