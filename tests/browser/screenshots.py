"""`python tests/browser/screenshots.py FOLDER [pages…] [--lang en,ru,zh] [--width 1280,400] [--scheme light,dark]`

Pictures of every page, to be looked at by a demanding person. FOLDER lies outside the repository.
"""

import argparse
import sys
import tempfile
from pathlib import Path


def main() -> None:
    from workbench import PAGES, PATIENCE, browsing, serving, settle  # found when this file is run, not when collected

    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", default=list(PAGES))
    parser.add_argument("--lang", default="en,ru,zh")
    parser.add_argument("--width", default="1280,400")
    parser.add_argument("--scheme", default="light,dark")
    parser.add_argument("--workspace", type=Path)
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
                        for name in given.pages:
                            page.set_viewport_size({"width": width, "height": 900})
                            page.goto(f"{address}/{name.removeprefix('overview')}?lang={lang}")
                            page.get_by_test_id("stHeading").first.wait_for()
                            settle(page)
                            height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
                            page.set_viewport_size({"width": width, "height": min(max(900, height + 20), 6000)})
                            page.wait_for_timeout(600)
                            target = given.folder / f"{name or 'overview'}-{lang}-{scheme}-{width}.png"
                            page.screenshot(path=target)
                            wide = page.evaluate(
                                "document.querySelector('[data-testid=stMain]').scrollWidth - "
                                "document.querySelector('[data-testid=stMain]').clientWidth"
                            )
                            print(target.name, f"{wide} px too wide" if wide > 0 else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
