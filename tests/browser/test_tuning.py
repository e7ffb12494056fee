"""Tuning in a real browser beside the thumbs: a boundary by mouse, versions compared, links, rule tests, errors."""

import re

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
LANGUAGES = {
    "en": ("Vetoes", "How pairs are found", r"match probability 0[.]\d+: [\d,]+ pairs merged", "Groups by number"),
    "ru": ("Запреты", "Как находятся пары", r"вероятность совпадения 0,\d+: ", "Группы по числу записей"),
    "zh": ("否决", "如何找到记录对", r"匹配概率 0[.]\d+", "按记录数分组"),
}


def test_a_boundary_by_mouse_a_veto_and_a_rule_then_undo(workbench, account, page) -> None:
    _rules(workbench, page, account)
    start = _settings(page)
    thumb = page.locator("[data-boundary]").last
    thumb.scroll_into_view_if_needed()
    box = thumb.locator("b").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 - 30, box["y"] + box["height"] / 2, steps=6)
    page.mouse.up()
    _confirmed(workbench, page)
    moved = _settings(page)
    assert moved["bounds"] != start["bounds"] and moved["merge"] == start["merge"]
    stood = [start, moved]
    for act in (
        lambda: page.locator("#vetoes-0").check(),
        lambda: page.locator("#blocking-1").uncheck(),
        lambda: page.locator("[data-thumb=review]").press("PageUp"),
        lambda: page.locator("[data-thumb=merge]").press("Home"),  # both thresholds: the lower one goes along
    ):
        act()
        _confirmed(workbench, page)
        stood.append(_settings(page))
        assert stood[-1] != stood[-2]
    for step, way in (("Undo", stood[-2::-1]), ("Redo", stood[1:])):
        for wanted in way:  # one release, one step
            page.get_by_role("button", name=step).click()
            workbench.settle(page)
            workbench.becomes(lambda: _settings(page), wanted)
        workbench.becomes(page.get_by_role("button", name=step).is_disabled, True)
    workbench.sound(page)


def test_two_rule_sets_are_saved_compared_and_reopened_by_their_link(workbench, account, page, chromium) -> None:
    _rules(workbench, page, account)
    _save(workbench, page, "as suggested")
    page.locator("[data-thumb=merge]").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    _confirmed(workbench, page)
    page.locator("#vetoes-0").check()
    _confirmed(workbench, page)
    page.locator("#blocking-0").uncheck()
    _confirmed(workbench, page)
    _save(workbench, page, "stricter")
    _choose(workbench, page, "as suggested")
    fewer, more = (
        page.locator("p").filter(has_text=re.compile(rf"^\d+ pairs? merged only by the {which} \(\d+ groups?\)$"))
        for which in ("saved version", "rules in use")
    )
    fewer.wait_for()
    assert re.match(r"\d+", fewer.inner_text())[0] != "0" and more.count() == 1
    _choose(workbench, page, "stricter")
    page.get_by_text(re.compile("^0 pairs merged only by the saved version")).wait_for()
    shown, figures, link = _settings(page), page.locator(".figures").inner_text(), page.url
    assert "version_contact=stricter" in link
    with workbench.visiting(chromium) as other:
        workbench.visit(other, link)
        other.locator(".bench[aria-busy=false]").wait_for()
        workbench.becomes(lambda: _settings(other), shown)  # with the rules on offer that the version has switched off
        assert other.locator(".figures").inner_text() == figures
        assert other.locator(".confirmed").inner_text() == page.locator(".confirmed").inner_text()
        assert other.url == link
        workbench.sound(other)


