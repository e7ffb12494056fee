"""Tabs of the Rules page and the picture of a group in a real browser: one field, conditions, exclusions."""

import re

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser


def test_a_step_of_one_field_is_clicked_used_as_a_boundary_and_undone(workbench, account, page) -> None:
    _opened(workbench, page, account, "One field")
    page.locator(".bench [data-focus=phone]").click()
    page.locator(".levels h4").get_by_text("Phone").wait_for()
    workbench.settle(page)
    before = _bounds(page)
    tab = page.get_by_role("tabpanel", name="One field")
    workbench.choose(page, tab.get_by_role("combobox", name="Field"), "E-mail")
    tab.locator("svg [aria-label^='similarity']").first.wait_for()
    workbench.choose(page, tab.get_by_role("combobox", name="Field"), "Phone")
    tab.locator("[aria-roledescription=bar][aria-label^='last digits that agree: 8;']").click()
    slider = tab.get_by_role("slider", name="Look at this step")
    tab.get_by_text("Stricter: last 9 digits").wait_for()
    assert slider.get_attribute("aria-valuetext") == "last 8 digits"
    workbench.settle(page)
    tab.get_by_role("button", name="Use this as the boundary").click()
    tab.get_by_text("begins here").wait_for()
    workbench.settle(page)
    assert _bounds(page) != before
    assert tab.get_by_role("button", name="Use this as the boundary").count() == 0
    _undone(workbench, page)
    tab.get_by_role("button", name="Use this as the boundary").wait_for()
    assert _bounds(page) == before


def test_a_condition_takes_effect_and_is_undone(workbench, account, page) -> None:
    _opened(workbench, page, account, "Conditions and exclusions")
    tab = page.get_by_role("tabpanel", name="Conditions and exclusions")
    merged = _figure(page, "merged")
    tab.get_by_text("Write a condition").click()
    workbench.choose(page, tab.locator(".st-key-w-test_of-contact").get_by_role("combobox"), "E-mail")
    tab.get_by_role("button", name="Add: must hold").click()
    workbench.settle(page)
    tab.get_by_text(re.compile("^[1-9][\\d,]* candidate pairs fulfil it")).wait_for()  # counted before it is used
    workbench.choose(page, tab.get_by_role("combobox", name="What becomes of such pairs"), "Never a duplicate")
    tab.get_by_role("button", name="Use this condition").click()
    effect = tab.get_by_text(re.compile(r"^Your last change\. Merged pairs: \+[\d,]+ −[\d,]+; groups:"))
    effect.wait_for()
    workbench.settle(page)
    lost = re.search(r"−([\d,]+);", effect.inner_text())[1]
    assert _number(lost) > 0
    assert _figure(page, "merged") < merged
    _undone(workbench, page)
    tab.get_by_text("There are none yet: the evidence alone decides.").wait_for()
    assert _figure(page, "merged") == merged


def test_at_a_pair_a_value_is_never_a_duplicate_and_is_taken_back(workbench, account, page) -> None:
    _opened(workbench, page, account, "Pairs at the threshold")
    tab = page.get_by_role("tabpanel", name="Pairs at the threshold")
    tab.get_by_role("button", name="Never a duplicate").click()
    offered = page.get_by_test_id("stPopoverBody").get_by_text(re.compile("proves nothing$"))
    offered.first.wait_for()
    said = offered.first.inner_text()
    offered.first.click()
    workbench.settle(page)
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Exclude").click()
    workbench.settle(page)
    page.get_by_role("tab", name="Conditions and exclusions").click()
    tab = page.get_by_role("tabpanel", name="Conditions and exclusions")
    tab.get_by_text(said).wait_for()
    tab.get_by_role("button", name="Take back").wait_for()
    tab.get_by_text("Your last change.").wait_for()
    workbench.sound(page)
    _undone(workbench, page)
    tab.get_by_text("There are none. A pair can be excluded").wait_for()
    assert tab.get_by_text(said).count() == 0


def test_the_picture_of_a_group_is_drawn_and_opens_its_weakest_pair(workbench, account, page) -> None:
    workbench.visit(page, f"{account}/merge?entity=contact&merge_contact=0.05&review_contact=0.02&show=large")
    page.get_by_text("What holds the group together").wait_for()
    drawn = page.locator("[data-testid=stVegaLiteChart] svg").first
    drawn.scroll_into_view_if_needed()
    records = drawn.locator("[aria-roledescription=circle]")
    records.first.wait_for()
    numbers = {re.search(r"number: (\d+)", r.get_attribute("aria-label"))[1] for r in records.all()}
    assert len(numbers) >= 4 and numbers == {str(n + 1) for n in range(len(numbers))}  # "large": four or more
    links = [one.get_attribute("aria-label") for one in drawn.locator("[aria-roledescription='rule mark']").all()]
    assert len(links) >= len(numbers) - 1
    assert sum("role: the weakest link" in link for link in links) == 1
    assert sum("role: holds the group together" in link for link in links) == len(numbers) - 2
    page.get_by_role("button", name="Open the weakest pair").click()
    page.get_by_role("dialog").get_by_text("The two records").wait_for()
    workbench.settle(page)
    workbench.sound(page)


def _opened(workbench, page, account: str, tab: str) -> None:
    workbench.visit(page, f"{account}/rules?entity=contact")
    page.locator(".bench[aria-busy=false]").wait_for()
    page.get_by_role("tab", name=tab).click()
    page.get_by_role("tabpanel", name=tab).wait_for()
    workbench.settle(page)


def _undone(workbench, page) -> None:
    page.get_by_role("button", name="Undo").click()
    workbench.settle(page)
    workbench.sound(page)


def _bounds(page) -> list[str]:
    return page.locator("[data-boundary]").evaluate_all("(all) => all.map((e) => e.getAttribute('aria-valuenow'))")


def _figure(page, name: str) -> int:
    return _number(page.locator(f".figure[data-figure={name}] strong").inner_text())


def _number(text: str) -> int:
    return int("".join(c for c in text if c.isdigit()))
