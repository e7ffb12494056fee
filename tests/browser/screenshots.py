"""`python tests/browser/screenshots.py FOLDER [pages…] [--lang en,ru,zh] [--width 1280,400] [--scheme light,dark]
[--workspace W] [--open]`

Pictures of every page, to be looked at by a demanding person. FOLDER lies outside the repository. With `--open` each
page's expanders are opened and each tab has a picture of its own. A page may bring settings along: `merge?show=large`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MAIN = "[data-testid=stMain]"
TALLEST = 7000  # pixels


def main() -> None:
    from workbench import PAGES, PATIENCE, browsing, serving  # found when this file is run, not when collected

    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", default=list(PAGES))
    parser.add_argument("--lang", default="en,ru,zh")
    parser.add_argument("--width", default="1280,400")
    parser.add_argument("--scheme", default="light,dark")
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--open", action="store_true", help="open every expander, and take a picture of every tab")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as temporary,
        serving(given.workspace or Path(temporary) / "workspace") as address,
    ):
        for lang in given.lang.split(","):
            for scheme in given.scheme.split(","):
                for width in map(int, given.width.split(",")):
                    with browsing(width=width, dark=scheme == "dark") as page:
                        page.set_default_timeout(PATIENCE)
                        for name, _mark, settings in (page_wanted.partition("?") for page_wanted in given.pages):
                            page.set_viewport_size({"width": width, "height": 900})
                            page.goto(f"{address}/{name.removeprefix('overview')}?lang={lang}&{settings}")
                            page.get_by_test_id("stHeading").first.wait_for()
                            for part, taken in _looks(page, every=given.open):
                                target = given.folder / f"{name or 'overview'}{part}-{lang}-{scheme}-{width}.png"
                                taken.screenshot(path=target)
                                wide = _overflow(page)
                                print(target.name, wide, file=sys.stderr, flush=True)


def _looks(page: "Page", *, every: bool) -> "Iterator[tuple[str, Page | Locator]]":
    """→ what to take a picture of, made ready: the page itself; with `every`, then each of its further tabs."""
    if every:
        _unfold(page)
    _fit(page)
    page.mouse.move(0, 0)  # so that nothing shows what it shows under the mouse
    yield "", page
    for at in range(page.get_by_test_id("stTabs").count() if every else 0):
        group = page.get_by_test_id("stTabs").nth(at)
        for tab in range(1, group.get_by_role("tab").count()):
            group.get_by_role("tab").nth(tab).click()
            _unfold(page)
            _fit(page)
            page.mouse.move(0, 0)
            yield f"-{at + 1}{'abcdefghij'[tab]}", group


def _unfold(page: "Page") -> None:
    from workbench import settle

    settle(page)
    shut = page.locator(f"{MAIN} [data-testid=stExpander] details:not([open]) > summary:visible")
    for _ in range(shut.count()):
        shut.first.click()
        settle(page)


def _fit(page: "Page") -> None:
    """Make the window as tall as the page, so that everything is drawn."""
    from workbench import settle

    settle(page)
    wide = page.viewport_size or {"width": 1280}
    height = page.evaluate(f"document.querySelector('{MAIN}').scrollHeight")
    page.set_viewport_size({"width": wide["width"], "height": min(max(900, height + 20), TALLEST)})
    page.wait_for_timeout(600)


def _overflow(page: "Page") -> str:
    wide = page.evaluate(f"document.querySelector('{MAIN}').scrollWidth - document.querySelector('{MAIN}').clientWidth")
    return f"{wide} px too wide" if wide > 0 else ""


if __name__ == "__main__":
    main()
