"""Winnow, the workbench: `streamlit run app.py` opens it on the bundled sample account."""

import streamlit as st

from pages._ui import state
from pages._ui.components import frame, sidebar
from pages._ui.text import _

st.set_page_config(page_title="Winnow", page_icon=":material/grain:", layout="wide")
state.start()
tasks = {
    _("Account"): [
        st.Page("pages/overview.py", title=_("Overview"), icon=":material/dashboard:", default=True),
        st.Page("pages/snapshot.py", title=_("Snapshot"), icon=":material/upload_file:"),
    ],
    _("Duplicates"): [
        st.Page("pages/rules.py", title=_("Rules"), icon=":material/tune:"),
        st.Page("pages/review.py", title=_("Review"), icon=":material/compare_arrows:"),
        st.Page("pages/merge.py", title=_("Merge"), icon=":material/merge:"),
    ],
    _("Storage"): [
        st.Page("pages/storage.py", title=_("Usage"), icon=":material/database:"),
        st.Page("pages/retention.py", title=_("Retention"), icon=":material/event_busy:"),
    ],
    _("Result"): [st.Page("pages/plan.py", title=_("Plan"), icon=":material/checklist:")],
}
page = st.navigation(tasks, position="hidden")
with frame.guard():
    sidebar.draw(tasks)
    page.run()
