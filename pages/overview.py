"""Overview: what is in the account, how much of it is twice, how full the storage is, what to do next."""

from pages._ui import work
from pages._ui.components import frame, overview_views, sidebar
from pages._ui.text import _

sidebar.enter()
frame.title(_("Overview"), _("What is in the account, what is there twice, and what to do next."))
snapshot = work.snapshot()
if snapshot is None:
    frame.nothing_loaded()
else:
    overview_views.contents(snapshot)
    with frame.working(_("Looking for duplicates…")):
        found = work.matches()
    overview_views.duplicates(found)
    overview_views.next_steps(snapshot, found)
    overview_views.picture(found)
