"""Merge: the groups of duplicates, what becomes of each, the golden record and where its values come from."""

from pages._ui import outcome, work
from pages._ui.components import frame, groups, sidebar
from pages._ui.text import _

sidebar.enter()
frame.title(
    _("Merge"),
    _("Groups of records that are one. Look through them, choose the record that survives, reject what is wrong."),
)
entity = sidebar.entity()
if entity:
    with frame.working(_("Grouping duplicates…")):
        found = work.match(entity)
        golden = outcome.golden(entity)
    if golden.survivors.is_empty():
        frame.empty(
            _("No duplicates at this threshold"),
            _("Lower the merge threshold on the Rules page, or look at pairs on the Review page."),
            page="pages/rules.py",
            label=_("Go to Rules"),
        )
    else:
        table = groups.summary(entity, found, golden)
        groups.figures(table)
        groups.oversized(found, table)
        shown = groups.filtered(table)
        chosen = groups.choose(shown)
        if chosen is not None:
            groups.detail(entity, found, golden, chosen)
