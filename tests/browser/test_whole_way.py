"""One person's way through the workbench in a real browser: from the sample account to a plan that verifies."""

import re
from pathlib import Path

import pytest

from engine.plan.verify import verify

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
TITLES = {
    "overview": "Overview",
    "snapshot": "Snapshot",
    "rules": "Rules",
    "review": "Review",
    "merge": "Merge",
    "storage": "Usage",
    "retention": "Retention",
    "plan": "Plan",
}


def test_from_the_sample_to_a_plan_that_verifies(workbench, page, tmp_path: Path) -> None:
    with workbench.serving(tmp_path / "workspace") as address:
        page.goto(f"{address}/rules?entity=contact")  # a deep link is the first thing the fresh server is asked for
        page.get_by_role("heading", name="Rules", exact=True).wait_for()
        workbench.settle(page)
        assert page.get_by_test_id("stSidebar").get_by_text("Overview").count() == 1
        for title in TITLES.values():
            page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
            page.get_by_role("heading", name=title, exact=True).first.wait_for()
            workbench.settle(page)
            workbench.sound(page)
        _threshold_moves_figures(workbench, page)
        _plan_verifies(workbench, page, tmp_path)
        _language_changes(workbench, page)


def _threshold_moves_figures(workbench, page) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name="Rules", exact=True).click()
    page.get_by_role("heading", name="Rules", exact=True).wait_for()
    page.get_by_text("Ordinary inputs", exact=True).click()
    workbench.settle(page)
    before = _figures(page)
    thumb = page.get_by_role("slider", name=re.compile("Merge from")).first
    thumb.focus()
    page.keyboard.press("Home")
    page.wait_for_function("location.search.includes('merge_contact=')")
    workbench.settle(page)
    assert "merge_contact=" in page.url
    assert _figures(page) != before


def _figures(page) -> list[str]:
    return page.locator("h4").all_inner_texts()


def _plan_verifies(workbench, page, folder: Path) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name="Plan", exact=True).click()
    page.get_by_role("heading", name="Plan", exact=True).wait_for()
    workbench.settle(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the plan").click()
    target = folder / "plan.zip"
    waiting.value.save_as(target)
    assert verify(target.read_bytes()) == []


def _language_changes(workbench, page) -> None:
    page.get_by_test_id("stSidebar").get_by_label("Language").click()
    page.get_by_role("option", name="Русский").click()
    page.get_by_role("heading", name="План", exact=True).wait_for()
    workbench.settle(page)
    assert "lang=ru" in page.url
    assert page.get_by_test_id("stAlertContentError").count() == 0
