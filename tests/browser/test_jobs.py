"""A job seen in a real browser: it moves, goes on when the page is left, stops when told, and the page follows."""

import os
import re
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
# Run by the server's interpreter before anything else: matching is held as long as a file is there.
HELD = """
import os, time
from engine.match import suggest

quick = suggest.suggest_and_match

def slow(*args, progress, **named):
    began = time.monotonic()
    while os.path.exists(os.environ["HOLD"]):
        progress("encode", min((time.monotonic() - began) / 30, 0.9))
        time.sleep(0.02)
    return quick(*args, progress=progress, **named)

suggest.suggest_and_match = slow
"""


@pytest.fixture
def held(workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The helpers of the browser tests, whose servers hold their matching."""
    before = tmp_path / "before"
    before.mkdir()
    (before / "sitecustomize.py").write_text(HELD, encoding="utf-8")
    (tmp_path / "hold").touch()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(before), str(ROOT)]))
    monkeypatch.setenv("HOLD", str(tmp_path / "hold"))
    return workbench


def test_a_job_moves_goes_on_is_stopped_and_begins_again(held, page, tmp_path: Path) -> None:
    with held.serving(tmp_path / "workspace") as address:
        page.goto(address)
        panel = page.locator("[class*=st-key-job_]")
        page.locator("h4").nth(3).wait_for()  # the account's facts do not wait for the duplicates
        panel.get_by_text("Looking for duplicates: Contacts").wait_for()
        assert page.get_by_role("heading", name="What to do next").count() == 0
        first = _share(panel)
        page.wait_for_function(f"{SHARE} > {first}")
        panel.get_by_text(re.compile("left$")).first.wait_for()  # how long it will take, as soon as that can be told

        _open(page, "Usage")  # left: the sidebar says how far it is, and nothing here waits for it
        page.locator(".st-key-jobs_aside").get_by_text("Looking for duplicates: Contacts").wait_for()
        assert panel.count() == 0
        page.locator("h4").first.wait_for()
        _open(page, "Overview")
        panel.get_by_role("button", name="Cancel").wait_for()
        assert _share(panel) > first  # it went on meanwhile

        panel.get_by_role("button", name="Cancel").click()
        page.get_by_text("Stopped. Nothing was changed.").first.wait_for()
        page.locator(".st-key-jobs_aside").get_by_text("Looking for duplicates").first.wait_for(state="detached")
        inside = {p.name for p in (tmp_path / "workspace" / "snapshots").iterdir()}
        assert not [name for name in inside if name.startswith(".")]

        (tmp_path / "hold").unlink()
        page.get_by_role("button", name="Start again").click()
        page.get_by_role("heading", name="What to do next").wait_for()  # by itself, when it is done
        assert panel.count() == 0
        assert page.get_by_test_id("stAlertContentError").count() == 0


def test_two_at_once_share_a_job_and_one_who_stops_does_not_stop_the_other(
    held, page, chromium, tmp_path: Path
) -> None:
    with held.serving(tmp_path / "workspace") as address, held.visiting(chromium) as bob:
        ann = page
        ann.goto(f"{address}/rules?entity=contact")
        ann.get_by_role("button", name="Cancel").first.wait_for()
        bob.goto(f"{address}/rules?entity=contact&controls=inputs")
        panel = bob.locator("[class*=st-key-job_]")
        panel.get_by_role("button", name="Cancel").wait_for()
        ann.locator("[class*=st-key-job_]").get_by_role("button", name="Cancel").click()
        ann.get_by_text("Stopped. Nothing was changed.").wait_for()
        share = _share(panel)
        bob.wait_for_function(f"{SHARE} > {share}")
        (tmp_path / "hold").unlink()
        bob.get_by_role("slider", name=re.compile("Merge from")).first.wait_for()
        assert ann.get_by_text("Stopped. Nothing was changed.").count() == 1  # nothing moves under her hands


SHARE = "+document.querySelector('[class*=st-key-job_] [role=progressbar]')?.getAttribute('aria-valuenow')"


def _share(panel) -> float:
    return float(panel.get_by_role("progressbar").first.get_attribute("aria-valuenow"))


def _open(page, title: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
    page.get_by_role("heading", name=title, exact=True).first.wait_for()
