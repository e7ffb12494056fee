"""Winnow, the workbench: `streamlit run app.py` opens it on the bundled sample account."""

import streamlit as st

if __name__ == "__main__":  # a visitor's run
    from pages._ui import state
    from pages._ui.components import background, frame, sidebar

    st.set_page_config(page_title="Winnow", page_icon=":material/grain:", layout="wide")
    state.start()
    tasks = sidebar.tasks()
    page = st.navigation(tasks, position="hidden")
    under_way = sidebar.draw(tasks)
    with frame.guard():
        frame.open_sample()
        page.run()
    with under_way:
        background.aside()
else:  # the start of the server, which runs this file for every visitor
    from pages._ui import ahead

    app = st.App("app.py", lifespan=ahead.lifespan)
