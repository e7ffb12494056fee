"""What is done when the server starts, so that its first visitor need not wait for it. No drawing.

To import what the pages need is a second of work; it is done beside, while the browser loads what it needs itself.
"""

import importlib
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st

# In the order in which a first visit needs them. Charts, and so Altair, the largest of all, come late.
NEEDED = (
    *(f"pages._ui.components.{name}" for name in ("frame", "sidebar", "overview_views")),
    "pages._ui.charts",
    *(f"pages._ui.components.{name}" for name in ("rules_bench", "judging", "groups", "loading", "snapshot_views")),
    *(f"pages._ui.components.{name}" for name in ("storage_views", "schedule_views", "plan_views")),
    "pandas.io.formats.style",  # what figures in tables are written with
)


@asynccontextmanager
async def lifespan(_server: Any) -> AsyncIterator[None]:
    """Around the life of the server: what pages need is loaded beside it."""
    threading.Thread(target=begin, name="ahead", daemon=True).start()
    yield


def begin() -> None:
    """Show the workbench in a browser where there is one, as Streamlit does for plain scripts; load what it needs."""
    if not st.get_option("server.headless"):
        webbrowser.open(f"http://{st.get_option('server.address')}:{st.get_option('server.port')}")
    for module in NEEDED:
        importlib.import_module(module)
