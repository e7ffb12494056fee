"""Usage: what fills the storage, what could go, what grew."""

from pages._ui import work
from pages._ui.components import frame, sidebar, storage_views
from pages._ui.text import _

sidebar.enter()
frame.title(_("Usage"), _("What fills the file storage, against the quota, and what could go."))
snapshot = work.snapshot()
if snapshot is None:
    frame.nothing_loaded()
elif "file" not in snapshot.frames or snapshot.frames["file"].is_empty():
    frame.empty(
        _("This snapshot has no files"),
        _("Add the file list of your CRM (and the links of files to records) to the export, then load it again."),
        page="pages/snapshot.py",
        label=_("Go to Snapshot"),
    )
else:
    with frame.working(_("Adding up files…")):
        storage_views.quota_row(snapshot)
    frame.tabs(
        {
            _("By group"): storage_views.by_group,
            _("What could go"): storage_views.findings,
            _("What grew"): storage_views.growth,
        },
        key="storage_tabs",
    )
