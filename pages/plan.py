"""Plan: everything that is to be done, why, what it changes, and the ZIP to take along."""

from pages._ui import outcome, work
from pages._ui.components import frame, plan_views, sidebar
from pages._ui.text import _

sidebar.enter()
frame.title(
    _("Plan"),
    _("Every merge and deletion with its reason, ready to take along. Winnow carries nothing out by itself."),
)
if work.snapshot() is None:
    frame.nothing_loaded()
else:
    plan_views.settings()
    with frame.working(_("Putting the plan together…")):
        plan = outcome.plan()
    plan_views.figures(plan)
    plan_views.take_along(plan)
    frame.tabs(
        {
            _("What is to be done"): lambda: plan_views.items(plan),
            _("What changes"): lambda: plan_views.change(plan),
            _("Check a plan"): plan_views.check,
        },
        key="plan_tabs",
        inputs=(_("Check a plan"),),
    )
