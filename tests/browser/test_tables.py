"""Tables of figures in a real browser: in the language chosen on the page, whatever the browser's, and in order."""

import re

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
# Tables are drawn on a canvas, as pictures are: what is written there, and where.
WATCH = """
globalThis.drawn = new Map();
const write = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...more) {
  const { x: left, y: top } = this.getTransform().transformPoint({ x, y });
  if (!this.canvas.closest("[data-testid=stVegaLiteChart]"))
    globalThis.drawn.set(`${left}:${top}`, [String(text), left, top]);
  return write.call(this, text, x, y, ...more);
};
"""


def test_figures_are_in_the_chosen_language_and_are_sorted_as_figures(workbench, account, page) -> None:
    page.add_init_script(WATCH)
    workbench.visit(page, f"{account}/rules?entity=contact&lang=ru")  # in an English browser
    page.locator(".bench[aria-busy=false]").wait_for()
    page.get_by_test_id("stDataFrame").first.scroll_into_view_if_needed()
    workbench.becomes(lambda: any(re.fullmatch(r"[01],\d{3}", text) for text, _x, _y in _drawn(page)), True)
    assert not [text for text, _x, _y in _drawn(page) if re.fullmatch(r"\d+\.\d+", text)]
    page.get_by_role("tab", name="Как находятся пары").click()
    workbench.settle(page)
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    workbench.becomes(lambda: any(text == "Пары" for text, _x, _y in _drawn(page)), True)
    box = table.bounding_box()
    left = next(x for text, x, _y in _drawn(page) if text == "Пары")
    page.evaluate("globalThis.drawn.clear()")  # what is sorted is drawn anew, and only that
    page.mouse.click(box["x"] + left + 5, box["y"] + 15)
    workbench.becomes(lambda: _is_sorted(_column(page, "Пары", "Только здесь")), True)
    workbench.sound(page)


def _is_sorted(cells: list[str]) -> bool:
    """Whether figures of which some have groups of thousands stand in their order, which is not that of their text."""
    figures = [int(cell.replace("\u00a0", "")) for cell in cells]
    grouped = [cell for cell in cells if re.fullmatch(r"\d{1,3}(\u00a0\d{3})+", cell)]
    return bool(grouped) and figures == sorted(figures) and cells != sorted(cells)


def _column(page, name: str, following: str) -> list[str]:
    """What stands, from above, in a column, with whatever sign before its name, up to the one that follows."""
    drawn = _drawn(page)
    left = next((x for text, x, _y in drawn if text.endswith(name)), None)
    right = next((x for text, x, _y in drawn if text == following), None)
    if left is None or right is None:
        return []
    return [text for _y, text in sorted((y, text) for text, x, y in drawn if left < x < right and text[0].isdigit())]


def _drawn(page) -> list[tuple[str, float, float]]:
    """What was written on tables, and where: from the left, from above."""
    return page.evaluate("[...globalThis.drawn.values()]")
