"""Judging in a real browser: by keys, with skip and undo; two visitors at once; judgements taken out and in again."""

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from engine.snapshot.workspace import Workspace

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
KEYS = {"match": "1", "non_match": "2", "unsure": "3", "skip": "4", "undo": "5"}
FIGURES = ("Judged", "Same", "Different", "Unsure")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("judged") / "workspace"


@pytest.fixture(scope="module")
def judged(workbench, workspace: Path) -> Iterator[str]:
    """The address of a workbench whose judgements are counted."""
    with workbench.serving(workspace) as address:
        yield address


def test_thirty_pairs_are_judged_by_keys_with_undo_and_skip(workbench, judged, page, workspace: Path) -> None:
    workbench.visit(page, f"{judged}/review?entity=company")
    keys = ["match", "non_match", "unsure"] * 10
    keys.insert(20, "skip")
    seen = {_pair(page)}
    for action in keys:
        _press(workbench, page, action)
        assert _pair(page) not in seen, "a pair came twice"
        seen.add(_pair(page))
    done = Workspace(workspace).judgements("company")
    assert sorted(done["verdict"].value_counts(sort=True).iter_rows()) == [
        ("match", 10), ("non_match", 10), ("unsure", 10)
    ]  # fmt: skip
    workbench.settle(page)
    assert _figures(page) == {"Judged": 30, "Same": 10, "Different": 10, "Unsure": 10}
    last = done.row(-1, named=True)
    _press(workbench, page, "undo")
    after = Workspace(workspace).judgements("company")
    assert after.equals(done.head(29))  # nothing is left of it, no "unsure" either
    assert last["left_id"] in page.url and last["right_id"] in page.url  # its pair is shown again
    _press(workbench, page, "non_match")
    again = Workspace(workspace).judgements("company").row(-1, named=True)
    assert {**again, "judged_at": ""} == {**last, "verdict": "non_match", "judged_at": ""}
    workbench.sound(page)


def test_two_visitors_see_each_others_judgements_and_keep_their_settings(
    workbench, judged, page, chromium, workspace: Path
) -> None:
    with workbench.visiting(chromium) as other:
        workbench.visit(page, f"{judged}/review?entity=contact&merge_contact=0.9")
        workbench.visit(other, f"{judged}/review?entity=contact&lang=ru&review_contact=0.1")
        before = _figures(page)["Judged"]
        pair = _pair(other)
        _press(workbench, page, "match")
        other.locator("h4").first.get_by_text(str(before + 1), exact=True).wait_for()  # by itself
        assert _pair(other) == pair  # what a colleague does moves nothing under one's hands
        _press(workbench, other, "skip")  # to another pair: one verdict of a judge would take the place of the other
        _press(workbench, other, "non_match")
        page.locator("h4").first.get_by_text(str(before + 2), exact=True).wait_for()
        assert Workspace(workspace).judgements("contact").height == before + 2
        assert "merge_contact=0.9" in page.url and "lang=ru" not in page.url
        assert "merge_contact" not in other.url and "lang=ru" in other.url and "review_contact=0.1" in other.url
        workbench.sound(page)
        workbench.sound(other)


def test_judgements_are_taken_out_and_in_again(workbench, judged, page, workspace: Path, tmp_path: Path) -> None:
    workbench.visit(page, f"{judged}/review?entity=contact")
    _press(workbench, page, "unsure")
    kept = Workspace(workspace).judgements("contact")
    workbench.settle(page)
    page.get_by_text(re.compile(f"^{kept.height} judgements?$")).click()
    button = page.get_by_role("button", name="Download judgements")
    button.wait_for()
    button.scroll_into_view_if_needed()
    workbench.settle(page)
    with page.expect_download() as waiting:
        button.click()
    file = tmp_path / "judgements.csv"
    waiting.value.save_as(file)
    out = pl.read_csv(file, infer_schema=False).with_columns(pl.col("judge").fill_null(""))
    assert out.equals(kept)
    changed = tmp_path / "changed.csv"
    out.with_columns(verdict=pl.lit("match"), judge=pl.lit("Anna")).write_csv(changed)
    page.get_by_role("button", name="Upload judgements").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(changed)
    page.get_by_role("button", name="Keep these judgements").click()
    page.get_by_text(f"{kept.height} judgement").first.wait_for()
    workbench.settle(page)
    later = Workspace(workspace).judgements("contact")
    assert later.filter(judge="Anna")["verdict"].to_list() == ["match"] * kept.height
    assert later.filter(pl.col("judge") != "Anna").equals(kept)
    workbench.sound(page)


def _press(workbench, page, action: str) -> None:
    """A key of the Review page, and its effect: another pair is shown."""
    before = _pair(page)
    page.keyboard.press(KEYS[action])
    page.wait_for_function(f"(before) => ({PAIR})() !== before", arg=before)
    workbench.settle(page, quiet=120)


PAIR = "() => [...document.querySelectorAll('[data-testid=stTable] td')].map((e) => e.innerText).join('|')"


def _pair(page) -> str:
    """The pair that is shown, by all its values."""
    return page.evaluate(PAIR)


def _figures(page) -> dict[str, int]:
    shown = page.locator("h4").all_inner_texts()[: len(FIGURES)]
    return {name: int(value.replace(",", "")) for name, value in zip(FIGURES, shown, strict=True)}
