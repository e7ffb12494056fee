"""Review: judge pairs one by one; what is judged is saved at once and binds the merge."""

import streamlit as st

from pages._ui import work
from pages._ui.components import frame, judging, sidebar
from pages._ui.text import _

sidebar.enter()
frame.title(
    _("Review"),
    _("Say of pairs near the threshold whether they are one. Every answer is saved at once and holds for everybody."),
)
entity = sidebar.entity()
if entity:
    with frame.working(_("Comparing records…")):
        found = work.match(entity, judged=False)
    judging.progress(entity)
    pair = judging.next_pair(entity, found)
    if pair is None:
        st.success(_("All pairs near the threshold are judged. Move the thresholds on the Rules page to see others."))
    else:
        judging.buttons(entity, pair)
        judging.show(found, pair)
    judging.outlook(entity, found)
    judging.importing(entity)
    judging.table(entity)