def test_rule_tests_are_green_and_red_and_errors_are_measured(workbench, account, page) -> None:
    _rules(workbench, page, account)
    page.get_by_role("tab", name="Rule tests").click()
    verdict = page.get_by_text(re.compile(r"\d+ tests? (is|are) green"))
    verdict.wait_for()
    green = int(re.search(r"\d+", verdict.inner_text())[0])
    thumb = page.locator("[data-thumb=merge]")
    thumb.focus()
    page.keyboard.press("End")
    _confirmed(workbench, page)
    page.wait_for_function(
        "(n) => [...document.querySelectorAll('[data-testid=stAlert]')].some("
        "(e) => { const m = e.innerText.match(/(\\d+) tests? (is|are) green/); return m && +m[1] !== n; })",
        arg=green,
    )
    assert page.get_by_text(re.compile(r"\d+ tests? (is|are) red")).count() == 1
    page.get_by_role("tab", name="Kinds of errors").click()
    page.get_by_role("button", name="Measure recall by kind of error").click()
    page.get_by_text(re.compile(r"^Hardest: .*Of \d+ records")).wait_for()
    workbench.sound(page)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_is_said_and_reached_without_eyes_or_mouse(workbench, account, page, lang: str) -> None:
    vetoes, blocking, heard, sizes = LANGUAGES[lang]
    workbench.visit(page, f"{account}/rules?entity=contact&lang={lang}")
    page.locator(".bench[aria-busy=false]").wait_for()
    bench = page.locator(".bench")
    assert bench.get_attribute("lang") == lang
    unnamed = bench.evaluate(
        "(e) => [...e.querySelectorAll('[role],button,input')].filter((x) => !x.getAttribute('aria-label') &&"
        " !x.labels?.length && !x.textContent.trim()).map((x) => x.outerHTML)"
    )
    assert unnamed == []
    sliders = bench.locator("[role=slider]")
    assert all(sliders.evaluate_all("(all) => all.map((e) => /\\p{L}/u.test(e.getAttribute('aria-valuetext')))"))
    assert re.search(heard, page.locator("[data-thumb=merge]").get_attribute("aria-valuetext"))
    assert re.search(rf"^{sizes}.*2.*[:：] ?\d", page.locator(".sizes[role=img]").get_attribute("aria-label"))
    groups = page.locator(".confirmed [data-figure=groups] b").inner_text()
    assert groups in page.locator("[data-thumb=merge]").get_attribute("aria-valuetext")
    page.locator("[data-thumb=review]").focus()
    order = []
    for _ in range(80):
        at, outlined = bench.evaluate(
            "(e) => { const x = e.getRootNode().activeElement; const shown = x && (x.querySelector('b') ?? x);"
            " return [x && e.contains(x) ? x.dataset.thumb ?? x.dataset.comparison ?? x.dataset.focus ??"
            " x.dataset.boundary ?? x.dataset.level ?? x.dataset.switch : null,"
            " x && getComputedStyle(shown).outlineStyle !== 'none']; }"
        )
        if at is None:
            break
        assert outlined, f"nobody can see that {at} is focused"
        order.append(at)
        page.keyboard.press("Tab")
    assert order[:2] == ["review", "merge"]
    switched = bench.locator("[data-switch]:not(:disabled)").evaluate_all("(all) => all.map((e) => e.dataset.switch)")
    assert order[-len(switched) :] == switched  # every switch, in the order in which they stand
    assert bench.get_by_role("group", name=vetoes).count() == 1
    assert bench.get_by_role("group", name=blocking).count() == 1


def _rules(workbench, page, account: str) -> None:
    workbench.visit(page, f"{account}/rules?entity=contact")
    page.locator(".bench[aria-busy=false]").wait_for()


def _settings(page) -> dict:
    """What the bench stands at, as a person would read it."""
    return page.locator(".bench").evaluate(
        "(e) => ({ merge: e.querySelector('[data-thumb=merge]').getAttribute('aria-valuenow'),"
        " review: e.querySelector('[data-thumb=review]').getAttribute('aria-valuenow'),"
        " bounds: [...e.querySelectorAll('[data-boundary]')].map((x) => x.getAttribute('aria-valuenow')),"
        " on: Object.fromEntries([...e.querySelectorAll('[data-switch]')].map((x) => [x.dataset.switch, x.checked])) })"
    )


def _confirmed(workbench, page) -> None:
    page.locator(".confirmed[data-state=confirmed]").wait_for()
    workbench.settle(page)
    workbench.sound(page)


def _save(workbench, page, name: str) -> None:
    page.get_by_role("tab", name="Saved versions").click()
    field = page.get_by_label("Name of this version")
    field.fill(name)
    page.get_by_role("button", name="Save the rules in use").click()
    page.get_by_text("reopens exactly this view; copy it").wait_for()
    workbench.settle(page)


def _choose(workbench, page, name: str) -> None:
    page.get_by_label("Saved versions").get_by_role("combobox").or_(page.get_by_label("Saved versions")).last.click()
    page.get_by_role("option", name=name, exact=True).click()
    workbench.settle(page)
