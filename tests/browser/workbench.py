"""A workbench of its own for a browser test: server on a free port, workspace in a folder of its own, Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, TimeoutError, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = ("", "snapshot", "rules", "review", "merge", "storage", "retention", "plan")
PATIENCE = 60_000  # milliseconds for the first look at the sample account on a slow machine


def chromium() -> str | None:
    """→ the path of a Chromium that can be driven, or None."""
    return next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)


@contextmanager
def serving(workspace: Path) -> Iterator[str]:
    """A workspace folder → the address of a workbench that works on it, until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--server.fileWatcherType=none"]
    log = workspace.with_name(workspace.name + ".log").open("wb")
    environment = {**os.environ, "WINNOW_WORKSPACE": str(workspace)}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(f"{address}/_stcore/health", server)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


@contextmanager
def launched() -> Iterator[Browser]:
    """→ a Chromium, until the end of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser, *, locale: str = "en-US", width: int = 1280, dark: bool = False) -> Iterator[Page]:
    """→ a page of a visitor of its own: language, width, colour scheme, and nothing remembered."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(
        locale=locale, viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
    )
    context.set_default_timeout(PATIENCE)
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def browsing(*, locale: str = "en-US", width: int = 1280, dark: bool = False) -> Iterator[Page]:
    """→ a page of a fresh browser of that language, width and colour scheme."""
    with launched() as browser, visiting(browser, locale=locale, width=width, dark=dark) as page:
        yield page


CALM = """
(quiet) => {
  const app = document.querySelector("[data-testid=stApp]");
  const still = app && app.dataset.testScriptState === "notRunning";
  const busy = !still || document.querySelector("[data-testid=stSkeleton], [class*=st-key-job_]");
  const now = performance.now();
  if (busy || globalThis.calmSince === undefined) globalThis.calmSince = busy ? undefined : now;
  return globalThis.calmSince !== undefined && now - globalThis.calmSince >= quiet;
}
"""


def settle(page: Page, quiet: int = 200) -> None:
    """Wait until the page has run to its end, nothing is under way in the background, and it stayed so a moment."""
    page.evaluate("globalThis.calmSince = undefined")
    page.wait_for_function(CALM, arg=quiet, timeout=PATIENCE)


def visit(page: Page, address: str) -> None:
    """Open an address and wait until its page is drawn, and the account loaded and matched if need be."""
    page.goto(address)
    page.get_by_test_id("stHeading").first.wait_for()
    settle(page)


def choose(page: Page, box: Locator, option: str) -> None:
    """Open a list and take one of its options; a list that closes because the page still moves is opened again."""
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(10):
        box.scroll_into_view_if_needed()
        box.press("ArrowDown")
        with suppress(TimeoutError):
            wanted.click(timeout=1_500)
            break
    settle(page)


def becomes(read: Callable[[], object], wanted: object, *, patience: float = 20.0) -> None:
    """What is read from the page is, within seconds, what it should be; else both are shown."""
    until = time.monotonic() + patience
    while (there := read()) != wanted and time.monotonic() < until:
        time.sleep(0.05)
    assert there == wanted


def sound(page: Page) -> None:
    """Nothing on the page says that something went wrong."""
    assert page.get_by_test_id("stAlertContentError").count() == 0
    assert page.get_by_test_id("stException").count() == 0


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError("the server did not answer within a minute")
