"""What is done before anybody comes: loading, in the background, what the pages will need."""

import ast
import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import streamlit as st
from streamlit.web.server.app_discovery import discover_asgi_app

from pages._ui import ahead

ROOT = Path(__file__).parents[2]


def test_the_entry_point_is_taken_for_a_server_that_loads_ahead() -> None:
    assert discover_asgi_app(ROOT / "app.py").import_string == "app:app"


def test_all_that_pages_import_is_loaded_ahead() -> None:
    """In a fresh interpreter: what pages and their parts import is there, and importing it draws nothing."""
    wanted = set()
    for page in (ROOT / "pages").glob("*.py"):
        for node in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "pages._ui.components":
                wanted |= {f"{node.module}.{name.name}" for name in node.names}
    code = (
        "import sys; from pages._ui import ahead; assert 'polars' not in sys.modules; sys.modules['webbrowser'].open = "
        "print; ahead.begin(); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert wanted
    assert wanted | {"altair", "polars", "pages._ui.charts"} <= set(done.stdout.split())


@pytest.mark.parametrize("headless", [True, False])
def test_a_browser_is_shown_where_there_is_one(monkeypatch: pytest.MonkeyPatch, headless: bool) -> None:
    shown, ended = [], threading.Event()
    options = {"server.headless": headless, "server.address": "127.0.0.1", "server.port": 8501}
    monkeypatch.setattr(st, "get_option", options.__getitem__)
    monkeypatch.setattr(ahead.webbrowser, "open", shown.append)
    monkeypatch.setattr(ahead.importlib, "import_module", lambda name: name == ahead.NEEDED[-1] and ended.set())

    async def serve() -> bool:
        async with ahead.lifespan(None):
            return await asyncio.to_thread(ended.wait, 10)

    # In a thread of its own: where a browser was driven before, a loop runs in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(serve())).result()
    assert shown == ([] if headless else ["http://127.0.0.1:8501"])
