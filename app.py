"""Winnow, the workbench: `streamlit run app.py` opens it on the bundled sample account."""

import streamlit as st

from pages._ui import state
from pages._ui.components import frame, sidebar

st.set_page_config(page_title="Winnow", page_icon=":material/grain:", layout="wide")
state.start()
tasks = sidebar.tasks()
page = st.navigation(tasks, position="hidden")
with frame.guard():
    sidebar.draw(tasks)
    page.run()
